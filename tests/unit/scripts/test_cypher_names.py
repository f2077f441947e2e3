"""Which paths are migrations or callbacks, and in which order versions come."""

from __future__ import annotations

import pytest

from weave_migrate.errors import MigrationNameError
from weave_migrate.scripts.cypher_names import (
    CypherName,
    Order,
    callback_phase,
    compare_versions,
    near_miss,
    parse_migration_name,
    version_key,
)


@pytest.mark.parametrize(
    ("path", "version", "description", "source"),
    [
        ("V1__foo.cypher", "1", "foo", None),
        ("a/b/V1__foo.cypher", "1", "foo", "V1__foo.cypher"),
        ("V021.1.2__Die halbe.cypher", "021.1.2", "Die halbe", None),
        ("V1_2_3__a.cypher", "1.2.3", "a", None),
        ("V1.2.3__a.cypher", "1.2.3", "a", None),
        ("V007_1_1__Bond.cypher", "007.1.1", "Bond", None),
        ("V1__2__x.cypher", "1", "2  x", None),
        ("V1___x.cypher", "1", " x", None),
        ("V1__ x .cypher", "1", " x ", None),
        ("V1__a+b.cypher", "1", "a b", "V1__a b.cypher"),
        ("V1__dir.cypher/V2__x.cypher", "2", "x", "V2__x.cypher"),
        ("%41/V1__x.cypher", "1", "x", "V1__x.cypher"),
    ],
)
def test_these_are_versioned_migrations(
    path: str, version: str, description: str, source: str | None
) -> None:
    assert parse_migration_name(path) == CypherName(
        version, description, repeatable=False, source=source or path
    )


def test_r_is_a_repeatable_and_needs_a_number() -> None:
    name = parse_migration_name("R2__x.cypher")
    assert name == CypherName("2", "x", repeatable=True, source="R2__x.cypher")
    assert parse_migration_name("R__x.cypher") is None


IGNORED = [
    ("V1_1_Hallo.cypher", "V1_1__Hallo.cypher"),
    ("v1__foo.cypher", "V1__foo.cypher"),
    ("r1__foo.cypher", "R1__foo.cypher"),
    ("U1__u.cypher", "V1__u.cypher"),
    ("R__x.cypher", "R1__x.cypher"),
    ("V1__foo-bar.cypher", "V1__foo_bar.cypher"),
    ("V1__foo.bar.cypher", "V1__foo_bar.cypher"),
    ("V1__Umläut.cypher", "V1__Umlaut.cypher"),
    ("V1__(日本).cypher", "V1__description.cypher"),
    ("V1__foo.CYPHER", "V1__foo.cypher"),
    ("V1__foo.cyp", "V1__foo.cypher"),
    ("V1__foo", "V1__foo.cypher"),
    ("V1.1_2__a.cypher", "V1_1_2__a.cypher"),
    ("V1_1.2__a.cypher", "V1_1_2__a.cypher"),
    ("V1..1__a.cypher", "V1__1_a.cypher"),
    ("V_1__a.cypher", "V1__a.cypher"),
    ("V1_a.cypher", "V1__a.cypher"),
    ("V1-2__a.cypher", "V1_2__a.cypher"),
    ("V1.2__a-b.cypher", "V1.2__a_b.cypher"),
    ("V1__.cypher", "V1__description.cypher"),
    ("V1.cypher", "V1__description.cypher"),
    ("V1__foo-bar.xml", "V1__foo_bar.xml"),
    ("v1__x.xml", "V1__x.xml"),
    ("V1__foo.XML", "V1__foo.xml"),
    ("V1_a.xml", "V1__a.xml"),
]


@pytest.mark.parametrize(("path", "corrected"), IGNORED)
def test_these_are_ignored_with_a_warning_that_corrects_them(
    path: str, corrected: str
) -> None:
    assert parse_migration_name(path) is None
    warning = near_miss(f"scripts/{path}")
    assert warning is not None
    assert warning.startswith(f"scripts/{path} is ignored: ")
    assert warning.endswith(f" {corrected}")
    extension = corrected.rpartition(".")[2]
    assert parse_migration_name(corrected, extension=extension) is not None


def test_a_folder_named_like_a_migration_hides_what_is_in_it() -> None:
    assert parse_migration_name("V1__dir/V2__x.cypher") is None
    for name in ("V2__x.cypher", "V2__x.xml"):
        warning = near_miss(f"V1__dir/{name}")
        assert warning is not None
        assert warning.endswith("rename that folder, V1__dir, to dir")


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "readme.cypher",
        "notes V1.txt",
        "V1__x.xml",
        "V1__a.md",
        "V1__x.cypher",
        "pom.xml",
        "vector.cypher",
        "undo.cypher",
        "schema/create.cypher",
    ],
)
def test_other_files_give_no_warning(path: str) -> None:
    assert near_miss(path) is None


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("V1__foo.cypher.bak", "V1__foo.cypher"),
        ("V1__foo.cypher~", "V1__foo.cypher"),
        ("V1__foo.cypher;1", "V1__foo.cypher"),
        ("myV1__foo.cypher", "V1__foo.cypher"),
        ("FOOR1__bar.cypher", "R1__bar.cypher"),
        ("V1__a%20b.cypher", "V1__a b.cypher"),
        ("%56%31__x.cypher", "V1__x.cypher"),
        ("V1__x%2ecypher", "V1__x.cypher"),
        ("V1__dir.cypher/readme.txt", "V1__dir.cypher"),
        ("100%.cypher", '"100_.cypher"'),
        ("notes 50%.txt", '"notes 50_.txt"'),
        ("50% off/readme.txt", '"50_ off"'),
        ("100%/V1__x.cypher", '"100_"'),
        ("V1__%zz.cypher", '"V1___zz.cypher"'),
    ],
)
def test_these_abort_with_a_corrected_name(path: str, hint: str) -> None:
    with pytest.raises(MigrationNameError) as caught:
        parse_migration_name(path)
    assert (caught.value.code, caught.value.file) == ("NAME_INVALID", path)
    assert hint in (caught.value.hint or "")


def test_the_extension_is_case_sensitive_and_can_be_another() -> None:
    assert parse_migration_name("V1__x.cypher", extension="xml") is None
    assert parse_migration_name("V1__x.xml", extension="xml") is not None
    with pytest.raises(MigrationNameError, match="refuse to run"):
        parse_migration_name("V1__x.xml.bak", extension="xml")


def test_names_can_not_steer_a_terminal() -> None:
    with pytest.raises(MigrationNameError) as caught:
        parse_migration_name("V1__x.cypher\x1b[2J")
    assert "\x1b" not in caught.value.message


PHASES = [
    "beforeFirstUse",
    "beforeMigrate",
    "afterMigrate",
    "beforeClean",
    "afterClean",
    "beforeValidate",
    "afterValidate",
    "beforeInfo",
    "afterInfo",
]


@pytest.mark.parametrize("phase", PHASES)
def test_a_callback_is_named_by_its_phase(phase: str) -> None:
    assert callback_phase(f"dir/{phase}.cypher") == (phase, "")
    assert callback_phase(f"{phase}__ a_b .cypher") == (phase, "a b")


@pytest.mark.parametrize(
    "path",
    [
        "V1__x.cypher",
        "afterUse.cypher",
        "aftermigrate.cypher",
        "afterRepair.cypher",
        "beforeMigrate",
        "beforeMigrate.txt",
        "beforeMigrate.cypher.txt",
        "a.b/c",
    ],
)
def test_these_are_no_callbacks(path: str) -> None:
    assert callback_phase(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "beforeMigrate__a-b.cypher",
        "beforeMigrate.CYPHER",
        "xbeforeMigrate.cypher",
        "afterMigrate/x.cypher",
        "V2__afterMigrate fix.cypher",
        "beforeMigrate__.cypher",
    ],
)
def test_a_phase_anywhere_else_in_a_path_aborts(path: str) -> None:
    with pytest.raises(MigrationNameError) as caught:
        callback_phase(path)
    assert caught.value.code == "CALLBACK_NAME_INVALID"


@pytest.mark.parametrize(
    ("a", "b", "order", "expected"),
    [
        ("2", "10", "semantic", -1),
        ("1.2.9", "1.2.10", "semantic", -1),
        ("1", "01", "semantic", 0),
        ("1", "1.0", "semantic", 0),
        ("1", "1.0.5", "semantic", 0),
        ("1.0", "1.0.5", "semantic", -1),
        ("1.0.5", "1.0", "semantic", 1),
        ("1", "1.1", "semantic", -1),
        ("9223372036854775807", "1", "semantic", 1),
        ("10", "2", "lexicographic", -1),
        ("1", "01", "lexicographic", 1),
        ("1", "1.0", "lexicographic", -1),
        ("\U0001f600", "\uff5e", "lexicographic", -1),
        ("BASELINE", "BASELINE", "semantic", 0),
        ("BASELINE", "1", "semantic", 1),
        ("1", "BASELINE", "semantic", 1),
        ("1", "BASELINE", "lexicographic", 1),
    ],
)
def test_versions_compare_as_the_peer_compares_them(
    a: str, b: str, order: Order, expected: int
) -> None:
    assert compare_versions(a, b, order=order) == expected


@pytest.mark.parametrize("version", ["9223372036854775808", "1..2", "x", "9" * 5000])
def test_a_part_that_is_no_number_of_64_bits_is_an_error(version: str) -> None:
    with pytest.raises(MigrationNameError) as caught:
        compare_versions("1", version, order="semantic")
    assert caught.value.code == "VERSION_INVALID"
    assert compare_versions("1", version, order="lexicographic") in (-1, 1)


def test_repeatables_and_versions_sort_by_number_and_ties_stay_in_place() -> None:
    versions = ["50", "10", "1.10", "1.9", "30", "1.0", "01", "1"]
    assert sorted(versions, key=version_key("semantic")) == [
        "1.0",
        "01",
        "1",
        "1.9",
        "1.10",
        "10",
        "30",
        "50",
    ]
    assert sorted(["2", "10", "1"], key=version_key("lexicographic")) == [
        "1",
        "10",
        "2",
    ]
