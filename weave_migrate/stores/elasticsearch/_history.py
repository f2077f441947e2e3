"""The history index: made, read to its end, written and cleaned."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from weave_migrate.errors import StoreError, StoreUnavailable
from weave_migrate.stores._base import Change
from weave_migrate.stores.elasticsearch._answers import (
    bulk_failures,
    describe,
    mapping,
    shorten,
)
from weave_migrate.stores.elasticsearch._rows import write_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from weave_migrate.model import Applied
    from weave_migrate.stores.elasticsearch._answers import Answer
    from weave_migrate.stores.elasticsearch._transport import Cluster

LOCK_ID = "0.1"
_MOVED_ON = ("version_conflict_engine_exception", "document_missing_exception")
_PAGE = 10_000  # the server's own limit for one answer (index.max_result_window)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the index and the revision it was read at."""

    id: str
    source: Mapping[str, object]
    seq_no: int
    primary_term: int


@dataclass(frozen=True, slots=True)
class _Delete:
    """Detail of a change: the documents to delete, as they were seen."""

    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class _DropIndex:
    """Detail of a change: the whole index goes."""


class History:
    """The history index of one cluster."""

    def __init__(self, cluster: Cluster, index: str) -> None:
        self.cluster = cluster
        self.index = index
        self.path = f"/{quote(index, safe='')}"

    def create(self) -> None:
        """Make the index as the peer does: bare (§5.1); another may be quicker."""
        answer = self.cluster.tell("PUT", self.path, allowed=frozenset({400}))
        exists = answer.error_type == "resource_already_exists_exception"
        if not answer.is_success and not exists:
            raise StoreError(
                f"The history index {self.index} can't be created: {answer.reason}"
            )

    def refresh(self) -> None:
        """Make everything written so far visible to searches."""
        self.cluster.tell("POST", f"{self.path}/_refresh")

    def search(
        self, query: Mapping[str, object] | None = None, *, create: bool = False
    ) -> list[Document]:
        """Give all documents, in the order they were last written.

        Without an index there are none; ``create`` makes one then.
        Pages follow ``_seq_no``: a document that changes meanwhile moves to the end,
        so none is missed, and no point in time needs to be kept.  The limit is
        inclusive because shards count for themselves; what comes twice replaces.
        """
        found: dict[str, Document] = {}
        after = 0
        while True:
            page = self._page(query, after)
            if page is None:
                if create:
                    self.create()
                return []
            known = len(found)
            found |= {document.id: document for document in page}
            if len(page) < _PAGE or len(found) == known:
                return list(found.values())
            after = page[-1].seq_no

    def _page(
        self, query: Mapping[str, object] | None, after: int
    ) -> Sequence[Document] | None:
        body: dict[str, object] = {
            "size": _PAGE,
            # An index without a document has no mapping, not even for this.
            "sort": [{"_seq_no": {"order": "asc", "unmapped_type": "long"}}],
            "seq_no_primary_term": True,
        }
        wanted: list[object] = [query] if query else []
        if after:
            wanted.append({"range": {"_seq_no": {"gte": after}}})
        if wanted:
            body["query"] = {"bool": {"filter": wanted}}
        answer = self._ask("_search", body)
        if answer.error_type == "index_not_found_exception":
            return None
        said = answer.object()
        hits = mapping(said.get("hits")).get("hits")
        failed = mapping(said.get("_shards")).get("failed")
        if not isinstance(hits, list) or failed or said.get("timed_out"):
            # A part of the history would be worse than none.
            raise StoreError(
                f"The history index {self.index} can't be read whole: {answer.reason}"
            )
        return [_document(hit) for hit in hits]

    def _ask(self, what: str, body: object) -> Answer:
        """Ask the index, also one that another run created a moment ago.

        It answers 503 until its shard has started; the server can wait for that.
        """
        try:
            return self.cluster.ask("POST", f"{self.path}/{what}", body)
        except StoreUnavailable as error:
            if error.code != "NOT_READY":
                raise
        self.cluster.ask(
            "GET",
            # Not wait_for_status: a shard that never started counts as yellow.
            f"/_cluster/health{self.path}?wait_for_active_shards=1"
            "&wait_for_no_initializing_shards=true&timeout=30s",
        )
        return self.cluster.ask("POST", f"{self.path}/{what}", body)

    def record(self, applied: Applied, *behind: object) -> bool:
        """Write one row over whatever was there; raises StoreError if that fails.

        ``behind`` are the lines of another bulk action; gives whether it succeeded.
        The row need not be visible to searches before the lock is released, and a
        refresh for each row would take most of the time of a run.
        """
        index = {"index": {"_id": applied.version}}
        answer = self._bulk((index, write_row(applied), *behind))
        said = answer.object()
        if said.get("errors") is False:
            return True
        items = said.get("items")
        row = mapping(items[0] if isinstance(items, list) and items else None)
        result = mapping(row.get("index"))
        if "error" in result or not result:
            reason = describe(result.get("error")) or answer.reason
            raise StoreError(shorten(reason))
        return False

    def _bulk(self, lines: Iterable[object], *, query: str = "") -> Answer:
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        return self.cluster.tell("POST", f"{self.path}/_bulk{query}", body)

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """Say what goes: every row by itself, or the whole index."""
        documents = [d for d in self.search() if d.id != LOCK_ID]
        if everything and self.cluster.ask("HEAD", self.path).status != 404:
            return (
                Change(
                    f"Delete the history index {self.index} "
                    f"with its {len(documents)} documents.",
                    _DropIndex(),
                ),
            )
        return tuple(
            Change(
                f"Delete the row {document.id} ({document.source.get('scriptName')}) "
                f"of {self.index}.",
                _Delete((document,)),
            )
            for document in documents
        )

    def unlock(self, documents: Sequence[Document]) -> bool:
        """End what locks by ``documents``: the lock document goes, rows are opened.

        Each is touched only at the revision it was seen at; False if any has moved
        on since, and is locked or not by somebody else's will.
        """
        lines: list[object] = []
        for document in documents:
            seen = {
                "_id": document.id,
                "if_seq_no": document.seq_no,
                "if_primary_term": document.primary_term,
            }
            if document.id == LOCK_ID:
                lines.append({"delete": seen})
            else:
                lines += ({"update": seen}, {"doc": {"locked": False}})
        failed = bulk_failures(self._bulk(lines, query="?refresh=true"))
        if failed is None:
            return True
        if any(cause in failed for cause in _MOVED_ON):
            return False
        raise StoreError(f"The lock in {self.index} was not released: {failed}")

    def edit(self, changes: Sequence[Change]) -> None:
        """Make the changes; a row that changed since it was shown is left alone."""
        doomed: list[Document] = []
        for change in changes:
            if isinstance(change.detail, _DropIndex):
                self.cluster.tell("DELETE", self.path)
                return
            if not isinstance(change.detail, _Delete):
                raise TypeError(f"not a change of this store: {change}")
            doomed.extend(change.detail.documents)
        for start in range(0, len(doomed), _PAGE):
            self._delete(doomed[start : start + _PAGE])

    def _delete(self, documents: Sequence[Document]) -> None:
        lines = (
            {
                "delete": {
                    "_id": document.id,
                    "if_seq_no": document.seq_no,
                    "if_primary_term": document.primary_term,
                }
            }
            for document in documents
        )
        failed = bulk_failures(self._bulk(lines, query="?refresh=true"))
        if failed:
            raise StoreError(
                f"Not all rows of {self.index} were deleted: {failed}",
                hint="Somebody changed them meanwhile. Look again, and repeat.",
            )


def _document(hit: object) -> Document:
    found = mapping(hit)
    seq_no, term = found.get("_seq_no"), found.get("_primary_term")
    return Document(
        id=str(found.get("_id")),
        source=mapping(found.get("_source")),
        seq_no=seq_no if isinstance(seq_no, int) else 0,
        primary_term=term if isinstance(term, int) else 0,
    )
