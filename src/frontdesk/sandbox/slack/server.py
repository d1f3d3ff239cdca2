"""The local Slack as one HTTP server: Web API, sockets, files, response_urls and the workspace behind."""

import html
from types import TracebackType
from typing import Self

from aiohttp import web

from frontdesk.sandbox.slack import web_chat, web_conversations, web_sessions, web_streams, web_views
from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.blocks import checked
from frontdesk.sandbox.slack.call import ApiError
from frontdesk.sandbox.slack.clock import Clock
from frontdesk.sandbox.slack.delivery import Delivery
from frontdesk.sandbox.slack.faults import Faults
from frontdesk.sandbox.slack.methods import ALL_SCOPES
from frontdesk.sandbox.slack.response_urls import ResponseUrl
from frontdesk.sandbox.slack.socket_mode import SocketMode
from frontdesk.sandbox.slack.values import Json, Request
from frontdesk.sandbox.slack.web_api import WebApi
from frontdesk.sandbox.slack.web_files import Uploads, download
from frontdesk.sandbox.slack.workspace import Workspace


class SlackServer:
    """`async with SlackServer() as slack:` gives a Slack with the example workspace."""

    def __init__(self, port: int = 0, clock: Clock | None = None) -> None:
        self._port = port
        self.clock = clock or Clock()
        self.app = App(scopes=set(ALL_SCOPES))
        self.faults = Faults()
        self.sockets = SocketMode(self.app, self.clock)
        self.delivery = Delivery(self.app, self.clock, self.sockets, self.faults)
        self.workspace = Workspace(self.app, self.clock, self.delivery)
        uploads = Uploads()
        self.web_api = WebApi(
            self.workspace,
            self.faults,
            {
                **web_chat.METHODS,
                **web_streams.METHODS,
                **web_sessions.METHODS,
                **web_conversations.METHODS,
                **web_views.METHODS,
                **uploads.methods(),
                "apps.connections.open": lambda _: {"url": self.sockets.open_ticket()},
            },
        )
        server = web.Application(client_max_size=1 << 28)
        server.router.add_route("*", "/api/{method}", self.web_api.handle)
        server.router.add_get("/link/", self.sockets.handle)
        server.router.add_post("/upload/v1/{file}", uploads.receive)
        server.router.add_get("/files-pri/{file}/{name}", self._download)
        server.router.add_get("/images/{name}", self._picture)
        server.router.add_post("/actions/{team}/{key}", self._respond)
        self._runner = web.AppRunner(server, shutdown_timeout=0.5, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.app.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.workspace.settle_example()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.delivery.close()
        await self.sockets.close()
        await self._runner.cleanup()

    # what an app is configured with

    @property
    def api_url(self) -> str:
        return f"{self.app.base_url}/api/"

    @property
    def bot_token(self) -> str:
        return self.app.bot_token

    @property
    def app_token(self) -> str:
        return self.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.app.signing_secret

    @property
    def team_id(self) -> str:
        return self.app.team_id

    @property
    def bot_user_id(self) -> str:
        return self.app.bot_user_id

    @property
    def bot_id(self) -> str:
        return self.app.bot_id

    def deliver_over_http(self, url: str | None) -> None:
        """Events, interactions and commands go to this address; None = Socket Mode again."""
        self.delivery.url = url

    async def verify_url(self) -> bool:
        """Send the url_verification challenge to the address of HTTP mode."""
        return await self.delivery.verify_url()

    # what came in

    @property
    def requests(self) -> list[Request]:
        return self.web_api.requests

    @property
    def violations(self) -> list[str]:
        return self.web_api.violations

    def calls(self, method: str) -> list[Request]:
        """The requests of one method."""
        return [request for request in self.requests if request.method == method]

    # what goes wrong

    @property
    def enforce_tiers(self) -> bool:
        return self.web_api.tiers.enforced

    @enforce_tiers.setter
    def enforce_tiers(self, on: bool) -> None:
        self.web_api.tiers.enforced = on

    @property
    def tier_generosity(self) -> float:
        return self.web_api.tiers.generosity

    @tier_generosity.setter
    def tier_generosity(self, times: float) -> None:
        self.web_api.tiers.generosity = times

    def limit(self, method: str, *, per_minute: float) -> None:
        """Another limit for one method, such as 1 for the replies and history of distributed apps."""
        self.web_api.tiers.per_minute[method] = per_minute

    def revoke_token(self) -> None:
        """The app is uninstalled: it hears of it, and its token is worth nothing."""
        tokens = {"oauth": [], "bot": [self.app.bot_user_id]}
        self.delivery.event({"type": "tokens_revoked", "tokens": tokens}, subscription="tokens_revoked")
        self.delivery.event({"type": "app_uninstalled"}, subscription="app_uninstalled")
        self.app.revoked = True

    async def refresh_sockets(self) -> None:
        await self.sockets.refresh()

    async def cut_sockets(self) -> None:
        self.sockets.cut()

    def reject_next_tickets(self, count: int) -> None:
        self.sockets.reject_next = count

    def freeze_sockets(self) -> None:
        self.sockets.freeze()

    def thaw_sockets(self) -> None:
        self.sockets.thaw()

    def advance(self, seconds: float) -> None:
        """Move the clock, and end what ends by itself in that time."""
        self.clock.advance(seconds)
        self.workspace.age()

    # addresses outside the Web API

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return download(self.workspace, request)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        """A person's picture: one letter on a colour."""
        person = self.workspace.people.get(request.match_info["name"].removesuffix(".svg"))
        if person is None:
            return web.Response(status=404)
        hue = sum(person.id.encode()) * 37 % 360
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
            f'<rect width="48" height="48" rx="8" fill="hsl({hue} 45% 40%)"/>'
            '<text x="24" y="33" font-family="sans-serif" font-size="26" fill="white" '
            f'text-anchor="middle">{html.escape(person.real_name[:1])}</text></svg>'
        )
        return web.Response(text=drawing, content_type="image/svg+xml")

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        """An answer through a response_url."""
        url = self.workspace.response_urls.use(request.match_info["key"])
        if url is None:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        try:
            self._answer_through(url, await request.json())
        except ApiError as refusal:
            self.web_api.note(f"response_url: {refusal.error} {' '.join(refusal.messages)}")
            return web.json_response({"ok": False, "error": refusal.error}, status=400)
        return web.Response(text="ok")

    def _answer_through(self, url: ResponseUrl, answer: Json) -> None:
        answer = {**answer, "blocks": checked(answer.get("blocks"))}
        thread_ts = url.message.thread_ts if url.message else None
        if url.message is None or not (answer.get("replace_original") or answer.get("delete_original")):
            self.workspace.answer_command(url.user, url.channel, answer, thread_ts)
            return
        self.workspace.replace_original(url.message, answer)
