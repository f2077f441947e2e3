"""The options of ``migrate-neo4j``: neo4j-migrations' in its words, and weave's own."""

from __future__ import annotations

import os
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._command import SectionOption, common
from weave_migrate.cli._migrate import interrupted
from weave_migrate.cli._output import need
from weave_migrate.cli._peer import boolean_option, given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weave_migrate.config import Settings

    Option = Callable[[Callable[..., None]], Callable[..., None]]

NAME = "neo4j"


def _option(section: str, *names: str, **kwargs: Any) -> Option:
    return click.option(*names, cls=SectionOption, section=section, **kwargs)


def _split(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(filter(None, parts))


def taking(
    *more: Option, load: Callable[..., Settings] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a decorator: add the options to a command and hand it their ``settings``.

    ``more`` are the options that come first; ``load`` makes the settings where that
    takes more than ``load_chosen``.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(*args: Any, **kwargs: Any) -> None:
            own = {name: kwargs.pop(name) for name in _NAMES & kwargs.keys()}
            command(*args, settings=(load or load_chosen)(**own), **kwargs)

        decorated: Callable[..., None] = with_settings
        for option in reversed((*more, *_PEER_OPTIONS, *_OWN_OPTIONS)):
            decorated = option(decorated)
        return decorated

    return decorate


_FILE = click.Path(path_type=Path, dir_okay=False)
_WHERE, _WHAT, _HOW = "Connection", "Scripts", "Migrating"
# The peer's options, in its words; then those that only weave has.
_PEER_OPTIONS: tuple[Option, ...] = (
    _option(_WHERE, "-a", "--address", metavar="URI", help="Bolt or neo4j URI."),
    _option(_WHERE, "-u", "--username", metavar="NAME", help="User name."),
    _option(_WHERE, "-p", "--password", "ask", is_flag=True, help="Ask for it."),
    _option(
        _WHERE,
        "--password:env",
        "password_env",
        metavar="VARIABLE",
        help="Where it is instead.",
    ),
    _option(_WHERE, "--password:file", "password_file", type=_FILE, help="Likewise."),
    _option(
        _WHERE, "--bearer", "ask_bearer", is_flag=True, help="Ask for a bearer token."
    ),
    _option(
        _WHERE,
        "--bearer:env",
        "bearer_env",
        metavar="VARIABLE",
        help="Where it is instead.",
    ),
    _option(_WHERE, "--bearer:file", "bearer_file", type=_FILE, help="Likewise."),
    _option(
        _WHERE,
        "--custom-auth",
        multiple=True,
        metavar="K=V",
        help="scheme, principal, realm, others; the password is the credentials.",
    ),
    _option(_WHERE, "--impersonate", metavar="NAME", help="Act as this user."),
    _option(_WHERE, "-d", "--database", metavar="NAME", help="Target database."),
    _option(_WHERE, "--schema-database", metavar="NAME", help="Where history is."),
    _option(_WHERE, "--max-connection-pool-size", metavar="NUMBER", hidden=True),
    _option(
        _WHAT,
        "--location",
        multiple=True,
        callback=_split,
        metavar="PATH",
        help="Folder of scripts; repeat, or separate by commas.",
    ),
    _option(_WHAT, "--package", multiple=True, hidden=True),
    _option(_WHAT, "--placeholder", multiple=True, metavar="K=V", help="For ${nm:K}."),
    _option(
        _WHAT,
        "--version-sort-order",
        metavar="ORDER",
        help="SEMANTIC or LEXICOGRAPHIC.",
    ),
    boolean_option("--autocrlf", "Read CRLF as LF (default: false).", section=_WHAT),
    boolean_option(
        "--use-flyway-compatible-checksums", "As Flyway makes them.", section=_WHAT
    ),
    _option(
        _HOW, "--target", metavar="VERSION", help="Last one; or current, latest, next."
    ),
    boolean_option(
        "--out-of-order", "Accept late versions (default: false).", section=_HOW
    ),
    boolean_option(
        "--validate-on-migrate", "Compare checksums (default: true).", section=_HOW
    ),
    _option(
        _HOW,
        "--transaction-mode",
        metavar="MODE",
        help="PER_MIGRATION or PER_STATEMENT.",
    ),
    _option(_HOW, "--transaction-timeout", metavar="DURATION", help="PT30S or 30."),
    _option(
        _HOW,
        "--delay-between-migrations",
        metavar="DURATION",
        help="To wait between two.",
    ),
    _option(
        _HOW,
        "--cypher-version",
        metavar="CYPHER",
        help="CYPHER_5, CYPHER_25 or DATABASE_DEFAULT.",
    ),
)
_OWN_OPTIONS: tuple[Option, ...] = (
    _option(_WHERE, "--ca-certs", type=_FILE, help="Whom to trust, for +s."),
    _option(
        _HOW, "--installed-by", metavar="NAME", help="Who is recorded as doing it."
    ),
    _option(
        _WHERE,
        "-c",
        "--config",
        type=_FILE,
        help="A properties file in the peer's names.",
    ),
)
_PLAIN = {
    "address": "uri",
    "username": "user",
    "ca_certs": "ca_certs",
    "impersonate": "impersonated_user",
    "max_connection_pool_size": "max_connection_pool_size",
    "database": "database",
    "schema_database": "schema_database",
    "transaction_mode": "transaction_mode",
    "transaction_timeout": "transaction_timeout",
    "delay_between_migrations": "delay_between_migrations",
    "cypher_version": "cypher_version",
    "version_sort_order": "version_sort_order",
    "target": "target",
    "installed_by": "installed_by",
    "validate_on_migrate": "validate_on_migrate",
    "out_of_order": "out_of_order",
    "autocrlf": "autocrlf",
    "use_flyway_compatible_checksums": "use_flyway_compatible_checksums",
}
_NAMES = _PLAIN.keys() | {
    *("ask", "password_env", "password_file"),
    *("ask_bearer", "bearer_env", "bearer_file", "custom_auth"),
    *("location", "package", "placeholder", "config", "resume", "restart", "assume"),
}


def load_chosen(**chosen: Any) -> Settings:
    """Load the settings that the options make; their names are click's own."""
    from weave_migrate.config import parse_location, parse_pairs

    need(
        not chosen["package"],
        "weave can't run Java classes, so there is no --package.",
        "Leave it out: classes that were applied are shown as external.",
    )
    values = given(**{_PLAIN[name]: chosen[name] for name in _PLAIN})
    if chosen["location"]:
        values["locations"] = [
            parse_location(each, Path.cwd()) for each in chosen["location"]
        ]
    if chosen["placeholder"]:
        values["placeholders"] = parse_pairs(chosen["placeholder"])
    if chosen["custom_auth"]:
        values["custom_auth"] = _custom_auth(chosen["custom_auth"])
    for kind, ask in (("password", chosen["ask"]), ("bearer", chosen["ask_bearer"])):
        found = _secret(kind, chosen[f"{kind}_env"], chosen[f"{kind}_file"], ask=ask)
        if found is not None:
            values[kind] = found
    if "resume" in chosen:
        values |= interrupted(
            resume=chosen["resume"], restart=chosen["restart"], assume=chosen["assume"]
        )
    return common().settings({NAME: values}, properties=chosen["config"])


def _custom_auth(texts: Iterable[str]) -> dict[str, str]:
    from weave_migrate.config import parse_pairs

    pairs = parse_pairs(texts, "--custom-auth")
    need(
        not any(name.lower() == "credentials" for name in pairs),
        "Credentials do not belong on the command line.",
        "They are the password's: -p, --password:env NAME or --password:file PATH.",
    )
    return pairs


def _secret(kind: str, env: str | None, file: Path | None, *, ask: bool) -> object:
    """Give the secret asked for; the first given of prompt, variable, file."""
    from weave_migrate.config import read_secret
    from weave_migrate.model import Secret

    if ask:
        option = "-p" if kind == "password" else "--bearer"
        need(
            sys.stdin.isatty(),
            f"{option} asks for a secret, and there is no terminal to ask at.",
            f"Use --{kind}:env NAME or --{kind}:file PATH.",
        )
        prompt = "Password" if kind == "password" else "Bearer token"
        return Secret(click.prompt(prompt, hide_input=True, err=True))
    if env:
        need(env in os.environ, f"The environment variable {env} is not set.")
        return Secret(os.environ[env])
    return read_secret(file, f"--{kind}:file") if file else None
