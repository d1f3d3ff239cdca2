"""What people do and see, in words that hold on every platform; underneath are real sockets to the sandbox."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
import redis.asyncio

from behaviours.surroundings import (
    ALICE,
    BOB,
    CAROL,
    DANA,
    GENERAL,
    SAM,
    STAFF,
    SUPPORT,
    File,
    Looking,
    Operation,
    Shown,
    ShownFile,
    Spot,
    Surroundings,
    Trouble,
)
from frontdesk.bootstrap import Program, ingest_articles
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.transcript import Entry
from frontdesk.domain.turns import TurnTrace
from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.model.prompt import Prompt, Task, read_prompt
from frontdesk.settings import Settings

__all__ = [
    "ALICE",
    "BOB",
    "CAROL",
    "DANA",
    "GENERAL",
    "SAM",
    "STAFF",
    "SUPPORT",
    "Articles",
    "People",
    "Shown",
    "Talk",
    "Ticket",
    "Watch",
    "World",
    "behaviour",
]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def behaviour(name: str, *, only: str | None = None) -> Callable[[F], F]:
    """Says which behaviour of the manifest a test shows; `only` on one platform, where the manifest says why."""

    def marked(test: F) -> F:
        test.behaviour = name  # type: ignore[attr-defined]
        test.only = only  # type: ignore[attr-defined]
        return test

    return marked


class People:
    """Customers and staff, whether a desk runs or not."""

    def __init__(self, box: Sandbox, customers: Surroundings, staff: Surroundings, store: str) -> None:
        self.box = box
        self.model = box.model
        self.customers = customers
        self.staff = staff
        self.store = store

    @property
    def sides(self) -> tuple[Surroundings, ...]:
        return (self.customers,) if self.customers is self.staff else (self.customers, self.staff)

    def environment(self) -> dict[str, str]:
        """What a desk is told of its platforms."""
        told = {name: value for side in self.sides for name, value in side.environment().items()}
        return {
            **told,
            "FRONTDESK_STAFF_CHANNEL": self.staff.key(STAFF),
            "FRONTDESK_CHANNELS": self.customers.key(SUPPORT),
        }

    # what they do

    async def ask(self, text: str, who: str = ALICE, where: str = SUPPORT, files: Iterable[File] = ()) -> "Talk":
        """Something new in a channel."""
        return Talk(self, await self.customers.begin(who, where, text, files), who)

    async def ask_directly(self, text: str, who: str = ALICE, files: Iterable[File] = ()) -> "Talk":
        return Talk(self, await self.customers.begin_directly(who, text, files), who)

    @property
    def mention(self) -> str:
        """What mentions the assistant."""
        return self.customers.mentioning(None)

    def mentioning(self, who: str) -> str:
        """What mentions a person."""
        return self.customers.mentioning(who)

    def typed(self, markdown: str) -> str:
        """Words as people type them, on the customers' side; nothing in them is a mention."""
        return self.customers.typed(markdown)

    async def another_app_says(self, text: str, where: str = SUPPORT, talk: "Talk | None" = None) -> None:
        await self.customers.another_app_says(where, text, talk.spot if talk else None)

    async def desk_says(self, text: str, where: str = SUPPORT) -> None:
        """Something posted under the desk's own name, as another process of the team might do."""
        await self.customers.desk_says(where, text)

    async def send_form(self, who: str, words: str = "") -> None:
        """Fill in the form that has opened for this person, and send it."""
        side = await self._side_with_form(who)
        await side.fill_in(who, words)

    async def close_form(self, who: str) -> None:
        """Close the form that has opened for this person."""
        side = await self._side_with_form(who)
        await side.close_form(who)

    async def _side_with_form(self, who: str) -> Surroundings:
        await self.until(lambda: any(side.form_of(who) for side in self.sides))
        return next(side for side in self.sides if side.form_of(who))

    async def command(self, text: str, who: str = SAM, where: str = STAFF) -> str:
        """Give the desk a command; what it answered to this person alone."""
        before = len(self.staff.whispers(who))
        await self.staff.command(who, where, text)
        await self.until(lambda: len(self.staff.whispers(who)) > before)
        return self.staff.whispers(who)[-1]

    async def close_channel(self, channel: str) -> None:
        """Nothing can be written there any more."""
        await (self.staff if channel == STAFF else self.customers).close_channel(channel)

    # what they see

    async def until(self, condition: Callable[[], T], timeout: float = 20.0) -> T:
        """Wait for something people can see."""
        waiting = [
            asyncio.create_task(side.until(lambda: bool(condition()), timeout), name=side.name) for side in self.sides
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            await next(task for task in waiting if task.done())
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return condition()

    def cards(self, where: str = STAFF) -> list["Ticket"]:
        """The cards in the staff channel, oldest first."""
        return [Ticket(self, spot) for spot in self.staff.cards(where)]

    async def card(self, number: int = 1, timeout: float = 20.0, where: str = STAFF) -> "Ticket":
        """The card of the n-th ticket, once it is there."""
        await self.until(lambda: len(self.cards(where)) >= number, timeout)
        return self.cards(where)[number - 1]

    def whispers(self, person: str) -> list[str]:
        """What only this person was shown."""
        return [words for side in self.sides for words in side.whispers(person)]

    async def whispered(self, person: str, words: str) -> None:
        """Wait until this person, and nobody else, was shown these words."""
        await self.until(lambda: any(words in shown for shown in self.whispers(person)))

    def watch(self) -> "Watch":
        """Look on from now on."""
        return Watch(self)

    def was_sent(self, words: str) -> bool:
        """Whether the desk sent these words to a platform, if only for a moment."""
        return any(words in side.sent_by_desk() for side in self.sides)

    # what platforms do

    def goes_wrong(self, operation: Operation, trouble: Trouble, seconds: float = 0.0, times: int = 1) -> None:
        """The next operations of this kind, on every platform there is."""
        for side in self.sides:
            side.goes_wrong(operation, trouble, seconds, times)

    def time_passes(self, seconds: float) -> None:
        for side in self.sides:
            side.time_passes(seconds)

    async def all_received(self) -> None:
        """Wait until the desk has taken whatever it was told."""
        for side in self.sides:
            await side.all_received()

    # what the model sees

    def told(self, task: Task | None = None) -> list[Prompt]:
        """What the model was told so far, one for each request, oldest first."""
        prompts = [read_prompt(body) for body in self.model.requests]
        return [prompt for prompt in prompts if task in (None, prompt.task)]

    def was_told(self, words: str) -> bool:
        """Whether these words stood in anything the model was told."""
        return any(words in json.dumps(body, ensure_ascii=False) for body in self.model.requests)

    async def thinking(self, requests: int = 1) -> None:
        """Wait until so many answers have been begun by the model."""
        await self.model.until(lambda: len(self.told("answer")) >= requests, timeout=20.0)

    def tasks_asked(self) -> list[str]:
        """What the model was asked for so far, oldest first: triage, answer or summary."""
        return [str(r["messages"][0]["content"]).split("\n", 1)[0].removeprefix("TASK: ") for r in self.model.requests]


class World(People):
    """The same people around a running desk."""

    def __init__(self, people: People, program: Program, settings: Settings) -> None:
        super().__init__(people.box, people.customers, people.staff, people.store)
        self.program = program
        self.settings = settings

    async def turns_ended(
        self, at_least: int, conversation: str | None = None, timeout: float = 25.0
    ) -> list[TurnTrace]:
        """Wait for so many finished turns; newest first."""
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

    async def another_is_answered(self, who: str = DANA) -> "Talk":
        """Somebody else asks afterwards and is answered: by then the desk has dealt with what came before."""
        talk = await self.ask(f"{self.mention} Which payment methods do you accept?", who=who)
        await talk.reply()
        return talk

    async def transcript(self, talk: "Talk") -> Sequence[Entry]:
        """What is recorded of a conversation."""
        return await self.program.store.transcript(ConversationId(talk.conversation))

    async def until_recorded(
        self, talk: "Talk", last: Callable[[Sequence[Entry]], bool], timeout: float = 20.0
    ) -> None:
        """Wait until the record of a conversation is as it should be."""
        async with asyncio.timeout(20):
            while True:
                self.program.turn_ended.clear()
                if last(await self.transcript(talk)):
                    return
                await self.program.turn_ended.wait()

    async def publish(self) -> None:
        """Read the folder of articles anew, as `frontdesk ingest` does beside a running desk."""
        await ingest_articles(self.settings)

    async def set_aside(self) -> list[tuple[str, str]]:
        """What the desk could not understand of the customers' side: (reason, payload), newest first."""
        store = redis.asyncio.Redis.from_url(self.store)
        raws = await store.lrange(f"fd:aside:{self.customers.name}", 0, -1)
        await store.aclose()
        return [(aside["reason"], aside["payload"]) for aside in map(json.loads, raws)]

    async def tell_store(self, *command: str | int) -> None:
        """A command for the store itself."""
        store = redis.asyncio.Redis.from_url(self.store)
        await store.execute_command(*command)
        await store.aclose()

    async def counted(self, line: str) -> float:
        """The figure of one line of the desk's metrics; 0 while there is none."""
        _, text = await self.page("/metrics")
        return next((float(each.rsplit(" ", 1)[1]) for each in text.splitlines() if each.startswith(line)), 0.0)

    async def until_not_stored(self, at_least: float = 1, timeout: float = 5.0) -> None:
        """Wait until the desk itself has counted what it could not store; each look is a request to it."""
        async with asyncio.timeout(timeout):
            while await self.counted(self.customers.not_stored) < at_least:
                pass

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """A request to the desk from anywhere."""
        headers = {"Content-Type": "application/json", **headers}
        address = f"{self.program.address}{path}"
        async with aiohttp.ClientSession() as session, session.post(address, data=body, headers=headers) as answer:
            return answer.status

    async def page(self, path: str) -> tuple[int, str]:
        """What the desk itself serves: status and text."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.program.address}{path}") as answer:
            return answer.status, await answer.text()


@dataclass
class Talk:
    """A thread in which a customer talks with the desk."""

    people: People
    spot: Spot
    who: str

    @property
    def conversation(self) -> str:
        return self.people.customers.conversation(self.spot)

    @property
    def root(self) -> str | None:
        """The name of the thread, where there are threads."""
        return self.spot.root

    @property
    def first(self) -> str:
        """The message that began it."""
        return self.spot.first

    @property
    def channel(self) -> str:
        return self.spot.channel

    async def say(self, text: str, who: str | None = None, files: Iterable[File] = ()) -> str:
        """Something more here; the id of the message."""
        return await self.people.customers.say(who or self.who, self.spot, text, files)

    async def open(self) -> None:
        """Open a thread on the first message, where the desk has not."""
        await self.people.customers.open(self.who, self.spot)

    async def edit(self, message: str, text: str) -> None:
        await self.people.customers.edit(self.who, self.spot, message, text)

    async def delete(self, message: str) -> None:
        await self.people.customers.delete(self.who, self.spot, message)

    def messages(self) -> list[Shown]:
        return self.people.customers.thread(self.spot)

    def replies(self) -> list[Shown]:
        """What the desk has said here, whoever's name it stands under."""
        return [m for m in self.messages() if m.by_desk]

    def finished(self) -> list[Shown]:
        """Replies that are no longer being written."""
        return [m for m in self.replies() if not m.writing]

    async def reply(self, number: int = 1, containing: str = "", timeout: float = 20.0) -> Shown:
        """The n-th reply, finished; with `containing`, once it shows that."""

        def there() -> Shown | None:
            replies = self.finished()
            if len(replies) < number or containing not in replies[number - 1].shown:
                return None
            return replies[number - 1]

        found = await self.people.until(there, timeout)
        assert found is not None
        return found

    async def reply_with(self, words: str, timeout: float = 20.0) -> Shown:
        """The first finished reply that shows these words."""
        found = await self.people.until(lambda: next((m for m in self.finished() if words in m.shown), None), timeout)
        assert found is not None
        return found

    async def named_reply(self, words: str, name: str) -> Shown:
        """The reply that shows these words; it stands under this person's name."""
        reply = await self.reply_with(words)
        assert name in reply.name
        return reply

    async def until_visible(self, words: str) -> Shown:
        """Wait until these words stand in a reply, finished or not."""
        found = await self.people.until(lambda: next((m for m in self.replies() if words in m.shown), None))
        assert found is not None
        return found

    @property
    def thinking(self) -> bool:
        """Whether the customer is shown that the assistant is at work."""
        return self.people.customers.thinking(self.spot)

    async def no_longer_thinking(self) -> None:
        await self.people.customers.no_longer_thinking(self.spot)

    async def stop(self) -> None:
        """The customer presses whatever stops the answer."""
        await self.people.customers.stop(self.who, self.spot)

    async def rate(self, reply: Shown, score: str, who: str | None = None) -> None:
        """Thumbs `up` or `down` below a reply."""
        await self.people.customers.rate(who or self.who, self.spot, reply.id, score)

    async def press(self, action: str, reply: Shown, who: str | None = None) -> None:
        """A button below a reply."""
        await self.people.customers.press(who or self.who, self.spot, reply.id, action)


@dataclass
class Ticket:
    """A card in the staff channel and the thread that hangs on it."""

    people: People
    spot: Spot

    @property
    def shown(self) -> str:
        return self.message.shown

    @property
    def message(self) -> Shown:
        return self.people.staff.thread(self.spot)[0]

    @property
    def buttons(self) -> tuple[str, ...]:
        """What can be pressed on the card."""
        return self.message.buttons

    def thread(self) -> list[Shown]:
        return self.people.staff.thread(self.spot)[1:]

    def files(self) -> list[ShownFile]:
        """What the desk has brought into the thread."""
        return [file for message in self.thread() if message.by_desk for file in message.files]

    def leads_to(self, talk: Talk) -> bool:
        """Whether a link on the card opens the conversation."""
        return any(self.people.customers.leads_to(link, talk.spot) for link in self.message.live_links)

    async def until_shown(self, words: str, timeout: float = 20.0) -> None:
        """Wait until the card itself says so."""
        await self.people.until(lambda: words in self.shown, timeout)

    async def until_in_thread(self, words: str, timeout: float = 20.0) -> Shown:
        found = await self.people.until(lambda: next((m for m in self.thread() if words in m.shown), None), timeout)
        assert found is not None
        return found

    async def write(self, text: str, who: str = SAM, files: Iterable[File] = ()) -> str:
        """Staff write in the ticket's thread; the id of the message."""
        return await self.people.staff.say(who, self.spot, text, files)

    async def edit(self, message: str, text: str, who: str = SAM) -> None:
        await self.people.staff.edit(who, self.spot, message, text)

    async def delete(self, message: str, who: str = SAM) -> None:
        await self.people.staff.delete(who, self.spot, message)

    async def press(self, action: str, who: str = SAM) -> None:
        await self.people.staff.press(who, self.spot, self.spot.first, action)

    async def press_from_elsewhere(self, action: str, who: str) -> None:
        """The same by somebody who is not in the staff channel, through a client that still shows the card."""
        await self.people.staff.press(who, self.spot, self.spot.first, action, from_outside=True)

    async def resolve(self, who: str = SAM, words: str = "") -> None:
        """Press Resolve and send the form behind it, with or without closing words."""
        await self.press("resolve", who)
        await self.people.send_form(who, words)
        await self.until_shown("Resolved by")


class Watch:
    """Sees every state in which a message of the desk ever stood, also for a moment."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._looking: dict[str, Looking] = {side.name: side.look() for side in people.sides}

    async def seen(self) -> list[Shown]:
        """All states up to now, on each side in order."""
        return [state for looking in self._looking.values() for state in await looking.seen()]

    async def seen_by_staff(self) -> list[Shown]:
        """Those in the staff channel."""
        staff = self._people.staff
        return [state for state in await self._looking[staff.name].seen() if state.channel == staff.place(STAFF)]

    async def seen_by_customer(self, talk: Talk) -> list[Shown]:
        """Those in the channel of this conversation."""
        looking = self._looking[self._people.customers.name]
        return [state for state in await looking.seen() if state.channel == talk.channel]


class Articles:
    """A folder of articles that a test writes itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def write(self, name: str, title: str, text: str, audience: str = "public") -> None:
        url = f"https://help.example/{name}"
        head = f"---\ntitle: {title}\nurl: {url}\naudience: {audience}\nlanguage: en\n---\n\n"
        (self.folder / f"{name}.md").write_text(f"{head}{text}\n", encoding="utf-8")

    def remove(self, name: str) -> None:
        (self.folder / f"{name}.md").unlink()
