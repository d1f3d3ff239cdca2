"""One router for what people press, choose and type after a slash, whichever way Discord brings it.

What is to be kept is stored first, for as long as Discord's three seconds allow; then the person hears that it was.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Literal, Protocol, TypeVar

from frontdesk.adapters.discord import escaping, render
from frontdesk.adapters.discord.answering import CHOICES, FORM, MESSAGE, PONG, SEEN, THINKING, Answering
from frontdesk.adapters.discord.api import DiscordApi, Json
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.interactions_parse import (
    Asked,
    Caller,
    Command,
    Completion,
    Declined,
    InteractionType,
    Parsed,
    Pointed,
    Pressed,
    Submitted,
    Unknown,
    parse,
    read_envelope,
)
from frontdesk.adapters.discord.snowflakes import order
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.domain.errors import DeskError, Retry, Unreadable
from frontdesk.domain.events import Event, MessagePosted
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.splitting import split, utf16
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

STORE_FIRST = 1.0
"""Seconds that the first answer waits for the store."""
STORE_WITHIN = 20.0
"""Seconds after which a press is given up, aloud."""
COMMAND_WITHIN = 60.0
COMPLETE_WITHIN = 1.0
_SHOWN = 1_800
"""Of a question, above its answer."""
_CHOICE = 100
_MOST_CHOICES = 25

ELSEWHERE = "I am not at work in this server."
UNREADABLE = "I could not read that. Nothing was changed."
STILL_AT_IT = "⏳ Still working on it …"
KEPT = "Done: it is taken down."
NOT_KEPT = "⚠️ That could not be taken down just now. Please try again in a moment."
FAILED = "That did not work just now. Please try again in a moment."
TAKEN_UP = "I am looking at it; the answer comes below that message."
_DECLINED = {
    "own": "That is a message of mine. Choose one that a person wrote.",
    "not a person": "No person wrote that message. Choose one that a person wrote.",
    "empty": "There are no words in it that I could answer.",
    "staff": "Questions are for the channels of customers; here it would not be answered.",
    "unseen": "I cannot see this channel, and so cannot answer here. Please ask elsewhere, or write to me directly.",
    "no threads": "I cannot open a thread here. Please ask in a text channel, or write to me directly.",
}
_UNKNOWN = {
    "button": "I do not know this button any more. Nothing was changed.",
    "form": "I do not know this form any more. Nothing was changed.",
    "command": "I do not know this command. `/desk help` lists those that I know.",
    "interaction": "I do not know what this asks of me. Nothing was changed.",
}


_T = TypeVar("_T")


class Receiver(Protocol):
    """Who takes what Discord brings."""

    async def receive(self, event: Event) -> None:
        """Store it durably. Raises Retry."""
        ...

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        """Keep what could not be read, as JSON. Raises Retry."""
        ...

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        """Answer `/name text` in Markdown; only this person sees it."""
        ...

    async def left(self, person: Person, community: str, name: str) -> None:
        """Somebody left a server (`community`); `name` is that fact's own. Raises Retry."""
        ...

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        """Somebody is about to ask: what could it be?"""
        ...


async def _as_it_is(thread: Thread) -> Thread:
    return thread


class Interactions:
    """Takes raw INTERACTION_CREATE payloads; none of them is left without an answer that can be given one."""

    def __init__(
        self,
        api: DiscordApi,
        ids: CustomIds,
        receiver: Receiver,
        whispers: Whispers,
        clock: Clock,
        telemetry: Telemetry,
        *,
        heard: Callable[[str], str] = str.strip,
        home: Callable[[Thread], Awaitable[Thread]] = _as_it_is,
        seen: Callable[[Any], None] = lambda _: None,
        asked: Callable[[Thread], Awaitable[object]] = _as_it_is,
    ) -> None:
        """`heard`: Discord's Markdown as plain Markdown. `home`: the name by which the desk knows a private thread.

        `seen` is told of everything that somebody did, `asked` of a question that is asked in a channel itself.
        """
        self._api = api
        self._ids = ids
        self._receiver = receiver
        self._whispers = whispers
        self._clock = clock
        self._telemetry = telemetry
        self._heard = heard
        self._home = home
        self._seen = seen
        self._asked_in_channel = asked
        self._tasks: set[asyncio.Task[Any]] = set()

    async def accept(self, payload: Json) -> None:
        """Deal with one, to its end: what had to be stored is stored. Raises nothing of Discord's or the store's."""
        await self._route(payload, None)

    async def answer(self, payload: Json) -> Json | None:
        """The body of the HTTP answer, as soon as there is one; None when Discord was answered another way."""
        if payload.get("type") == InteractionType.PING:
            return PONG
        body: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        routing = self._spawn(self._route(payload, body))
        routing.add_done_callback(lambda _: None if body.done() else body.set_result(None))
        return await asyncio.shield(body)

    async def close(self, patience: float = 10.0) -> None:
        """Finish what was taken."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _route(self, payload: Json, body: "asyncio.Future[Json | None] | None") -> None:
        try:
            envelope = read_envelope(payload)
        except Unreadable as unreadable:
            await self._set_aside(payload, unreadable)
            return
        answering = Answering(self._api, self._clock, self._telemetry, envelope.id, envelope.token, body)
        if self._is_elsewhere(payload):
            await answering.first(_only_you(ELSEWHERE))
            return
        try:
            self._seen(payload)
            identity = await self._api.identity()
            caller, parsed = parse(payload, identity, self._ids, self._api.config.staff_channel, self._heard)
            await self._deal(caller, parsed, answering)
        except Unreadable as unreadable:
            await answering.first(_only_you(UNREADABLE))
            await self._set_aside(payload, unreadable)
        except Exception as error:  # noqa: BLE001 - whatever one interaction does, its person gets an answer
            self._telemetry.trouble("discord interaction", error)
            if answering.standing == "owed":
                await answering.first(_only_you(FAILED))

    def _is_elsewhere(self, payload: Json) -> bool:
        server, served = payload.get("guild_id"), self._api.config.servers
        return server is not None and bool(served) and str(server) not in served

    async def _deal(self, caller: Caller, parsed: Parsed, answering: Answering) -> None:
        match parsed:
            case Pressed():
                await self._pressed(caller, parsed, answering)
            case Submitted(event=event):
                await self._keep(caller, event, answering, SEEN)
            case Asked(question=question):
                await self._asked(caller, question, answering)
            case Pointed(event=event):
                await self._pointed(caller, event, answering)
            case Command():
                await self._command(caller, parsed, answering)
            case Completion(typed=typed):
                await answering.first(await self._choices(caller, typed))
            case Declined(why=why):
                await answering.first(_only_you(_DECLINED[why]))
            case Unknown(what=what):
                self._telemetry.count("discord_unknown_interaction", kind=what)
                await answering.first(_only_you(_UNKNOWN[what]))

    async def _pressed(self, caller: Caller, pressed: Pressed, answering: Answering) -> None:
        """A form must be the first answer; a thumb counts at once, since nobody hears of a form that is closed."""
        match pressed.form:
            case None:
                await self._keep(caller, pressed.event, answering, SEEN)
            case "rate_down":
                await self._keep(caller, pressed.event, answering, self._form("rate_down", pressed))
            case "resolve":
                await answering.first(self._form("resolve", pressed))
                if answering.standing == "late":
                    await self._keep(caller, pressed.event, answering, SEEN)

    def _form(self, action: Literal["resolve", "rate_down"], pressed: Pressed) -> Json:
        return {"type": FORM, "data": render.modal(action, pressed.event, self._ids)}

    async def _pointed(self, caller: Caller, event: MessagePosted, answering: Answering) -> None:
        kept = await self._keep(caller, event, answering, _only_you(TAKEN_UP), TAKEN_UP)
        if answering.standing == "late":
            who = escaping.words(event.message.author.name) or "somebody"
            words = f"I am looking at the message of **{who}**." if kept else NOT_KEPT
            await self._say(caller, words)

    async def _keep(
        self, caller: Caller, event: Event, answering: Answering, first: Json, afterwards: str = KEPT
    ) -> bool:
        """Store it and say so; a store that takes its time is not waited for before Discord's time is over."""
        storing = self._spawn(self._stored(caller, event))
        await asyncio.wait({storing}, timeout=STORE_FIRST)
        if storing.done():
            stored = storing.result()
            await answering.first(first if stored else _only_you(NOT_KEPT))
        else:
            await answering.first(first if first["type"] == FORM else _only_you(STILL_AT_IT))
            stored = await storing
            if not stored or first["type"] != FORM:
                await answering.tell(afterwards if stored else NOT_KEPT)
        if answering.standing == "late":
            await self._whispers.forget(caller)
        return stored

    async def _stored(self, caller: Caller, event: Event) -> bool:
        """Whether the store took it, before it is given up."""
        until = self._clock.elapsed() + STORE_WITHIN
        pause = 0.1
        while True:
            try:
                event = event.model_copy(update={"thread": await self._home(event.thread)})
                if isinstance(event, MessagePosted) and caller.thread.root is None:
                    await self._asked_in_channel(event.thread)
                # Before the event: its turn may whisper at once, and would have to write a direct message instead.
                await self._whispers.keep(caller, event.thread.root or event.thread.channel)
                await self._receiver.receive(event)
            except Retry as retry:
                pause = min(max(2 * pause, retry.after), 2.0)
                if self._clock.elapsed() + pause > until:
                    self._telemetry.trouble("a discord interaction could not be stored", retry)
                    return False
                await self._clock.sleep(pause)
            except DeskError as error:
                self._telemetry.trouble("a discord interaction could not be stored", error)
                return False
            else:
                return True

    async def _asked(self, caller: Caller, question: str, answering: Answering) -> None:
        """Show the question to everybody there: its answer hangs on it."""
        in_private = self._api.config.threads == "private" and caller.thread.root is None and not caller.thread.direct
        shown = _question(caller.person.name, None if in_private else question)
        try:
            message = await answering.first_message(shown)
            if message is None:
                message = await self._post(caller, shown)
        except DeskError as error:
            self._telemetry.trouble("a question after /ask could not be shown", error)
            await answering.tell(NOT_KEPT)
            return
        posted = str(message["id"])
        if not await self._stored(caller, _as_posted(caller, question, posted)):
            await answering.tell(f"{shown['content'][:_SHOWN]}\n\n{NOT_KEPT}")

    async def _command(self, caller: Caller, command: Command, answering: Answering) -> None:
        await answering.first(THINKING)
        try:
            async with asyncio.timeout(COMMAND_WITHIN):
                words = await self._receiver.command(command.name, command.text, caller.person, caller.thread)
        except (DeskError, TimeoutError) as error:
            self._telemetry.trouble("discord command", error)
            words = FAILED
        if await answering.tell(words):
            return
        if caller.thread.channel == self._api.config.staff_channel or caller.thread.direct:
            await self._say(caller, words)
        else:
            typed = escaping.code(f"/{command.name} {command.text}".strip()[:100])
            await self._say(caller, f"{typed} is done, but too late to be answered in private. Please ask once more.")

    async def _choices(self, caller: Caller, typed: str) -> Json:
        try:
            async with asyncio.timeout(COMPLETE_WITHIN):
                offered = await self._receiver.opened(caller.person, caller.thread)
        except (DeskError, TimeoutError):
            offered = ()
        fitting = [one for one in offered if 0 < len(one) <= _CHOICE and typed.casefold() in one.casefold()]
        choices = [{"name": one, "value": one} for one in fitting[:_MOST_CHOICES]]
        return {"type": CHOICES, "data": {"choices": choices}}

    async def _say(self, caller: Caller, markdown: str) -> None:
        """In the channel itself, because the person cannot be told alone. Never raises."""
        try:
            await self._post(caller, render.words(markdown, ephemeral=False))
        except DeskError as error:
            self._telemetry.trouble("nobody could be told of a late discord interaction", error)

    async def _post(self, caller: Caller, payload: Json) -> Json:
        """Once, however often it is tried. Raises Retry or Refused."""
        body = {**payload, "nonce": f"i{caller.interaction}", "enforce_nonce": True}
        told: Json = await self._api.call(
            "POST", "/channels/{channel_id}/messages", body=body, channel_id=caller.channel
        )
        return told

    async def _set_aside(self, payload: Json, unreadable: Unreadable) -> None:
        self._telemetry.count("discord_unreadable")
        try:
            await self._receiver.set_aside("discord", json.dumps(_without_token(payload)), str(unreadable))
        except (DeskError, RecursionError) as error:
            self._telemetry.trouble("a discord interaction was not set aside", error)

    def _spawn(self, work: Coroutine[Any, Any, _T]) -> "asyncio.Task[_T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _only_you(markdown: str) -> Json:
    return {"type": MESSAGE, "data": render.words(markdown)}


def _question(name: str, question: str | None) -> Json:
    """What was asked, as it is shown above its answer: words, and nothing in them is live. None: not for everybody."""
    who = escaping.words(" ".join(name.split())[:80]) or "Somebody"
    text = f"**{who}** asks the desk something." if question is None else f"**{who}** asks: {_clipped(question)}"
    return {
        "content": text[: render.LIMIT],
        "flags": render.SUPPRESS_EMBEDS,
        "allowed_mentions": {"parse": []},
    }


def _clipped(question: str) -> str:
    first, *more = split(escaping.tidy(question), _SHOWN // 2, utf16)
    clipped = f"{first.markdown.rstrip()} …" if more else first.markdown
    return escaping.line_starts(escaping.words(clipped))


def _as_posted(caller: Caller, question: str, posted: str) -> MessagePosted:
    thread = caller.thread
    if not thread.direct and thread.root is None:
        thread = thread.model_copy(update={"root": posted})
    message = Message(id=posted, author=caller.person, text=question, order=order(posted))
    return MessagePosted(thread=thread, ids=(caller.name,), order=order(posted), message=message, addressed=True)


def _without_token(payload: Any) -> Any:
    """What is set aside is kept for long; a token in it would let its reader speak for us."""
    return {name: value for name, value in payload.items() if name != "token"} if isinstance(payload, dict) else payload
