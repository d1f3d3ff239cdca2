"""The door of the REST API: reads requests, checks token, limits and faults, and calls the route."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from frontdesk.sandbox.discord import (
    rest_channels,
    rest_commands,
    rest_interactions,
    rest_messages,
    rest_people,
    rest_threads,
    rest_webhooks,
)
from frontdesk.sandbox.discord.call import Answer, Call
from frontdesk.sandbox.discord.errors import ERRORS, ApiError
from frontdesk.sandbox.discord.faults import Fault, Faults
from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.limits import Limits, Verdict
from frontdesk.sandbox.discord.values import File, Json, Request

PREFIX = "/api/v10"
Route = Callable[[Call], Answer]
Judge = Callable[[Request], Iterable[str]]
ROUTES: Mapping[tuple[str, str], Route] = {
    **rest_people.ROUTES,
    **rest_messages.ROUTES,
    **rest_threads.ROUTES,
    **rest_channels.ROUTES,
    **rest_webhooks.ROUTES,
    **rest_interactions.ROUTES,
    **rest_commands.ROUTES,
}

BY_TOKEN_IN_PATH = ("/webhooks/{webhook_id}/{webhook_token}", "/interactions/")
"""These need no Authorization: the token in the address is enough."""


class Rest:
    """All routes of one Discord."""

    def __init__(self, guild: Guild, faults: Faults, limits: Limits, gateway_info: Callable[[], Json]) -> None:
        self._guild = guild
        self._app = guild.app
        self._faults = faults
        self.limits = limits
        self.requests: list[Request] = []
        self.judge: Judge | None = None
        """Sees every request once its answer is known; what it finds wrong is noted."""
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/gateway"): lambda _: Answer(200, {"url": self._app.gateway_url}),
            ("GET", "/gateway/bot"): lambda _: Answer(200, gateway_info()),
            **ROUTES,
        }

    def mount(self, router: web.UrlDispatcher) -> None:
        # The router takes the first that fits, so fixed words go before names in braces.
        for method, template in sorted(self._routes, key=lambda key: [step[:1] == "{" for step in key[1].split("/")]):
            router.add_route(method, PREFIX + template, self.handle)
        router.add_route("*", "/api/{unknown:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        resource = request.match_info.route.resource
        template = resource.canonical.removeprefix(PREFIX) if resource else ""
        noted = await self._noted(request, template)
        fault = self._faults.take(request.method, template)
        if fault is not None and (refusal := self._refused(fault, request, noted)) is not None:
            return refusal
        verdict = self._limited(request, noted)
        if verdict.refused is not None:
            return self._over_limit(noted, verdict)
        answer = self._answer(request, noted)
        self.limits.answered(answer.status, noted.at)
        response = self._sent(noted, answer, verdict.headers)
        if fault is not None and fault.kind == "slow":
            await self._guild.clock.sleep(fault.seconds)
        if fault is not None and fault.kind == "dropped_after_receipt":
            return _hang_up(request)
        return response

    async def _noted(self, request: web.Request, template: str) -> Request:
        body, files = await _read(request)
        path = request.path.removeprefix(PREFIX)
        now = self._guild.clock.now()
        noted = Request(request.method, path, template, body, dict(request.query), files, now)
        self.requests.append(noted)
        self._guild.wake()
        return noted

    # what keeps a request from having an effect

    def _refused(self, fault: Fault, request: web.Request, noted: Request) -> web.StreamResponse | None:
        match fault.kind:
            case "rate_limited":
                headers: dict[str, str] = {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5"}
                headers |= {"X-RateLimit-Reset-After": f"{fault.seconds:.3f}", "X-RateLimit-Bucket": "faulty"}
                refusal = self.limits.refusal(
                    noted.method, noted.template, noted.at, fault.seconds, fault.scope, headers
                )
                return self._over_limit(noted, refusal)
            case "banned":
                noted.status = 429
                headers = {"Retry-After": str(int(fault.seconds)), "Content-Type": "text/html"}
                return web.Response(status=429, text="error code: 1015", headers=headers)
            case "server_error":
                noted.status = fault.status
                text = "<html><body>server error</body></html>"
                return web.Response(status=fault.status, text=text, content_type="text/html")
            case "api_error":
                self.limits.answered(fault.status, noted.at)
                words = ERRORS[fault.code][1] if fault.code in ERRORS else "An error"
                return self._sent(noted, Answer(fault.status, {"message": words, "code": fault.code}), {})
            case "dropped_before_receipt":
                return _hang_up(request)
            case _:
                return None

    def _limited(self, request: web.Request, noted: Request) -> Verdict:
        path = request.match_info
        major = next(
            (path[name] for name in ("channel_id", "guild_id", "webhook_id", "interaction_id") if name in path), ""
        )
        major += f"/{path['webhook_token']}" if "webhook_token" in path else ""
        token = "Authorization" in request.headers
        verdict = self.limits.check(noted.method, noted.template, major, noted.at, token)
        renaming = (noted.method, noted.template) == ("PATCH", "/channels/{channel_id}") and isinstance(
            noted.json, dict
        )
        if verdict.refused is None and renaming and set(noted.json) & {"name", "topic"}:
            hidden = self.limits.check_rename(major, noted.at)
            return hidden if hidden.refused is not None else verdict
        return verdict

    def _over_limit(self, noted: Request, verdict: Verdict) -> web.Response:
        if "Via" not in verdict.headers:
            noted.status = 429
            return web.Response(status=429, text=json.dumps(verdict.refused), headers=dict(verdict.headers))
        return self._sent(noted, Answer(429, {"code": 0, **(verdict.refused or {})}), verdict.headers)

    # the answer

    def _answer(self, request: web.Request, noted: Request) -> Answer:
        route = self._routes.get((request.method, noted.template))
        if route is None:
            self._guild.note(f"{request.method} {noted.path}: there is no such route here")
            return Answer(404, {"message": "404: Not Found", "code": 0})
        try:
            self._check_sender(request, noted)
            return route(self._call(request, noted))
        except ApiError as refusal:
            if refusal.mistake:
                self._guild.note(f"{noted.method} {noted.template}: {refusal}")
            return Answer(refusal.status, refusal.body())
        except (AttributeError, KeyError, TypeError, ValueError) as strange:
            # A body of a shape that no route expects is a mistake of the app, not of this Discord.
            self._guild.note(f"{noted.method} {noted.template}: {type(strange).__name__}: {strange}")
            return Answer(400, ApiError(50035).body())

    def _call(self, request: web.Request, noted: Request) -> Call:
        if isinstance(noted.json, str):
            raise ApiError(50109)
        where = f"{noted.method} {noted.template}"
        return Call(
            noted.method,
            noted.template,
            request.match_info,
            noted.query,
            {} if noted.json is None else noted.json,
            noted.files,
            self._guild,
            lambda violation: self._guild.note(f"{where}: {violation}"),
        )

    def _check_sender(self, request: web.Request, noted: Request) -> None:
        if noted.template.startswith(BY_TOKEN_IN_PATH) or noted.template == "/gateway":
            return
        if "DiscordBot" not in request.headers.get("User-Agent", ""):
            self._guild.note(f"{noted.method} {noted.template}: the User-Agent is not `DiscordBot (address, version)`")
        given = request.headers.get("Authorization", "")
        if given == f"Bot {self._app.token}" and not self._app.revoked:
            return
        if not given.startswith("Bot "):
            self._guild.note(f"{noted.method} {noted.template}: no `Bot` token in Authorization")
        raise ApiError(0)

    def _sent(self, noted: Request, answer: Answer, headers: Mapping[str, str]) -> web.Response:
        noted.status, noted.answer = answer.status, answer.body
        whole = {"Via": "1.1 google", **headers}
        for fault in self.judge(noted) if self.judge is not None else ():
            self._guild.note(fault)
        self._guild.wake()
        if answer.body is None:
            return web.Response(status=answer.status, headers=whole)
        # Exactly this: some libraries take `application/json; charset=utf-8` for text.
        whole["Content-Type"] = "application/json"
        return web.Response(status=answer.status, body=json.dumps(answer.body).encode(), headers=whole)


async def _read(request: web.Request) -> tuple[Any, tuple[File, ...]]:
    """The JSON body, and the files beside it; a text stands for a body that is no JSON."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files = tuple(
            File(name, one.filename, one.file.read(), one.content_type)
            for name, one in form.items()
            if isinstance(one, FileField)
        )
        payload = form.get("payload_json")
        return {} if payload is None or isinstance(payload, FileField) else _parsed(payload), files
    text = await request.text()
    return _parsed(text) if text else None, ()


def _parsed(text: str | bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return str(text)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
