"""Discord's intake: one dispatcher behind the gateway and HTTP interactions, which counts only what is stored."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from frontdesk.adapters.discord import parse, wire
from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.catchup import CatchUp
from frontdesk.adapters.discord.channels import Channels, Facts
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.files import Fetch
from frontdesk.adapters.discord.gateway import Gateway
from frontdesk.adapters.discord.http import HttpInteractions
from frontdesk.adapters.discord.interactions import Interactions, Receiver
from frontdesk.adapters.discord.markup import heard
from frontdesk.adapters.discord.pacing import Pacing, SharedPace
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.platform import DiscordChat
from frontdesk.adapters.discord.register import register
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.domain.errors import Misconfigured, Retry, Unreadable
from frontdesk.domain.events import MessagePosted
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
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


class DiscordApp:
    """One bot: `connect` to speak, `start` to listen."""

    def __init__(
        self,
        config: DiscordConfig,
        receiver: Receiver | None,
        notebook: Notebook,
        clock: Clock,
        telemetry: Telemetry,
        fetch: Fetch | None = None,
    ) -> None:
        self._config = config
        self._receiver = receiver
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._fetch = fetch
        self._api = DiscordApi(config, clock, telemetry)
        self._channels = Channels(self._api)
        self._places = Places(self._api, self._channels, notebook, clock, telemetry)
        self._whispers = Whispers(self._api, notebook, clock, telemetry)
        pace, self._pacing = SharedPace(notebook, clock), Pacing(clock)
        self._ids = CustomIds(config.token.get_secret_value().encode())
        self._chat = DiscordChat(
            self._api,
            self._channels,
            self._places,
            self._whispers,
            notebook,
            clock,
            telemetry,
            self._ids,
            self._pacing,
            fetch,
        )
        self._api.pace = pace
        self._api.listeners = (pace.answered, self._pacing.answered)
        self._desk = parse.Desk(user="")
        self._interactions: Interactions | None = None
        self._endpoint: HttpInteractions | None = None
        self._catch_up: CatchUp | None = None
        self._gateways: list[Gateway] = []
        self._missed: dict[str, str] = {}
        """Servers that are read after a lost session, and from which message on."""
        self._registering: asyncio.Task[bool] | None = None
        self._stopping = False

    @property
    def chat(self) -> DiscordChat:
        return self._chat

    @property
    def gateways(self) -> Sequence[Gateway]:
        return self._gateways

    async def connect(self) -> DiscordChat:
        """Make sure that Discord knows us. Raises Misconfigured."""
        try:
            await self._api.identity()
            await self._chat.settle()
        except Retry as retry:
            raise Misconfigured(f"Discord cannot be reached at DISCORD_API_URL ({retry}): check the address") from retry
        except Refused as refused:
            raise Misconfigured(
                f"FRONTDESK_STAFF_CHANNEL=discord:{self._config.staff_channel} is not to be seen ({refused.code}): "
                "copy the channel's id, and let the bot see the channel"
            ) from refused
        return self._chat

    async def start(self) -> None:
        """Listen. Raises Misconfigured when Discord does not take the token or the intents."""
        assert self._receiver is not None, "listening needs somebody who receives"
        identity = await self._api.identity()
        self._desk = parse.Desk(user=identity.user)
        self._interactions = Interactions(
            self._api,
            self._ids,
            self._receiver,
            self._whispers,
            self._clock,
            self._telemetry,
            heard=lambda text: heard(text, identity.user).text,
            home=self._places.home,
        )
        self._endpoint = HttpInteractions(self._interactions, lambda: identity.public_key, self._clock, self._telemetry)
        self._catch_up = CatchUp(self._api, self._channels, self._notebook, self._clock, self._telemetry)
        await self._catch_up.begin()
        self._registering = asyncio.create_task(
            register(self._api, self._notebook, self._telemetry, commands()), name="discord commands"
        )
        identifying = asyncio.Lock()
        for shard in self._config.shard_ids or range(self._config.shards):
            self._gateways.append(
                Gateway(
                    self._api,
                    self,
                    self._notebook,
                    self._clock,
                    self._telemetry,
                    shard=shard,
                    identifying=identifying,
                )
            )
        await asyncio.gather(*(gateway.start() for gateway in self._gateways))

    async def stop_intake(self) -> None:
        """Take nothing new, and finish what was taken."""
        self._stopping = True
        await asyncio.gather(*(gateway.stop() for gateway in self._gateways))
        if self._interactions is not None:
            await self._interactions.close()
        if self._catch_up is not None:
            try:
                await self._catch_up.save()
            except Retry as retry:
                self._telemetry.trouble("discord's last message not written down", retry)

    async def close(self) -> None:
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)
        await self._chat.close()
        await self._api.close()

    async def stop(self) -> None:
        """Both, in order."""
        await self.stop_intake()
        await self.close()

    async def ready(self) -> str | None:
        """Why Discord cannot reach us; None when it can."""
        if self._stopping or not self._gateways:
            return "not listening"
        for gateway in self._gateways:
            if not gateway.connected:
                return gateway.waiting_for or "not connected"
        return None

    async def http_handler(self, request: web.Request) -> web.Response:
        """`/discord/interactions`: buttons, forms and commands, each proven to come from Discord."""
        if self._endpoint is None or self._stopping:
            return web.Response(status=503, headers={"Retry-After": "5"})
        return await self._endpoint.handle(request)

    # what the gateway brings

    def wants(self, event: str) -> bool:
        return event in WANTED

    async def set_aside(self, payload: str, reason: str) -> None:
        assert self._receiver is not None
        await self._receiver.set_aside("discord", payload, reason)

    async def hear(self, event: str, data: Any) -> None:
        try:
            await self._hear(event, data)
        except Unreadable as unreadable:
            self._telemetry.count("discord_unreadable")
            await self.set_aside(json.dumps({"t": event, "d": data}), str(unreadable))
        except Refused as refused:
            # A channel that is gone, or hidden from us by now: nobody can be answered there.
            self._telemetry.count("discord_ignored", reason=f"refused {refused.code}")

    async def _hear(self, event: str, data: Any) -> None:
        match event:
            case "MESSAGE_CREATE":
                await self._posted(data)
            case "MESSAGE_UPDATE":
                await self._edited(data)
            case "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK":
                await self._deleted(data)
            case "INTERACTION_CREATE":
                assert self._interactions is not None
                await self._interactions.accept(parse.as_object(data))
            case "GUILD_MEMBER_REMOVE":
                await self._left(data)
            case "READY":
                self._fresh(data)
            case "GUILD_CREATE":
                await self._joined(data)
            case _:
                self._learn(event, parse.as_object(data))

    def _learn(self, event: str, told: dict[str, Any]) -> None:
        """What is there, and what it is called."""
        if event == "THREAD_LIST_SYNC":
            for thread in told.get("threads") or ():
                self._channels.heard(thread, str(told.get("guild_id") or "") or None)
        elif event in ABOUT_CHANNELS:
            self._channels.heard(told)
        elif event in GONE:
            self._channels.gone(str(told.get("id")))
        elif event in ABOUT_ROLES:
            self._learn_role(told.get("role"))

    async def _posted(self, data: Any) -> None:
        message = parse.read(wire.Message, data)
        if message.author is not None and message.author.id == self._desk.user:
            return
        thread, facts = await self._places.thread_of(message.channel_id, message.id, message.guild_id)
        parsed = parse.posted(message, thread, self._desk, await self._title(message.id, facts))
        if isinstance(parsed, parse.Ignored):
            self._telemetry.count("discord_ignored", reason=parsed.reason)
            return
        await self._receive(parsed)
        assert self._catch_up is not None
        await self._catch_up.heard(message.id, direct=thread.channel if thread.direct else None)

    async def _receive(self, event: MessagePosted) -> None:
        assert self._receiver is not None
        await self._receiver.receive(event)

    async def _edited(self, data: Any) -> None:
        message = parse.read(wire.Message, data)
        if message.edited_timestamp is None or (message.author is not None and message.author.id == self._desk.user):
            return
        thread, facts = await self._places.thread_of(message.channel_id, message.id, message.guild_id)
        parsed = parse.edited(message, thread, self._desk, await self._title(message.id, facts))
        if isinstance(parsed, parse.Ignored):
            self._telemetry.count("discord_ignored", reason=parsed.reason)
            return
        assert self._receiver is not None
        await self._receiver.receive(parsed)

    async def _deleted(self, data: Any) -> None:
        gone = parse.read(wire.Deleted, data)
        assert self._receiver is not None
        for message in gone.messages:
            thread, _ = await self._places.thread_of(gone.channel_id, message, gone.guild_id)
            await self._receiver.receive(parse.deleted(message, thread, self._clock.now()))

    async def _left(self, data: Any) -> None:
        gone = parse.read(wire.Left, data)
        assert self._receiver is not None
        hour = int(self._clock.now() // 3600)
        await self._receiver.left(parse.person(gone.user), f"discord:{gone.guild_id}:left:{gone.user.id}:{hour}")

    async def _title(self, message: str, facts: Facts) -> str:
        """Of the forum post that this message starts."""
        if not facts.is_thread or message != facts.id or facts.parent is None:
            return ""
        return facts.name if (await self._channels.facts(facts.parent)).kind == "forum" else ""

    def _fresh(self, data: Any) -> None:
        """A new session: what the last one did not bring is read as the servers are told of."""
        assert self._catch_up is not None
        since = self._catch_up.missed_since()
        guilds = parse.as_object(data).get("guilds") or ()
        self._missed = {str(guild.get("id")): since for guild in guilds if isinstance(guild, dict)} if since else {}
        if since:
            self._missed[parse.DIRECT] = since

    async def _joined(self, data: Any) -> None:
        try:
            guild = wire.Guild.model_validate(data)
        except ValidationError as error:
            raise Unreadable("Guild") from error
        for role in data.get("roles") or ():
            self._learn_role(role)
        told = [self._channels.heard(each, guild.id) for each in (*data.get("channels", ()), *data.get("threads", ()))]
        catch_up = self._catch_up
        assert catch_up is not None
        since = self._missed.pop(guild.id, None)
        if since is not None:
            await catch_up.read(since, [facts for facts in told if facts and self._is_read(facts)], self._caught_up)
        direct = self._missed.pop(parse.DIRECT, None)
        if direct is not None:
            await catch_up.read_direct(direct, self._caught_up)

    def _is_read(self, facts: Facts) -> bool:
        """Where somebody may have written to the desk: served channels, and every thread it can see."""
        return facts.is_thread or "*" in self._config.channels or facts.id in self._config.channels

    async def _caught_up(self, message: Any) -> None:
        try:
            await self._posted(message)
        except Unreadable as unreadable:
            await self.set_aside(json.dumps(message), str(unreadable))

    def _learn_role(self, role: Any) -> None:
        """Discord gives every bot a role of its own; people mention that as well."""
        if not isinstance(role, dict) or not isinstance(role.get("tags"), dict):
            return
        if str(role["tags"].get("bot_id")) == self._desk.user:
            self._desk = self._desk.model_copy(update={"roles": self._desk.roles | {str(role.get("id"))}})
