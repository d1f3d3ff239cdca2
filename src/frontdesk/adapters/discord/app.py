"""The desk on Discord: what speaks, what listens, and in which order both begin and end."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from frontdesk.adapters.discord.api import DiscordApi, Refused
from frontdesk.adapters.discord.budget import IdentifyBudget
from frontdesk.adapters.discord.catchup import CatchUp
from frontdesk.adapters.discord.channels import Channels, unseen
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.files import Fetch
from frontdesk.adapters.discord.gateway import Gateway
from frontdesk.adapters.discord.http import HttpInteractions
from frontdesk.adapters.discord.intake import Intake
from frontdesk.adapters.discord.interactions import Interactions, Receiver
from frontdesk.adapters.discord.markup import heard
from frontdesk.adapters.discord.pacing import Pacing, SharedPace
from frontdesk.adapters.discord.places import Places
from frontdesk.adapters.discord.platform import DiscordChat
from frontdesk.adapters.discord.register import register
from frontdesk.adapters.discord.whispers import Whispers
from frontdesk.domain.errors import Misconfigured, Retry
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry


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
        pace = SharedPace(notebook, clock)
        self._pacing = Pacing(clock, pace)
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
        self._interactions: Interactions | None = None
        self._endpoint: HttpInteractions | None = None
        self._intakes: list[Intake] = []
        self._gateways: list[Gateway] = []
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
                f"FRONTDESK_STAFF_CHANNEL=discord:{self._config.staff_channel} {unseen(refused)}"
            ) from refused
        return self._chat

    async def start(self) -> None:
        """Listen. Raises Misconfigured when Discord does not take the token or the intents."""
        assert self._receiver is not None, "listening needs somebody who receives"
        identity = await self._api.identity()
        if self._stopping:
            return
        self._interactions = Interactions(
            self._api,
            self._ids,
            self._receiver,
            self._whispers,
            self._clock,
            self._telemetry,
            heard=lambda text: heard(text, identity.user).text,
            home=self._places.home,
            seen=self._chat.seen,
            asked=self._places.asked,
        )
        self._endpoint = HttpInteractions(self._interactions, lambda: identity.public_key, self._clock, self._telemetry)
        self._registering = asyncio.create_task(
            register(self._api, self._notebook, self._telemetry, commands()), name="discord commands"
        )
        budget = IdentifyBudget(self._api, self._notebook, self._clock, self._telemetry)
        for shard in self._config.shard_ids or range(self._config.shards):
            self._gateways.append(self._gateway(shard, budget, self._receiver, self._interactions))
        await asyncio.gather(*(gateway.start() for gateway in self._gateways))

    def _gateway(self, shard: int, budget: IdentifyBudget, receiver: Receiver, interactions: Interactions) -> Gateway:
        api, notebook, clock, telemetry = self._api, self._notebook, self._clock, self._telemetry
        catch_up = CatchUp(api, notebook, clock, telemetry, shard)
        intake = Intake(
            api, receiver, self._channels, self._places, catch_up, interactions, clock, telemetry, self._chat.seen
        )
        self._intakes.append(intake)
        return Gateway(api, intake, notebook, clock, telemetry, shard=shard, budget=budget)

    async def stop_intake(self) -> None:
        """Take nothing new, and finish what was taken."""
        self._stopping = True
        await asyncio.gather(*(gateway.stop() for gateway in self._gateways))
        if self._interactions is not None:
            await self._interactions.close()
        await asyncio.gather(*(intake.close() for intake in self._intakes))

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
