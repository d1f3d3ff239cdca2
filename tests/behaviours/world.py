"""What people do and see, in words that hold on every platform; underneath are real sockets to the sandbox."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from frontdesk.bootstrap import Program
from frontdesk.domain.turns import TurnTrace
from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.slack.values import Message
from frontdesk.settings import Settings

ALICE, BOB, CAROL = "UALICE", "UBOB", "UCAROL"
"""Customers; Carol belongs to another organisation."""
SAM, DANA = "USAM", "UDANA"
"""Staff."""
SUPPORT, GENERAL, STAFF, SHARED = "CSUPPORT", "CGENERAL", "CSTAFF", "CSHARED"

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def behaviour(name: str) -> Callable[[F], F]:
    """Says which behaviour of the manifest a test shows."""

    def marked(test: F) -> F:
        test.behaviour = name  # type: ignore[attr-defined]
        return test

    return marked


class World:
    """The platform's side of a running desk."""

    def __init__(self, box: Sandbox, program: Program, settings: Settings) -> None:
        self.box = box
        self.program = program
        self.settings = settings
        self.model = box.model
        self.slack = box.slack
        self.workspace = box.slack.workspace

    async def ask(self, text: str, who: str = ALICE, where: str = SUPPORT, **more: object) -> "Talk":
        """A new top-level message."""
        message = await self.workspace.say(who, where, text, **more)  # type: ignore[arg-type]
        return Talk(self, where, message.ts, who)

    async def ask_directly(self, text: str, who: str = ALICE) -> "Talk":
        message = await self.workspace.say_dm(who, text)
        return Talk(self, message.channel, message.ts, who)

    @property
    def mention(self) -> str:
        """What mentions the assistant."""
        return f"<@{self.slack.bot_user_id}>"

    async def until(self, condition: Callable[[], T], timeout: float = 8.0) -> T:
        """Wait for something people can see."""
        await self.workspace.until(lambda: bool(condition()), timeout=timeout)
        return condition()

    async def turns_ended(
        self, at_least: int, conversation: str | None = None, timeout: float = 10.0
    ) -> list[TurnTrace]:
        """Wait for so many finished turns; newest first."""
        import asyncio

        async with asyncio.timeout(timeout):
            while True:
                self.program.turn_ended.clear()
                traces = [t for t in await self.program.latest_traces(50) if conversation in (None, t.conversation)]
                if len(traces) >= at_least:
                    return traces
                await self.program.turn_ended.wait()

    async def quiet(self, talk: "Talk", turns: int) -> None:
        """Wait until this conversation's turns have ended: whatever was to be said has been said."""
        await self.turns_ended(turns, talk.conversation)

    def cards(self) -> list["Ticket"]:
        """The cards in the staff channel, oldest first."""
        return [Ticket(self, m.ts) for m in self.workspace.history(STAFF) if not m.deleted and m.blocks]

    async def card(self, number: int = 1, timeout: float = 8.0) -> "Ticket":
        """The card of the n-th ticket, once it is there."""
        cards = await self.until(lambda: self.cards() if len(self.cards()) >= number else [], timeout)
        return cards[number - 1]

    def whispers(self, person: str) -> list[str]:
        """What only this person was shown."""
        return [m.shown for m in self.workspace.ephemerals if m.seen_by == person]

    async def whispered(self, person: str, words: str) -> None:
        """Wait until this person, and nobody else, was shown these words."""
        await self.until(lambda: any(words in shown for shown in self.whispers(person)))

    async def command(self, text: str, who: str = SAM, where: str = STAFF) -> str:
        """Give the desk a command; what it answered to this person alone."""
        before = len(self.whispers(who))
        await self.workspace.slash(who, where, "/desk", text)
        await self.until(lambda: len(self.whispers(who)) > before)
        return self.whispers(who)[-1]

    async def send_form(self, who: str, words: str = "") -> None:
        """Fill in the form that has opened for this person, and send it."""
        await self.until(lambda: self.workspace.views.get(who))
        form = self.workspace.views[who][-1]
        await self.workspace.submit_view(who, form.id, {"fd:comment": {"comment": words}} if words else {})

    async def close_channel(self, channel: str) -> None:
        """Nothing can be written there any more."""
        await self.workspace.archive(SAM, channel)

    def tasks_asked(self) -> list[str]:
        """What the model was asked for so far, oldest first: triage, answer or summary."""
        return [str(r["messages"][0]["content"]).split("\n", 1)[0].removeprefix("TASK: ") for r in self.model.requests]


@dataclass
class Talk:
    """A thread in which a customer talks with the desk."""

    world: World
    channel: str
    root: str
    who: str

    @property
    def conversation(self) -> str:
        return f"slack:{self.world.slack.team_id}:{self.channel}:{self.root}"

    async def say(self, text: str, who: str | None = None, **more: object) -> Message:
        return await self.world.workspace.say(who or self.who, self.channel, text, thread_ts=self.root, **more)  # type: ignore[arg-type]

    async def edit(self, ts: str, text: str) -> None:
        await self.world.workspace.edit(self.who, self.channel, ts, text)

    async def delete(self, ts: str) -> None:
        await self.world.workspace.delete(self.who, self.channel, ts)

    def messages(self) -> list[Message]:
        return [m for m in self.world.workspace.thread(self.channel, self.root) if not m.deleted]

    def replies(self) -> list[Message]:
        """What the desk has said here, whoever's name it stands under."""
        return [m for m in self.messages() if m.bot_id == self.world.slack.bot_id]

    def finished(self) -> list[Message]:
        """Replies that are no longer being written."""
        return [m for m in self.replies() if m.streaming in (None, "stopped", "stopped_by_user")]

    async def reply(self, number: int = 1, containing: str = "", timeout: float = 8.0) -> Message:
        """The n-th reply, finished; with `containing`, once it shows that."""

        def there() -> Message | None:
            replies = self.finished()
            if len(replies) < number or containing not in replies[number - 1].shown:
                return None
            return replies[number - 1]

        found = await self.world.until(there, timeout)
        assert found is not None
        return found

    async def reply_with(self, words: str, timeout: float = 8.0) -> Message:
        """The first finished reply that shows these words."""
        found = await self.world.until(lambda: next((m for m in self.finished() if words in m.shown), None), timeout)
        assert found is not None
        return found

    async def named_reply(self, words: str, name: str) -> Message:
        """The reply that shows these words; it stands under this person's name."""
        reply = await self.reply_with(words)
        assert reply.username is not None
        assert name in reply.username
        return reply

    async def press(self, label_or_action: str, ts: str, who: str | None = None, value: object = None) -> None:
        await self.world.workspace.click(who or self.who, self.channel, ts, f"fd:{label_or_action}", value)


@dataclass
class Ticket:
    """A card in the staff channel and the thread that hangs on it."""

    world: World
    ts: str

    @property
    def shown(self) -> str:
        return self.message.shown

    @property
    def message(self) -> Message:
        return self.world.workspace.thread(STAFF, self.ts)[0]

    def thread(self) -> list[Message]:
        return [m for m in self.world.workspace.thread(STAFF, self.ts)[1:] if not m.deleted]

    async def until_shown(self, words: str, timeout: float = 8.0) -> None:
        """Wait until the card itself says so."""
        await self.world.until(lambda: words in self.shown, timeout)

    async def until_in_thread(self, words: str, timeout: float = 8.0) -> Message:
        found = await self.world.until(lambda: next((m for m in self.thread() if words in m.shown), None), timeout)
        assert found is not None
        return found

    async def write(self, text: str, who: str = SAM, **more: object) -> Message:
        """Staff write in the ticket's thread."""
        return await self.world.workspace.say(who, STAFF, text, thread_ts=self.ts, **more)  # type: ignore[arg-type]

    async def press(self, action: str, who: str = SAM) -> None:
        await self.world.workspace.click(who, STAFF, self.ts, f"fd:{action}")

    async def press_from_elsewhere(self, action: str, who: str) -> None:
        """The same by somebody who is not in the staff channel, through a client that still shows the card."""
        await self.world.workspace.click(who, STAFF, self.ts, f"fd:{action}", from_outside=True)

    @property
    def buttons(self) -> list[str]:
        """What can be pressed on the card."""
        rows = [block["elements"] for block in self.message.blocks if block["type"] == "actions"]
        return [element["action_id"].removeprefix("fd:") for row in rows for element in row]

    async def resolve(self, who: str = SAM, words: str = "") -> None:
        """Press Resolve and send the form behind it, with or without closing words."""
        await self.press("resolve", who)
        await self.world.send_form(who, words)
        await self.until_shown("Resolved by")
