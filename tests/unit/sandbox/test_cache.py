from __future__ import annotations

import os
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from weave_migrate.errors import ConfigError
from weave_migrate.sandbox._cache import cache_dir, cached, reachable

if TYPE_CHECKING:
    from collections.abc import Iterator

is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has two accounts")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache that all accounts reach; pytest's own folders are for one only."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("WEAVE_CACHE_DIR", folder)
        yield Path(folder)


def test_what_was_built_is_kept(cache: Path) -> None:
    folder = cached("thing", lambda into: (into / "a").touch())
    again = cached("thing", lambda into: pytest.fail(f"built twice in {into}"))
    assert again == folder == cache / "thing"
    assert (folder / "a").exists()


def test_two_that_ask_at_once_share_one_build(cache: Path) -> None:
    both = Barrier(2)
    built: list[Path] = []

    def ask() -> Path:
        both.wait()
        return cached("thing", built.append)

    with ThreadPoolExecutor() as pool:
        first, second = pool.submit(ask), pool.submit(ask)
    assert first.result() == second.result() == cache / "thing"
    assert len(built) == 1


def test_a_failed_build_leaves_nothing(cache: Path) -> None:
    def build(into: Path) -> None:
        (into / "a").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cached("thing", build)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]


def test_the_rest_of_a_killed_build_is_not_taken_for_a_whole(cache: Path) -> None:
    (cache / "thing.partial").mkdir()
    (cache / "thing.partial" / "half").touch()
    folder = cached("thing", lambda into: (into / "a").touch())
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_what_is_built_can_be_read_by_all_accounts(cache: Path) -> None:
    def build(into: Path) -> None:
        (into / "program").touch(0o700)
        (into / "text").touch(0o600)

    folder = cached("thing", build)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"program": 0o755, "text": 0o644}


@is_root
def test_a_cache_that_servers_cannot_reach_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("WEAVE_CACHE_DIR", str(tmp_path))
    assert not reachable(tmp_path)
    with pytest.raises(ConfigError, match="nobody") as caught:
        cache_dir()
    assert "WEAVE_CACHE_DIR" in str(caught.value.hint)


def test_a_cache_that_cannot_be_made_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WEAVE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(ConfigError, match="can't be made"):
        cache_dir()
