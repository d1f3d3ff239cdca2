"""Where a domain thread really is on Discord, and which domain thread a channel means; opens threads at need."""

import asyncio
import re
from collections import OrderedDict
from typing import Any

from frontdesk.adapters.discord import escaping
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.channels import Channels, Facts
from frontdesk.adapters.discord.parse import DIRECT
from frontdesk.adapters.discord.snowflakes import seconds
from frontdesk.domain.errors import Ambiguous, DeskError, Retry
from frontdesk.domain.messages import MessageRef, Thread
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

ARCHIVE_AFTER = 1440
"""Minutes without a message after which Discord archives a thread; writing in it brings it back."""
REMEMBERED = 90 * 86_400.0
MOST_KNOWN = 10_000
ASKED_FOR = 7 * 86_400.0
"""Seconds for which it is remembered that a question stands in the channel itself; its thread is opened in moments."""
SHUT_FOR = 60.0
"""Seconds before we try again to open a private thread: every refusal counts towards a ban."""

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
THREAD_EXISTS, THREAD_TAKEN, TOO_MANY_THREADS, TOO_MANY_OF_NEWS = 160004, 160005, 160006, 160007
NO_ACCESS, NO_PERMISSION = 50001, 50013
NOT_VALID = 50035
PLAIN_NAME = "Question"
_NO_THREAD = frozenset({NO_ACCESS, NO_PERMISSION, TOO_MANY_THREADS, TOO_MANY_OF_NEWS, THREAD_TAKEN, 50024})
"""A thread cannot be opened; a plain reply in the channel may still be welcome."""

_MARKS = re.compile(r"[*_~`|>#\[\]()<>\\]+")


class Places:
    """Both ways between the two; what a thread is called twice is written down."""

    def __init__(
        self, api: DiscordApi, channels: Channels, notebook: Notebook, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._api = api
        self._channels = channels
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._private = api.config.threads == "private"
        self._open: OrderedDict[tuple[str, str], str] = OrderedDict()
        """(channel, root) -> the channel its messages stand in."""
        self._shut: OrderedDict[tuple[str, str], tuple[float, Refused]] = OrderedDict()
        """Questions for which no private thread could be opened, until when, and why."""
        self._opening: dict[tuple[str, str], asyncio.Lock] = {}

    async def thread_of(self, channel: str, message: str, guild: str | None) -> tuple[Thread, Facts]:
        """The domain thread of a message in a channel. Raises Retry or Refused."""
        if guild is None and (known := self._channels.known(channel)) is not None:
            guild = known.guild
        if guild is None:
            return self._direct(channel), Facts(id=channel, kind="direct")
        facts = await self._channels.facts(channel)
        if not facts.is_thread:
            return Thread(platform="discord", community=guild, channel=channel, root=message), facts
        parent, root = facts.parent or channel, channel
        if facts.kind == "private_thread" and facts.owner == self._api.identified.user:
            root = await self._notebook.get(f"discord:hangs-on:{channel}") or channel
        return Thread(platform="discord", community=guild, channel=parent, root=root), facts

    def _direct(self, channel: str) -> Thread:
        return Thread(platform="discord", community=DIRECT, channel=channel, direct=True)

    async def home(self, thread: Thread) -> Thread:
        """The name by which the desk knows it: a private thread of ours hangs on the question. Raises Retry."""
        if thread.root is None or thread.direct or not self._private:
            return thread
        root = await self._notebook.get(f"discord:hangs-on:{thread.root}")
        return thread.model_copy(update={"root": root}) if root else thread

    async def asked(self, thread: Thread) -> None:
        """Somebody asks in the channel itself; a thread that others open on it is no place to answer. Raises Retry."""
        if self._private and thread.root is not None and not thread.direct:
            await self._notebook.put(_asked(thread.channel, thread.root), "1", ASKED_FOR)

    async def standing(self, ref: MessageRef) -> str:
        """The channel that a message of ours stands in. Raises Retry or Refused."""
        thread = ref.thread
        if thread.direct:
            return thread.channel
        if thread.root is not None:
            return await self._known(thread.channel, thread.root) or thread.root
        facts = await self._channels.facts(thread.channel)
        return ref.id if facts.kind == "forum" else thread.channel

    async def to_read(self, thread: Thread) -> str | None:
        """Where the thread's messages stand, if it is open. Raises Retry or Refused."""
        if thread.root is None or thread.direct:
            return thread.channel
        known = await self._known(thread.channel, thread.root)
        if known is not None:
            return known
        try:
            return (await self._channels.facts(thread.root)).id
        except Refused:
            return None

    async def to_write(self, thread: Thread) -> Thread:
        """The thread as it is on Discord, opened at need; the channel itself where no thread can be had.

        Raises Retry, Ambiguous or Refused.
        """
        if thread.root is None or thread.direct:
            return thread
        key = (thread.channel, thread.root)
        known = self._open.get(key)
        if known is None:
            try:
                async with self._opening.setdefault(key, asyncio.Lock()):
                    known = self._open.get(key) or await self._opened(thread, thread.root)
                    self._remember(key, known)
            finally:
                self._opening.pop(key, None)
        return thread.model_copy(update={"root": known if known != thread.channel else None})

    async def open_on(self, thread: Thread, name: str) -> None:
        """Open the thread on a message of ours, under this name; where that fails, writing in it will try again."""
        if thread.root is None:
            return
        try:
            await self._made_on(thread, thread.root, name)
        except DeskError as error:
            self._telemetry.trouble("discord thread not opened yet", error)
            return
        self._remember((thread.channel, thread.root), thread.root)

    def forget(self, thread: Thread) -> None:
        """It is not where it was."""
        if thread.root is not None:
            self._open.pop((thread.channel, thread.root), None)
            self._channels.gone(thread.root)

    async def _known(self, channel: str, root: str) -> str | None:
        known = self._open.get((channel, root))
        if known is None and self._private:
            known = await self._notebook.get(f"discord:thread:{channel}:{root}")
        return known

    def _remember(self, key: tuple[str, str], channel: str) -> None:
        self._open[key] = channel
        while len(self._open) > MOST_KNOWN:
            self._open.popitem(last=False)

    async def _opened(self, thread: Thread, root: str) -> str:
        known = await self._known(thread.channel, root)
        if known is not None:
            return known
        private = await self._is_private(thread.channel)
        if not private or await self._notebook.get(_asked(thread.channel, root)) is None:
            try:
                return (await self._channels.facts(root)).id
            except Refused as refused:
                if refused.code != UNKNOWN_CHANNEL:
                    raise
        if private and (refusal := self._shut.get((thread.channel, root))) and refusal[0] > self._clock.elapsed():
            raise refusal[1]
        try:
            return await (self._open_private(thread, root) if private else self._open_on(thread, root))
        except Refused as refused:
            if private:
                # What was to be said in private is not said before everybody.
                await self._no_private_thread(thread, root, refused)
                raise
            if refused.code not in _NO_THREAD:
                raise
            self._telemetry.trouble("discord opens no thread; the desk replies in the channel", refused)
            return thread.channel

    async def _is_private(self, channel: str) -> bool:
        """Whether customers' threads there are private; a forum's posts and staff's own threads never are."""
        if not self._private or channel == self._api.config.staff_channel:
            return False
        return (await self._channels.facts(channel)).kind == "text"

    async def _no_private_thread(self, thread: Thread, root: str, refused: Refused) -> None:
        """Whoever asked is told once where to ask instead."""
        self._shut[thread.channel, root] = (self._clock.elapsed() + SHUT_FOR, refused)
        while len(self._shut) > MOST_KNOWN:
            self._shut.popitem(last=False)
        if await self._notebook.add(f"discord:shut:{thread.channel}:{root}", 1, ASKED_FOR) > 1:
            return
        body = {
            "content": "I cannot open a private thread here, so I do not answer here. Please write to me directly.",
            "message_reference": {"message_id": root, "fail_if_not_exists": False},
            "allowed_mentions": {"parse": []},
        }
        try:
            await self._api.call("POST", "/channels/{channel_id}/messages", channel_id=thread.channel, body=body)
        except DeskError as error:
            self._telemetry.trouble("nobody could be told that no private thread can be opened", error)

    async def _open_on(self, thread: Thread, root: str) -> str:
        """A thread on a message; there can be only one, so that opening it twice opens it once."""
        return await self._made_on(thread, root, _name(await self._message(thread.channel, root)))

    async def _made_on(self, thread: Thread, root: str, name: str) -> str:
        try:
            made = await self._named(
                name,
                PLAIN_NAME,
                "/channels/{channel_id}/messages/{message_id}/threads",
                {"auto_archive_duration": ARCHIVE_AFTER},
                channel_id=thread.channel,
                message_id=root,
            )
        except Ambiguous as ambiguous:
            raise Retry(str(ambiguous)) from ambiguous
        except Refused as refused:
            if refused.code != THREAD_EXISTS:
                raise
            return root
        self._channels.heard(made, thread.community)
        return root

    async def _open_private(self, thread: Thread, root: str) -> str:
        """A private thread has an id of its own and no nonce: look for one we may have opened before opening."""
        message = await self._message(thread.channel, root)
        name, plain = f"{_name(message, 80)} · {root[-6:]}", f"{PLAIN_NAME} · {root[-6:]}"
        opened = await self._ours(thread, (name, plain), since=seconds(root))
        if opened is None:
            made = await self._named(
                name,
                plain,
                "/channels/{channel_id}/threads",
                {"type": 12, "auto_archive_duration": ARCHIVE_AFTER, "invitable": False},
                once=True,
                channel_id=thread.channel,
            )
            self._channels.heard(made, thread.community)
            opened = str(made["id"])
        await self._notebook.put(f"discord:hangs-on:{opened}", root, REMEMBERED)
        asker = _asker(message)
        if asker:
            await self._api.call(
                "PUT", "/channels/{channel_id}/thread-members/{user_id}", channel_id=opened, user_id=asker
            )
        await self._notebook.put(f"discord:thread:{thread.channel}:{root}", opened, REMEMBERED)
        return opened

    async def _named(
        self, name: str, plain: str, path: str, body: dict[str, Any], *, once: bool = False, **names: Any
    ) -> Any:
        """Open it under this name; under a plain one where Discord takes offence at the words."""
        try:
            return await self._api.call("POST", path, body={"name": name, **body}, once=once, **names)
        except Refused as refused:
            if refused.code != NOT_VALID:
                raise
        return await self._api.call("POST", path, body={"name": plain, **body}, once=once, **names)

    async def _ours(self, thread: Thread, names: tuple[str, ...], since: float) -> str | None:
        active = await self._api.call("GET", "/guilds/{guild_id}/threads/active", guild_id=thread.community)
        for found in active.get("threads") or ():
            facts = self._channels.heard(found, thread.community)
            if facts is None or facts.parent != thread.channel or facts.owner != self._api.identified.user:
                continue
            if facts.name in names and seconds(facts.id) >= since:
                return facts.id
        return None

    async def _message(self, channel: str, message: str) -> dict[str, Any]:
        """The question, for the thread's name: not being allowed to read it is no reason to leave it unanswered."""
        try:
            found = await self._api.call(
                "GET", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message
            )
        except Refused as refused:
            if refused.code not in (NO_ACCESS, NO_PERMISSION):
                raise
            return {}
        return found if isinstance(found, dict) else {}


def _asked(channel: str, root: str) -> str:
    return f"discord:asked:{channel}:{root}"


def _asker(message: dict[str, Any]) -> str | None:
    """Who is to see the thread: the author, or who gave the command that our message shows."""
    behind = message.get("interaction_metadata")
    person = behind.get("user") if isinstance(behind, dict) else message.get("author")
    return str(person["id"]) if isinstance(person, dict) and person.get("id") else None


def _name(message: dict[str, Any], most: int = 90) -> str:
    """What a thread on this message is called: its first words."""
    lines = _MARKS.sub("", escaping.tidy(str(message.get("content") or ""))).strip().splitlines()
    words = " ".join(lines[0].split()) if lines else ""
    words = re.sub(r"@?\d{15,}", "", words).strip(" -·:@!&")
    if not words:
        author = message.get("author")
        name = (author.get("global_name") or author.get("username")) if isinstance(author, dict) else None
        words = f"Question from {name}" if name else "Question"
    return words if len(words) <= most else f"{words[: most - 1]}…"
