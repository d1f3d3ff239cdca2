"""What people do and see, in words that hold on every platform; underneath are real sockets to the sandbox."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
import redis.asyncio

from frontdesk.bootstrap import Program, ingest_articles
from frontdesk.domain.ids import ConversationId
from frontdesk.domain.transcript import Entry
from frontdesk.domain.turns import TurnTrace
from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.model.prompt import Prompt, Task, read_prompt
from frontdesk.sandbox.slack.delivery import sign
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

    async def until(self, condition: Callable[[], T], timeout: float = 20.0) -> T:
        """Wait for something people can see."""
        await self.workspace.until(lambda: bool(condition()), timeout=timeout)
        return condition()

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

    def cards(self) -> list["Ticket"]:
        """The cards in the staff channel, oldest first."""
        return [Ticket(self, m.ts) for m in self.workspace.history(STAFF) if not m.deleted and m.blocks]

    async def card(self, number: int = 1, timeout: float = 20.0) -> "Ticket":
        """The card of the n-th ticket, once it is there."""
        cards = await self.until(lambda: self.cards() if len(self.cards()) >= number else [], timeout)
        return cards[number - 1]

    async def publish(self) -> None:
        """Read the folder of articles anew, as `frontdesk ingest` does beside a running desk."""
        await ingest_articles(self.settings)

    def asked_of_model(self, task: Task) -> list[Prompt]:
        """What the model was asked so far, oldest first."""
        return [prompt for prompt in map(read_prompt, self.model.requests) if prompt.task == task]

    async def model_asked(self, task: Task, times: int = 1) -> None:
        """Wait until the model has been asked this often."""
        await self.model.until(lambda: len(self.asked_of_model(task)) >= times)

    def model_was_told(self, words: str) -> bool:
        """Whether the words stood anywhere in what was sent to the model."""
        return any(words in json.dumps(body, ensure_ascii=False) for body in self.model.requests)

    def was_sent(self, words: str) -> bool:
        """Whether the desk sent these words to the platform, if only for a moment."""
        return any(words in json.dumps(request.args, ensure_ascii=False) for request in self.slack.requests)

    async def comment(self, person: str, words: str | None) -> None:
        """Fill in the form that has opened for somebody and send it; None closes it instead."""
        await self.until(lambda: self.workspace.views.get(person))
        view = self.workspace.views[person][-1]
        if words is None:
            await self.workspace.close_view(person, view.id)
            return
        block = view.body["blocks"][0]
        await self.workspace.submit_view(person, view.id, {block["block_id"]: {block["element"]["action_id"]: words}})

    def watch(self) -> "Watch":
        """Look on from now on."""
        return Watch(self)

    def whispers(self, person: str) -> list[str]:
        """What only this person was shown."""
        return [m.shown for m in self.workspace.ephemerals if m.seen_by == person]

    async def another_is_answered(self, who: str = DANA) -> "Talk":
        """Somebody else asks afterwards and is answered: by then the desk has dealt with what came before."""
        talk = await self.ask(f"{self.mention} Which payment methods do you accept?", who=who)
        await talk.reply()
        return talk

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

    async def another_app_says(self, text: str, where: str = SUPPORT, thread: str | None = None) -> Message:
        return await self.workspace.say_as_other_app(where, text, thread_ts=thread)

    async def desk_says(self, text: str, where: str = SUPPORT) -> None:
        """Something posted under the desk's own name, as another process of the team might do."""
        await self.call("chat.postMessage", channel=where, text=text)

    async def call(self, method: str, **arguments: object) -> None:
        """The platform's own API, with the desk's own token."""
        headers = {"Authorization": f"Bearer {self.slack.bot_token}"}
        url = f"{self.slack.api_url}{method}"
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=arguments) as answer:
            assert (await answer.json())["ok"]

    def offered(self, person: str) -> list[str]:
        """The questions offered to somebody who looks at the desk."""
        prompts = self.workspace.prompts.get((self.workspace.dm_with(person).id, None), [])
        return [str(prompt["message"]) for prompt in prompts]

    def deliver(self, event: dict[str, object]) -> None:
        """An event exactly like this, whatever it may be."""
        self.slack.delivery.event(event, subscription="message.channels")

    async def set_aside(self) -> list[tuple[str, str]]:
        """What the desk could not understand: (reason, payload), newest first."""
        store = redis.asyncio.Redis.from_url(self._store_url)
        raws = await store.lrange("fd:aside:slack", 0, -1)
        await store.aclose()
        return [(aside["reason"], aside["payload"]) for aside in map(json.loads, raws)]

    async def tell_store(self, *command: str | int) -> None:
        """A command for the store itself."""
        store = redis.asyncio.Redis.from_url(self._store_url)
        await store.execute_command(*command)
        await store.aclose()

    @property
    def _store_url(self) -> str:
        assert self.settings.store.url is not None
        return self.settings.store.url.get_secret_value()

    async def counted(self, line: str) -> float:
        """The figure of one line of the desk's metrics; 0 while there is none."""
        _, text = await self.page("/metrics")
        return next((float(each.rsplit(" ", 1)[1]) for each in text.splitlines() if each.startswith(line)), 0.0)

    async def until_counted(self, line: str, at_least: float = 1, timeout: float = 5.0) -> None:
        """Wait until the desk itself has counted something; each look is a request to it."""
        async with asyncio.timeout(timeout):
            while await self.counted(line) < at_least:
                pass

    def event_body(self, who: str, where: str, text: str) -> bytes:
        """What the platform would send for a message, without anybody having written it."""
        now = f"{time.time():.6f}"
        event = {"type": "message", "channel": where, "channel_type": "channel", "user": who, "text": text, "ts": now}
        whole = {"type": "event_callback", "team_id": self.slack.team_id, "event_id": f"Ev{now}", "event": event}
        return json.dumps(whole).encode()

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """Headers that prove where a request comes from."""
        stamp = str(at or int(time.time()))
        signature = sign(self.slack.signing_secret, stamp, body)
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}

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

    async def reply(self, number: int = 1, containing: str = "", timeout: float = 20.0) -> Message:
        """The n-th reply, finished; with `containing`, once it shows that."""

        def there() -> Message | None:
            replies = self.finished()
            if len(replies) < number or containing not in replies[number - 1].shown:
                return None
            return replies[number - 1]

        found = await self.world.until(there, timeout)
        assert found is not None
        return found

    async def reply_with(self, words: str, timeout: float = 20.0) -> Message:
        """The first finished reply that shows these words."""
        found = await self.world.until(lambda: next((m for m in self.finished() if words in m.shown), None), timeout)
        assert found is not None
        return found

    @property
    def status(self) -> str:
        """What the customer is told is going on."""
        return self.world.workspace.status.get((self.channel, self.root), "")

    async def until_visible(self, words: str) -> Message:
        """Wait until these words stand in a reply, finished or not."""
        found = await self.world.until(lambda: next((m for m in self.replies() if words in m.shown), None))
        assert found is not None
        return found

    async def stop(self) -> None:
        """The customer presses the platform's stop button."""
        await self.world.workspace.stop(self.who, self.channel, self.root)

    async def rate(self, reply: Message, score: str, who: str | None = None) -> None:
        """Thumbs `up` or `down` below a reply."""
        await self.press("rate", reply.ts, who, score)

    async def comment(self, words: str | None) -> None:
        """Fill in the form that has opened and send it; None closes it instead."""
        await self.world.comment(self.who, words)

    async def transcript(self) -> Sequence[Entry]:
        """What is recorded of this conversation."""
        return await self.world.program.store.transcript(ConversationId(self.conversation))

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

    async def until_shown(self, words: str, timeout: float = 20.0) -> None:
        """Wait until the card itself says so."""
        await self.world.until(lambda: words in self.shown, timeout)

    async def until_in_thread(self, words: str, timeout: float = 20.0) -> Message:
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


class Watch:
    """Sees every state in which a message of the desk ever stood, also for a moment."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes = world.workspace.changes()
        self._seen: list[Message] = []

    async def seen(self) -> list[Message]:
        """All states up to now, in order."""
        self._world.workspace.tell("looked", {})
        async for frame in self._changes:
            if frame["kind"] == "looked":
                break
            if frame.get("bot_id") == self._world.slack.bot_id:
                self._seen.append(
                    Message(
                        frame["ts"],
                        frame["channel"],
                        thread_ts=frame["thread_ts"],
                        text=frame["text"],
                        markdown_text=frame["markdown_text"],
                        blocks=tuple(frame["blocks"]),
                    )
                )
        return self._seen


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
