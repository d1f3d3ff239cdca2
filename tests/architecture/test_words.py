"""One word per thing: what we do not call things, in names of files, in names in the code, and in what people read."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FILES_WITHOUT_A_STORY = {"utils", "helpers", "common", "misc", "manager", "base", "types", "models", "handlers"}

OF_THE_PLATFORM = (
    re.compile(r"\bagents?\.sessions(\.\w+)?|agent_(session\w*|view|description|features)\b|\bnot_agent_app\b"),
    re.compile(r"user[-_ ]agent", re.IGNORECASE),
    re.compile(r"\bAgents? Messages tab|\bagent features?\b"),
)
"""Where Slack's and HTTP's own names hold the word."""

AGENT = re.compile(r"(?<![a-z])agents?(?![a-z])|(?<=[a-z])Agents?(?![a-z])|(?<![A-Za-z])Agents?(?![a-z])")

SPOKEN_BY_PEOPLE = {
    # what customers write and what words in other languages look like, not our own words
    "src/frontdesk/core/rules.py",
    "src/frontdesk/sandbox/model/triage.py",
}
EXPLAINS_THE_WORD = {"docs/glossary.md"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _in_our_words(text: str) -> list[str]:
    for own in OF_THE_PLATFORM:
        text = own.sub("", text)
    return AGENT.findall(text)


def _names_and_words(path: Path) -> Iterator[str]:
    """Identifiers, comments and docstrings of a file; not its other strings, which may be a platform's."""
    text = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.COMMENT):
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


@pytest.mark.parametrize("folder", ["src", "tests", "docs", "bench"])
def test_no_file_is_named_after_having_no_story(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".lua", ".js", ".css")]
    folders = [path for path in (ROOT / folder).rglob("*") if path.is_dir()]
    assert [_name(path) for path in [*files, *folders] if path.stem in FILES_WITHOUT_A_STORY] == []


def test_nothing_in_the_code_is_called_an_agent() -> None:
    found = {
        f"{_name(path)}: {words.strip()[:80]}"
        for path in SOURCES
        if _name(path) not in SPOKEN_BY_PEOPLE
        for words in _names_and_words(path)
        if _in_our_words(words)
    }
    assert sorted(found) == []


def test_nothing_on_the_pages_is_called_an_agent() -> None:
    found = [
        f"{_name(page)}: {line[:80]}"
        for page in PAGES
        if _name(page) not in EXPLAINS_THE_WORD
        for line in page.read_text(encoding="utf-8").splitlines()
        if _in_our_words(line)
    ]
    assert found == []


def test_the_glossary_says_why_we_do_not_say_it() -> None:
    assert "not agent-to-agent" in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    silent = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            silent.append(_name(path))
    assert silent == []
