"""The page's server: static files, each platform's state and changes, and every act of a person as a POST."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import aiohttp
from aiohttp import web

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.page_discord import DiscordSide
from frontdesk.sandbox.page_slack import SlackSide
from frontdesk.sandbox.slack import SlackServer

Json = dict[str, Any]
Platform = Literal["slack", "discord"]
STATIC = Path(__file__).parent / "static"
TRACE_SECONDS = 2.0


class Side(Protocol):
    """One platform as the page knows it."""

    def state(self) -> Json: ...
    def changes(self) -> AsyncIterator[Json]: ...
    def file(self, file_id: str, /) -> tuple[bytes, str] | None: ...
    def acts(self) -> Mapping[str, Callable[[Json], Awaitable[Json]]]: ...


class PageServer:
    """Serves the page and its control API on 127.0.0.1, for one platform or both."""

    def __init__(
        self,
        slack: SlackServer | None = None,
        discord: DiscordServer | None = None,
        *,
        port: int = 0,
        trace_url: str | None = None,
        staff_on: Platform | None = None,
    ) -> None:
        self._port = port
        self._sockets: set[web.WebSocketResponse] = set()
        self.trace_url = trace_url
        self.staff_on = staff_on
        """Where the staff channel is, if that was said; people may look at the other one as well."""
        self.url = ""
        self._server = web.Application(client_max_size=1 << 26)
        self._server.router.add_get("/", self._page)
        self._server.router.add_get("/static/{name}", self._static)
        self._server.router.add_get("/sandbox/about", self._about)
        self._server.router.add_get("/sandbox/trace", self._trace)
        self._platforms: list[Platform] = []
        if slack is not None:
            self._add("slack", "/sandbox", SlackSide(slack))
        if discord is not None:
            self._add("discord", "/sandbox/discord", DiscordSide(discord))
        self._runner = web.AppRunner(self._server, shutdown_timeout=0.5, access_log=None)

    def _add(self, platform: Platform, path: str, side: Side) -> None:
        self._platforms.append(platform)

        async def state(_: web.Request) -> web.StreamResponse:
            return web.json_response(side.state())

        async def changes(request: web.Request) -> web.StreamResponse:
            return await self._follow(request, side)

        async def file(request: web.Request) -> web.StreamResponse:
            return _download(side.file(request.match_info["file"]))

        router = self._server.router
        router.add_get(f"{path}/state", state)
        router.add_get(f"{path}/changes", changes)
        router.add_get(f"{path}/file/{{file}}", file)
        for name, act in side.acts().items():
            router.add_post(f"{path}/{name}", _answering(act))

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in list(self._sockets):
            with suppress(TimeoutError):
                await asyncio.wait_for(socket.close(), 0.5)
        await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return _static_file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return _static_file(request.match_info["name"])

    async def _about(self, request: web.Request) -> web.StreamResponse:
        """What the page is to show."""
        staff_on = self.staff_on if self.staff_on in self._platforms else self._platforms[0]
        return web.json_response({"platforms": self._platforms, "staff_on": staff_on, "model": {"stand_in": True}})

    async def _follow(self, request: web.Request, side: Side) -> web.StreamResponse:
        """Every change of a platform, until the page goes."""
        _refuse_other_sites(request)
        socket = web.WebSocketResponse(heartbeat=20)
        changes = side.changes()
        await socket.prepare(request)
        self._sockets.add(socket)
        telling = asyncio.create_task(_tell(socket, changes))
        try:
            async for _ in socket:
                pass
        finally:
            telling.cancel()
            self._sockets.discard(socket)
        return socket

    async def _trace(self, request: web.Request) -> web.StreamResponse:
        """The desk's last turns; an empty object as long as there is no desk."""
        if self.trace_url is None:
            return web.json_response({})
        patience = aiohttp.ClientTimeout(total=TRACE_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.get(self.trace_url, params=request.query) as answer,
            ):
                return web.json_response(await answer.json() if answer.status == 200 else {})
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return web.json_response({})


async def _tell(socket: web.WebSocketResponse, changes: AsyncIterator[Json]) -> None:
    async for change in changes:
        try:
            await socket.send_json(change)
        except (ConnectionError, RuntimeError):
            return


def _answering(
    act: Callable[[Json], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        _refuse_other_sites(request)
        try:
            return web.json_response(await act(await _arguments(request)))
        except (ValueError, KeyError, TypeError) as error:
            # What a person at the page cannot do is their mistake, not the server's.
            return web.json_response({"ok": False, "error": f"{type(error).__name__}: {error}"}, status=400)

    return answer


def _refuse_other_sites(request: web.Request) -> None:
    """Any page in the same browser can reach a local port; only our own may act."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise web.HTTPForbidden(text="another site may not use the sandbox")


async def _arguments(request: web.Request) -> Json:
    if request.content_type != "multipart/form-data":
        body = json.loads(await request.text() or "{}")
        if not isinstance(body, dict):
            raise ValueError("the body must be an object")
        return body
    args: Json = {"files": []}
    for name, part in (await request.post()).items():
        if isinstance(part, web.FileField):
            args["files"].append((part.filename, part.file.read(), part.content_type))
        else:
            args[name] = part
    return args


def _download(found: tuple[bytes, str] | None) -> web.StreamResponse:
    """A file's content for the page, which has no token."""
    if found is None:
        return web.Response(status=404)
    content, mimetype = found
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    if mimetype.startswith("image/") and "svg" not in mimetype:
        headers["Content-Disposition"] = "inline"
    return web.Response(body=content, content_type=mimetype, headers=headers)


def _static_file(name: str) -> web.StreamResponse:
    kinds = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    path = STATIC / name
    if path.suffix not in kinds or path.parent != STATIC or not path.is_file():
        return web.Response(status=404, text="not found")
    return web.Response(
        body=path.read_bytes(),
        content_type=kinds[path.suffix],
        charset="utf-8",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
