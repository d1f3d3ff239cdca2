"""The one door to Slack's Web API: calls a method and says what a failure means."""

import logging
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.adapters.slack.config import SlackConfig
from frontdesk.domain.errors import Ambiguous, DeskError, Misconfigured, Retry, Undeliverable
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock


@dataclass(frozen=True)
class Method:
    """How a method is called."""

    creates: bool = False
    """Calling it twice does it twice, so a lost answer is ambiguous."""
    query: bool = False
    """Reads its arguments from the address and takes no JSON."""
    app_token: bool = False


METHODS: Mapping[str, Method] = {
    "agents.sessions.setStatus": Method(),
    "apps.connections.open": Method(app_token=True),
    "assistant.threads.setStatus": Method(),
    "assistant.threads.setSuggestedPrompts": Method(),
    "auth.test": Method(),
    "chat.appendStream": Method(creates=True),
    "chat.delete": Method(),
    "chat.getPermalink": Method(query=True),
    "chat.postEphemeral": Method(creates=True),
    "chat.postMessage": Method(creates=True),
    "chat.startStream": Method(creates=True),
    "chat.stopStream": Method(),
    "chat.update": Method(),
    "conversations.history": Method(query=True),
    "conversations.info": Method(query=True),
    "conversations.members": Method(query=True),
    "conversations.replies": Method(query=True),
    "files.completeUploadExternal": Method(creates=True),
    "files.getUploadURLExternal": Method(query=True),
    "files.info": Method(query=True),
    "users.info": Method(query=True),
    "views.open": Method(creates=True),
}
"""Every method the adapter calls."""

BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
BROKEN = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org", "update_failed"}
    | {"messaging_processing_failed", "fetch_members_failed"}
)
WRONG_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)


class Refused(Undeliverable):
    """Slack said no, and will say so again."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"{method}: {error}")
        self.error = error
        """Slack's own word for why."""


class Identity(Value):
    """Who the desk is in this workspace."""

    team: str
    user: str
    """The bot user's id, as mentions spell it."""
    bot: str
    app: str = ""


class SlackApi:
    """One session, one token, one workspace."""

    def __init__(self, config: SlackConfig, clock: Clock) -> None:
        self.config = config
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._identity: Identity | None = None
        self.scopes: frozenset[str] | None = None
        """What the bot token may do, as Slack said when it was asked who we are; None when it did not say."""

    @property
    def session(self) -> aiohttp.ClientSession:
        """The one HTTP session; its timeouts rule, because the SDK ignores its own when it is given a session."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self.config.timeout, sock_connect=min(5.0, self.config.timeout))
            # Where there is no proxy it is not asked for one: it would look for one in a thread, for each call anew.
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=bool(getproxies()))
        return self._session

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client, without its retries: it would repeat posts that already arrived."""
        if self._client is None:
            logger = logging.getLogger("frontdesk.slack.sdk")
            logger.setLevel(logging.ERROR)  # below that, the SDK logs what people wrote
            self._client = AsyncWebClient(
                base_url=self.config.api_url, session=self.session, retry_handlers=[], logger=logger
            )
            self._client.proxy = None  # the SDK would use one for every host; the session knows NO_PROXY
        return self._client

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self._client = None

    @property
    def team(self) -> str:
        """Our workspace; known once `identity` was asked."""
        return self._identity.team if self._identity is not None else ""

    async def identity(self) -> Identity:
        """Who we are; asked once. Raises Misconfigured or Retry."""
        if self._identity is None:
            try:
                answer = await self.call("auth.test")
            except Refused as refused:
                raise Misconfigured(
                    f"SLACK_BOT_TOKEN is not accepted by Slack ({refused.error}): "
                    "copy the Bot User OAuth Token from the app's OAuth & Permissions page"
                ) from refused
            try:
                self._identity = Identity(
                    team=answer["team_id"], user=answer["user_id"], bot=answer.get("bot_id") or ""
                )
            except (KeyError, ValueError) as error:
                raise Misconfigured("SLACK_API_URL does not answer like Slack: auth.test names no team") from error
        return self._identity

    async def call(self, name: str, *, within: float = 0.0, **arguments: Any) -> dict[str, Any]:
        """Call a method; None arguments are left out.

        `within`: seconds during which a call that is safe to repeat is repeated. Raises Retry (not done), Ambiguous
        (perhaps done, only of methods that create) or Refused.
        """
        method = METHODS[name]
        until = self._clock.elapsed() + within
        pause = 0.25
        while True:
            try:
                return await self._once(name, method, {k: v for k, v in arguments.items() if v is not None})
            except Retry as retry:
                pause = max(retry.after, pause)
                if method.creates or self._clock.elapsed() + pause > until:
                    raise
            await self._clock.sleep(pause * random.uniform(1.0, 1.2))  # noqa: S311 - spreads retries, guards nothing
            pause *= 2

    async def pages(self, name: str, items: str, **arguments: Any) -> AsyncIterator[Any]:
        """The items of every page of a listing."""
        cursor = None
        while True:
            answer = await self.call(name, cursor=cursor, **arguments)
            for item in answer.get(items) or ():
                yield item
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _once(self, name: str, method: Method, arguments: dict[str, Any]) -> dict[str, Any]:
        secret = self.config.app_token if method.app_token else self.config.bot_token
        headers = {"Authorization": f"Bearer {secret.get_secret_value() if secret else ''}"}
        try:
            if method.query:
                response = await self.client.api_call(name, http_verb="GET", params=arguments, headers=headers)
            else:
                response = await self.client.api_call(name, json=arguments, headers=headers)
        except SlackApiError as error:
            raise _meaning(name, method, error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Retry(f"{name}: no connection") from error
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
            raise _unknown(name, method, "no answer") from error
        if name == "auth.test":
            granted = response.headers.get("x-oauth-scopes")
            self.scopes = frozenset(granted.replace(" ", "").split(",")) if granted else None
        return response.data if isinstance(response.data, dict) else {}


def _meaning(name: str, method: Method, error: SlackApiError) -> DeskError:
    # The SDK hands over its own response, or aiohttp's when the body was not JSON.
    response = error.response
    status: int = getattr(response, "status_code", None) or getattr(response, "status", 0) or 0
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if status == 429 or code in BUSY:
        return Retry(f"{name}: rate limited", after=_retry_after(getattr(response, "headers", {})))
    if status >= 500 or not code or code in BROKEN:
        return _unknown(name, method, code or f"status {status}")
    return Refused(name, str(code))


def _unknown(name: str, method: Method, what: str) -> DeskError:
    return Ambiguous(f"{name}: {what}") if method.creates else Retry(f"{name}: {what}", after=0.3)


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return min(max(float(headers.get("Retry-After", "1")), 0.1), 120.0)
    except ValueError:
        return 1.0
