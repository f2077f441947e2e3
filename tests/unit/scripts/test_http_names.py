"""Names and versions of .http migrations, beside the recorded ones."""

from __future__ import annotations

import pytest

from weave_migrate.errors import MigrationNameError
from weave_migrate.scripts.http_names import (
    HttpName,
    canonical,
    near_miss,
    parse_http_name,
    parse_version,
)


def test_a_name_says_version_and_description() -> None:
    assert parse_http_name("V001.01_2__add_it.Http") == HttpName(
        version="1.1.2",
        key=(1, 1, 2),
        description="add it",
        source="V001.01_2__add_it.Http",
    )


@pytest.mark.parametrize(
    "name",
    ["v1__x.http", "V1__x.json", "1__x.http", "http", ".http", "", "V1__x.http~"],
)
def test_without_prefix_or_suffix_a_file_is_ignored(name: str) -> None:
    assert parse_http_name(name) is None


def test_prefix_and_suffixes_can_be_others() -> None:
    name = parse_http_name("es-2__a.es.REST", prefix="es-", suffixes=[".es.rest"])
    assert name is not None
    assert (name.version, name.description) == ("2", "a")


@pytest.mark.parametrize(
    ("name", "corrected"),
    [
        ("V1-x.http", "V1__x.http"),
        ("V1_add it.http", "V1__add_it.http"),
        ("Validation.http", "V1__Validation.http"),
        ("V.http", "V1__V.http"),
        ("V0.9__x.http", "V1.9__x.http"),
        ("V-1__x.http", "V1__x.http"),
        ("V1.__x.http", "V1__x.http"),
        ("V1..2__x.http", "V1.2__x.http"),
        ("V__x.http", "V1__x.http"),
        ("V1__.http", "V1__description.http"),
        ("V202401011200__x.http", "V20240101.1200__x.http"),
    ],
)
def test_a_name_that_stops_a_run_is_corrected_in_the_hint(
    name: str, corrected: str
) -> None:
    with pytest.raises(MigrationNameError) as caught:
        parse_http_name(name)
    assert caught.value.hint == f"Rename it to {corrected}."
    assert parse_http_name(corrected)


def test_versions_are_ordered_as_numbers() -> None:
    assert sorted(["10", "1.10", "2", "1.9", "1.0.1", "1.1"], key=parse_version) == [
        "1.0.1", "1.1", "1.9", "1.10", "2", "10"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["2", "2.0", "2_0.00", "+2", "٢"])
def test_versions_that_are_equal_have_one_canonical_form(text: str) -> None:
    assert canonical(parse_version(text)) == "2"


@pytest.mark.parametrize(
    "text", ["", " ", "1 ", "a", "1.", ".1", "1..2", "1_", "2147483648", "9" * 5000]
)
def test_other_versions_are_refused(text: str) -> None:
    with pytest.raises(MigrationNameError):
        parse_version(text)


@pytest.mark.parametrize(
    ("name", "corrected"),
    [
        ("v1__x.http", "V1__x.http"),
        ("v1-x.HTTP", "V1__x.http"),
        ("1__x.http", "V1__x.http"),
        ("V1__x.rest", "V1__x.http"),
        ("V1__x.http.txt", "V1__x.http"),
        ("V1_2__x.https", "V1.2__x.http"),
        ("version 2__x.http", "V2__x.http"),
    ],
)
def test_a_file_that_was_surely_meant_is_warned_of(name: str, corrected: str) -> None:
    assert near_miss(name) == (
        f"{name} is ignored because of its name; {corrected} would be read."
    )


@pytest.mark.parametrize(
    "name",
    ["V1__x.http", "readme.http", "http-client.env.json", "vendor.http", "2024.http",
     "V1__x.http.bak", "notes.txt", "v.http", "scratch-1.http"],
)  # fmt: skip
def test_other_files_are_not(name: str) -> None:
    assert near_miss(name) is None
