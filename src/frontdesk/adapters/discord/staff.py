"""Who is staff: everybody who can see the staff channel."""

import asyncio
from collections import OrderedDict
from typing import Any

from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.channels import Channels
from frontdesk.adapters.discord.permissions import VIEW_CHANNEL, permissions_in
from frontdesk.domain.errors import Misconfigured, Retry
from frontdesk.ports.clock import Clock

KNOWN_FOR = 60.0
MOST_KNOWN = 1000
EVERYBODY: dict[str, Any] = {"user": {"id": "0"}, "roles": []}
"""A member without any role of their own."""
_UNKNOWN_MEMBER = frozenset({10007, 10013})


class Staff:
    """Computed from roles and overwrites as Discord documents it; asked anew every minute."""

    def __init__(self, api: DiscordApi, channels: Channels, clock: Clock) -> None:
        self._api = api
        self._channels = channels
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._roles: OrderedDict[str, frozenset[str]] = OrderedDict()
        """The roles that people had when they were last heard of."""
        self._guild: tuple[float, Any, Any] | None = None
        self._asking = asyncio.Lock()

    async def includes(self, person: str) -> bool:
        """Raises Retry."""
        channel = self._api.config.staff_channel
        if channel is None:
            return False
        known = self._known.get(person)
        if known is not None and known[0] > self._clock.elapsed():
            return known[1]
        try:
            may_see = await self._may_see(channel, person)
        except Refused as refused:
            raise Retry(str(refused), after=30.0) from refused
        self._known[person] = (self._clock.elapsed() + KNOWN_FOR, may_see)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return may_see

    async def must_be_private(self) -> None:
        """No ticket is ever written where anybody can read it. Raises Misconfigured, Retry or Refused."""
        channel = self._api.config.staff_channel
        if channel is None:
            return
        guild, place = await self._told((await self._channels.facts(channel)).guild or "", channel)
        if permissions_in(guild, place, EVERYBODY) & VIEW_CHANNEL:
            raise Misconfigured(
                f"FRONTDESK_STAFF_CHANNEL=discord:{channel} is public, "
                "so that anybody could read tickets: make it private"
            )

    def seen(self, payload: Any) -> None:
        """Whatever somebody does on a server tells the roles they have now: who lost one is asked about anew."""
        member = payload.get("member") if isinstance(payload, dict) else None
        if not isinstance(member, dict) or not isinstance(member.get("roles"), list):
            return
        user = member.get("user") or payload.get("author")
        if not isinstance(user, dict):
            return
        person, roles = str(user.get("id")), frozenset(map(str, member["roles"]))
        before = self._roles.pop(person, None)
        self._roles[person] = roles
        if before != roles:
            self._known.pop(person, None)
        while len(self._roles) > MOST_KNOWN:
            self._roles.popitem(last=False)

    async def _may_see(self, channel: str, person: str) -> bool:
        guild = (await self._channels.facts(channel)).guild or ""
        try:
            member: Any = await self._api.call(
                "GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=person
            )
        except Refused as refused:
            if refused.code in _UNKNOWN_MEMBER:
                return False
            raise
        told, place = await self._told(guild, channel)
        return bool(permissions_in(told, place, member) & VIEW_CHANNEL)

    async def _told(self, guild: str, channel: str) -> tuple[Any, Any]:
        async with self._asking:
            if self._guild is None or self._guild[0] < self._clock.elapsed():
                told = await self._api.call("GET", "/guilds/{guild_id}", guild_id=guild)
                place = await self._api.call("GET", "/channels/{channel_id}", channel_id=channel)
                self._guild = (self._clock.elapsed() + KNOWN_FOR, told, place)
            return self._guild[1], self._guild[2]
