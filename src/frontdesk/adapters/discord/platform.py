"""Discord as the desk's `Chat`: posts, edits, streams, finds, whispers, and knows who is staff."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from frontdesk.adapters.discord import escaping, parse, render, wire
from frontdesk.adapters.discord.api import DiscordApi, File, Json, Refused
from frontdesk.adapters.discord.channels import Channels
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.files import Fetch, Files
from frontdesk.adapters.discord.nonces import nonce
from frontdesk.adapters.discord.pacing import EDIT, POST, Pacing
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.posts import Posts, title
from frontdesk.adapters.discord.staff import Staff
from frontdesk.adapters.discord.streams import DiscordReplyStream
from frontdesk.adapters.discord.tries import Tries, matching
from frontdesk.adapters.discord.typing import Typing
from frontdesk.adapters.discord.webhooks import Webhooks
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.domain.errors import Ambiguous, DeskError, Retry
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Attachment, Content, MessageRef, Relay, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card
from frontdesk.domain.wording import as_words
from frontdesk.ports.chat import ReplyStream, ThreadState
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

ARCHIVED = 50083
NO_STARTER_YET = 40058
UNKNOWN_CHANNEL = 10003
NO_HISTORY = 160002
UNKNOWN_MESSAGE = 10008
NAMES_KNOWN_FOR = 3600.0
MOST_NAMES = 5000
LOOKED_THROUGH = 100
"""Messages of a channel among which a lost post is looked for."""
_SAID = frozenset({0, 19, 20, 23})
"""Types of message in which the desk speaks: by itself, in reply, to a slash command, to a menu.

That it added somebody to a thread, or that a thread begins on its words, stands there as a message of its own as well.
"""

T = TypeVar("T")


class DiscordChat:
    """All servers that one bot token is in."""

    def __init__(
        self,
        api: DiscordApi,
        channels: Channels,
        places: Places,
        whispers: Whispers,
        notebook: Notebook,
        clock: Clock,
        telemetry: Telemetry,
        ids: CustomIds,
        pacing: Pacing,
        fetch: Fetch | None = None,
    ) -> None:
        self._api = api
        self._channels = channels
        self._places = places
        self._clock = clock
        self._telemetry = telemetry
        self._ids = ids
        self._pacing = pacing
        self._tries = Tries(notebook, clock)
        self._files = Files(api, clock, fetch)
        self._typing = Typing(api, clock, telemetry)
        self._staff = Staff(api, channels, clock)
        self._webhooks = Webhooks(api, notebook, clock, telemetry)
        self._whispers = whispers
        self._posts = Posts(api, channels)
        self._names: OrderedDict[str, tuple[float, Person]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._community = ""

    @property
    def platform(self) -> Platform:
        return "discord"

    @property
    def community(self) -> str:
        """The server that staff are in; the desk may be in others too."""
        return self._community

    async def settle(self) -> None:
        """Learn which server the staff channel is in. Raises Misconfigured, Retry or Refused."""
        channel = self._api.config.staff_channel
        if channel is not None:
            self._community = (await self._channels.facts(channel)).guild or ""
            await self._staff.must_be_private()

    async def post(
        self, thread: Thread, content: Content, marker: str, there: tuple[MessageRef, ...] = ()
    ) -> tuple[MessageRef, ...]:
        self._typing.stop(thread)
        if isinstance(content, Card) and await self._is_forum(thread):
            return there or await self._post_ticket(thread, content, marker)
        files: tuple[File, ...] = ()
        if isinstance(content, Relay) and content.attachments:
            files, lost = await self._files.bring(content.attachments)
            content = _with_lost(content, lost)
        if isinstance(content, Relay) and await self._may_borrow_names(thread):
            posted = await self._post_as(thread, content, marker, files, there)
            if posted is not None:
                return posted
        payloads = render.messages(content, self._ids)
        if len(there) >= len(payloads):
            return there
        await self._tries.begin(marker, thread, payloads, [len(file.content) for file in files])
        refs = there
        for part, payload in enumerate(payloads[len(there) :], len(there) + 1):
            once = {"nonce": nonce(marker, part), "enforce_nonce": True}
            sent = files if part == len(payloads) else ()
            try:
                message = await self._write(thread, {**payload, **once}, sent)
            except Retry as retry:
                if refs:
                    raise Ambiguous(f"part {part}: {retry}") from retry
                raise
            refs += (MessageRef(thread=thread, id=message),)
        self._tries.said(thread, lambda: refs)
        if isinstance(content, Card):
            await self._places.open_on(thread.model_copy(update={"root": refs[0].id}), title(content.ticket))
        return refs

    async def edit(
        self, ref: MessageRef, content: Content, more: tuple[MessageRef, ...] = (), *, without_files: bool = False
    ) -> None:
        channel = await self._places.standing(ref)
        as_person = isinstance(content, Relay) and await self._may_borrow_names(ref.thread)
        payloads = render.messages(content, self._ids, webhook=as_person)
        if len(payloads) > 1 + len(more):
            self._telemetry.note("discord edit is longer than before", parts=len(payloads))
        for spare in reversed(more[len(payloads) - 1 :]):
            await self._take_away(channel, spare, as_person=as_person)
        plain = render.messages(content, self._ids)
        for number, part in enumerate((ref, *more)[: len(payloads)]):
            bare: Json = {"attachments": []} if without_files else {}
            if as_person and await self._edited_as(channel, part, {**payloads[number], **bare}):
                continue
            try:
                await self._change(channel, part.id, {**plain[min(number, len(plain) - 1)], **bare})
            except Ambiguous as ambiguous:
                raise Retry(str(ambiguous)) from ambiguous
        if isinstance(content, Card) and await self._is_forum(ref.thread):
            await self._posts.show(channel, content)

    async def _edited_as(self, channel: str, part: MessageRef, payload: Json) -> bool:
        """False for a post that is none of the webhook's: it came under our own name."""
        inside = channel if channel != part.thread.channel else None
        edited = partial(self._webhooks.edit, part.thread.channel, part.id, payload, thread=inside)
        try:
            return await self._unarchived(channel, edited)
        except Refused as refused:
            if refused.code != UNKNOWN_MESSAGE:
                raise
            return False

    async def _take_away(self, channel: str, spare: MessageRef, *, as_person: bool) -> None:
        async def as_ourselves() -> bool:
            await self._api.call(
                "DELETE", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=spare.id
            )
            return True

        inside = channel if channel != spare.thread.channel else None
        by_webhook = partial(self._webhooks.delete, spare.thread.channel, spare.id, thread=inside)
        for delete in (by_webhook, as_ourselves) if as_person else (as_ourselves,):
            try:
                if await self._unarchived(channel, delete):
                    return
            except Refused as refused:
                if refused.code != UNKNOWN_MESSAGE:
                    raise

    async def find(self, thread: Thread, marker: str) -> tuple[MessageRef, ...]:
        tried = await self._tries.known(marker)
        if tried is None:
            return ()
        try:
            if thread.root is None and await self._is_forum(thread):
                return await self._posts.ours(thread, tried)
            channel = await self._places.to_read(thread)
            messages = await self._own(channel or thread.channel, since=tried.since)
            if channel in (None, thread.channel) and thread.root is not None:
                messages = [message for message in messages if _answers(message, thread.root)]
        except Refused:
            return ()  # where nothing can be found, posting will say why
        found = tuple(MessageRef(thread=thread, id=message) for message in matching(tried, messages))
        if found:
            self._tries.said(thread, lambda: found)
        return found

    def stream(self, thread: Thread, recipient: Person, marker: str) -> ReplyStream:
        async def place(thread: Thread) -> str:
            await self._tries.begin(marker, thread)
            self._tries.said(thread, lambda: stream.refs)
            return _channel(await self._places.to_write(thread))

        stream = DiscordReplyStream(
            self._api,
            self._pacing,
            self._clock,
            self._telemetry,
            thread,
            marker,
            lambda reply: render.messages(reply, self._ids),
            place,
            self._keep,
            self._typing.stop,
        )
        return stream

    async def status(self, thread: Thread, text: str) -> None:
        if not text:
            self._typing.stop(thread)
            return
        try:
            self._typing.start(thread, _channel(await self._places.to_write(thread)))
        except DeskError as error:
            self._telemetry.count("discord_courtesy_failed", kind=type(error).__name__)

    async def whisper(self, thread: Thread, person: Person, markdown: str) -> None:
        for channel in dict.fromkeys((thread.root or thread.channel, thread.channel)):
            if await self._whispers.whisper(channel, person.id, render.words(markdown)):
                return
        channel = thread.channel if thread.direct else await self._direct_channel(person)
        try:
            await self._api.call(
                "POST",
                "/channels/{channel_id}/messages",
                channel_id=channel,
                body=render.words(markdown, ephemeral=False),
            )
        except Ambiguous as ambiguous:
            raise Retry(str(ambiguous)) from ambiguous

    async def fetch(self, attachment: Attachment) -> bytes:
        return await self._files.download(attachment)

    async def show_state(self, thread: Thread, state: ThreadState) -> None:
        if thread.root is None or thread.direct:
            return
        try:
            if (await self._channels.facts(thread.channel)).kind == "forum":
                await self._posts.solved(thread.root, self._api.config.solved_tag, solved=state == "resolved")
        except DeskError as error:
            self._telemetry.count("discord_courtesy_failed", kind=type(error).__name__)

    async def permalink(self, ref: MessageRef) -> str | None:
        thread = ref.thread
        try:
            if ref.id == thread.root and not await self._is_forum(thread):
                channel = thread.channel  # the question, on which the thread hangs
            else:
                channel = await self._places.standing(ref)
        except DeskError as error:
            self._telemetry.trouble("discord permalink", error)
            return None
        guild = parse.DIRECT if thread.direct else thread.community
        return f"https://discord.com/channels/{guild}/{channel}/{ref.id}"

    def seen(self, payload: Any) -> None:
        """Who did something, as the server knows them now."""
        self._staff.seen(payload)

    async def is_staff(self, person: Person) -> bool:
        return person.platform == "discord" and await self._staff.includes(person.id)

    async def named(self, text: str) -> str:
        return text  # Discord tells the names of those who are mentioned with the message

    async def introduce(self, person: Person) -> Person:
        if person.name:
            return person
        known = self._names.get(person.id)
        if known is not None and known[0] > self._clock.elapsed():
            return known[1]
        try:
            answer: Any = await self._api.call("GET", "/users/{user_id}", user_id=person.id)
            introduced = parse.person(wire.User.model_validate(answer))
        except (DeskError, ValueError) as error:
            self._telemetry.count("discord_introduction_failed", kind=type(error).__name__)
            return person
        self._names[person.id] = (self._clock.elapsed() + NAMES_KNOWN_FOR, introduced)
        while len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)
        return introduced

    async def close(self) -> None:
        """End what still runs; the session belongs to the api."""
        await self._typing.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _is_forum(self, thread: Thread) -> bool:
        return not thread.direct and (await self._channels.facts(thread.channel)).kind == "forum"

    async def _may_borrow_names(self, thread: Thread) -> bool:
        """Whether people's words may come under their own names there."""
        if thread.direct:
            return False
        return thread.channel == self._api.config.staff_channel or self._api.config.staff_names

    async def _post_as(
        self, thread: Thread, content: Relay, marker: str, files: Sequence[File], there: tuple[MessageRef, ...]
    ) -> tuple[MessageRef, ...] | None:
        """Under the person's own name; None where that cannot be."""
        payloads = render.messages(content, self._ids, webhook=True)
        if len(there) >= len(payloads):
            return there
        place = _channel(await self._places.to_write(thread))
        await self._tries.begin(marker, thread, payloads, [len(file.content) for file in files])
        refs = there
        for part, payload in enumerate(payloads[len(there) :], len(there) + 1):
            sent = files if part == len(payloads) else ()
            try:
                post = partial(
                    self._webhooks.post,
                    thread.channel,
                    payload,
                    name=content.name,
                    image=content.image,
                    thread=place if place != thread.channel else None,
                    files=sent,
                )
                message = await self._unarchived(place, post)
            except Retry as retry:
                if refs:
                    raise Ambiguous(f"part {part}: {retry}") from retry
                raise
            if message is None:
                if refs:
                    raise Ambiguous(f"part {part}: the webhook is gone")
                return None
            refs += (MessageRef(thread=thread, id=message),)
        self._tries.said(thread, lambda: refs)
        return refs

    async def _post_ticket(self, thread: Thread, card: Card, marker: str) -> tuple[MessageRef, ...]:
        payload = render.messages(card, self._ids)[0]
        await self._tries.begin(marker, thread, [payload])
        refs = (MessageRef(thread=thread, id=await self._posts.create(thread.channel, card, payload)),)
        self._tries.said(thread, lambda: refs)
        return refs

    async def _write(self, thread: Thread, payload: Json, files: Sequence[File]) -> str:
        """One message; in the thread, or as a reply in the channel where no thread can be had."""
        mended: set[int] = set()
        while True:
            place = _channel(await self._places.to_write(thread))
            try:
                async with self._pacing.turn(POST, place, "final"):
                    answer: Any = await self._api.call(
                        "POST",
                        "/channels/{channel_id}/messages",
                        channel_id=place,
                        body={**payload, **_answering(thread, place, with_reference=NO_HISTORY not in mended)},
                        files=files,
                    )
                return str(answer["id"])
            except Refused as refused:
                if refused.code == NO_STARTER_YET:
                    raise Retry("the post has no first message yet", after=1.0) from refused
                if refused.code in mended or not await self._mended(thread, place, refused):
                    raise
                mended.add(refused.code)

    async def _mended(self, thread: Thread, place: str, refused: Refused) -> bool:
        """Whether another try may succeed."""
        match refused.code:
            case code if code == ARCHIVED:
                await self._unarchive(place)
            case code if code == UNKNOWN_CHANNEL and thread.root is not None:
                self._places.forget(thread)
            case code:
                return code == NO_HISTORY
        return True

    async def _change(self, channel: str, message: str, payload: Json) -> None:
        async def change() -> None:
            async with self._pacing.turn(EDIT, channel, "final"):
                await self._api.call(
                    "PATCH",
                    "/channels/{channel_id}/messages/{message_id}",
                    channel_id=channel,
                    message_id=message,
                    body=payload,
                )

        await self._unarchived(channel, change)

    async def _unarchived(self, channel: str, act: Callable[[], Awaitable[T]]) -> T:
        """Do it, and once more in a thread that had to be brought back for it."""
        try:
            return await act()
        except Refused as refused:
            if refused.code != ARCHIVED:
                raise
        await self._unarchive(channel)
        return await act()

    async def _unarchive(self, channel: str) -> None:
        told = await self._api.call("PATCH", "/channels/{channel_id}", channel_id=channel, body={"archived": False})
        self._channels.heard(told)

    async def _own(self, channel: str, since: str) -> list[Json]:
        """Our latest messages there, oldest first, also those under borrowed names."""
        page: Any = await self._api.call(
            "GET",
            "/channels/{channel_id}/messages",
            channel_id=channel,
            query={"after": since, "limit": LOOKED_THROUGH},
        )
        us = self._api.identified
        ours = [
            message
            for message in page
            if isinstance(message, dict)
            and message.get("type", 0) in _SAID
            and ((message.get("author") or {}).get("id") == us.user or message.get("application_id") == us.application)
        ]
        return [await self._with_words(channel, each) for each in sorted(ours, key=lambda each: int(each["id"]))]

    async def _with_words(self, channel: str, message: Json) -> Json:
        """A post under a borrowed name comes without its words where the app may not read messages."""
        if self._api.config.message_content or message.get("content") or not message.get("webhook_id"):
            return message
        if str(message["webhook_id"]) == self._api.identified.application:
            return message  # an answer to an interaction, and no webhook of ours
        facts = await self._channels.facts(channel)
        inside, place = (channel, facts.parent or "") if facts.is_thread else (None, channel)
        return await self._webhooks.read(place, str(message["id"]), thread=inside) or message

    async def _direct_channel(self, person: Person) -> str:
        answer: Any = await self._api.call("POST", "/users/@me/channels", body={"recipient_id": person.id})
        return str(answer["id"])


def _answers(message: Json, question: str) -> bool:
    return str((message.get("message_reference") or {}).get("message_id")) == question


def _answering(thread: Thread, place: str, *, with_reference: bool) -> Json:
    """Where no thread could be opened: a reply to the question in its channel, so that all see whose answer it is."""
    if not with_reference or place != thread.channel or thread.root is None or thread.direct:
        return {}
    return {"message_reference": {"message_id": thread.root, "fail_if_not_exists": False}}


def _channel(thread: Thread) -> str:
    return thread.root or thread.channel


def _with_lost(content: Relay, lost: tuple[str, ...]) -> Relay:
    """A file that cannot be carried becomes a line that names it."""
    if not lost:
        return content
    lines = "\n\n".join(f"_(file not carried over: {as_words(escaping.tidy(name)) or 'unnamed'})_" for name in lost)
    return content.model_copy(update={"markdown": f"{content.markdown}\n\n{lines}".strip()})
