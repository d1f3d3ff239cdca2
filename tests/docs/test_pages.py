"""What the pages say exists: links, files, commands, settings, snippets."""

import ast
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from typer.main import get_command

from docs.pages import PAGES, README, ROOT, blocks, code_spans, commands, links, name_of, prose
from frontdesk.adapters.discord.manifest import INTENTS, PERMISSIONS
from frontdesk.adapters.slack.manifest import SCOPES
from frontdesk.bootstrap import require_platform
from frontdesk.cli import app
from frontdesk.settings import Environment, load_settings

DEMO = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/frontdesk demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"
WITH_UV = ("uv run frontdesk demo", "uv run pytest")

a_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@a_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        link
        for link in links(page)
        if not link.startswith(("https://", "#")) and not (page.parent / unquote(link.partition("#")[0])).exists()
    ]
    assert broken == []


@a_page
def test_every_file_that_is_named_exists(page: Path) -> None:
    """Names with an ending and a folder, or of a file at the top."""
    named = {span for span in code_spans(page) if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|md|toml|json|lua)", span)}
    places = (ROOT, ROOT / "src" / "frontdesk", page.parent)
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []


def test_the_first_commands_are_the_two_that_need_nothing_else() -> None:
    assert tuple(commands(README)[:4]) == (DEMO, TESTS, *WITH_UV)


def test_ci_runs_the_readme_s_test_command_and_its_demo() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert TESTS in ci
    assert DEMO.rpartition(" && ")[0] in ci, "the demo's set-up"
    assert '.venv/bin/frontdesk demo --ask "How long does shipping take?"' in ci


def test_what_the_set_up_commands_name_is_in_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"]["frontdesk"] == "frontdesk.__main__:main"
    assert any(need.startswith("pytest>") for need in project["project"]["optional-dependencies"]["test"])
    assert project["dependency-groups"]["dev"] == ["frontdesk[test]"], "so that `uv run pytest` works"


@a_page
def test_every_command_is_one_that_the_command_line_knows(page: Path) -> None:
    group = get_command(app)
    spoken = [c for c in commands(page) if c.startswith("frontdesk ")]
    spoken += [span for span in code_spans(page) if re.match(r"frontdesk [a-z]", span)]
    unknown = []
    for line in spoken:
        _, name, *words = re.sub(r'"[^"]*"', "WORDS", line).split()
        command = group.commands.get(name)  # type: ignore[attr-defined]
        options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} if command else set()
        if command is None or any(word.startswith("--") and word not in options for word in words):
            unknown.append(line)
    assert unknown == []


@pytest.mark.parametrize("page", [README], ids=name_of)
def test_every_command_of_the_readme_is_checked_somewhere(page: Path) -> None:
    set_up = {DEMO, TESTS, *WITH_UV}
    assert [c for c in commands(page) if c not in set_up and not c.startswith("frontdesk ")] == []


@a_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {str(field.validation_alias) for field in Environment.model_fields.values()}
    known |= {"FRONTDESK_TEST_REDIS_URL", "FRONTDESK_SPECS"}
    spans = {span.partition("=")[0] for span in code_spans(page)}
    named = {span for span in spans if re.fullmatch("(FRONTDESK|SLACK|OPENAI|REDIS)_[A-Z_]+", span)}
    assert sorted(named - known) == []


def test_every_toml_snippet_is_understood(tmp_path: Path) -> None:
    found = blocks("toml")
    assert found
    for block in found:
        file = tmp_path / "frontdesk.toml"
        file.write_text(block.text, encoding="utf-8")
        load_settings({"FRONTDESK_CONFIG": str(file), "ANSWER_API_KEY": "a-key"})


def test_every_env_snippet_makes_a_desk_that_can_run() -> None:
    slack, discord, both = (
        {**dict(line.split("=", 1) for line in each.text.splitlines())} for each in blocks("ini", [README])
    )
    on_slack = load_settings(slack)
    assert on_slack.slack is not None
    assert on_slack.knowledge is not None
    on_discord = load_settings({**discord, "DISCORD_TOKEN": "a-token-as-long-as-discord-s"})
    assert on_discord.discord is not None
    assert on_discord.knowledge is not None
    on_both = load_settings({**slack, "DISCORD_TOKEN": "a-token-as-long-as-discord-s", **both})
    for settings in (on_slack, on_discord, on_both):
        assert settings.desk.speaking.staff_channel is not None
        assert settings.desk.speaking.channels
        require_platform(settings)


def test_every_python_and_json_snippet_parses() -> None:
    for block in blocks("python"):
        ast.parse(block.text)
    for block in blocks("json"):
        json.loads(block.text)


def test_every_article_snippet_is_an_article(tmp_path: Path) -> None:
    from frontdesk.adapters.library.articles import find, read

    found = blocks("markdown")
    assert found
    for block in found:
        file = tmp_path / "article.md"
        file.write_text(block.text, encoding="utf-8")
        (source,) = find(file)
        article = read(source)
        assert (article.title, article.audience) == ("How to return an item", "public")
        assert yaml.safe_load(block.text.split("---")[1])["url"] == article.url


@a_page
def test_every_block_says_what_it_is(page: Path) -> None:
    fences = re.findall(r"^ *```(\w*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[1::2]) <= {""}, "a block is opened and not closed"
    assert set(fences[::2]) <= {"sh", "text", "toml", "ini", "markdown", "python", "json"}


def test_the_scopes_and_their_reasons_are_the_manifest_s() -> None:
    page = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w:.]+)` \| (.+) \|$", page.split("## Socket Mode")[0], re.MULTILINE))
    assert rows == SCOPES


def test_discord_s_permissions_and_intents_and_their_reasons_are_the_manifest_s() -> None:
    page = (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", page, re.MULTILINE))
    permissions = {str(permission.name): reason for permission, reason in PERMISSIONS.items()}
    assert rows == permissions | {intent: reason for intent, (_, reason) in INTENTS.items()}


def test_every_decision_is_listed_and_says_how_it_fails() -> None:
    folder = ROOT / "docs" / "adr"
    records = sorted(path.name for path in folder.glob("0*.md"))
    assert sorted(link for link in links(folder / "README.md") if link.startswith("0")) == records
    for name in records:
        text = (folder / name).read_text(encoding="utf-8")
        parts = re.findall("^## (.+)$", text, re.MULTILINE)
        assert parts == ["Why", "What", "What follows", "How it fails"], name
        assert re.search(r"## How it fails\n\n(Open|Closed)\b", text), name


def test_the_readme_is_short_and_speaks_plainly() -> None:
    words = prose(README)
    assert len(words.splitlines()) <= 120
    sales = re.findall(
        r"\b(powerful|seamless\w*|blazing\w*|revolution\w*|cutting.edge|effortless\w*|simply)\b", words, re.IGNORECASE
    )
    assert sales == []
