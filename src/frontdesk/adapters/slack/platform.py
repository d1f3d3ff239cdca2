"""Slack as the desk's `Chat`: posts, edits, streams, finds, whispers, and knows who is staff."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from frontdesk.adapters.slack import escaping, render
from frontdesk.adapters.slack.api import Identity, Refused, SlackApi
from frontdesk.adapters.slack.budgets import POST_PATIENCE, Budgets
from frontdesk.adapters.slack.editing import edit
from frontdesk.adapters.slack.files import Fetch, Files, Uploaded
from frontdesk.adapters.slack.streams import SlackReplyStream, Surfaces
from frontdesk.domain.errors import Ambiguous, DeskError, Retry
from frontdesk.domain.events import MessagePosted
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Attachment, Content, MessageRef, Relay, Thread
from frontdesk.domain.people import Person
from frontdesk.ports.chat import ReplyStream, ThreadState
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

PATIENCE = 8.0
"""Seconds during which a call that is safe to repeat is repeated."""
STAFF_KNOWN_FOR = 60.0
NAMES_KNOWN_FOR = 3600.0
MOST_NAMES = 5000
MOST_MENTIONED = 10
"""People of one message whose names are looked up."""
_MENTIONED = re.compile(r"(?<![\w@])@([UW][A-Z0-9]{2,20})\b")
GONE_FEATURES = frozenset(
    {"feature_disabled", "unknown_method", "missing_scope", "not_agent_app", "method_not_supported_for_channel_type"}
)


UNREACHABLE = frozenset({"thread_not_found", "channel_not_found", "not_in_channel", "is_archived"})
"""Where nothing can be found; posting there will say why."""


class SlackChat:
    """One workspace."""

    def __init__(self, api: SlackApi, clock: Clock, telemetry: Telemetry, fetch: Fetch | None = None) -> None:
        self._api = api
        self._clock = clock
        self._telemetry = telemetry
        self._budgets = Budgets(clock)
        self._surfaces = Surfaces(allowed=api.config.native_streaming == "auto")
        self._files = Files(api, fetch)
        self._tasks: set[asyncio.Task[None]] = set()
        self._staff: tuple[float, frozenset[str]] | None = None
        self._asking_staff = asyncio.Lock()
        self._names: dict[str, tuple[float, Person]] = {}
        self._unavailable: set[str] = set()
        """Courtesies that this workspace has not got."""
        self._processing: dict[str, None] = {}
        """Threads whose session we set to work."""

    @property
    def platform(self) -> Platform:
        return "slack"

    @property
    def community(self) -> str:
        return self._api.team

    async def post(
        self, thread: Thread, content: Content, marker: str, there: tuple[MessageRef, ...] = ()
    ) -> tuple[MessageRef, ...]:
        if there and len(there) >= len(render.messages(content)):
            return there
        carried: tuple[Uploaded, ...] = ()
        if isinstance(content, Relay) and content.attachments:
            carried, lost = await self._files.upload(content.attachments)
            content = _with_lost(content, lost)
        refs = there
        for part, arguments in enumerate(render.messages(content)[len(there) :], len(there) + 1):
            try:
                refs += (await self._post_one(thread, render.marked(arguments, marker, part)),)
            except Retry as retry:
                if refs:
                    raise Ambiguous(f"part {part}: {retry}") from retry
                raise
        self._at_rest(thread)
        if carried:
            await self._share(carried, thread, content, refs)
        return refs

    async def edit(
        self, ref: MessageRef, content: Content, more: tuple[MessageRef, ...] = (), *, without_files: bool = False
    ) -> None:
        payloads = render.messages(content)
        if len(payloads) > 1 + len(more):
            self._telemetry.note("slack edit is longer than before", parts=len(payloads))
        if without_files:
            await self._take_files_away((ref, *more)[-1])
        for spare in reversed(more[len(payloads) - 1 :]):
            await self._delete(spare)
        for part, arguments in zip((ref, *more), payloads, strict=False):
            await edit(self._api, part, arguments, PATIENCE)

    async def _take_files_away(self, last: MessageRef) -> None:
        """Files are shared in a message of their own, right after the words that they came with."""
        identity = await self._who_we_are()
        async for message in self._read(last.thread):
            mine = message.get("user") == identity.user or message.get("bot_id") == identity.bot
            ts = str(message.get("ts", ""))
            if not mine or not ts or float(ts) <= float(last.id):
                continue
            if not message.get("files"):
                return
            await self._delete(MessageRef(thread=last.thread, id=ts))

    async def _delete(self, ref: MessageRef) -> None:
        try:
            await self._api.call("chat.delete", channel=ref.thread.channel, ts=ref.id)
        except Refused as refused:
            if refused.error != "message_not_found":
                raise

    async def find(self, thread: Thread, marker: str) -> tuple[MessageRef, ...]:
        identity = await self._who_we_are()
        found: dict[int, MessageRef] = {}
        orphan: MessageRef | None = None
        async for message in self._read(thread):
            if message.get("user") != identity.user and message.get("bot_id") != identity.bot:
                continue
            ref = MessageRef(thread=thread, id=str(message.get("ts", "")))
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == "frontdesk" and payload.get("marker") == marker:
                found.setdefault(_number(payload.get("part")), ref)
            elif not metadata and message.get("streaming_state"):
                # A stream takes no marker before its end: one without is a reply somebody could not finish.
                orphan = ref
        if not found and orphan is not None:
            return (orphan,)
        return tuple(found[part] for part in sorted(found))

    def stream(self, thread: Thread, recipient: Person, marker: str) -> ReplyStream:
        return SlackReplyStream(
            self._api,
            self._budgets,
            self._surfaces,
            self._clock,
            self._telemetry,
            thread,
            recipient,
            marker,
            self._keep,
            self._at_rest,
        )

    async def status(self, thread: Thread, text: str) -> None:
        if thread.root is None:
            return
        place = {"channel_id": thread.channel, "thread_ts": thread.root}
        await self._courtesy("assistant.threads.setStatus", **place, status=text)
        if not text:
            self._at_rest(thread)
        elif thread.conversation not in self._processing and self._budgets.session.take():
            self._processing[thread.conversation] = None
            while len(self._processing) > MOST_NAMES:
                self._processing.pop(next(iter(self._processing)))
            await self._courtesy("agents.sessions.setStatus", **place, status="processing")

    def _at_rest(self, thread: Thread) -> None:
        """The assistant is done in this thread: Slack's Stop button may go."""
        if self._processing.pop(thread.conversation, "") is None:
            place = {"channel_id": thread.channel, "thread_ts": thread.root}
            self._keep(asyncio.create_task(self._courtesy("agents.sessions.setStatus", **place, status="active")))

    async def whisper(self, thread: Thread, person: Person, markdown: str) -> None:
        try:
            await self._api.call(
                "chat.postEphemeral",
                channel=thread.channel,
                thread_ts=thread.root,
                user=person.id,
                **render.words(markdown),
                **render.QUIET,
            )
        except Ambiguous as ambiguous:
            # Nothing else depends on it, and nobody sees it twice after a reload.
            raise Retry(str(ambiguous)) from ambiguous

    async def fetch(self, attachment: Attachment) -> bytes:
        return await self._files.download(attachment)

    async def show_state(self, thread: Thread, state: ThreadState) -> None:
        """Slack's threads have no state that everybody sees."""

    async def permalink(self, ref: MessageRef) -> str | None:
        try:
            answer = await self._api.call(
                "chat.getPermalink", within=PATIENCE, channel=ref.thread.channel, message_ts=ref.id
            )
        except DeskError as error:
            self._telemetry.trouble("slack permalink", error)
            return None
        link = answer.get("permalink")
        return link if isinstance(link, str) else None

    async def is_staff(self, person: Person) -> bool:
        if person.platform != "slack" or self._api.config.staff_channel is None:
            return False
        if person.community != (await self._who_we_are()).team:
            return False
        return person.id in await self.staff()

    async def introduce(self, person: Person) -> Person:
        known = self._names.get(person.key)
        if known is not None and known[0] > self._clock.elapsed():
            return known[1]
        try:
            answer = await self._api.call("users.info", user=person.id)
        except DeskError as error:
            self._telemetry.count("slack_introduction_failed", kind=type(error).__name__)
            return person
        introduced = _introduced(person, answer.get("user"))
        self._names[person.key] = (self._clock.elapsed() + NAMES_KNOWN_FOR, introduced)
        while len(self._names) > MOST_NAMES:
            self._names.pop(next(iter(self._names)))
        return introduced

    async def named(self, text: str) -> str:
        ids = dict.fromkeys(_MENTIONED.findall(text))
        people = {id_: Person(platform="slack", community="", id=id_) for id_ in list(ids)[:MOST_MENTIONED]}
        names = {id_: (await self.introduce(person)).name or id_ for id_, person in people.items()}
        return _MENTIONED.sub(lambda found: f"@{names.get(found[1], found[1])}", text)

    async def with_known_files(self, event: MessagePosted) -> MessagePosted:
        """The event with the name and kind of every file that came with it. Never raises."""
        files = await self._files.known(event.message.attachments)
        return event.model_copy(update={"message": event.message.model_copy(update={"attachments": files})})

    async def staff(self) -> frozenset[str]:
        """Ids of the staff channel's members. Raises Retry."""
        if self._api.config.staff_channel is None:
            return frozenset()
        return await self._staff_members(self._api.config.staff_channel)

    async def suggest(self, thread: Thread, questions: Sequence[str]) -> None:
        """Offer questions to somebody who looks at the messages tab. A courtesy: never raises."""
        if questions:
            prompts = [{"title": question[:60], "message": question} for question in questions[:4]]
            await self._courtesy(
                "assistant.threads.setSuggestedPrompts",
                channel_id=thread.channel,
                thread_ts=thread.root,
                prompts=prompts,
            )

    def members_changed(self, channel: str) -> None:
        """Who is staff must be asked again."""
        if channel == self._api.config.staff_channel:
            self._staff = None

    async def close(self) -> None:
        """End what still runs; the session belongs to the api."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post_one(self, thread: Thread, arguments: dict[str, Any]) -> MessageRef:
        await self._budgets.post(thread.channel).acquire(POST_PATIENCE)
        try:
            answer = await self._api.call(
                "chat.postMessage",
                channel=thread.channel,
                thread_ts=thread.root,
                **arguments,
                **render.QUIET,
                **render.NO_PREVIEWS,
            )
        except Retry as retry:
            self._budgets.post(thread.channel).close_for(retry.after)
            raise
        return MessageRef(thread=thread, id=str(answer.get("ts", "")))

    async def _share(
        self, files: tuple[Uploaded, ...], thread: Thread, content: Content, refs: tuple[MessageRef, ...]
    ) -> None:
        try:
            await self._files.share(files, thread)
        except DeskError as error:
            # The words are there already: say below them which files are not.
            self._telemetry.trouble("slack files not shared", error)
            if isinstance(content, Relay):
                lost = _with_lost(content, tuple(file.name for file in files))
                await edit(self._api, refs[-1], render.messages(lost)[-1], PATIENCE)

    async def _read(self, thread: Thread) -> AsyncIterator[dict[str, Any]]:
        arguments: dict[str, Any] = {"channel": thread.channel, "include_all_metadata": True, "limit": 200}
        try:
            if thread.root is not None:
                async for message in self._api.pages(
                    "conversations.replies", "messages", ts=thread.root, within=PATIENCE, **arguments
                ):
                    yield message
                return
            # The channel itself: what we look for was posted moments ago.
            answer = await self._api.call("conversations.history", within=PATIENCE, **arguments)
        except Refused as refused:
            if refused.error in UNREACHABLE:
                return
            raise Retry(str(refused), after=30.0) from refused
        for message in reversed(answer.get("messages") or ()):
            yield message

    async def _who_we_are(self) -> Identity:
        return await self._api.identity()

    async def _staff_members(self, channel: str) -> frozenset[str]:
        async with self._asking_staff:
            if self._staff is not None and self._staff[0] > self._clock.elapsed():
                return self._staff[1]
            try:
                members = frozenset(
                    [
                        str(member)
                        async for member in self._api.pages(
                            "conversations.members", "members", channel=channel, limit=200, within=PATIENCE
                        )
                    ]
                )
            except Refused as refused:
                self._telemetry.trouble("FRONTDESK_STAFF_CHANNEL cannot be read: invite the app to it", refused)
                raise Retry(str(refused), after=30.0) from refused
            self._staff = (self._clock.elapsed() + STAFF_KNOWN_FOR, members)
            return members

    async def _courtesy(self, method: str, **arguments: Any) -> None:
        if method in self._unavailable:
            return
        try:
            await self._api.call(method, **arguments)
        except Refused as refused:
            if refused.error in GONE_FEATURES:
                self._unavailable.add(method)
            self._telemetry.count("slack_courtesy_failed", method=method)
        except DeskError:
            self._telemetry.count("slack_courtesy_failed", method=method)


def _with_lost(content: Relay, lost: tuple[str, ...]) -> Relay:
    """A file that cannot be carried becomes a line that names it."""
    if not lost:
        return content
    lines = "\n\n".join(f"_(file not carried over: {escaping.name(name, 'unnamed')})_" for name in lost)
    return content.model_copy(update={"markdown": f"{content.markdown}\n\n{lines}".strip()})


def _introduced(person: Person, user: Any) -> Person:
    if not isinstance(user, dict):
        return person
    profile = user.get("profile")
    if not isinstance(profile, dict):
        profile = {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    image = profile.get("image_72") or profile.get("image_48")
    return person.model_copy(update={"name": str(name or person.name), "image": str(image) if image else person.image})


def _number(part: Any) -> int:
    return part if isinstance(part, int) else 1
