"""The import contracts of `pyproject.toml` hold."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def test_every_contract_is_kept() -> None:
    ran = _lint(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/ids.py", "import frontdesk.ports.store"),
        ("core/desk.py", "import redis"),
        ("core/desk.py", "import time"),
        ("adapters/slack/app.py", "import frontdesk.adapters.redis.store"),
        ("adapters/slack/app.py", "import frontdesk.settings"),
        ("adapters/redis/store.py", "import slack_sdk"),
        ("adapters/slack/app.py", "import discord"),
        ("adapters/discord/render.py", "import discord"),
        ("adapters/discord/render.py", "import frontdesk.adapters.slack.escaping"),
        ("bootstrap.py", "import frontdesk.adapters.redis.keys"),
        ("sandbox/sandbox.py", "import frontdesk.domain.events"),
        ("core/desk.py", "def hidden():\n    import frontdesk.sandbox"),
        ("utilities.py", ""),
    ],
)
def test_a_planted_import_is_caught(tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "shop", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "src" / "frontdesk" / file
    before = planted.read_text(encoding="utf-8") if planted.exists() else ""
    planted.write_text(f"{before}\n{line}\n", encoding="utf-8")
    ran = _lint(tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
