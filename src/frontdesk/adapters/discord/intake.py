"""Reads what the gateway of one shard brings, and has it stored."""

import json
from collections.abc import Callable
from typing import Any

from frontdesk.adapters.discord import parse, wire
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.catchup import DIRECT, CatchUp
from frontdesk.adapters.discord.channels import Channels, Facts
from frontdesk.adapters.discord.interactions import Interactions, Receiver
from frontdesk.adapters.discord.permissions import Permission, permissions_in
from frontdesk.adapters.discord.places import Places
from frontdesk.domain.errors import DeskError, Retry, Unreadable
from frontdesk.domain.events import MessageEdited, MessagePosted
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

ABOUT_CHANNELS = frozenset({"CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"})
GONE = frozenset({"CHANNEL_DELETE", "THREAD_DELETE"})
ABOUT_ROLES = frozenset({"GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"})
ABOUT_MESSAGES = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})
WANTED = (
    ABOUT_CHANNELS
    | GONE
    | ABOUT_ROLES
    | ABOUT_MESSAGES
    | {"READY", "GUILD_CREATE", "THREAD_LIST_SYNC", "GUILD_MEMBER_REMOVE", "INTERACTION_CREATE"}
)
_READING = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY


class Intake:
    """What cannot be read is set aside and counted; nothing but Retry comes out."""

    def __init__(
        self,
        api: DiscordApi,
        receiver: Receiver,
        channels: Channels,
        places: Places,
        catch_up: CatchUp,
        interactions: Interactions,
        clock: Clock,
        telemetry: Telemetry,
        seen: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """`seen` is told of everything that somebody did."""
        self._api = api
        self._config = api.config
        self._receiver = receiver
        self._channels = channels
        self._places = places
        self._catch_up = catch_up
        self._interactions = interactions
        self._clock = clock
        self._telemetry = telemetry
        self._seen = seen
        self._desk = parse.Desk(user=api.identified.user)
        self._servers: set[str] = set()
        """Those whose roles are known."""

    def wants(self, event: str) -> bool:
        return event in WANTED

    async def set_aside(self, payload: str, reason: str) -> None:
        await self._receiver.set_aside("discord", payload, reason)

    async def hear(self, event: str, data: Any) -> None:
        try:
            await self._hear(event, data)
        except Retry:
            raise
        except Unreadable as unreadable:
            await self._not_read(event, data, str(unreadable))
        except Refused as refused:
            # A channel that is gone, or hidden from us by now: nobody can be answered there.
            self._telemetry.count("discord_ignored", reason=f"refused {refused.code}")
        except Exception as error:  # noqa: BLE001 - an event that trips us is kept, and the next one is heard
            self._telemetry.trouble("discord intake", error, event=event)
            await self._not_read(event, data, f"{type(error).__name__} while reading it")

    async def close(self) -> None:
        try:
            await self._catch_up.save()
        except DeskError as error:
            self._telemetry.trouble("discord's last message not written down", error)

    async def _not_read(self, event: str, data: Any, reason: str) -> None:
        self._telemetry.count("discord_unreadable")
        await self.set_aside(json.dumps({"t": event, "d": data}), reason)

    async def _hear(self, event: str, data: Any) -> None:
        told = parse.as_object(data)
        if event != "INTERACTION_CREATE" and self._is_elsewhere(told):
            self._telemetry.count("discord_ignored", reason="a server that is not served")
            return
        match event:
            case "MESSAGE_CREATE":
                await self._posted(told)
            case "MESSAGE_UPDATE":
                await self._edited(told)
            case "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK":
                await self._deleted(told)
            case "INTERACTION_CREATE":
                await self._interactions.accept(told)
            case "GUILD_MEMBER_REMOVE":
                await self._left(told)
            case "READY":
                await self._began(told)
            case "GUILD_CREATE":
                await self._joined(told)
            case _:
                self._learn(event, told)

    def _is_elsewhere(self, told: dict[str, Any]) -> bool:
        """Anybody may invite a public bot to a server of their own."""
        server = told.get("guild_id")
        return server is not None and bool(self._config.servers) and str(server) not in self._config.servers

    # what people do

    async def _posted(self, told: dict[str, Any]) -> None:
        message = parse.read(wire.Message, told)
        if message.author is not None and message.author.id == self._desk.user:
            return
        self._seen(told)
        if message.guild_id is not None and "<@&" in (message.content or ""):
            await self._know_roles(message.guild_id)
        thread, facts = await self._places.thread_of(message.channel_id, message.id, message.guild_id)
        parsed = parse.posted(message, thread, self._desk, await self._title(message.id, facts))
        if isinstance(parsed, MessagePosted) and not facts.is_thread and (parsed.addressed or self._is_served(facts)):
            await self._places.asked(thread)
        if await self._receive(parsed):
            await self._catch_up.heard(message.id, direct=thread.channel if thread.direct else None)

    async def _edited(self, told: dict[str, Any]) -> None:
        message = parse.read(wire.Message, told)
        if message.edited_timestamp is None or (message.author is not None and message.author.id == self._desk.user):
            return
        thread, facts = await self._places.thread_of(message.channel_id, message.id, message.guild_id)
        await self._receive(parse.edited(message, thread, self._desk, await self._title(message.id, facts)))

    async def _receive(self, parsed: MessagePosted | MessageEdited | parse.Ignored) -> bool:
        if isinstance(parsed, parse.Ignored):
            self._telemetry.count("discord_ignored", reason=parsed.reason)
            return False
        await self._receiver.receive(parsed)
        return True

    async def _deleted(self, told: dict[str, Any]) -> None:
        gone = parse.read(wire.Deleted, told)
        for message in gone.messages:
            thread, _ = await self._places.thread_of(gone.channel_id, message, gone.guild_id)
            await self._receiver.receive(parse.deleted(message, thread, self._clock.now()))

    async def _left(self, told: dict[str, Any]) -> None:
        gone = parse.read(wire.Left, told)
        hour = int(self._clock.now() // 3600)
        name = f"discord:{gone.guild_id}:left:{gone.user.id}:{hour}"
        await self._receiver.left(parse.person(gone.user), gone.guild_id, name)

    async def _title(self, message: str, facts: Facts) -> str:
        """Of the forum post that this message starts."""
        if not facts.is_thread or message != facts.id or facts.parent is None:
            return ""
        return facts.name if (await self._channels.facts(facts.parent)).kind == "forum" else ""

    # what is there

    async def _began(self, told: dict[str, Any]) -> None:
        """A new session: what the last one did not bring is read as the servers are told of."""
        servers = parse.read(wire.Ready, told).servers
        shard = told.get("shard")
        first = not isinstance(shard, list) or shard[:1] == [0]
        await self._catch_up.lost([*servers, *([DIRECT] if first else [])])
        await self._catch_up.read_direct(self._caught_up)

    async def _joined(self, told: dict[str, Any]) -> None:
        guild = parse.read(wire.Guild, told)
        for role in _items(told, "roles"):
            self._learn_role(role)
        self._servers.add(guild.id)
        channels, threads = _items(told, "channels"), _items(told, "threads")
        for each in (*channels, *threads):
            self._channels.heard(each, guild.id)
        if await self._catch_up.misses(guild.id):
            seen = [*threads, *(each for each in channels if self._may_see(told, each))]
            places = [facts for each in seen if (facts := self._channels.heard(each, guild.id)) is not None]
            wanted = [facts for facts in places if facts.is_thread or facts.kind == "text"]
            await self._catch_up.read(guild.id, sorted(wanted, key=self._is_served, reverse=True), self._caught_up)

    def _is_served(self, facts: Facts) -> bool:
        """Where people write to the desk; elsewhere they may at most have mentioned it."""
        return facts.is_thread or "*" in self._config.channels or facts.id in self._config.channels

    def _may_see(self, guild: dict[str, Any], channel: Any) -> bool:
        """A server tells of all its channels; asking for what is hidden would count towards a ban."""
        own = [each for each in _items(guild, "members") if _user_of(each) == self._desk.user]
        try:
            return bool(own) and _READING in permissions_in(guild, channel, own[0])
        except Unreadable:
            return False

    async def _caught_up(self, message: Any) -> None:
        await self.hear("MESSAGE_CREATE", message)

    def _learn(self, event: str, told: dict[str, Any]) -> None:
        """What is there, and what it is called."""
        if event == "THREAD_LIST_SYNC":
            for thread in _items(told, "threads"):
                self._channels.heard(thread, parse.read(wire.ThreadList, told).guild_id)
        elif event in ABOUT_CHANNELS:
            self._channels.heard(told)
        elif event in GONE:
            self._channels.gone(str(told.get("id")))
        elif event in ABOUT_ROLES:
            self._learn_role(told.get("role"))

    async def _know_roles(self, guild: str) -> None:
        """A session that is resumed tells of no server, so that the roles of one have to be asked for, once."""
        if guild in self._servers:
            return
        told: Any = await self._api.call("GET", "/guilds/{guild_id}", guild_id=guild)
        for role in _items(told, "roles"):
            self._learn_role(role)
        self._servers.add(guild)

    def _learn_role(self, role: Any) -> None:
        """Discord gives every bot a role of its own; people mention that as well."""
        if not isinstance(role, dict) or not isinstance(role.get("tags"), dict):
            return
        if str(role["tags"].get("bot_id")) == self._desk.user:
            self._desk = self._desk.model_copy(update={"roles": self._desk.roles | {str(role.get("id"))}})


def _user_of(member: Any) -> str | None:
    user = member.get("user") if isinstance(member, dict) else None
    return str(user.get("id")) if isinstance(user, dict) else None


def _items(told: dict[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []
