"""The program as an operator starts it: child processes with an environment, and what they say."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiohttp

from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.slack.values import Message

SHOP = Path(str(files("frontdesk.sandbox") / "shop"))
PATIENCE = 30.0
"""Two cores shared with other tests make a start slow."""
_OURS = ("OPENAI_", "FRONTDESK_", "SLACK_", "DISCORD_", "REDIS_")


class Child:
    """One `python -m frontdesk …`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out = ""
        self.err = ""
        self._news = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, "out")),
            asyncio.create_task(self._read(process.stderr, "err")),
        ]

    async def _read(self, pipe: asyncio.StreamReader | None, name: str) -> None:
        assert pipe is not None
        while line := await pipe.readline():
            setattr(self, name, getattr(self, name) + line.decode("utf-8"))
            self._news.set()

    async def until(self, condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Wait for something it says."""
        async with asyncio.timeout(timeout):
            while not condition():
                assert self.process.returncode is None, self.out + self.err
                self._news.clear()
                ended = asyncio.ensure_future(self.process.wait())
                told = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
                told.cancel()

    async def until_said(self, words: str, timeout: float = PATIENCE) -> None:
        try:
            await self.until(lambda: words in self.err or words in self.out, timeout)
        except TimeoutError:
            raise AssertionError(f"never said {words!r}:\n{self.out}{self.err}") from None

    @property
    def address(self) -> str:
        """Where it serves /readyz."""
        return self.err.partition("ready: ")[2].partition("/readyz")[0]

    async def page(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.address}{path}") as answer:
            return answer.status, await answer.text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self, timeout: float = PATIENCE) -> int:
        """Its exit code, when it has said its last word."""
        code = await asyncio.wait_for(self.process.wait(), timeout)
        await asyncio.wait_for(asyncio.gather(*self._readers), timeout)
        return code

    async def drained(self) -> int:
        """Stopped by one Ctrl-C."""
        self.signal(signal.SIGINT)
        return await self.ended()

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Its log lines; what it says to the operator in plain words is not among them."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]


class Office:
    """A sandbox, a folder, and the children started there."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box = box
        self.folder = folder
        self.workspace = box.slack.workspace
        self.children: list[Child] = []
        self.settings = {
            "SLACK_BOT_TOKEN": box.slack.bot_token,
            "SLACK_APP_TOKEN": box.slack.app_token,
            "SLACK_API_URL": box.slack.api_url,
            "OPENAI_API_KEY": box.model.api_key,
            "OPENAI_BASE_URL": box.model.base_url,
            "FRONTDESK_MODEL": "stand-in",
            "FRONTDESK_STAFF_CHANNEL": "slack:CSTAFF",
            "FRONTDESK_CHANNELS": "slack:CSUPPORT",
            "FRONTDESK_KNOWLEDGE": str(SHOP / "articles"),
            "FRONTDESK_HTTP": "127.0.0.1:0",
        }

    async def start(self, *words: str, environment: Mapping[str, str] | None = None, **settings: str | None) -> Child:
        """A child with the sandbox's settings and these; a setting that is None is left out."""
        chosen = {name: value for name, value in {**self.settings, **settings}.items() if value is not None}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "frontdesk", *words,
            cwd=self.folder, env={**inherited, **chosen, **(environment or {})}, limit=2**24,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        child = Child(process)
        self.children.append(child)
        return child

    async def run(self, *words: str, **settings: str | None) -> Child:
        """A desk that is ready."""
        child = await self.start("run", *words, **settings)
        await child.until_said("ready:")
        return child

    async def command(self, *words: str, **settings: str | None) -> tuple[int, Child]:
        """A command that ends by itself."""
        child = await self.start(*words, **settings)
        return await child.ended(), child

    async def refused(self, *words: str, **settings: str | None) -> str:
        """The one line with which a command refuses to start."""
        code, child = await self.command(*words, **{"FRONTDESK_KNOWLEDGE": None, **settings})
        assert child.err.count("\n") == 1, child.err
        assert child.err.startswith("frontdesk: "), child.err
        assert child.out == ""
        assert code == 2
        return child.err

    async def ask(self, text: str, who: str = "UALICE") -> Message:
        return await self.workspace.say(who, "CSUPPORT", text)

    def replies(self, asked: Message) -> list[Message]:
        """What the desk has said under this question and finished saying."""
        said = [m for m in self.workspace.thread("CSUPPORT", asked.ts) if m.bot_id == self.box.slack.bot_id]
        return [m for m in said if not m.deleted and m.streaming in (None, "stopped")]

    async def answered(self, asked: Message, words: str = "", timeout: float = PATIENCE) -> Message:
        """The first finished reply that shows these words."""

        def there() -> Message | None:
            return next((m for m in self.replies(asked) if words in m.shown), None)

        await self.workspace.until(lambda: there() is not None, timeout=timeout)
        found = there()
        assert found is not None
        return found

    def visible(self, asked: Message) -> list[Message]:
        """Everything of the desk's that a person sees under this question."""
        thread = self.workspace.thread("CSUPPORT", asked.ts)
        return [m for m in thread if m.bot_id == self.box.slack.bot_id and not m.deleted]

    async def writing(self, answers: int = 1) -> None:
        """Wait until the model has begun so many answers."""
        await self.box.model.until(lambda: len(self._answers()) >= answers, timeout=PATIENCE)

    def _answers(self) -> list[object]:
        return [body for body in self.box.model.requests if "TASK: answer" in str(body["messages"][0]["content"])]

    async def close(self) -> None:
        self.box.model.release()
        for child in self.children:
            if child.process.returncode is None:
                child.process.kill()
            await child.ended()


@asynccontextmanager
async def an_office(folder: Path) -> AsyncIterator[Office]:
    async with Sandbox() as box:
        office = Office(box, folder)
        try:
            yield office
        finally:
            await office.close()


def valkeys_in(folder: Path) -> list[int]:
    """Processes of a store whose files are in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and str(folder).encode() in command and b"frontdesk\0" not in command:
            found.append(int(entry.name))
    return found
