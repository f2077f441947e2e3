"""Which files are scripts, by the rules of the reference, §1.3."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.config import ElasticsearchSettings
from weave_migrate.errors import ConfigError
from weave_migrate.stores.elasticsearch import ElasticsearchStore
from weave_migrate.stores.elasticsearch._discovery import Discovered, Discovery

if TYPE_CHECKING:
    from pathlib import Path


def find(*locations: Path, **settings: Any) -> Discovered:
    return Discovery(ElasticsearchSettings(locations=locations, **settings)).discover()


def put(path: Path, text: str = "PUT /a\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def versions(found: Discovered) -> list[str]:
    assert found.problems == []
    return [each.migration.version for each in found.files]


def test_files_are_found_ten_levels_deep_and_no_deeper(tmp_path: Path) -> None:
    nine = tmp_path.joinpath(*"abcdefghi")
    put(nine / "V10__x.http")
    put(nine / "j" / "V11__x.http")
    assert versions(find(tmp_path)) == ["10"]


def test_all_locations_are_one(tmp_path: Path) -> None:
    put(tmp_path / "a" / "V2__x.http")
    put(tmp_path / "b" / "V1__x.http")
    assert versions(find(tmp_path / "a", tmp_path / "b")) == ["2", "1"]


def test_a_location_may_be_a_file(tmp_path: Path) -> None:
    assert versions(find(put(tmp_path / "V1__x.http"))) == ["1"]


def test_a_missing_location_is_a_problem(tmp_path: Path) -> None:
    put(tmp_path / "V1__x.http")
    found = find(tmp_path / "nowhere", tmp_path)
    assert [p.code for p in found.problems] == ["LOCATION_MISSING"]
    assert len(found.files) == 1


def test_other_files_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "README.md")
    put(tmp_path / "v1__x.txt")
    put(tmp_path / "V1__empty.http", "")
    (tmp_path / "V2__folder.http").mkdir()
    found = find(tmp_path)
    assert (found.files, found.problems, found.warnings) == ([], [], [])


def test_a_name_that_was_meant_otherwise_is_warned_of(tmp_path: Path) -> None:
    put(tmp_path / "v1__x.http")
    found = find(tmp_path)
    assert found.files == []
    assert "V1__x.http would be read" in found.warnings[0]


def test_a_name_that_stops_the_peer_is_a_problem_with_its_file(tmp_path: Path) -> None:
    path = put(tmp_path / "Validation.http")
    (problem,) = find(tmp_path).problems
    assert problem.code == "NAME_INVALID"
    assert problem.file == str(path)


def test_prefix_and_suffixes_can_be_chosen(tmp_path: Path) -> None:
    put(tmp_path / "M1__x.es")
    put(tmp_path / "V2__x.http")
    found = find(tmp_path, migration_prefix="M", migration_suffixes=(".es",))
    assert versions(found) == ["1"]


def test_the_same_file_twice_is_one(tmp_path: Path) -> None:
    put(tmp_path / "..2026" / "V1__x.http")
    (tmp_path / "V1__x.http").symlink_to("..2026/V1__x.http")
    assert versions(find(tmp_path)) == ["1"]


def test_the_same_name_with_other_text_is_two(tmp_path: Path) -> None:
    put(tmp_path / "a" / "V1__x.http")
    put(tmp_path / "b" / "V1__x.http", "PUT /b\n")
    assert versions(find(tmp_path)) == ["1", "1"]


def test_links_to_folders_are_not_entered(tmp_path: Path) -> None:
    put(tmp_path / "else" / "V1__x.http")
    inside = tmp_path / "scripts"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "else")
    assert versions(find(inside)) == []


def test_a_link_out_of_its_location_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "else" / "secret")
    inside = tmp_path / "scripts"
    inside.mkdir()
    (inside / "V1__x.http").symlink_to(tmp_path / "else" / "secret")
    (problem,) = find(inside).problems
    assert problem.code == "OUTSIDE_LOCATION"


def test_a_link_to_nowhere_and_a_pipe_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "V1__x.http").symlink_to("nowhere")
    os.mkfifo(tmp_path / "V2__x.http")
    assert versions(find(tmp_path)) == []


def test_a_link_in_circles_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "V1__x.http").symlink_to("V2__x.http")
    (tmp_path / "V2__x.http").symlink_to("V1__x.http")
    assert versions(find(tmp_path)) == []


def test_a_link_is_looked_at_again_each_time(tmp_path: Path) -> None:
    script = put(tmp_path / "scripts" / "a")
    outside = put(tmp_path / "else" / "a")
    link = tmp_path / "scripts" / "V1__x.http"
    link.symlink_to(script)
    discovery = Discovery(ElasticsearchSettings(locations=(link.parent,)))
    assert versions(discovery.discover()) == ["1"]
    status = script.stat()
    os.utime(outside, ns=(status.st_atime_ns, status.st_mtime_ns))
    link.unlink()
    link.symlink_to(outside)
    assert [p.code for p in discovery.discover().problems] == ["OUTSIDE_LOCATION"]


def test_a_file_that_did_not_change_is_parsed_once_only(tmp_path: Path) -> None:
    path = put(tmp_path / "V1__x.http")
    discovery = Discovery(ElasticsearchSettings(locations=(tmp_path,)))
    (first,), (again,) = (discovery.discover().files for _ in range(2))
    assert first.migration.script is again.migration.script
    put(path, "PUT /changed\n")
    (changed,) = discovery.discover().files
    assert changed.migration.checksum != first.migration.checksum


def test_every_bad_file_is_a_problem_and_keeps_its_place(tmp_path: Path) -> None:
    put(tmp_path / "V1__x.http", "NONSENSE\n")
    put(tmp_path / "V2__x.http").write_bytes(b"PUT /\xff")
    found = find(tmp_path)
    assert [(p.code, p.line) for p in found.problems] == [
        ("SCRIPT_SYNTAX", 1),
        ("ENCODING", 1),
    ]
    assert [each.migration.version for each in found.files] == ["1", "2"]
    assert all(each.migration.checksum is None for each in found.files)


@pytest.mark.parametrize("version", ["0.9", "x", "", "2147483648"])
def test_a_baseline_that_is_no_version_is_a_setting_to_correct(version: str) -> None:
    settings = ElasticsearchSettings(locations=(), baseline_version=version)
    with pytest.raises(ConfigError, match="baseline_version"):
        ElasticsearchStore(settings).plan()
