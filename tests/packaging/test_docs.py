"""The documentation names what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import weave_migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parents[2] / "docs"
PACKAGE = Path(weave_migrate.__file__).parent
CODE = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)*")


def strings(node: ast.AST | None) -> Iterator[str]:
    for each in ast.walk(node) if node else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def codes_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "code":
                    yield from strings(keyword.value)
            if isinstance(node.func, ast.Name) and node.func.id == "Problem":
                yield from strings(node.args[0] if node.args else None)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {t.id for t in targets if isinstance(t, ast.Name)}
            if names & {"default_code", "code"}:
                yield from strings(node.value)


def test_every_error_code_is_documented() -> None:
    used = {
        code
        for path in PACKAGE.rglob("*.py")
        for code in codes_of(ast.parse(path.read_text("utf-8")))
        if CODE.fullmatch(code)
    } - {"ERROR"}  # of the base class, which is never raised itself
    table = (DOCS / "errors.md").read_text("utf-8")
    documented = set(re.findall(rf"`({CODE.pattern})`", table))
    assert used - documented == set()
    assert len(used) > 40


def test_every_link_between_the_documents_leads_somewhere() -> None:
    root = DOCS.parent
    broken = [
        f"{page.name}: {target}"
        for page in (*DOCS.glob("*.md"), *root.glob("*.md"))
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_test_that_is_named_exists() -> None:
    named = {
        (page.name, file, test)
        for page in DOCS.glob("*.md")
        for file, test in re.findall(
            r"`(tests/[\w./]+\.py)::(\w+)`", page.read_text("utf-8")
        )
    }
    missing = [
        (page, file, test)
        for page, file, test in named
        if not (DOCS.parent / file).is_file()
        or f"def {test}(" not in (DOCS.parent / file).read_text("utf-8")
    ]
    assert missing == []
    assert len(named) > 40


def test_each_trap_names_a_test() -> None:
    table = (DOCS / "compatibility.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|(.*)", table, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 35))
    assert [number for number, row in rows if "::test_" not in row] == []
