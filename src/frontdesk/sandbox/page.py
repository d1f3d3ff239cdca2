"""The page's server: static files, the workspace's state and changes, and every act of a person as a POST."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from frontdesk.sandbox.slack import Ack, Message, SlackServer

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
TRACE_SECONDS = 2.0


class PageServer:
    """Serves the page and its control API on 127.0.0.1; texts of acts are in Slack's own form."""

    def __init__(self, slack: SlackServer, *, port: int = 0, trace_url: str | None = None) -> None:
        self._slack = slack
        self._port = port
        self._sockets: set[web.WebSocketResponse] = set()
        self.trace_url = trace_url
        self.url = ""
        server = web.Application(client_max_size=1 << 26)
        server.router.add_get("/", self._page)
        server.router.add_get("/static/{name}", self._static)
        server.router.add_get("/sandbox/state", self._state)
        server.router.add_get("/sandbox/changes", self._changes)
        server.router.add_get("/sandbox/trace", self._trace)
        server.router.add_get("/sandbox/file/{file}", self._file)
        for name, act in self._acts().items():
            server.router.add_post(f"/sandbox/{name}", _answering(act))
        self._runner = web.AppRunner(server, shutdown_timeout=0.5, access_log=None)

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

    # the page

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return _static_file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return _static_file(request.match_info["name"])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file's content for the page, which has no token."""
        file = self._slack.workspace.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        if file.mimetype.startswith("image/") and "svg" not in file.mimetype:
            headers["Content-Disposition"] = "inline"
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        ws, app = self._slack.workspace, self._slack.app
        state = {
            "team": {"id": app.team_id, "name": app.team_name},
            "model": {"stand_in": True},
            "bot": {"user_id": app.bot_user_id, "bot_id": app.bot_id, "name": app.bot_name},
            "people": [
                {
                    "id": person.id,
                    "name": person.name,
                    "real_name": person.real_name,
                    "tz": person.tz,
                    "is_stranger": person.is_stranger,
                    "is_bot": person.is_bot,
                    "image": person.image,
                }
                for person in ws.people.values()
            ],
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "private": channel.private,
                    "dm": channel.dm,
                    "ext_shared": channel.ext_shared,
                    "members": list(channel.members),
                }
                for channel in ws.channels.values()
            ],
            "messages": {
                channel: [one.on_page() for one in ws.everything(channel) if not one.deleted] for channel in ws.channels
            },
            "ephemerals": [one.on_page() for one in ws.ephemerals],
            "views": [view.on_page() for views in ws.views.values() for view in views],
            "home": {user: view.on_page() for user, view in ws.home.items()},
            "statuses": [
                {"channel": channel, "thread_ts": thread_ts, "status": status}
                for (channel, thread_ts), status in ws.status.items()
            ],
            "sessions": [session.on_page() for session in ws.sessions.values()],
            "prompts": [
                {"channel": channel, "thread_ts": thread_ts, "prompts": prompts}
                for (channel, thread_ts), prompts in ws.prompts.items()
            ],
        }
        return web.json_response(state)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        _refuse_other_sites(request)
        socket = web.WebSocketResponse(heartbeat=20)
        changes = self._slack.workspace.changes()
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

    # acts

    def _acts(self) -> Mapping[str, Callable[[Json], Awaitable[Json]]]:
        return {
            "say": self._say,
            "say_dm": self._say_dm,
            "edit": self._edit,
            "delete": self._delete,
            "click": self._click,
            "submit_view": self._submit_view,
            "close_view": self._close_view,
            "slash": self._slash,
            "shortcut": self._shortcut,
            "stop": self._stop,
            "react": self._react,
            "open_messages_tab": self._open_messages_tab,
        }

    async def _say(self, args: Json) -> Json:
        ws = self._slack.workspace
        channel = args["channel"]
        if channel == "dm":
            channel = ws.dm_with(args["user"]).id
        message = await ws.say(
            args["user"],
            channel,
            args.get("text", ""),
            thread_ts=args.get("thread_ts") or None,
            files=args.get("files", ()),
        )
        return _posted(message)

    async def _say_dm(self, args: Json) -> Json:
        return await self._say({**args, "channel": "dm"})

    async def _edit(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _posted(await ws.edit(args["user"], args["channel"], args["ts"], args["text"]))

    async def _delete(self, args: Json) -> Json:
        return _posted(await self._slack.workspace.delete(args["user"], args["channel"], args["ts"]))

    async def _click(self, args: Json) -> Json:
        ws, user, action_id, value = self._slack.workspace, args["user"], args["action_id"], args.get("value")
        if "view_id" in args:
            return _acked(await ws.click_in_view(user, args["view_id"], action_id, value))
        return _acked(await ws.click(user, args["channel"], args["ts"], action_id, value))

    async def _submit_view(self, args: Json) -> Json:
        ws, view_id = self._slack.workspace, args["view_id"]
        answer = _acked(await ws.submit_view(args["user"], view_id, args.get("values") or {}))
        view = ws.view(view_id)
        return {**answer, "errors": dict(view.errors)} if view and view.errors else answer

    async def _close_view(self, args: Json) -> Json:
        await self._slack.workspace.close_view(args["user"], args["view_id"])
        return {"ok": True}

    async def _slash(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _acked(await ws.slash(args["user"], args["channel"], args["command"], args.get("text", "")))

    async def _shortcut(self, args: Json) -> Json:
        ws = self._slack.workspace
        return _acked(
            await ws.shortcut(args["user"], args["callback_id"], channel=args.get("channel"), ts=args.get("ts"))
        )

    async def _stop(self, args: Json) -> Json:
        await self._slack.workspace.stop(args["user"], args["channel"], args["thread_ts"])
        return {"ok": True}

    async def _react(self, args: Json) -> Json:
        ws = self._slack.workspace
        remove = bool(args.get("remove"))
        await ws.react(args["user"], args["channel"], args["ts"], args["name"], remove=remove)
        return {"ok": True}

    async def _open_messages_tab(self, args: Json) -> Json:
        await self._slack.workspace.open_messages_tab(args["user"])
        return {"ok": True, "channel": self._slack.workspace.dm_with(args["user"]).id}


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


def _posted(message: Message) -> Json:
    return {"ok": True, "ts": message.ts, "channel": message.channel}


def _acked(ack: Ack) -> Json:
    if ack.arrived:
        return {"ok": True}
    return {"ok": False, "error": "the app did not answer in time"}


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
