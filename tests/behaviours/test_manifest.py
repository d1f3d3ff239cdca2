"""The manifest and the tests hold each other: no promise without a test on its platforms, no test without a promise."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from behaviours.manifest import MANIFEST, PLATFORMS

HERE = Path(__file__).parent
ROWS = {row.id: row for row in MANIFEST}
OF_ONE_PLATFORM = {"test_slack.py": "slack", "test_discord.py": "discord"}
"""Files that may know more of their platform than its side of the seam."""


@dataclass(frozen=True)
class _Test:
    file: str
    name: str
    behaviour: str
    only: str | None

    @property
    def platforms(self) -> tuple[str, ...]:
        row = ROWS.get(self.behaviour)
        return tuple(name for name in (row.platforms if row else ()) if self.only in (None, name))


def _tests() -> Iterator[_Test]:
    """Every test function below this folder that has a `@behaviour("…")`."""
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "behaviour":
                        only = next((word.value for word in mark.keywords if word.arg == "only"), None)
                        name = ast.literal_eval(mark.args[0])
                        yield _Test(file.name, node.name, name, ast.literal_eval(only) if only else None)


TESTS = list(_tests())


def test_every_promised_behaviour_has_a_test_on_each_of_its_platforms() -> None:
    shown = {(test.behaviour, platform) for test in TESTS for platform in test.platforms}
    assert sorted({(row.id, platform) for row in MANIFEST for platform in row.platforms} - shown) == []


def test_every_test_shows_a_promised_behaviour() -> None:
    assert sorted({test.behaviour for test in TESTS} - set(ROWS)) == []


def test_every_test_runs_somewhere() -> None:
    assert [f"{test.file}::{test.name}" for test in TESTS if not test.platforms] == []


def test_a_test_of_one_platform_has_a_reason_in_the_manifest() -> None:
    assert [test.name for test in TESTS if test.only and not ROWS[test.behaviour].differs] == []


def test_what_knows_one_platform_runs_on_no_other() -> None:
    wrong = [test.name for test in TESTS if (one := OF_ONE_PLATFORM.get(test.file)) and test.platforms != (one,)]
    assert wrong == []


def test_other_tests_know_no_platform() -> None:
    neutral = [file for file in sorted(HERE.glob("test_*.py")) if file.name not in OF_ONE_PLATFORM]
    knowing = [
        f"{file.name}: {node.module}"
        for file in neutral
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(name in (node.module or "") for name in PLATFORMS)
    ]
    assert knowing == []


def test_no_behaviour_is_promised_twice() -> None:
    assert [name for name, count in Counter(row.id for row in MANIFEST).items() if count > 1] == []


def test_every_behaviour_is_a_sentence_with_a_reason() -> None:
    assert [row.id for row in MANIFEST if not (row.sentence.endswith(".") and row.why)] == []


def test_every_difference_is_said_with_its_reason() -> None:
    assert [row.id for row in MANIFEST if row.platforms != PLATFORMS and not row.differs] == []
    assert [row.id for row in MANIFEST if row.differs and not row.differs.endswith(".")] == []


def test_every_behaviour_holds_on_platforms_that_there_are() -> None:
    assert [row.id for row in MANIFEST if not row.platforms or not set(row.platforms) <= set(PLATFORMS)] == []
