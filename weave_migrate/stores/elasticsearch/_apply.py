"""Run pending scripts, request by request, and record each of them (§7.1, §9).

A row is written in any case, as the peer does: success or not, at the end.  Where the
row can't be written, or was not allowed to be, the error says so in words.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from weave_migrate.errors import MigrationFailed, StoreError, WeaveError
from weave_migrate.model import Applied, HttpScript
from weave_migrate.plan.positions import place
from weave_migrate.scripts._java import trim
from weave_migrate.scripts._source import printable
from weave_migrate.scripts.http import headers_to_send
from weave_migrate.scripts.masking import mask_values
from weave_migrate.stores.elasticsearch._answers import bulk_failures, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weave_migrate.config import ElasticsearchSettings
    from weave_migrate.model import Migration, Request
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.elasticsearch._history import History
    from weave_migrate.stores.elasticsearch._lock import HeldLock

_NOT_SENT = "REQUEST_INVALID"
_AGAIN = "weave db migrate-elasticsearch"


@dataclass(frozen=True, slots=True)
class Runner:
    """What running a script needs; one for a whole run."""

    history: History
    settings: ElasticsearchSettings
    lock: HeldLock
    observer: Observer

    def apply(self, migration: Migration) -> None:
        """Run and record one migration.

        Raises MigrationFailed where a request failed, LockLost where the lock was gone
        before a request.
        """
        script = migration.script
        assert isinstance(script, HttpScript)  # noqa: S101 - the plan saw to it
        self.observer.migration_started(migration)
        clock = time.monotonic()
        for part, request in enumerate(script.requests, start=1):
            self._check(migration, done=part - 1)
            try:
                self._send(request)
            except StoreError as error:
                # Servers repeat what they were sent, values of placeholders too.
                error.message = self._masked(error.message)
                said = self._record_failure(migration, clock)
                raise _failed(migration, script, part, error, said) from error
            except BaseException:
                # An interrupt: the request in flight may have been carried out.
                said = self._record_failure(migration, clock)
                self.observer.warned(f"{migration.source} was interrupted. {said}")
                raise
        self.observer.migration_applied(self._record_success(migration, clock))

    def _masked(self, text: str) -> str:
        settings = self.settings
        form = f"{settings.placeholder_prefix}NAME{settings.placeholder_suffix}"
        form = form.replace("{", "{{").replace("}", "}}").replace("NAME", "{}")
        return mask_values(text, settings.placeholders, form)

    def _check(self, migration: Migration, *, done: int) -> None:
        try:
            self.lock.check()
        except WeaveError as error:
            if done:
                error.message += (
                    f" {_requests(done)} of {migration.source} carried out, but no "
                    "row written."
                )
            raise

    def _send(self, request: Request) -> None:
        headers = dict(
            headers_to_send(
                request,
                default=self.settings.default_content_type,
                encoding=self.settings.encoding,
            )
        )
        body = _encoded(request, headers)
        # The peer sends the path as written; only the slash is ours (§9.1).
        path = request.path if request.path.startswith("/") else f"/{request.path}"
        answer = self.history.cluster.send(
            request.method, path, body=body, headers=headers
        )
        if not answer.is_success:
            raise StoreError(answer.reason, code="REQUEST_FAILED")
        is_bulk = path.partition("?")[0].rstrip("/").endswith("/_bulk")
        failures = bulk_failures(answer) if is_bulk else None
        if failures:
            raise StoreError(failures, code="BULK_FAILED")

    def _record_success(self, migration: Migration, clock: float) -> Applied:
        applied = _applied(migration, clock, success=True)
        try:
            self.lock.record(applied)
        except StoreError as error:
            raise MigrationFailed(
                f"{migration.source} was carried out, but its row could not be written "
                f"to {self.history.index}: {error.message}",
                code="NOT_RECORDED",
                hint="The next run would carry it out again. If that does harm, write "
                f"the row first: PUT {self.history.path}/_doc/{migration.version}.",
                file=place(migration),
            ) from error
        return applied

    def _record_failure(self, migration: Migration, clock: float) -> str:
        try:
            self.lock.record(_applied(migration, clock, success=False))
        except StoreError as error:
            return f"The failure could not be recorded: {error.message}"
        return f"It is recorded as failed in {self.history.index} and will run again."


def _applied(migration: Migration, clock: float, *, success: bool) -> Applied:
    return Applied(
        version=migration.version,
        description=migration.description,
        type=migration.type,
        source=migration.source,
        checksum=migration.checksum,
        applied_at=datetime.now().astimezone(),
        duration_ms=round((time.monotonic() - clock) * 1000),
        success=success,
    )


def _failed(
    migration: Migration,
    script: HttpScript,
    part: int,
    error: StoreError,
    recorded: str,
) -> MigrationFailed:
    request, parts = script.requests[part - 1], len(script.requests)
    which = f"Request {part} of {parts} in" if parts > 1 else "The request of"
    done = (
        f" What was done by {_requests(part - 1)} before it stays; a new run starts "
        "with the first again."
        if part > 1
        else ""
    )
    hint = f"Correct {migration.source} and run again: {_AGAIN}"
    if error.hint:
        hint = f"{error.hint} Then run again: {_AGAIN}"
    return MigrationFailed(
        f"{which} {migration.source} failed: {error.message.rstrip('.')}.{done} "
        f"{recorded}",
        code=None if error.code == "REQUEST_FAILED" else error.code,
        hint=hint,
        file=place(migration),
        line=request.line,
        part=part,
        parts=parts,
        excerpt=_line(migration, request.line),
        server_answer=error.message,
    )


def _line(migration: Migration, number: int) -> str | None:
    """Show a line as the file has it: values of placeholders may be secrets."""
    try:
        data = migration.path.read_bytes() if migration.path else b""
    except OSError:
        return None
    lines = data.decode(errors="replace").splitlines()
    return shorten(printable(lines[number - 1])) if number <= len(lines) else None


def _encoded(request: Request, headers: Mapping[str, str]) -> bytes | None:
    """Encode a body in the charset of its content type; a blank one is not sent."""
    body = request.body or ""
    if not trim(body):
        return None
    _, _, charset = headers["Content-Type"].partition("charset=")
    name = charset.partition(";")[0].strip(" \"'")
    try:
        return body.encode(name)
    except LookupError as error:
        raise StoreError(
            f"the charset {name} of its content type is not known", code=_NOT_SENT
        ) from error
    except UnicodeEncodeError as error:
        raise StoreError(
            f"its body can't be written in {name}, the charset of its content type",
            code=_NOT_SENT,
        ) from error


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
