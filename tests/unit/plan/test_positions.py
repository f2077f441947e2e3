"""Files against rows, by the rules of elasticsearch-evolution's reference, §7.1."""

from __future__ import annotations

from itertools import compress, product
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.model import Applied, Migration, State
from weave_migrate.plan.positions import File, Policy, Row, plan_positions

if TYPE_CHECKING:
    from weave_migrate.model import Plan


def key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def file(version: str, checksum: str | None = "7", name: str | None = None) -> File:
    source = name or f"V{version}__x.http"
    return File(key(version), Migration(version, "x", "HTTP", source, None, checksum))


def row(
    version: str,
    checksum: str = "7",
    *,
    success: bool = True,
    external: bool = False,
) -> Row:
    source = f"V{version}__x" + ("" if external else ".http")
    applied = Applied(version, "x", "HTTP", source, checksum, success=success)
    return Row(key(version), applied, is_external=external)


def decide(
    files: list[File], rows: list[Row], *, variant: str | None = None, **policy: Any
) -> Plan:
    return plan_positions(
        files, rows, Policy(**policy), explain=lambda _file, _checksum: variant
    )


def files(*versions: str) -> list[File]:
    return [file(each) for each in versions]


def rows(*versions: str) -> list[Row]:
    return [row(each) for each in versions]


def pending(plan: Plan) -> list[str]:
    return [each.version for each in plan.pending]


def codes(plan: Plan) -> list[str]:
    return [each.code for each in plan.problems]


def states(plan: Plan) -> list[tuple[str, State]]:
    return [(each.version, each.state) for each in plan.entries]


def test_everything_is_pending_on_an_empty_history_in_numeric_order() -> None:
    plan = decide(files("1.10", "2", "1.9"), [])
    assert pending(plan) == ["1.9", "1.10", "2"]
    assert plan.problems == ()


def test_nothing_is_pending_when_every_file_has_its_row() -> None:
    plan = decide(files("1", "2"), rows("2", "1"))
    assert pending(plan) == []
    assert states(plan) == [("1", State.APPLIED), ("2", State.APPLIED)]
    assert (plan.problems, plan.warnings) == ((), ())


def test_nothing_at_all_is_fine() -> None:
    assert decide([], []).entries == ()


def test_a_changed_file_is_a_checksum_mismatch() -> None:
    plan = decide([file("1", "8")], [row("1", "7")])
    assert codes(plan) == ["CHECKSUM_MISMATCH"]
    assert states(plan) == [("1", State.CHANGED)]
    assert "checksum 7, the file has 8" in plan.problems[0].message


def test_a_mismatch_says_how_else_the_file_would_match() -> None:
    plan = decide([file("1", "8")], [row("1", "7")], variant="without its last line")
    assert "this very file without its last line" in plan.problems[0].message


def test_checksums_are_not_compared_where_validation_is_off() -> None:
    plan = decide([file("1", "8")], [row("1", "7")], validate_checksums=False)
    assert plan.problems == ()
    assert pending(plan) == []
    assert states(plan) == [("1", State.CHANGED)]


def test_a_file_that_could_not_be_parsed_keeps_its_position() -> None:
    plan = decide([file("1", None), file("2")], rows("1", "2"))
    assert plan.problems == ()


def test_a_failed_row_runs_again_and_may_have_been_edited() -> None:
    plan = decide([file("1", "8")], [row("1", "7", success=False)])
    assert plan.problems == ()
    assert pending(plan) == ["1"]
    assert states(plan) == [("1", State.FAILED)]


def test_only_the_failed_one_is_pending_below_successful_ones() -> None:
    plan = decide(files("1", "2"), [row("1", success=False), row("2")])
    assert pending(plan) == ["1"]
    assert plan.problems == ()


def test_a_new_file_below_the_newest_row_is_out_of_order() -> None:
    plan = decide(files("1", "1.5", "2"), rows("1", "2"))
    assert codes(plan) == ["OUT_OF_ORDER"]
    assert ("1.5", State.OUT_OF_ORDER) in states(plan)
    assert pending(plan) == []


def test_a_new_file_below_a_failed_row_is_out_of_order_too() -> None:
    plan = decide(files("1", "2"), [row("2", success=False)])
    assert codes(plan) == ["OUT_OF_ORDER"]


def test_out_of_order_lets_it_run() -> None:
    plan = decide(files("1", "1.5", "2"), rows("1", "2"), out_of_order=True)
    assert pending(plan) == ["1.5"]
    assert states(plan)[1] == ("1.5", State.PENDING)


def test_a_deleted_file_in_the_middle_is_missing() -> None:
    plan = decide(files("1", "3"), rows("1", "2", "3"))
    assert codes(plan) == ["MISSING_LOCAL"]
    assert ("2", State.MISSING) in states(plan)


def test_out_of_order_only_warns_of_it() -> None:
    plan = decide(files("1", "3"), rows("1", "2", "3"), out_of_order=True)
    assert plan.problems == ()
    assert plan.warnings == ("No file for 2 (V2__x.http).",)


def test_a_failed_row_without_a_file_is_not_called_applied() -> None:
    plan = decide(files("1", "3"), [row("1"), row("2", success=False), row("3")])
    (problem,) = plan.problems
    assert problem.code == "MISSING_LOCAL"
    assert "failed and is still recorded" in problem.message
    assert "delete document 2" in (problem.hint or "")


@pytest.mark.parametrize("out_of_order", [False, True])
def test_deleted_files_at_the_end_are_a_warning(out_of_order: bool) -> None:
    plan = decide(files("1"), rows("1", "2", "3"), out_of_order=out_of_order)
    assert plan.problems == ()
    assert pending(plan) == []
    (warning,) = plan.warnings
    assert warning.endswith("no file for 2 (V2__x.http), 3 (V3__x.http).")


def test_many_missing_files_are_counted_not_listed() -> None:
    plan = decide([], rows(*map(str, range(1, 9))))
    assert plan.warnings[0].endswith("5 (V5__x.http), 3 more.")


def test_a_newer_history_can_be_forbidden() -> None:
    plan = decide(files("1"), rows("1", "2"), on_newer="fail")
    assert codes(plan) == ["MISSING_LOCAL"]


def test_a_newer_history_can_be_passed_over_in_silence() -> None:
    plan = decide(files("1"), rows("1", "2"), on_newer="ok")
    assert (plan.problems, plan.warnings) == ((), ())


def test_a_new_file_below_a_missing_newest_row_is_out_of_order() -> None:
    assert codes(decide(files("1", "2"), rows("1", "3"))) == ["OUT_OF_ORDER"]


def test_every_violation_is_named_not_the_first_only() -> None:
    plan = decide(
        [file("1", "8"), *files("2.5", "4"), file("4", name="V4.0__y.http")],
        rows("1", "2", "3"),
    )
    assert codes(plan) == [
        "DUPLICATE_VERSION",
        "CHECKSUM_MISMATCH",
        "MISSING_LOCAL",
        "OUT_OF_ORDER",
        "MISSING_LOCAL",
    ]


def test_two_files_of_one_version_are_both_named() -> None:
    plan = decide([file("1"), file("1", name="V1.0__y.http")], [])
    assert codes(plan) == ["DUPLICATE_VERSION"]
    assert "V1__x.http and V1.0__y.http" in plan.problems[0].message


def test_two_rows_of_one_version_are_damage() -> None:
    plan = decide(files("1"), rows("1", "1"))
    assert codes(plan) == ["HISTORY_DAMAGED"]


def test_a_row_of_java_code_needs_no_file() -> None:
    plan = decide(files("1", "3"), [row("1"), row("2", external=True), row("3")])
    assert plan.problems == ()
    assert ("2", State.EXTERNAL) in states(plan)


def test_a_row_of_java_code_at_the_end_holds_its_place() -> None:
    java = row("3", external=True)
    assert codes(decide(files("1"), [row("1"), row("2"), java])) == ["MISSING_LOCAL"]
    assert codes(decide(files("1", "2"), [row("1"), java])) == ["OUT_OF_ORDER"]


def test_a_file_that_took_the_place_of_java_code_is_compared() -> None:
    plan = decide([file("1", "8")], [row("1", "0", external=True)])
    assert codes(plan) == ["CHECKSUM_MISMATCH"]


def test_files_below_the_baseline_never_run() -> None:
    plan = decide(files("1", "2", "3"), [], baseline=(2,))
    assert pending(plan) == ["2", "3"]
    assert states(plan)[0] == ("1", State.BASELINE)


def test_duplicates_below_the_baseline_do_not_matter() -> None:
    plan = decide([file("1"), file("1", name="V1.0__y.http")], [], baseline=(2,))
    assert plan.problems == ()


def test_a_baseline_above_applied_files_is_refused_as_by_the_peer() -> None:
    plan = decide(files("1", "2"), rows("1", "2"), baseline=(2,))
    assert codes(plan) == ["MISSING_LOCAL"]
    assert "baseline" in plan.problems[0].message
    assert states(plan)[0] == ("1", State.MISSING)


def test_a_baseline_above_applied_files_only_warns_out_of_order() -> None:
    plan = decide(files("1", "2"), rows("1", "2"), baseline=(2,), out_of_order=True)
    assert plan.problems == ()
    assert len(plan.warnings) == 1


def as_the_reference_says(
    local: tuple[int, ...], recorded: dict[int, bool], *, out_of_order: bool
) -> list[int] | None:
    """Render the algorithm of §7.1 word for word; None where it raises."""
    todo = list(local)
    for position, (version, success) in enumerate(sorted(recorded.items())):
        if out_of_order:
            if version in local and success:
                todo.remove(version)
            continue
        if position >= len(local):
            break
        if version != local[position]:
            return None
        if success:
            todo.remove(version)
    return todo


@pytest.mark.parametrize("out_of_order", [False, True])
def test_verdicts_equal_those_of_the_reference_in_every_small_case(
    out_of_order: bool,
) -> None:
    versions = (1, 2, 3, 4)
    for present in product((False, True), repeat=len(versions)):
        for known in product((None, False, True), repeat=len(versions)):
            local = tuple(compress(versions, present))
            recorded = {
                version: success
                for version, success in zip(versions, known, strict=True)
                if success is not None
            }
            plan = decide(
                files(*map(str, local)),
                [row(str(v), success=s) for v, s in recorded.items()],
                out_of_order=out_of_order,
            )
            verdict = None if plan.problems else [int(v) for v in pending(plan)]
            assert verdict == as_the_reference_says(
                local, recorded, out_of_order=out_of_order
            ), (local, recorded)
