"""PostgreSQL: weave beside the alembic command, which is what it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import _servers
from benchmarks._measure import Contestant, ask
from benchmarks._projects import revision
from benchmarks._stores import SCRIPTS, WEAVE, Bench
from benchmarks._table import Section

if TYPE_CHECKING:
    from pathlib import Path

_NOTE = (
    "`alembic` is `alembic upgrade head` with the env.py that `alembic init` writes, "
    "which runs all revisions in one transaction. Weave commits each revision by "
    "itself, so its floor for applying is that env.py with "
    "`transaction_per_migration=True`."
)
_CONFIGURE = "connection=connection, target_metadata=target_metadata"


def measure(work: Path, *, runs: int, full: bool) -> list[Section]:
    """Start the server and measure."""
    with _servers.postgres() as server:
        section = Section(server.label, notes=[_NOTE])
        bench = Bench(
            server=server,
            work=work,
            bare="bare_postgres.py",
            folder="bench/versions",
            script=revision,
            contestants=_contestants,
        )
        bench.measure(section, runs=runs, full=full)
    return [section]


def _contestants(
    bench: Bench, action: str, project: Path, scripts: Path
) -> list[Contestant]:
    weave = [WEAVE, "--project", str(project), "db", "migrate", "bench"]
    usual = _alembic(bench, project / "usual", scripts)
    bare = Contestant("bare driver", bench.command(action, scripts))
    if action == "check":
        floors = [Contestant("alembic", usual, "floor")]
    else:
        each = _alembic(bench, project / "each", scripts, each=True)
        floors = [
            Contestant("alembic, a transaction each", each, "floor"),
            Contestant("alembic", usual),
        ]
    return [Contestant("weave", weave, "weave"), *floors, bare]


def _alembic(
    bench: Bench, folder: Path, versions: Path, *, each: bool = False
) -> list[str]:
    """Let Alembic make an environment, unless it has; give the command to run it."""
    ini = folder.with_suffix(".ini")
    command = [str(SCRIPTS / "alembic"), "-c", str(ini)]
    if not ini.exists():
        init = [*command, "init", str(folder)]
        ask(init, environ=bench.environ, cwd=bench.work)
        _set(ini, bench.server.environ["DATABASE_URL_BENCH"], versions)
        if each:
            _commit_each(folder / "env.py")
    return [*command, "upgrade", "head"]


def _set(ini: Path, url: str, versions: Path) -> None:
    """Write what a user writes: the URL; and where the revisions are."""
    wanted = f"sqlalchemy.url = {url.replace('%', '%%')}"
    wanted += f"\nversion_locations = {versions}"
    lines = ini.read_text(encoding="utf-8").splitlines()
    lines = [wanted if each.startswith("sqlalchemy.url") else each for each in lines]
    ini.write_text("\n".join(lines), encoding="utf-8")


def _commit_each(env: Path) -> None:
    text = env.read_text(encoding="utf-8")
    before, configure, after = text.partition(_CONFIGURE)
    assert configure, "Alembic's env.py has changed"
    text = f"{before}{configure}, transaction_per_migration=True{after}"
    env.write_text(text, encoding="utf-8")
