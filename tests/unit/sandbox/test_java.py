from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weave_migrate.sandbox._java import java_homes, no_java

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def jvms(tmp_path: Path) -> Path:
    """A folder with a Java 8, 17 and 21, and one thing that is none."""
    for name, version in (("a8", "1.8.0_402"), ("b17", "17.0.15"), ("c21", "21")):
        java = tmp_path / name / "bin" / "java"
        java.parent.mkdir(parents=True)
        java.touch(0o755)
        (tmp_path / name / "release").write_text(f'X="y"\nJAVA_VERSION="{version}"\n')
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_no_java_is_found_where_there_is_none() -> None:
    assert list(java_homes({"PATH": "/no/such/folder"}, places=())) == []


def test_every_java_of_a_well_known_folder_is_found(jvms: Path) -> None:
    found = java_homes({}, places=(f"{jvms}/*",))
    assert [(home.name, major) for home, major in found] == [
        ("a8", 8),
        ("b17", 17),
        ("c21", 21),
    ]


def test_java_home_comes_first_then_the_one_on_path(jvms: Path) -> None:
    environ = {"JAVA_HOME": str(jvms / "c21"), "PATH": str(jvms / "b17" / "bin")}
    assert [major for _, major in java_homes(environ, places=())] == [21, 17, 8]


@pytest.mark.parametrize(
    ("high", "wanted"), [(99, "Java 21 or newer"), (23, "Java 21 to 23")]
)
def test_the_error_names_what_to_install(high: int, wanted: str) -> None:
    error = no_java("OpenSearch 3.8.0", 21, high)
    assert error.code == "SANDBOX_UNAVAILABLE"
    assert f"OpenSearch 3.8.0 needs {wanted}" in error.message
    assert f"Install {wanted} and Maven" in str(error.hint)
    assert "Docker" in str(error.hint)
    assert "weave-migrate[sandbox]" in str(error.hint)
