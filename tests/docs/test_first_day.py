"""README's way into one's own Slack, walked from end to end: its `.env`, its article, `check`, `run`, a question."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from docs.pages import README, blocks
from frontdesk.sandbox import Sandbox


async def test_who_follows_the_readme_gets_a_desk_that_answers(tmp_path: Path) -> None:
    written = blocks("ini", [README])[0]
    (article,) = blocks("markdown", [README])
    async with Sandbox() as box:
        real = {
            "SLACK_BOT_TOKEN": box.slack.bot_token,
            "SLACK_APP_TOKEN": box.slack.app_token,
            "OPENAI_API_KEY": box.model.api_key,
            "FRONTDESK_STAFF_CHANNEL": "slack:CSTAFF",
            "FRONTDESK_CHANNELS": "slack:CSUPPORT",
        }
        names = [line.partition("=")[0] for line in written.text.splitlines()]
        filled_in = [f"{name}={real[name]}" if name in real else line for name, line in _lines(written.text)]
        only_here = [
            f"SLACK_API_URL={box.slack.api_url}",
            f"OPENAI_BASE_URL={box.model.base_url}",
            "FRONTDESK_HTTP=127.0.0.1:0",
        ]
        assert set(real) <= set(names)
        (tmp_path / ".env").write_text("\n".join([*filled_in, *only_here]), encoding="utf-8")
        (tmp_path / "articles").mkdir()
        (tmp_path / "articles" / "returns.md").write_text(article.text, encoding="utf-8")

        code, said = await _frontdesk(tmp_path, "check")
        assert code == 0, said
        assert "FAIL" not in said
        assert "slack bot token" in said

        desk = await _start(tmp_path, "run")
        try:
            said = await _until_said(desk, "ready:")
            assert "1 added" in said
            workspace = box.slack.workspace
            asked = await workspace.say("UALICE", "CSUPPORT", "How can I return an item?")
            await workspace.until(
                lambda: any("within 30 days" in m.shown for m in workspace.thread("CSUPPORT", asked.ts)), timeout=20.0
            )
            desk.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(desk.wait(), 30) == 0
        finally:
            if desk.returncode is None:
                desk.kill()
                await desk.wait()


async def test_who_starts_without_anything_is_told_in_one_line_what_to_do(tmp_path: Path) -> None:
    code, said = await _frontdesk(tmp_path, "run")
    assert code == 2
    assert said.count("\n") == 1
    assert "SLACK_BOT_TOKEN is not set" in said
    assert "frontdesk demo" in said


def _lines(text: str) -> list[tuple[str, str]]:
    return [(line.partition("=")[0], line) for line in text.splitlines()]


async def _start(folder: Path, *words: str) -> asyncio.subprocess.Process:
    ours = ("OPENAI_", "FRONTDESK_", "SLACK_", "DISCORD_", "REDIS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "frontdesk", *words,
        cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def _frontdesk(folder: Path, *words: str) -> tuple[int | None, str]:
    process = await _start(folder, *words)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode("utf-8")


async def _until_said(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(30):
        while words not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode("utf-8")
    return said
