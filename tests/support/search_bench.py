"""A folder of scripts and a corner of a real cluster, for tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fake_store import Listener

from weave_migrate.config import ElasticsearchSettings
from weave_migrate.stores.elasticsearch import ElasticsearchStore

if TYPE_CHECKING:
    from pathlib import Path

    from weave_migrate.model import Plan


class SearchBench:
    """Every index made through it begins with ``prefix`` and is removed after."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.prefix = f"t{uuid4().hex[:12]}"
        self.index = f"{self.prefix}-data"
        self.history_index = f"{self.prefix}-history"

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request with plain tools: status and parsed answer."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a script; ``INDEX`` in a text becomes an index of this bench."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.replace("INDEX", self.index).encode()
        path.write_bytes(text)
        return path

    def settings(self, **changes: Any) -> ElasticsearchSettings:
        """Give settings for this bench."""
        given = {
            "locations": (self.folder,),
            "urls": (self.url,),
            "history_index": self.history_index,
        }
        return ElasticsearchSettings(**given | changes)

    def store(self, **changes: Any) -> ElasticsearchStore:
        """Make a store; close it yourself."""
        return ElasticsearchStore(self.settings(**changes))

    def plan(self, **changes: Any) -> Plan:
        """Plan with a store of its own."""
        with closing(self.store(**changes)) as store:
            return store.plan()

    def migrate(self, **changes: Any) -> list[str]:
        """Plan, lock, plan again and apply, as the engine does: what was applied."""
        listener = Listener()
        with closing(self.store(**changes)) as store:
            plan = store.plan()
            assert plan.problems == ()
            if plan.pending:
                with store.lock(0, listener) as lock:
                    store.apply(store.plan(), lock, listener)
        return [version for event, version in listener.events if event == "applied"]

    def rows(self) -> dict[str, dict[str, Any]]:
        """Give the documents of the history by their ids."""
        self.call("POST", f"/{self.history_index}/_refresh")
        status, said = self.call(
            "POST", f"/{self.history_index}/_search", {"size": 1000}
        )
        if status == 404:
            return {}
        return {hit["_id"]: hit["_source"] for hit in said["hits"]["hits"]}

    def put_row(self, identity: str, source: object) -> None:
        """Write a document into the history, visible at once."""
        path = f"/{self.history_index}/_doc/{identity}?refresh=true"
        status, said = self.call("PUT", path, source)
        assert status < 300, said

    def documents(self) -> int:
        """Count the documents of the data index."""
        self.call("POST", f"/{self.index}/_refresh")
        count = self.call("GET", f"/{self.index}/_count")[1]["count"]
        assert isinstance(count, int)
        return count

    def remove(self) -> None:
        """Remove all indices of this bench."""
        with suppress(OSError):
            _, found = self.call("GET", f"/_cat/indices/{self.prefix}*?format=json")
            for each in found:
                self.call("DELETE", f"/{each['index']}")
