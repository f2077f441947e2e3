"""The current indices, for people who look at the cluster."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.stores.elasticsearch._answers import mapping

if TYPE_CHECKING:
    from weave_migrate.stores.elasticsearch._transport import Cluster


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """One index; ``documents`` and ``size`` (bytes) are None where it is closed."""

    name: str
    health: str | None
    status: str
    documents: int | None
    size: int | None
    aliases: tuple[str, ...] = ()


def list_indices(cluster: Cluster) -> list[IndexInfo]:
    """Give all indices but those of the system (``.name``), by name; reading only."""
    aliases = defaultdict(list)
    for each in _cat(cluster, "aliases?h=index,alias"):
        aliases[each["index"]].append(each["alias"])
    found = [
        IndexInfo(
            name=each["index"],
            health=each.get("health") or None,
            status=each["status"],
            documents=_number(each.get("docs.count")),
            size=_number(each.get("store.size")),
            aliases=tuple(sorted(aliases[each["index"]])),
        )
        for each in _cat(
            cluster,
            "indices?h=health,status,index,docs.count,store.size"
            "&bytes=b&expand_wildcards=open,closed",
        )
        if not each["index"].startswith(".")
    ]
    return sorted(found, key=lambda each: each.name)


def _cat(cluster: Cluster, what: str) -> list[dict[str, str]]:
    said = cluster.ask("GET", f"/_cat/{what}&format=json").json()
    rows = said if isinstance(said, list) else []
    return [
        {key: value for key, value in mapping(row).items() if isinstance(value, str)}
        for row in rows
    ]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
