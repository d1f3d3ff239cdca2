"""The door of the Web API: reads arguments, checks token, scopes, limits and faults, and calls the method."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.faults import Fault, Faults
from frontdesk.sandbox.slack.methods import METHODS, PER_MINUTE, Method
from frontdesk.sandbox.slack.values import Json, Request
from frontdesk.sandbox.slack.workspace import Workspace

KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
    "array": (list,),
    "object": (dict,),
    "any": (object,),
}

MISTAKES = frozenset(
    (
        *("unknown_method", "missing_scope", "not_allowed_token_type", "invalid_arguments", "no_text"),
        *(
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_blocks_too_many",
            "msg_too_long",
        ),
        *(
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "metadata_too_large",
            "markdown_text_conflict",
        ),
        *("invalid_chunks", "view_too_large", "missing_recipient_team_id", "missing_recipient_user_id"),
    )
)

ALWAYS_TAKEN = ("team_id",)
"""What the SDK adds to every call of an app that is installed in several workspaces."""


class WebApi:
    """All methods of one workspace."""

    def __init__(self, workspace: Workspace, faults: Faults, answers: Mapping[str, Callable[[Call], Json]]) -> None:
        self._workspace = workspace
        self._app = workspace.app
        self._faults = faults
        self._answers = answers
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.tiers = Tiers(workspace)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        method = METHODS.get(name)
        args, token = await _read(request, method)
        self.requests.append(Request(name, args, _kind_of(token, self._app), self._workspace.clock.now()))
        self._workspace.wake()
        fault = self._faults.take(name)
        if fault and (refusal := await self._refused(fault, request)) is not None:
            return refusal
        limit = self.tiers.over(name, args)
        if limit is not None:
            self.note(f"{name}: over its rate tier")
            return _rate_limited(limit)
        answer = self._answer(name, method, args, token)
        return await self._delivered(answer, fault, name, request)

    async def _refused(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        """The answer of a fault that keeps the call from having an effect."""
        match fault.kind:
            case "rate_limited":
                return _rate_limited(fault.seconds)
            case "server_error":
                return web.Response(status=fault.status, text="<html><body>server error</body></html>")
            case "html":
                return web.Response(text="<html><body>proxy</body></html>", content_type="text/html")
            case "api_error":
                return web.json_response({"ok": False, "error": fault.error})
            case "dropped_before_receipt":
                return _hang_up(request)
            case _:
                return None

    async def _delivered(
        self, answer: Json, fault: Fault | None, name: str, request: web.Request
    ) -> web.StreamResponse:
        match fault:
            case Fault(kind="slow"):
                await self._workspace.clock.sleep(fault.seconds)
            case Fault(kind="dropped_after_receipt"):
                return _hang_up(request)
            case Fault(kind="late") if answer["ok"] and "ts" in answer:
                until = self._workspace.clock.now() + fault.seconds
                self._workspace.late_until[answer["channel"], answer["ts"]] = until
        headers = {"x-oauth-scopes": ",".join(sorted(self._app.scopes))}
        if name in METHODS:
            headers["x-accepted-oauth-scopes"] = ",".join(METHODS[name].scopes)
        return web.json_response(answer, headers=headers)

    def _answer(self, name: str, method: Method | None, args: Json, token: str | None) -> Json:
        try:
            return {"ok": True, **self._result(name, method, args, token)}
        except ApiError as refusal:
            self._note_mistake(name, refusal)
            answer: Json = {"ok": False, "error": refusal.error, **refusal.extra}
            if refusal.messages:
                answer["response_metadata"] = {"messages": list(refusal.messages)}
            return answer

    def _result(self, name: str, method: Method | None, args: Json, token: str | None) -> Json:
        if method is None or name not in self._answers:
            raise ApiError("unknown_method", req_method=name)
        self._check_token(name, method, token)
        return self._answers[name](Call(name, self._checked_args(name, method, args), self._workspace, self.note))

    def _note_mistake(self, name: str, refusal: ApiError) -> None:
        """A refusal that a correct app never meets is a violation; one that it may meet is not."""
        if refusal.error in MISTAKES:
            self.note(" ".join([f"{name}: {refusal.error}", *refusal.messages, *refusal.extra.values()]))

    def note(self, violation: str) -> None:
        self.violations.append(violation)
        self._workspace.wake()

    def _check_token(self, name: str, method: Method, token: str | None) -> None:
        if name == "api.test":
            return
        if not token:
            raise ApiError("not_authed")
        kind = _kind_of(token, self._app)
        if self._app.revoked:
            raise ApiError("token_revoked")
        if kind == "unknown":
            raise ApiError("invalid_auth")
        if kind != method.bearer:
            raise ApiError("not_allowed_token_type")
        needed = method.scopes if kind == "bot" else ("connections:write",)
        if needed and not self._app.scopes.intersection(needed):
            raise ApiError("missing_scope", needed=",".join(needed), provided=",".join(sorted(self._app.scopes)))

    def _checked_args(self, name: str, method: Method, given: Json) -> Json:
        known = {**method.args, **method.newer}
        args: Json = {}
        for key, value in given.items():
            if key in ALWAYS_TAKEN and key not in known:
                continue
            if key not in known:
                self.note(f"{name}: unknown argument {key}")
            elif value is not None:
                args[key] = _as_kind(name, key, known[key], value)
        for key in method.required:
            instead = method.instead.get(key)
            if key != "token" and key not in args and not (instead and instead in args):
                raise ApiError("invalid_arguments", f"[ERROR] missing required field: {key}")
        return args


class Tiers:
    """Counts calls of each method over a minute; posting is counted for each channel as well."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self.enforced = True
        self.generosity = 2.0
        """How many times the promised rate this Slack really grants."""
        self.per_minute: dict[str, float] = {}
        """Other limits of single methods, exactly as given."""

    def over(self, name: str, args: Json) -> float | None:
        """Seconds to wait, or None when the call is within its limits."""
        method = METHODS.get(name)
        if method is None or not self.enforced:
            return None
        now = self._workspace.clock.now()
        most = PER_MINUTE[method.tier] * self.generosity
        key = name
        if name == "chat.postMessage":
            key, most = f"{name} {args.get('channel')}", 60 * self.generosity
        most = self.per_minute.get(name, most)
        calls = self._calls[key]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= most:
            return calls[0] + 60 - now
        calls.append(now)
        return None


async def _read(request: web.Request, method: Method | None) -> tuple[Json, str | None]:
    """The arguments from query and body, and the token from wherever it is."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        if method is None or method.json:
            body = await request.text()
            given = json.loads(body) if body else {}
            args |= given if isinstance(given, dict) else {}
    elif request.method == "POST":
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    token = args.pop("token", None)
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        token = bearer.removeprefix("Bearer ")
    return args, token


def _kind_of(token: str | None, app: App) -> str:
    return {app.bot_token: "bot", app.app_token: "app", None: "none"}.get(token, "unknown")


def _as_kind(name: str, key: str, kind: str, value: Any) -> Any:
    """The value as its kind; forms carry everything as text."""
    if isinstance(value, str) and kind != "string":
        value = _from_text(key, kind, value)
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    fits = isinstance(value, KINDS[kind]) and not (kind in ("integer", "number") and isinstance(value, bool))
    if not fits:
        raise ApiError("invalid_arguments", f"[ERROR] {name}: {key} must be {kind}")
    return value


def _from_text(key: str, kind: str, value: str) -> Any:
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    if kind == "array" and value == "":
        return []
    try:
        return json.loads(value)
    except ValueError:
        if key in ("blocks", "attachments"):
            raise ApiError("invalid_blocks_format") from None
        if key == "metadata":
            raise ApiError("invalid_metadata_format") from None
        return value


def _rate_limited(seconds: float) -> web.Response:
    headers = {"Retry-After": str(max(1, round(seconds + 0.5)) if seconds != int(seconds) else int(seconds))}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
