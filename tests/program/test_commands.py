"""`check`, `ingest` and `demo` as an operator types them."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from program.children import PATIENCE, SHOP, Office, valkeys_in


async def test_check_is_a_line_for_each_thing_and_works_beside_a_running_desk(office: Office) -> None:
    desk = await office.run()
    code, check = await office.command("check")
    lines = check.out.splitlines()
    assert [line for line in lines if not line.startswith("ok    ")] == []
    for what in ("store", "articles", "slack bot token", "slack scopes", "slack app token", "slack staff channel"):
        assert f"ok    {what}" in lines
    assert any("model" in line for line in lines)
    assert code == 0
    assert check.err == ""
    assert await desk.drained() == 0


async def test_check_names_missing_scopes_and_the_mend(office: Office) -> None:
    office.box.slack.app.scopes -= {"chat:write", "users:read"}
    code, check = await office.command("check")
    assert code == 1
    (line,) = [line for line in check.out.splitlines() if line.startswith("FAIL  slack scopes")]
    assert "chat:write" in line
    assert "users:read" in line
    assert "reinstall" in line


async def test_check_names_what_is_wrong_with_the_staff_channel(office: Office) -> None:
    for channel, words in (
        ("slack:CRANDOM", "invite"),
        ("slack:CNOWHERE", "FRONTDESK_STAFF_CHANNEL"),
        ("slack:CSUPPORT", "private"),
    ):
        code, check = await office.command("check", FRONTDESK_STAFF_CHANNEL=channel, FRONTDESK_CHANNELS="")
        assert code == 1, check.out
        (line,) = [line for line in check.out.splitlines() if line.startswith("FAIL")]
        assert line.startswith("FAIL  slack staff channel: ")
        assert words in line


async def test_check_says_every_wrong_thing_and_not_only_the_first(office: Office) -> None:
    code, check = await office.command(
        "check", SLACK_BOT_TOKEN="xoxb-wrong", SLACK_APP_TOKEN="xapp-wrong", REDIS_URL="redis://127.0.0.1:1/0",
        OPENAI_API_KEY="wrong", FRONTDESK_KNOWLEDGE="nowhere",
    )  # fmt: skip
    failed = [line for line in check.out.splitlines() if line.startswith("FAIL")]
    assert code == 1
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "REDIS_URL", "OPENAI_API_KEY", "FRONTDESK_KNOWLEDGE"):
        assert any(name in line for line in failed), (name, check.out)
    assert "Traceback" not in check.err


async def test_a_running_desk_uses_what_was_ingested_and_never_cites_what_was_removed(office: Office) -> None:
    articles = office.folder / "articles"
    articles.mkdir()
    _write(articles, "battery", "Changing the battery of a lamp", "The battery of every lamp lasts for nine months.")
    _write(articles, "colours", "Colours of lamps", "Every lamp is available in green and in violet.")
    desk = await office.run(FRONTDESK_KNOWLEDGE=str(articles))
    await office.answered(await office.ask("How long does the battery of a lamp last?"), "nine months")

    (articles / "battery.md").unlink()
    _write(articles, "colours", "Colours of lamps", "Every lamp is available in black.")
    _write(articles, "shades", "Washing the shade", "A shade may be washed by hand in cold water.")
    (articles / "latin.md").write_bytes(b"# Lampe\n\nGr\xfcn.\n")
    (articles / "front.md").write_text("---\ntitle: [\n---\ntext\n", encoding="utf-8")
    (articles / "empty.md").write_text("", encoding="utf-8")
    code, report = await office.command("ingest", str(articles))
    assert code == 0
    told = report.out.splitlines()
    assert told[0].startswith("1 added, 1 changed, 1 removed, 0 unchanged, 3 skipped")
    assert any("latin.md" in line and "not UTF-8" in line for line in told)
    assert any("front.md" in line and "front matter" in line for line in told)
    assert any("empty.md" in line and "empty" in line for line in told)
    assert report.err == ""

    changed = await office.ask("Which colours of lamps are available?", who="UBOB")
    assert "black" in (await office.answered(changed)).shown
    new = await office.ask("May I wash the shade?", who="UDANA")
    await office.answered(new, "cold water")
    removed = await office.workspace.say_dm("UALICE", "How long does the battery of a lamp last?")
    await office.workspace.until(
        lambda: len(office.workspace.thread(removed.channel, removed.ts)) > 1, timeout=PATIENCE
    )
    shown = " ".join(m.shown for m in office.workspace.thread(removed.channel, removed.ts)[1:])
    assert "nine months" not in shown

    code, again = await office.command("ingest", str(articles), "--json")
    report_now = json.loads(again.out)
    assert code == 0
    assert (report_now["added"], report_now["changed"], report_now["removed"]) == ([], [], [])
    assert report_now["unchanged"] == 2
    assert len(report_now["skipped"]) == 3
    assert await desk.drained() == 0

    _write(articles, "cables", "Cables", "Every cable is two metres long.")
    restarted = await office.run(FRONTDESK_KNOWLEDGE=str(articles))
    assert "1 added, 2 unchanged, 3 skipped" in restarted.err
    assert "latin.md: not UTF-8" in restarted.err
    assert await restarted.drained() == 0
    assert valkeys_in(office.folder) == []


async def test_ingest_says_what_is_missing(office: Office) -> None:
    assert "FRONTDESK_KNOWLEDGE" in await office.refused("ingest")
    assert "nowhere" in await office.refused("ingest", "nowhere")


async def test_the_demo_as_json_is_nothing_else(office: Office) -> None:
    code, demo = await office.command(
        "demo", "--ask", "Which payment methods do you accept?", "--json", **_bare(office)
    )
    told = json.loads(demo.out)
    assert code == 0
    assert told["trace"]["outcome"] == "answered"
    assert demo.err == ""


async def test_the_demo_says_when_it_does_not_know_and_when_a_person_takes_over(office: Office) -> None:
    code, unknown = await office.command("demo", "--ask", "What is the airspeed of a swallow?", **_bare(office))
    assert code == 0
    assert "person" in unknown.out
    code, person = await office.command("demo", "--ask", "I want to talk to a person", **_bare(office))
    assert code == 0
    assert "#1" in person.out
    assert unknown.err + person.err == ""


async def test_the_demo_wants_a_question(office: Office) -> None:
    for nothing in ("", "   "):
        assert "--ask needs a question" in await office.refused("demo", "--ask", nothing, **_bare(office))


async def test_the_demo_s_page_opens_and_ends_at_the_first_interruption(office: Office) -> None:
    demo = await office.start("demo", "--no-open", "--port", "0", **_bare(office))
    await demo.until_said("open http://127.0.0.1:")
    demo.signal(signal.SIGINT)
    assert await demo.ended(timeout=15.0) == 0
    assert "Traceback" not in demo.err
    assert valkeys_in(office.folder) == []


async def test_the_demo_s_page_on_a_taken_port_is_one_line(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = await office.refused("demo", "--no-open", "--port", port, **_bare(office))
    assert f"--port {port}" in line
    assert "--port 99999" in await office.refused("demo", "--no-open", "--port", "99999", **_bare(office))


def _write(folder: Path, name: str, title: str, text: str) -> None:
    (folder / f"{name}.md").write_text(f"---\ntitle: {title}\n---\n\n{text}\n", encoding="utf-8")


def _bare(office: Office) -> dict[str, str | None]:
    """None of the office's own settings: the demo brings its own."""
    return dict.fromkeys(office.settings)


async def test_ingest_shows_progress_on_a_terminal(office: Office) -> None:
    terminal, its_end = os.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "frontdesk", "ingest", str(SHOP / "articles"),
            cwd=office.folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=its_end,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        os.close(its_end)
    seen = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert process.returncode == 0
    assert "reading articles 1/" in seen
    assert "added" in out.decode()
