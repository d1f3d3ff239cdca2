"""The local Discord as one HTTP server: REST, gateway, attachments and the example server behind."""

import html
from types import TracebackType
from typing import ClassVar, Self

from aiohttp import web

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.cdn import Links, download
from frontdesk.sandbox.discord.clock import Clock
from frontdesk.sandbox.discord.events import Events
from frontdesk.sandbox.discord.faults import Faults
from frontdesk.sandbox.discord.gateway import Gateway
from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.interactions import Delivery
from frontdesk.sandbox.discord.limits import Limits
from frontdesk.sandbox.discord.rest import Judge, Rest
from frontdesk.sandbox.discord.values import Json, Request


class DiscordServer:
    """`async with DiscordServer() as discord:` gives a Discord with the example server."""

    everywhere: ClassVar[Judge | None] = None
    """The judge of every server that is made from now on; for a whole test run."""

    def __init__(self, port: int = 0, clock: Clock | None = None) -> None:
        self._port = port
        self.clock = clock or Clock()
        self.app = App()
        self.gateway = Gateway(self.app, self.clock, self._ready, self._guild_create)
        self.faults = Faults()
        self.links = Links(self.app, self.clock)
        self.limits = Limits(self.app.application_id)
        events = Events(self.gateway, self.faults)
        self.delivery = Delivery(self.app, self.clock, events)
        self.guild = Guild(self.app, self.clock, events, self.links, self.delivery)
        self.guild.settle_example()
        self.gateway.on_change = self.guild.wake
        self.rest = Rest(self.guild, self.faults, self.limits, self.gateway.info)
        self.rest.judge = type(self).everywhere
        server = web.Application(client_max_size=1 << 28)
        self.rest.mount(server.router)
        server.router.add_get("/gateway", self.gateway.handle)
        server.router.add_get("/gateway/", self.gateway.handle)
        server.router.add_get("/attachments/{channel}/{attachment}/{name}", self._download)
        server.router.add_get("/avatars/{person}/{name}", self._picture)
        server.router.add_get("/embed/avatars/{name}", self._picture)
        self._runner = web.AppRunner(server, shutdown_timeout=0.5, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.app.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.gateway.url = self.app.gateway_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.delivery.close()
        await self.gateway.close()
        await self._runner.cleanup()

    def _ready(self) -> Json:
        return self.guild.wire.ready()

    def _guild_create(self) -> Json:
        return self.guild.wire.guild_create()

    # what an app is configured with

    @property
    def api_url(self) -> str:
        return self.app.api_url

    @property
    def gateway_url(self) -> str:
        return self.app.gateway_url

    @property
    def token(self) -> str:
        return self.app.token

    @property
    def application_id(self) -> str:
        return self.app.application_id

    @property
    def bot_user_id(self) -> str:
        return self.app.bot_user_id

    @property
    def public_key(self) -> str:
        return self.app.public_key

    @property
    def guild_id(self) -> str:
        return self.guild.id

    def deliver_interactions_to(self, url: str | None) -> None:
        """Interactions go to this address, signed; None = the gateway again."""
        self.delivery.url = url

    async def verify_interactions_url(self) -> bool:
        """What Discord does when the address is saved: it must answer a PING and refuse a wrong signature."""
        return await self.delivery.verify()

    # what came in

    @property
    def requests(self) -> list[Request]:
        return self.rest.requests

    @property
    def violations(self) -> list[str]:
        return self.guild.violations

    def calls(self, method: str, template: str) -> list[Request]:
        """The requests of one route."""
        return [one for one in self.requests if (one.method, one.template) == (method, template)]

    @property
    def judge(self) -> Judge | None:
        """Sees every request once its answer is known; what it finds wrong is among the `violations`."""
        return self.rest.judge

    @judge.setter
    def judge(self, judge: Judge | None) -> None:
        self.rest.judge = judge

    # what goes wrong

    @property
    def enforce_limits(self) -> bool:
        return self.limits.enforced

    @enforce_limits.setter
    def enforce_limits(self, on: bool) -> None:
        self.limits.enforced = on

    @property
    def invalid_requests(self) -> int:
        """Answers of the last ten minutes that count towards Discord's ban."""
        return self.limits.invalid_requests(self.clock.now())

    def revoke_token(self) -> None:
        """The token was reset in the portal: sessions end, and every call answers 401."""
        self.app.revoked = True
        self.gateway.close_with(4004)

    def advance(self, seconds: float) -> None:
        """Move the clock, and end what ends by itself in that time."""
        self.clock.advance(seconds)
        self.guild.age()

    # addresses outside the API

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return download(self.guild, self.links, request)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        """A person's picture: one letter on a colour."""
        person = self.guild.people.get(request.match_info.get("person", self.bot_user_id))
        if person is None:
            return web.Response(status=404)
        hue = int(person.id) * 37 % 360
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
            f'<circle cx="24" cy="24" r="24" fill="hsl({hue} 45% 40%)"/>'
            '<text x="24" y="33" font-family="sans-serif" font-size="26" fill="white" '
            f'text-anchor="middle">{html.escape(person.real_name[:1])}</text></svg>'
        )
        return web.Response(text=drawing, content_type="image/svg+xml")
