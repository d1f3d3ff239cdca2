"""A reply that grows while the customer watches: Slack's own stream where it is allowed, else a message edited."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Literal

from frontdesk.adapters.slack import escaping, render
from frontdesk.adapters.slack.api import Refused, SlackApi
from frontdesk.adapters.slack.budgets import POST_PATIENCE, Budget, Budgets
from frontdesk.adapters.slack.editing import edit
from frontdesk.adapters.slack.render import LIMIT
from frontdesk.domain.errors import Ambiguous, DeskError, Retry, Undeliverable
from frontdesk.domain.messages import MessageRef, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

FIRST_CHARACTERS = 40
"""What a first glance is worth."""
SOONEST = 0.7
"""Seconds between two visible changes when there is budget to spare."""
SLOWEST = 4.0
ENOUGH_CHARACTERS = 300
STREAM_LIFE = 270.0
"""Slack ends a stream after about five minutes; we end it before."""

FEATURE_ERRORS = frozenset(
    {
        "channel_type_not_supported",
        "missing_recipient_team_id",
        "missing_recipient_user_id",
        "user_not_found",
        "team_not_found",
        "feature_disabled",
        "feature_not_enabled",
        "missing_scope",
        "unknown_method",
        "method_not_supported_for_channel_type",
        "not_subscribed_to_message_stream_stopped",
        "invalid_arguments",
        "not_allowed",
        "messages_tab_disabled",
    }
)
"""Slack does not stream here; a plain message may still be welcome."""

_OPEN_LINK = re.compile(r"\[[^\[\]]*(?:\]\([^)]*)?\Z")
"""A link that is being written; a citation is none."""

Mode = Literal["unstarted", "native", "edited", "waiting"]
"""`waiting`: nothing more becomes visible before the end."""


class Surfaces:
    """Where Slack refused to stream, so that nobody asks twice."""

    def __init__(self, *, allowed: bool) -> None:
        self._allowed = allowed
        self._refused: dict[str, None] = {}

    def streams(self, thread: Thread) -> bool:
        if not self._allowed or thread.root is None:
            return False
        return thread.channel_key not in self._refused and thread.conversation not in self._refused

    def refuse(self, thread: Thread, error: str) -> None:
        if error in ("missing_scope", "unknown_method", "not_subscribed_to_message_stream_stopped"):
            self._allowed = False
        is_the_channel = error == "channel_type_not_supported"
        self._refused[thread.channel_key if is_the_channel else thread.conversation] = None
        while len(self._refused) > 10_000:
            self._refused.pop(next(iter(self._refused)))


class SlackReplyStream:
    """One reply; `append` never waits for Slack, a task of our own brings the words there."""

    def __init__(
        self,
        api: SlackApi,
        budgets: Budgets,
        surfaces: Surfaces,
        clock: Clock,
        telemetry: Telemetry,
        thread: Thread,
        recipient: Person,
        marker: str,
        keep: Callable[[asyncio.Task[None]], None],
        ended: Callable[[Thread], None],
    ) -> None:
        self._api = api
        self._budgets = budgets
        self._surfaces = surfaces
        self._clock = clock
        self._telemetry = telemetry
        self._thread = thread
        self._recipient = recipient
        self._marker = marker
        self._keep = keep
        self._ended = ended
        self._refs: tuple[MessageRef, ...] = ()
        self._mode: Mode = "unstarted"
        self._said = ""
        """All that was appended."""
        self._shown = ""
        """What of it, made safe, stands in Slack."""
        self._started = self._flushed = self._not_before = clock.elapsed()
        self._more = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._trouble: DeskError | None = None
        self._starting = False
        """The first words are on their way."""
        self._stopped = False
        """The customer pressed Stop."""
        self._ending = False

    @property
    def refs(self) -> tuple[MessageRef, ...]:
        return self._refs

    @property
    def visible(self) -> bool:
        return self._starting or bool(self._refs) or isinstance(self._trouble, Ambiguous)

    async def append(self, markdown: str) -> None:
        self._said += markdown
        if self._mode == "waiting" or self._stopped or not markdown:
            return
        self._more.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._bring(), name=f"slack stream {self._thread.channel}")
            self._keep(self._pump)

    async def finish(self, reply: Reply) -> tuple[MessageRef, ...]:
        await self._rest()
        self._ended(self._thread)
        if not self._refs:
            if isinstance(self._trouble, Ambiguous):
                raise self._trouble
            return await self._post(render.reply(reply), first=1)
        first, *others = render.reply(reply)
        final = first["blocks"][0]["text"]
        is_there = False
        if self._mode == "native":
            is_there = await self._stop(final, first["blocks"][1:])
        if not is_there:
            try:
                await self._update(render.marked(first, self._marker, 1))
            except Retry as retry:
                raise Ambiguous(f"end of a reply: {retry}") from retry
        if others:
            self._refs += await self._post(tuple(others), first=2)
        return self._refs

    def abandon(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
            self._mode = "waiting"

    async def cut(self, markdown: str) -> tuple[MessageRef, ...]:
        await self._rest()
        self._ended(self._thread)
        if not self._refs:
            return ()
        last = escaping.markdown(f"\n\n{markdown}") if markdown else ""
        try:
            if self._mode == "native" and await self._stop(self._shown + last, []):
                return self._refs
            await self._update(render.marked(render.prepared((self._shown + last).strip()), self._marker, 1))
        except DeskError as error:
            self._telemetry.trouble("slack stream not cut", error)
        return self._refs

    async def _rest(self) -> None:
        """Let the task that brings words come to its end: nothing is in flight after this."""
        self._mode = self._mode if self._mode != "unstarted" else "waiting"
        pump, self._pump = self._pump, None
        if pump is not None:
            self._ending = True
            self._more.set()
            await asyncio.gather(pump, return_exceptions=True)

    async def _bring(self) -> None:
        while not self._ending and self._mode != "waiting" and not self._stopped:
            await self._more.wait()
            self._more.clear()
            if self._ending:
                return
            ready = self._ready()
            if not ready:
                continue
            pause = self._pause(len(ready))
            if pause > 0:
                await self._pausing(pause)
                self._more.set()
                continue
            try:
                await self._flush(ready)
            except DeskError as error:
                # The words stay in `_said`; the next flush, or `finish`, brings them.
                self._trouble = error
                pause = error.after if isinstance(error, Retry) else SLOWEST
                self._not_before = self._clock.elapsed() + min(pause, SLOWEST)
                self._budget().close_for(pause)
                self._telemetry.count("slack_stream_trouble", kind=type(error).__name__)
                if isinstance(error, Ambiguous | Undeliverable) and not self._refs:
                    self._mode = "waiting"
            self._flushed = self._clock.elapsed()
            if self._ready():
                self._more.set()

    async def _pausing(self, pause: float) -> None:
        """Wait, but not longer than `finish` lets us."""
        until = self._clock.elapsed() + pause
        while not self._ending and (left := until - self._clock.elapsed()) > 0:
            await self._clock.sleep(min(left, 0.1))

    def _ready(self) -> str:
        """Safe text that can be shown and will not change any more; empty when there is nothing new."""
        said = self._said[:LIMIT]
        safe = escaping.markdown(said[: _settled(said)])
        if len(safe) > LIMIT:
            return ""
        if not safe.startswith(self._shown):
            return safe if self._mode == "edited" else ""
        return safe if len(safe) > len(self._shown) else ""

    def _pause(self, length: int) -> float:
        """Seconds until the next change should become visible."""
        now = self._clock.elapsed()
        if self._mode == "unstarted":
            first_glance = 0.0 if length >= FIRST_CHARACTERS else self._started + SOONEST - now
            return max(0.0, first_glance, self._not_before - now)
        budget = self._budget()
        spare = budget.share_left
        interval = SOONEST if spare > 0.5 else SOONEST + (SLOWEST - SOONEST) * (1 - 2 * spare)
        if spare > 0.5 and length - len(self._shown) >= ENOUGH_CHARACTERS:
            interval = SOONEST / 2
        return max(self._flushed + interval - now, budget.wait())

    def _budget(self) -> Budget:
        match self._mode:
            case "native":
                return self._budgets.append_stream
            case "edited":
                return self._budgets.update
            case _:
                return self._budgets.start_stream

    async def _flush(self, safe: str) -> None:
        match self._mode:
            case "unstarted":
                self._starting = True
                try:
                    await self._start(safe)
                finally:
                    self._starting = False
            case "native":
                await self._append(safe)
            case "edited":
                if self._budgets.update.take():
                    await self._show(safe)
            case "waiting":
                pass

    async def _start(self, safe: str) -> None:
        if self._surfaces.streams(self._thread) and self._budgets.start_stream.take():
            try:
                answer = await self._api.call(
                    "chat.startStream",
                    channel=self._thread.channel,
                    thread_ts=self._thread.root,
                    markdown_text=safe,
                    recipient_user_id=self._recipient.id,
                    recipient_team_id=self._recipient.community,
                )
            except Refused as refused:
                if refused.error not in FEATURE_ERRORS:
                    raise
                self._surfaces.refuse(self._thread, refused.error)
                self._telemetry.note("slack does not stream here", error=refused.error)
            else:
                self._begin("native", answer, safe)
                return
        if self._budgets.update.share_left < 0.1 or not self._budgets.post(self._thread.channel).take():
            self._mode = "waiting"
            return
        answer = await self._api.call(
            "chat.postMessage",
            channel=self._thread.channel,
            thread_ts=self._thread.root,
            **render.marked(render.prepared(safe), self._marker, 1),
            **render.QUIET,
            **render.NO_PREVIEWS,
        )
        self._begin("edited", answer, safe)

    def _begin(self, mode: Mode, answer: dict[str, Any], safe: str) -> None:
        self._mode = mode
        self._refs = (MessageRef(thread=self._thread, id=str(answer.get("ts", ""))),)
        self._shown = safe
        self._started = self._clock.elapsed()

    async def _append(self, safe: str) -> None:
        if self._clock.elapsed() - self._started > STREAM_LIFE:
            await self._stop(self._shown, [])
            self._mode = "edited"
            return
        if not self._budgets.append_stream.take():
            return
        try:
            await self._api.call(
                "chat.appendStream",
                channel=self._thread.channel,
                ts=self._refs[0].id,
                markdown_text=safe[len(self._shown) :],
            )
            self._shown = safe
        except Refused as refused:
            self._stopped = refused.error == "stopped_by_user"
            self._mode = "edited"
        except Ambiguous:
            # An append that is repeated may stand there twice; an edit puts it right whatever happened.
            await self._stop(self._shown, [])
            self._mode = "edited"
            raise

    async def _show(self, safe: str) -> None:
        await self._edit(render.prepared(safe))
        self._shown = safe

    async def _stop(self, final: str, below: list[dict[str, Any]]) -> bool:
        """End the native stream; True when the message now is `final` with `below`."""
        rest = final[len(self._shown) :] if final.startswith(self._shown) else None
        try:
            await self._budgets.stop_stream.acquire()
            await self._api.call(
                "chat.stopStream",
                within=3.0,
                channel=self._thread.channel,
                ts=self._refs[0].id,
                markdown_text=rest or None,
                blocks=below if rest is not None and below else None,
                metadata=render.metadata(self._marker, 1),
            )
        except (Refused, Retry) as error:
            self._telemetry.count("slack_stream_trouble", kind=type(error).__name__)
            self._mode = "edited"
            return False
        self._mode = "edited"
        if rest is None:
            return False
        self._shown = final
        return True

    async def _update(self, arguments: dict[str, Any]) -> None:
        """Make the message what it must be in the end; the words are visible, so this is worth waiting for."""
        self._budgets.update.take()
        await self._edit(arguments, within=20.0)

    async def _edit(self, arguments: dict[str, Any], within: float = 0.0) -> None:
        await edit(self._api, self._refs[0], arguments, within)

    async def _post(self, messages: tuple[dict[str, Any], ...], first: int) -> tuple[MessageRef, ...]:
        refs: tuple[MessageRef, ...] = ()
        for part, arguments in enumerate(messages, first):
            try:
                await self._budgets.post(self._thread.channel).acquire(POST_PATIENCE)
                answer = await self._api.call(
                    "chat.postMessage",
                    channel=self._thread.channel,
                    thread_ts=self._thread.root,
                    **render.marked(arguments, self._marker, part),
                    **render.QUIET,
                    **render.NO_PREVIEWS,
                )
            except Retry as retry:
                if refs or self._refs:
                    raise Ambiguous(f"part {part} of a reply: {retry}") from retry
                raise
            refs += (MessageRef(thread=self._thread, id=str(answer.get("ts", ""))),)
        return refs


def _settled(text: str) -> int:
    """How much of a growing text can be shown: up to a space outside code spans and links that are still open."""
    start = text.rfind("\n") + 1
    line = text[start:]
    for found in reversed(list(re.finditer(r"\s", line))):
        head = line[: found.end()]
        is_open = head.count("`") % 2 or _OPEN_LINK.search(head) or head.rfind("<") > head.rfind(">")
        if not is_open and not head.lstrip().startswith(("`", "~", "|", ">")):
            return start + found.end()
    return start
