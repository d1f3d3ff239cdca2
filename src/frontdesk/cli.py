"""The command line: parse, call bootstrap, print."""

import asyncio
import gc
import json
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from importlib.metadata import version as installed_version
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from frontdesk import bootstrap
from frontdesk.adapters.ops.logs import set_up_logs
from frontdesk.bootstrap import Program, Role, running_desk
from frontdesk.domain.errors import DeskError, Misconfigured
from frontdesk.domain.ids import Platform
from frontdesk.domain.knowledge import IngestReport
from frontdesk.settings import Settings, env_example, load_settings

if TYPE_CHECKING:
    from frontdesk.sandbox import Sandbox

app = typer.Typer(
    name="frontdesk",
    help="A support desk that lives inside Slack and Discord.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_STOPPED_AT_ONCE = 130
_AS_IF_THINKING = (0.3, 0.03)
"""Seconds before and between the words of the stand-in on the page, so that one sees an answer grow."""


def main() -> None:
    """Run a command; what went wrong is one line on standard error, with exit code 2 when the operator must mend it."""
    try:
        app()
    except DeskError as error:
        print(f"frontdesk: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, Misconfigured) else 1)
    except KeyboardInterrupt:
        sys.exit(_STOPPED_AT_ONCE)


@app.command()
def run(
    role: Annotated[
        Literal["all", "gateway", "worker"], typer.Option(help="gateway: platform connections; worker: turns.")
    ] = "all",
) -> None:
    """Run the desk until Ctrl-C; the first one lets it finish what it has in hand, the second stops it at once."""
    settings = load_settings()
    set_up_logs(settings.log_format, settings.log_level)
    bootstrap.require_platform(settings)
    _until_interrupted(lambda stop: _serve(settings, role, stop))


@app.command()
def check() -> None:
    """Try everything the desk needs, one line each; exit code 1 when something does not work."""
    settings = load_settings()
    set_up_logs(settings.log_format, "error")
    sys.exit(asyncio.run(_check(settings)))


@app.command()
def ingest(
    place: Annotated[Path | None, typer.Argument(help="Folder or file of Markdown articles.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Read articles into the store; running desks use them at once."""
    settings = load_settings()
    set_up_logs(settings.log_format, "warning")
    if place is not None:
        settings = settings.model_copy(update={"knowledge": place})
        if not place.exists():
            raise Misconfigured(f"{place}: there is no such file or folder of articles")
    report = asyncio.run(bootstrap.ingest_articles(settings, None if as_json else _progress))
    print(report.model_dump_json(indent=2) if as_json else _report(report))


@app.command()
def demo(
    ask: Annotated[str | None, typer.Option(help="Ask one question, print what happened, and exit.")] = None,
    platform: Annotated[Platform, typer.Option(help="With --ask: where the question is asked.")] = "slack",
    staff: Annotated[Platform | None, typer.Option(help="Where staff are; with --ask the same as --platform.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --ask: print JSON.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page.")] = 8765,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Everything on this machine: a local Slack, a stand-in model, an example shop, and a page that shows them."""
    set_up_logs("auto", "error" if ask else "warning")
    if ask is not None and not ask.strip():
        raise Misconfigured('--ask needs a question, such as --ask "How can I return an item?"')
    with tempfile.TemporaryDirectory(prefix="frontdesk-demo-") as folder:
        if ask is not None:
            sys.exit(asyncio.run(_ask(ask, platform, staff or platform, Path(folder), as_json=as_json)))
        _until_interrupted(lambda stop: _show(Path(folder), port, staff or "slack", stop, open_page=open_page))


@app.command()
def settings(
    env: Annotated[bool, typer.Option("--env-example", help="Print the text of .env.example.")] = False,
) -> None:
    """Show what the desk was told, secrets left out."""
    if env:
        print(env_example(), end="")
        return
    print(load_settings().model_dump_json(indent=2, exclude={"desk": {"rules", "frustration", "phrases"}}))


@app.command()
def version() -> None:
    """Print the version."""
    print(installed_version("frontdesk"))


async def _serve(settings: Settings, role: Role, stop: asyncio.Event) -> None:
    # What was loaded stays: to look through it for garbage stops every conversation for a tenth of a second.
    async with running_desk(settings, role, said=_say, prepared=gc.freeze) as program:
        _say(f"ready: {program.address}/readyz (Ctrl-C to stop)")
        await stop.wait()
        _say("stopping: finishing what is in hand (Ctrl-C again to stop at once)")


async def _check(settings: Settings) -> int:
    failed = 0
    async for what, trouble in bootstrap.check(settings):
        failed += trouble is not None
        print(f"{'ok  ' if trouble is None else 'FAIL'}  {what}{f': {trouble}' if trouble else ''}")
    return 1 if failed else 0


async def _show(folder: Path, port: int, staff: Platform, stop: asyncio.Event, *, open_page: bool) -> None:
    async with _opened(port) as box:
        box.staff_on = staff
        with as_file(files("frontdesk.sandbox") / "shop") as shop:
            settings = _sandbox_settings(box, ("slack", "discord"), staff, shop, folder)
            async with running_desk(settings, show_traces=True, said=_say) as program:
                box.model.delay_first, box.model.delay_between = _AS_IF_THINKING
                box.trace_url = f"{program.address}/traces/latest"
                _say(f"open {box.page_url} (Ctrl-C to stop)")
                _say(f"model: {_model_name(settings)}")
                if open_page:
                    await asyncio.to_thread(webbrowser.open, box.page_url)
                await stop.wait()


@asynccontextmanager
async def _opened(port: int) -> "AsyncIterator[Sandbox]":
    """The sandbox with its page on this port. Raises Misconfigured when the port is taken."""
    from frontdesk.sandbox import Sandbox  # noqa: PLC0415 - only the demo pays for it

    box = Sandbox(port=port)
    try:
        await box.__aenter__()
    except (OSError, OverflowError) as error:
        raise Misconfigured(f"--port {port} cannot be used ({_why(error)}): choose another, or 0 for any") from None
    try:
        yield box
    finally:
        await box.__aexit__(None, None, None)


def _why(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a port"


async def _ask(question: str, platform: Platform, staff: Platform, folder: Path, *, as_json: bool) -> int:
    from frontdesk.sandbox import Sandbox  # noqa: PLC0415 - only the demo pays for it
    from frontdesk.sandbox.discord.example import ALICE, STAFF, SUPPORT  # noqa: PLC0415
    from frontdesk.sandbox.transcript import read_aloud  # noqa: PLC0415

    platforms = tuple(dict.fromkeys((platform, staff)))
    async with Sandbox(platforms=platforms) as box:
        with as_file(files("frontdesk.sandbox") / "shop") as shop:
            async with running_desk(_sandbox_settings(box, platforms, staff, shop, folder)) as program:
                on_slack, on_discord = (box.slack.workspace, "CSTAFF"), (box.discord.guild, STAFF)
                staff_side, staff_channel = on_slack if staff == "slack" else on_discord
                if platform == "slack":
                    asked = (await box.slack.workspace.say("UALICE", "CSUPPORT", question)).ts
                else:
                    asked = (await box.discord.guild.say(ALICE, SUPPORT, question)).id
                await _until_answered(program, seconds=120)
                customer_side = box.slack.workspace if platform == "slack" else box.discord.guild
                channel = "CSUPPORT" if platform == "slack" else SUPPORT
                heard = read_aloud(customer_side, channel, asked, staff_channel, staff_side=staff_side)
                traces = await program.latest_traces(1)
    if as_json:
        print(
            json.dumps(
                {**heard.as_json(), "trace": json.loads(traces[0].model_dump_json())}, indent=2, ensure_ascii=False
            )
        )
    else:
        print(heard.as_text())
    return 0


async def _until_answered(program: Program, seconds: float) -> None:
    """Until the question's turn was committed. Raises DeskError when that takes too long."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                program.turn_ended.clear()
                if await program.latest_traces(1):
                    return
                await program.turn_ended.wait()
    except TimeoutError:
        raise DeskError(f"no turn ended within {seconds:.0f} s") from None


def _sandbox_settings(
    box: "Sandbox", platforms: Collection[Platform], staff: Platform, shop: Path, folder: Path
) -> Settings:
    """The desk's settings on the sandbox; a real model is used when the environment names one."""
    own_model = {
        k: os.environ[k] for k in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "FRONTDESK_MODEL") if os.environ.get(k)
    }
    stands_in = "OPENAI_API_KEY" not in own_model and "OPENAI_BASE_URL" not in own_model
    model = (
        {"OPENAI_API_KEY": box.model.api_key, "OPENAI_BASE_URL": box.model.base_url, "FRONTDESK_MODEL": "stand-in"}
        if stands_in
        else own_model
    )
    return load_settings(
        {
            **model,
            **_sandbox_platforms(box, platforms, staff),
            "FRONTDESK_KNOWLEDGE": str(shop / "articles"),
            "FRONTDESK_CONFIG": str(shop / "frontdesk.toml"),
            "FRONTDESK_DATA_DIR": str(folder / "data"),
            "FRONTDESK_HTTP": "127.0.0.1:0",
        }
    )


def _sandbox_platforms(box: "Sandbox", platforms: Collection[Platform], staff: Platform) -> dict[str, str]:
    from frontdesk.sandbox.discord.example import HELP, STAFF, SUPPORT  # noqa: PLC0415 - only the demo pays for it

    tokens: dict[str, str] = {}
    channels: list[str] = []
    if "slack" in platforms:
        tokens |= {
            "SLACK_BOT_TOKEN": box.slack.bot_token,
            "SLACK_APP_TOKEN": box.slack.app_token,
            "SLACK_API_URL": box.slack.api_url,
        }
        channels.append("slack:CSUPPORT")
    if "discord" in platforms:
        tokens |= {"DISCORD_TOKEN": box.discord.token, "DISCORD_API_URL": box.discord.api_url}
        channels += [f"discord:{SUPPORT}", f"discord:{HELP}"]
    return {
        **tokens,
        "FRONTDESK_STAFF_CHANNEL": "slack:CSTAFF" if staff == "slack" else f"discord:{STAFF}",
        "FRONTDESK_CHANNELS": ",".join(channels),
    }


def _model_name(settings: Settings) -> str:
    if settings.model.model == "stand-in":
        return "a stand-in that quotes the articles, not an AI (set OPENAI_API_KEY or OPENAI_BASE_URL for a real one)"
    return settings.model.model


def _until_interrupted(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run until SIGINT or SIGTERM; a second one ends it at once."""
    if asyncio.run(_with_signals(work)):
        sys.exit(_STOPPED_AT_ONCE)


async def _with_signals(work: Callable[[asyncio.Event], Awaitable[None]]) -> bool:
    stop = asyncio.Event()
    task = asyncio.ensure_future(work(stop))
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, interrupted)
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rreading articles {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _report(report: IngestReport) -> str:
    counts = {
        "added": len(report.added),
        "changed": len(report.changed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "skipped": len(report.skipped),
        "passages": report.passages,
    }
    lines = [", ".join(f"{number} {what}" for what, number in counts.items())]
    for what, names in (("added", report.added), ("changed", report.changed), ("removed", report.removed)):
        lines += [f"  {what:8} {name}" for name in names]
    lines += [f"  skipped  {name}: {why}" for name, why in report.skipped]
    return "\n".join(lines)
