"""The floor for Elasticsearch and OpenSearch: the transport, and what must be sent.

``check FOLDER`` reads the history and compares it with the names of the files.
``apply FOLDER`` sends every request and records it in a row.
``count`` prints how many scripts had their effect; ``wipe`` makes the store fresh.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from elastic_transport import Transport
from elastic_transport.client_utils import url_to_node_config

_DATA = "weave-bench"
_HISTORY = "weave-bench-history"
_ALL = {"size": 10_000, "sort": [{"_seq_no": {"order": "asc"}}]}


class _Cluster:
    def __init__(self) -> None:
        node = url_to_node_config(os.environ["ELASTICSEARCH_URL"])
        self._transport = Transport([node])

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send one request; anything but a success ends the program."""
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        answer = self._transport.perform_request(
            method, path, body=data, headers={"content-type": "application/json"}
        )
        if answer.meta.status >= 300:
            sys.exit(f"{method} {path}: {answer.body}")
        return answer.body


def _check(cluster: _Cluster, folder: Path) -> None:
    found = cluster.send("POST", f"/{_HISTORY}/_search", _ALL)["hits"]["hits"]
    recorded = {hit["_source"]["scriptName"] for hit in found}
    pending = [path for path in _scripts(folder) if path.name not in recorded]
    if pending:
        sys.exit(f"{len(pending)} are pending")


def _apply(cluster: _Cluster, folder: Path) -> None:
    cluster.send("PUT", f"/{_HISTORY}")
    for path in _scripts(folder):
        head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
        method, target = head.partition("\n")[0].split(" ")
        cluster.send(method, target, body)
        version, _, description = path.stem.removeprefix("V").partition("__")
        row = {
            "version": version.lstrip("0"),
            "description": description.replace("_", " "),
            "scriptName": path.name,
            "type": "HTTP",
            "checksum": _checksum(head + body),
            "executionTimestamp": datetime.now().astimezone().isoformat(),
            "executionRuntimeInMillis": 1,
            "success": True,
            "locked": False,
            "indexName": _HISTORY,
        }
        cluster.send("PUT", f"/{_HISTORY}/_doc/{row['version']}", row)
    cluster.send("POST", f"/{_HISTORY}/_refresh")


def _checksum(text: str) -> int:
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0x7FFFFFFF
    return value


def _count(cluster: _Cluster) -> None:
    cluster.send("POST", f"/{_DATA}/_refresh")
    print(cluster.send("GET", f"/{_DATA}/_count")["count"])


def _wipe(cluster: _Cluster) -> None:
    cluster.send("DELETE", f"/{_DATA},{_HISTORY}?ignore_unavailable=true")


def _scripts(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def main() -> None:
    """Do what the first word says."""
    action, *rest = sys.argv[1:]
    cluster = _Cluster()
    match action:
        case "check":
            _check(cluster, Path(rest[0]))
        case "apply":
            _apply(cluster, Path(rest[0]))
        case "count":
            _count(cluster)
        case _:
            _wipe(cluster)


main()
