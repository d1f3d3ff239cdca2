"""What is known of channels: what kind each is, and whose thread; heard from the gateway, asked for at need."""

import asyncio
from collections import OrderedDict
from typing import Any, Literal

from pydantic import ValidationError

from frontdesk.adapters.discord import wire
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.domain.value import Value

MOST_KNOWN = 10_000
_MISSING_ACCESS = 50001

Kind = Literal["text", "forum", "thread", "private_thread", "direct", "other"]

_KINDS: dict[int, Kind] = {
    0: "text",
    1: "direct",
    2: "text",  # the text side of a voice channel
    5: "text",  # announcements
    10: "thread",
    11: "thread",
    12: "private_thread",
    13: "text",
    15: "forum",
    16: "forum",
}


class Facts(Value):
    """One channel, as last heard of."""

    id: str
    kind: Kind
    guild: str | None = None
    parent: str | None = None
    name: str = ""
    owner: str | None = None
    archived: bool = False
    locked: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    """(id, name) of every tag a forum has."""
    applied: tuple[str, ...] = ()
    """Ids of a post's tags."""
    last_message: str | None = None

    @property
    def is_thread(self) -> bool:
        return self.kind in ("thread", "private_thread")


def unseen(refused: Refused) -> str:
    """Why a channel that the operator named is not to be seen, and the mend."""
    if refused.code == _MISSING_ACCESS:
        return "is hidden from the bot: add the bot to the channel, in the channel's settings under Permissions"
    return (
        f"is no channel that the bot can find ({refused.code}): right-click the channel, Copy Channel ID, "
        "and see that the bot was invited to its server"
    )


class Channels:
    """Remembers the latest; a channel nobody told of is asked for once."""

    def __init__(self, api: DiscordApi) -> None:
        self._api = api
        self._known: OrderedDict[str, Facts] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Facts]] = {}

    def heard(self, channel: object, guild: str | None = None) -> Facts | None:
        """A channel as a payload describes it; None when it makes no sense."""
        try:
            told = wire.Channel.model_validate(channel)
        except ValidationError:
            return None
        facts = _facts(told, guild)
        self._known[facts.id] = facts
        self._known.move_to_end(facts.id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return facts

    def gone(self, channel: str) -> None:
        self._known.pop(channel, None)

    def known(self, channel: str) -> Facts | None:
        return self._known.get(channel)

    async def facts(self, channel: str) -> Facts:
        """Raises Retry or Refused."""
        known = self._known.get(channel)
        if known is not None:
            return known
        asking = self._asking.get(channel)
        if asking is None:
            asking = asyncio.create_task(self.asked(channel))
            self._asking[channel] = asking
            asking.add_done_callback(lambda _: self._asking.pop(channel, None))
        return await asyncio.shield(asking)

    async def asked(self, channel: str) -> Facts:
        """What Discord says now. Raises Retry or Refused."""
        answer: Any = await self._api.call("GET", "/channels/{channel_id}", channel_id=channel)
        return self.heard(answer) or Facts(id=channel, kind="other")


def _facts(told: wire.Channel, guild: str | None) -> Facts:
    state = told.thread_metadata or wire.ThreadState()
    return Facts(
        id=told.id,
        kind=_KINDS.get(told.type, "other"),
        guild=told.guild_id or guild,
        parent=told.parent_id,
        name=told.name or "",
        owner=told.owner_id,
        archived=bool(state.archived),
        locked=bool(state.locked),
        tags=tuple((tag.id, tag.name) for tag in told.available_tags or ()),
        applied=told.applied_tags or (),
        last_message=told.last_message_id,
    )
