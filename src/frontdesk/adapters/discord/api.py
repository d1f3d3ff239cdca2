"""The one door to Discord's REST API: calls a route and says what a failure means."""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import discord
from discord.http import HTTPClient, Ratelimit, Route

from frontdesk.adapters.discord.config import DiscordConfig
from frontdesk.adapters.discord.limiting import Limit
from frontdesk.domain.errors import Ambiguous, DeskError, Misconfigured, Retry, Undeliverable
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

Json = dict[str, Any]

TRIES = 4
"""Of a call that is safe to repeat, when the connection breaks."""
LONGEST_WAIT = 30.0
"""Seconds a call may wait for its rate limit; the SDK accepts nothing shorter."""
GOODBYE = 2.0
"""Seconds for a connection to be closed properly."""
SILENCE = 60.0
"""Seconds without a word on the gateway, after which its connection is dead."""
INVALID_WINDOW = 600.0
MOST_INVALID = 1_000
"""Refusals (401, 403, 429) in ten minutes after which we stop calling; Discord bans the address at 10,000."""
_BROKEN = frozenset({500, 502, 504, 524})
"""Statuses that the SDK answers with another try, whatever the call."""
_BUSY = frozenset({20016, 20022, 20028, 40003, 40004, 40006, 40062, 110000, 130000})
"""Refusals that pass: too fast for a channel or for opening direct messages, switched off for now, overloaded."""


_IN_WORDS = {
    10003: "the channel or thread is deleted",
    10008: "the message is deleted",
    30046: "the message is old and was changed too often",
    50001: "the desk cannot see the channel",
    50007: "the person takes no direct messages from the desk",
    50013: "the desk lacks a permission there",
    50083: "the thread is archived",
    160005: "moderators have locked the thread",
}
"""What staff read in a ticket when something could not be done."""


class Refused(Undeliverable):
    """Discord said no, and will say so again."""

    def __init__(self, what: str, status: int, code: int) -> None:
        words = _IN_WORDS.get(code)
        super().__init__(f"{words} (Discord {code})" if words else f"{what}: {status} ({code})")
        self.status = status
        self.code = code
        """Discord's own number for why; 0 when it gave none."""


class Identity(Value):
    """Who the desk is on Discord."""

    user: str
    """The bot user's id, as mentions spell it."""
    application: str
    name: str = ""
    public_key: str = ""
    """Proves interactions that come over HTTP."""
    intents: frozenset[str] = frozenset()
    """Privileged intents that are switched on in the developer portal."""


class File(NamedTuple):
    """Bytes to send with a message."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class Answered(NamedTuple):
    """What Discord said of its limits with one answer."""

    method: str
    template: str
    major: str
    status: int
    headers: Mapping[str, str]


class _Broken(Exception):
    """A status after which the SDK would do again what may have been done."""


class _Http(HTTPClient):
    def get_ratelimit(self, key: str) -> Ratelimit:
        if key not in self._buckets:
            self._buckets[key] = Limit(self.max_ratelimit_timeout)
            self._try_clear_expired_ratelimits()
        return self._buckets[key]

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        socket = await super().ws_connect(url, compress=compress)
        socket._timeout = aiohttp.ClientWSTimeout(ws_close=GOODBYE)  # noqa: SLF001 - a dead connection answers none
        return socket


class DiscordApi:
    """One session, one token."""

    def __init__(self, config: DiscordConfig, clock: Clock, telemetry: Telemetry) -> None:
        self.config = config
        self._clock = clock
        self._telemetry = telemetry
        self._http: HTTPClient | None = None
        self._client: discord.Client | None = None
        self._identity: Identity | None = None
        self._opening = asyncio.Lock()
        self._invalid: deque[float] = deque()
        self.listeners: tuple[Callable[[Answered], None], ...] = ()
        """Told of the limits in every answer."""
        self.pace: Callable[[], Awaitable[None]] = _at_once
        """Waited for before every call but those of interactions."""

    @property
    def identified(self) -> Identity:
        """Who we are; only after `identity` was asked once."""
        assert self._identity is not None, "nobody has logged in"
        return self._identity

    @property
    def client(self) -> discord.Client:
        """The SDK's client: what its socket needs. Only after `identity` was asked once."""
        assert self._client is not None, "nobody has logged in"
        return self._client

    async def identity(self) -> Identity:
        """Log in, once. Raises Misconfigured or Retry."""
        async with self._opening:
            if self._identity is None:
                self._identity = await self._log_in()
            return self._identity

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
        self._http = self._client = self._identity = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | list[Any] | None = None,
        query: Mapping[str, str | int] | None = None,
        files: Sequence[File] = (),
        once: bool = False,
        interaction: bool = False,
        within: float | None = None,
        **names: str,
    ) -> Any:
        """Call a route, such as `("POST", "/channels/{channel_id}/messages", channel_id=…)`; the answer's JSON.

        `once`: calling it twice does it twice, so that a lost answer is Ambiguous and nothing is repeated; a message
        with a nonce that Discord enforces is safe, a forum post, a webhook's message and a follow-up are not.
        `interaction`: exempt from the global limit. `within`: seconds for one try. Raises Retry (not done), Ambiguous
        (perhaps done) or Refused.
        """
        what = f"{method} {path}"
        self._stay_welcome(what)
        if not interaction:
            await self.pace()
        tries = 1 if once else TRIES
        for number in range(1, tries + 1):
            try:
                return await self._send(method, path, body, query, files, once, within, names)
            except discord.RateLimited as error:
                raise Retry(f"{what}: rate limited", after=error.retry_after) from error
            except discord.HTTPException as error:
                raise _meaning(what, error, once=once or method == "POST") from error
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                failure: DeskError = Retry(f"{what}: no connection")
                failure.__cause__ = error
            except (aiohttp.ClientError, _Broken, TimeoutError, OSError) as error:
                failure = _unknown(what, "no answer", once=once or method == "POST")
                failure.__cause__ = error
            if number == tries:
                raise failure
            await self._clock.sleep(0.2 * 2.0**number * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries
        raise AssertionError("every try returns or raises")

    async def answer_interaction(self, interaction: str, token: str, body: Json, within: float) -> Json:
        """The first answer to an interaction, which waits for nothing but a socket: no limit, no pace, no breaker.

        Raises Retry (no word came back; when the answer did arrive, a second one is refused) or Refused.
        """
        http = await self._open()
        session: aiohttp.ClientSession = http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001 - its one session
        template = "/interactions/{interaction_id}/{interaction_token}/callback"
        what = f"POST {template}"
        url = f"{self.config.api_url}/interactions/{quote(interaction, safe='')}/{quote(token, safe='')}/callback"
        try:
            async with session.post(
                url,
                json=body,
                params={"with_response": "true"},
                headers={"User-Agent": http.user_agent},
                timeout=self._patience(within),
                trace_request_ctx={"template": template},
            ) as response:
                status, text = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retry(f"{what}: no answer", after=0.1) from error
        if status == 429 or status >= 500:
            raise Retry(f"{what}: status {status}", after=0.3)
        told = _object(text)
        if status >= 400:
            code = told.get("code")
            raise Refused(what, status, code if isinstance(code, int) else 0)
        return told

    async def download(self, url: str, most: int) -> bytes:
        """A file of Discord's; the address says who may have it, so no token is sent. Raises Retry or Undeliverable."""
        http = await self._open()
        session: aiohttp.ClientSession = http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001 - its one session
        content = bytearray()
        try:
            async with session.get(url, allow_redirects=False, timeout=self._patience(None)) as response:
                if response.status != 200:
                    raise Undeliverable(f"a file answered {response.status}")
                async for chunk in response.content.iter_chunked(65_536):
                    content += chunk
                    if len(content) > most:
                        raise Undeliverable("a file over the limit")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retry("a file could not be read") from error
        return bytes(content)

    async def _send(
        self,
        method: str,
        path: str,
        body: Json | list[Any] | None,
        query: Mapping[str, str | int] | None,
        files: Sequence[File],
        once: bool,
        within: float | None,
        names: Mapping[str, str],
    ) -> Any:
        http = await self._open()
        route = Route(method, path, **names)
        asked: Json = {
            "timeout": self._patience(within),
            "trace_request_ctx": {"once": once, "template": path, "major": route.major_parameters},
        }
        if query:
            asked["params"] = dict(query)
        if files:
            return await http.request(route, form=_form(body, files), **asked)
        if body is not None:
            asked["json"] = body
        return await http.request(route, **asked)

    def _patience(self, within: float | None) -> aiohttp.ClientTimeout:
        total = within if within is not None else self.config.timeout
        return aiohttp.ClientTimeout(total=total, sock_connect=min(5.0, total))

    async def _open(self) -> HTTPClient:
        if self._http is None:
            await self.identity()
        assert self._http is not None
        return self._http

    async def _log_in(self) -> Identity:
        logging.getLogger("discord").setLevel(logging.ERROR)  # below that, the SDK logs what people wrote
        Route.BASE = self.config.api_url
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._on_answer)
        loop = asyncio.get_running_loop()
        http = _Http(loop, http_trace=trace, max_ratelimit_timeout=LONGEST_WAIT)
        try:
            me = await http.static_login(self.config.token.get_secret_value())
            app: Any = await http.request(Route("GET", "/applications/@me"), timeout=self._patience(None))
            switched_on = _switched_on(int(app.get("flags") or 0))
            self._http, self._client = http, _client(http, loop, self.config, switched_on)
            return Identity(
                user=str(me["id"]),
                application=str(app["id"]),
                name=str(me.get("username") or ""),
                public_key=str(app.get("verify_key") or ""),
                intents=switched_on,
            )
        except discord.LoginFailure as error:
            await http.close()
            raise Misconfigured(
                "DISCORD_TOKEN is not accepted by Discord: copy the token again from the Bot page of the app"
            ) from error
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError) as error:
            await http.close()
            raise Retry(f"login: {type(error).__name__}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            await http.close()
            raise Misconfigured("DISCORD_API_URL does not answer like Discord: users/@me names nobody") from error

    async def _on_answer(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        asked = context.trace_request_ctx or {}
        status, headers = params.response.status, params.response.headers
        if status in (401, 403, 429) and headers.get("X-RateLimit-Scope") != "shared":
            self._invalid.append(self._clock.elapsed())
            self._telemetry.count("discord_refused", status=str(status))
        answered = Answered(params.method, asked.get("template", ""), asked.get("major", ""), status, headers)
        for listener in self.listeners:
            listener(answered)
        if asked.get("once") and status in _BROKEN:
            params.response.close()
            raise _Broken(status)

    def _stay_welcome(self, what: str) -> None:
        """Raises Retry while so many calls were refused that Discord would soon refuse all."""
        horizon = self._clock.elapsed() - INVALID_WINDOW
        while self._invalid and self._invalid[0] < horizon:
            self._invalid.popleft()
        if len(self._invalid) >= MOST_INVALID:
            after = self._invalid[0] + INVALID_WINDOW - self._clock.elapsed()
            self._telemetry.trouble("discord refuses too much; calls are held back", seconds=round(after))
            raise Retry(f"{what}: too many refusals", after=min(max(after, 1.0), 60.0))


def intents(*, message_content: bool, members: bool = False) -> discord.Intents:
    """What the gateway is asked for."""
    return discord.Intents(
        guilds=True, guild_messages=True, dm_messages=True, message_content=message_content, members=members
    )


def _client(
    http: HTTPClient, loop: asyncio.AbstractEventLoop, config: DiscordConfig, switched_on: frozenset[str]
) -> discord.Client:
    """What the SDK's socket needs of its client. Who leaves a server is heard where Discord lets us."""
    wanted = intents(message_content=config.message_content, members="members" in switched_on)
    client = discord.Client(intents=wanted, max_messages=None, heartbeat_timeout=SILENCE)
    client.http, client.loop = http, loop
    return client


def _switched_on(flags: int) -> frozenset[str]:
    """Privileged intents as an application's flags tell them (docs: Application Flags)."""
    switched = {"message_content": (1 << 18) | (1 << 19), "members": (1 << 14) | (1 << 15)}
    return frozenset(name for name, bits in switched.items() if flags & bits)


def _object(text: str) -> Json:
    """The JSON object that it is; empty for anything else."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


async def _at_once() -> None:
    return


def _form(body: Json | list[Any] | None, files: Sequence[File]) -> list[Json]:
    parts: list[Json] = [{"name": "payload_json", "value": json.dumps(body or {}), "content_type": "application/json"}]
    parts += [
        {
            "name": f"files[{number}]",
            "value": file.content,
            "filename": file.name,
            "content_type": file.media_type,
        }
        for number, file in enumerate(files)
    ]
    return parts


def _meaning(what: str, error: discord.HTTPException, *, once: bool) -> DeskError:
    if error.status == 429:
        return Retry(f"{what}: rate limited", after=5.0)
    if error.status >= 500:
        return _unknown(what, f"status {error.status}", once=once)
    if error.code in _BUSY:
        return Retry(f"{what}: busy ({error.code})", after=5.0)
    if error.status == 401 and error.code == 0:
        return Retry(f"{what}: the token is not accepted", after=30.0)
    return Refused(what, error.status, error.code)


def _unknown(what: str, why: str, *, once: bool) -> DeskError:
    return Ambiguous(f"{what}: {why}") if once else Retry(f"{what}: {why}", after=0.5)
