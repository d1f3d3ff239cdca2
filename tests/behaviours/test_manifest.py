"""The manifest and the tests hold each other: no promise without a test, no test without a promise."""

import ast
from collections import Counter
from pathlib import Path

from behaviours.manifest import MANIFEST

HERE = Path(__file__).parent


def _shown_by_tests() -> list[str]:
    """The ids in `@behaviour("…")` of every test function below this folder."""
    names: list[str] = []
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_"):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "behaviour":
                        argument = decorator.args[0]
                        assert isinstance(argument, ast.Constant)
                        names.append(str(argument.value))
    return names


def test_every_promised_behaviour_has_a_test() -> None:
    assert sorted({b.id for b in MANIFEST} - set(_shown_by_tests())) == []


def test_every_test_shows_a_promised_behaviour() -> None:
    assert sorted(set(_shown_by_tests()) - {b.id for b in MANIFEST}) == []


def test_no_behaviour_is_promised_twice() -> None:
    assert [name for name, count in Counter(b.id for b in MANIFEST).items() if count > 1] == []


def test_every_behaviour_is_a_sentence_with_a_reason() -> None:
    assert [b.id for b in MANIFEST if not (b.sentence.endswith(".") and b.why)] == []
