"""Every error that weave raises on purpose.

WeaveError
  ConfigError              wrong or missing setting                            exit 2
  ScriptError              a script can't be read or understood                exit 6
    ScriptSyntaxError
    MigrationNameError
    PlaceholderError
  HistoryError             history and files disagree                          exit 6
  RefusedError             refused for safety                                  exit 6
  LockError                                                                    exit 4
    LockTimeout            somebody else holds it
    LockLost               it was ours and is not any more
  StoreError               a driver failed; __cause__ is the driver's error    exit 3
    StoreUnavailable       cannot connect or authenticate                      exit 5
    MigrationFailed        a statement or request failed                       exit 3

Each knows its exit status, a stable code and what to do next (``hint``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path


class WeaveError(Exception):
    """Base of all errors that weave raises on purpose.

    ``message`` is one or more full sentences; ``hint`` is what to do next, preferably
    a command to type; ``file`` and ``line`` (1-based) say where, when there is a where.
    """

    exit_status: ClassVar[int] = 3
    default_code: ClassVar[str] = "ERROR"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        file: Path | str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.file = None if file is None else str(file)
        self.line = line

    def __str__(self) -> str:
        return self.message


class ConfigError(WeaveError):
    """A setting is missing, malformed or contradicts another one."""

    exit_status = 2
    default_code = "CONFIG_INVALID"


class ScriptError(WeaveError):
    """A script can't be read or understood.

    ``column`` is 1-based; ``excerpt`` is the line in question with a caret under the
    column, cut to a readable width, or None where there is no one place to show.
    """

    exit_status = 6
    default_code = "SCRIPT_INVALID"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        file: Path | str | None = None,
        line: int | None = None,
        column: int | None = None,
        excerpt: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code, file=file, line=line)
        self.column = column
        self.excerpt = excerpt


class ScriptSyntaxError(ScriptError):
    """The text of a script breaks a rule of its format."""

    default_code = "SCRIPT_SYNTAX"


class MigrationNameError(ScriptError):
    """A file name is not, or only nearly, that of a migration."""

    default_code = "NAME_INVALID"


class PlaceholderError(ScriptError):
    """A placeholder is unknown, or its value may not stand where it is used."""

    default_code = "PLACEHOLDER_UNKNOWN"


class HistoryError(WeaveError):
    """The recorded history and the local files disagree, or history is damaged.

    Codes: CHECKSUM_MISMATCH, OUT_OF_ORDER, MISSING_LOCAL, DUPLICATE_VERSION,
    HISTORY_CONFLICT, HISTORY_DAMAGED, REPEATABLE_CHANGED.
    """

    exit_status = 6
    default_code = "HISTORY_CONFLICT"


class RefusedError(WeaveError):
    """Something dangerous was asked for without the consent it needs."""

    exit_status = 6
    default_code = "REFUSED"


class LockError(WeaveError):
    """The lock that keeps two runs apart could not be obtained or kept."""

    exit_status = 4
    default_code = "LOCK_FAILED"


class LockTimeout(LockError):  # noqa: N818 - named like the built-in TimeoutError's kin
    """Somebody else held the lock for the whole time we were ready to wait."""

    default_code = "LOCK_HELD"


class LockLost(LockError):  # noqa: N818 - it states what happened
    """The lock was ours and is not any more; nothing further may be written."""

    default_code = "LOCK_LOST"


class StoreError(WeaveError):
    """A driver or server failed; the driver's own error is ``__cause__``."""

    exit_status = 3
    default_code = "STORE_FAILED"


class StoreUnavailable(StoreError):  # noqa: N818 - it states what happened
    """A server can't be reached, or does not let us in.

    Codes: UNAVAILABLE, AUTHENTICATION_FAILED, DATABASE_MISSING, TLS_FAILED.
    """

    exit_status = 5
    default_code = "UNAVAILABLE"


class MigrationFailed(StoreError):  # noqa: N818 - it states what happened
    """A statement or request of a migration failed.

    ``part`` is the 1-based number of the statement or request, ``parts`` how many the
    script has; ``server_answer`` is what the server said, without secrets.
    """

    default_code = "MIGRATION_FAILED"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        file: Path | str | None = None,
        line: int | None = None,
        part: int | None = None,
        parts: int | None = None,
        excerpt: str | None = None,
        server_answer: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code, file=file, line=line)
        self.part = part
        self.parts = parts
        self.excerpt = excerpt
        self.server_answer = server_answer
