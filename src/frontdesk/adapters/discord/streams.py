"""A reply that grows while the customer watches: a message that is edited, and another where one is not enough."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from frontdesk.adapters.discord import drafts
from frontdesk.adapters.discord.api import DiscordApi, Json, Refused
from frontdesk.adapters.discord.nonces import KNOWN_FOR, nonce
from frontdesk.adapters.discord.pacing import DELETE, EDIT, POST, SOONEST, Pacing, Route
from frontdesk.adapters.discord.tries import print_of
from frontdesk.domain.errors import Ambiguous, DeskError, Retry, Undeliverable
from frontdesk.domain.messages import MessageRef, Reply, Thread
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

FIRST_CHARACTERS = 40
"""What a first glance is worth."""
PATIENCE = 20.0
"""Seconds during which the end of a reply is tried again."""
LONGEST_PAUSE = 4.0
YIELD = 0.4
"""Seconds for which drafts step back when calls of all channels wait for each other."""
WITHIN = 5.0
"""Seconds for one try."""
MOST_AGAIN = 2
"""Times a reply is posted anew when somebody deletes it under our hands."""

GONE = 10008
TOO_OLD = 30046
ARCHIVED = 50083

QUIET: Json = {"allowed_mentions": {"parse": []}}
"""Nobody is pinged, whatever the text says."""


@dataclass
class _Part:
    """One message of the reply."""

    id: str
    shown: Json | None
    """What it shows; None when nobody can tell."""


class DiscordReplyStream:
    """One reply; `append` never waits for Discord, a task of our own brings the words there."""

    def __init__(
        self,
        api: DiscordApi,
        pacing: Pacing,
        clock: Clock,
        telemetry: Telemetry,
        thread: Thread,
        marker: str,
        rendered: Callable[[Reply], tuple[Json, ...]],
        place: Callable[[Thread], Awaitable[str]],
        keep: Callable[[asyncio.Task[None]], None],
        speaks: Callable[[Thread], None],
    ) -> None:
        """`place` says in which channel to post; `speaks` is told when words stand there or are about to."""
        self._api = api
        self._pacing = pacing
        self._clock = clock
        self._telemetry = telemetry
        self._thread = thread
        self._marker = marker
        self._rendered = rendered
        self._place = place
        self._keep = keep
        self._speaks = speaks
        self._channel: str | None = None
        self._parts: list[_Part] = []
        self._said = ""
        """All that was appended."""
        self._settled = 0
        """Characters of it that were fit to be shown when somebody last looked."""
        self._fit = ""
        """Those, as they can stand in a message."""
        self._messages: tuple[Json, ...] = ()
        """The messages they make."""
        self._stood = ""
        """What of it Discord was last asked to show."""
        self._began = self._not_before = clock.elapsed()
        self._more = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._is_over = False
        """Nothing more is shown before the end, or after it."""
        self._is_calling = False
        """A call to Discord is under way that must not be broken off."""
        self._is_posting = False
        """The first words are on their way."""
        self._is_counted = False
        """The channel's pacing knows of this reply."""
        self._perhaps: dict[int, float] = {}
        """Parts that were posted with no word back, and when first."""
        self._again = 0
        """How often the reply had to be posted anew."""

    @property
    def refs(self) -> tuple[MessageRef, ...]:
        return tuple(MessageRef(thread=self._thread, id=part.id) for part in self._parts)

    @property
    def visible(self) -> bool:
        return self._is_posting or bool(self._parts) or bool(self._perhaps)

    async def append(self, markdown: str) -> None:
        if not self._said:
            self._began = self._clock.elapsed()
        self._said += markdown
        if self._is_over or not markdown:
            return
        self._more.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._bring(), name=f"discord stream {self._thread.channel}")
            self._keep(self._pump)

    async def finish(self, reply: Reply) -> tuple[MessageRef, ...]:
        await self._rest()
        try:
            await self._make(self._rendered(reply))
        except (Retry, Ambiguous) as error:
            if self.visible:
                raise Ambiguous(f"end of a reply: {error}") from error
            raise
        finally:
            self._uncounted()
        return self.refs

    async def cut(self, markdown: str) -> tuple[MessageRef, ...]:
        await self._rest()
        try:
            if self.visible:
                await self._make(self._rendered(Reply(markdown=f"{self._stood}\n\n{markdown}".strip())))
        except DeskError as error:
            self._telemetry.trouble("discord stream not cut", error)
        finally:
            self._uncounted()
        return self.refs

    def abandon(self) -> None:
        self._is_over = True
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        self._uncounted()

    async def _rest(self) -> None:
        """Let the task that brings words come to its end: nothing is in flight after this."""
        self._is_over = True
        pump, self._pump = self._pump, None
        if pump is not None:
            if not self._is_calling:
                pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _bring(self) -> None:
        while not self._is_over:
            await self._more.wait()
            self._more.clear()
            try:
                while not self._is_over and await self._glance():
                    pass
            except DeskError as error:
                # The words stay in `_said`; the next draft, or `finish`, brings them.
                self._stumbled(error)

    async def _glance(self) -> bool:
        """Show a little more; false when there is nothing to show."""
        if self._pacing.is_crowded:
            await self._clock.sleep(random.uniform(0.5, 1.5) * YIELD)  # noqa: S311 - spreads the next tries
            return True
        number = self._behind(self._wanted())
        if number is None:
            return False
        if (pause := self._pause()) > 0:
            await self._clock.sleep(pause)
            return True
        with self._calling():
            channel = await self._where()
        if self._is_over:
            return False
        is_new = number == len(self._parts)
        async with self._pacing.turn(POST if is_new else EDIT, channel, "draft"):
            wanted = self._wanted()  # more may have come while we waited
            number = self._behind(wanted)
            if number is None or is_new != (number == len(self._parts)):
                return True
            self._stood = self._fit
            with self._calling():
                if is_new:
                    await self._post(wanted[number])
                else:
                    await self._edit(number, wanted[number])
        return True

    def _wanted(self) -> tuple[Json, ...]:
        """The messages that should stand there by now."""
        self._settled = drafts.settled(self._said, self._settled)
        fit = drafts.shown(self._said[: self._settled])
        if fit != self._fit:
            self._fit = fit
            self._messages = self._rendered(Reply(markdown=fit))
        return self._messages

    def _behind(self, wanted: tuple[Json, ...]) -> int | None:
        """The first message that does not show what it should; None when all do."""
        for number, payload in enumerate(wanted):
            if number == len(self._parts) or self._parts[number].shown != payload:
                return number
        return None

    def _pause(self) -> float:
        """Seconds before anything may be shown."""
        now = self._clock.elapsed()
        pause = self._not_before - now
        if not self._parts and self._settled < FIRST_CHARACTERS:
            pause = max(pause, self._began + SOONEST - now)
        return pause

    def _stumbled(self, error: DeskError) -> None:
        self._telemetry.count("discord_stream_trouble", kind=type(error).__name__)
        if isinstance(error, Undeliverable):
            self._is_over = True
            return
        pause = error.after if isinstance(error, Retry) else SOONEST
        self._not_before = self._clock.elapsed() + min(max(pause, SOONEST), LONGEST_PAUSE)
        self._more.set()

    async def _make(self, wanted: tuple[Json, ...]) -> None:
        """Make what stands there exactly this."""
        number = 0
        while number < len(wanted):
            if number == len(self._parts):
                await self._insist(POST, partial(self._post, wanted[number]))
            if self._parts[number].shown != wanted[number]:
                try:
                    await self._insist(EDIT, partial(self._edit, number, wanted[number]))
                except (Refused, Retry) as error:
                    if not _is_beyond_change(error) or self._again == MOST_AGAIN:
                        raise
                    # What comes after it must come after it again.
                    self._again += 1
                    await self._remove(number)
                    continue
            number += 1
        await self._remove(len(wanted))

    async def _remove(self, first: int) -> None:
        """Take away this part and those behind it."""
        while len(self._parts) > first:
            await self._insist(DELETE, self._delete_last)

    async def _insist(self, route: Route, act: Callable[[], Awaitable[None]]) -> None:
        """Do it before all drafts, and again if it fails; it must be safe to repeat."""
        until = self._clock.elapsed() + PATIENCE
        pause = SOONEST
        while True:
            try:
                async with self._pacing.turn(route, await self._where(), "final"):
                    return await act()
            except (Retry, Ambiguous) as error:
                pause = max(pause, error.after) if isinstance(error, Retry) else pause
                if self._clock.elapsed() + pause > until:
                    raise
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _where(self) -> str:
        if self._channel is None:
            self._channel = await self._place(self._thread)
            self._pacing.began(self._channel)
            self._is_counted = True
        return self._channel

    def _uncounted(self) -> None:
        if self._is_counted and self._channel is not None:
            self._is_counted = False
            self._pacing.ended(self._channel)

    @contextmanager
    def _calling(self) -> Iterator[None]:
        self._is_calling = True
        try:
            yield
        finally:
            self._is_calling = False

    async def _post(self, payload: Json) -> None:
        """The next part. Discord knows the nonce again, so that asking twice posts once."""
        number = len(self._parts)
        now = self._clock.elapsed()
        if now - self._perhaps.get(number, now) > KNOWN_FOR:
            raise Ambiguous(f"part {number + 1} of a reply")
        once = {"nonce": nonce(self._marker, number + 1, self._again), "enforce_nonce": True}
        self._speaks(self._thread)
        self._is_posting = True
        try:
            answer = await self._call(POST, {**payload, **QUIET, **once})
        except Ambiguous:
            self._perhaps.setdefault(number, now)
            raise
        finally:
            self._is_posting = False
        self._perhaps.pop(number, None)
        # By its nonce it may be an older one, with fewer words.
        is_this = print_of(answer) == print_of(payload)
        self._parts.append(_Part(str(answer["id"]), payload if is_this else None))

    async def _edit(self, number: int, payload: Json) -> None:
        part = self._parts[number]
        part.shown = None
        await self._call(EDIT, {**payload, **QUIET}, part.id)
        part.shown = payload

    async def _delete_last(self) -> None:
        try:
            await self._call(DELETE, None, self._parts[-1].id)
        except Refused as refused:
            if refused.code != GONE:
                raise
        self._parts.pop()

    async def _call(self, route: Route, body: Json | None, message: str = "") -> Json:
        try:
            return await self._once(route, body, message)
        except Refused as refused:
            if refused.code != ARCHIVED:
                raise
            channel = await self._where()
            await self._api.call("PATCH", "/channels/{channel_id}", body={"archived": False}, channel_id=channel)
            raise Retry("the thread was archived", after=0.0) from refused

    async def _once(self, route: Route, body: Json | None, message: str) -> Json:
        """One try: whether and when there is another is decided here, not below."""
        channel = await self._where()
        answer = await self._api.call(
            *route, body=body, once=True, within=WITHIN, channel_id=channel, message_id=message
        )
        return answer if isinstance(answer, dict) else {}


def _is_beyond_change(error: Refused | Retry) -> bool:
    """Somebody deleted the message, or it is so old that Discord takes few edits of it an hour."""
    if isinstance(error, Refused):
        return error.code in (GONE, TOO_OLD)
    return error.after > PATIENCE
