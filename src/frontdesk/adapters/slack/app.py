"""Slack's intake: one dispatcher behind Socket Mode and HTTP, which acknowledges only what is stored."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from frontdesk.adapters.slack import render
from frontdesk.adapters.slack.api import Identity, Refused, SlackApi
from frontdesk.adapters.slack.config import SlackConfig
from frontdesk.adapters.slack.files import Fetch
from frontdesk.adapters.slack.manifest import SCOPES
from frontdesk.adapters.slack.parse import (
    Asked,
    FormAsked,
    Ignored,
    Opened,
    StaffMoved,
    parse,
    parse_command,
)
from frontdesk.adapters.slack.platform import SlackChat
from frontdesk.adapters.slack.sockets import Sockets, first_ticket
from frontdesk.domain.errors import DeskError, Misconfigured, Retry, Unreadable
from frontdesk.domain.events import Event, MessagePosted
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Message, Thread
from frontdesk.domain.people import Person
from frontdesk.ports.clock import Clock
from frontdesk.ports.telemetry import Telemetry

DRAIN_SECONDS = 10.0
_ANYTHING = re.compile(r".*", re.DOTALL)


class Receiver(Protocol):
    """Who takes what Slack brings."""

    async def receive(self, event: Event) -> None:
        """Store it durably; only then is Slack told that we have it. Raises Retry, and Slack brings it again."""
        ...

    async def set_aside(self, platform: Platform, payload: str, reason: str) -> None:
        """Keep what could not be read, as JSON. Raises Retry."""
        ...

    async def command(self, name: str, text: str, person: Person, thread: Thread) -> str:
        """Answer `/name text` in Markdown; only this person sees it."""
        ...

    async def opened(self, person: Person, thread: Thread) -> Sequence[str]:
        """Somebody opened their messages with the desk: what could they ask?"""
        ...


class SlackApp:
    """One workspace: `connect` to speak, `start` to listen."""

    def __init__(
        self,
        config: SlackConfig,
        receiver: Receiver | None,
        clock: Clock,
        telemetry: Telemetry,
        fetch: Fetch | None = None,
    ) -> None:
        self._config = config
        self._receiver = receiver
        self._clock = clock
        self._telemetry = telemetry
        self._api = SlackApi(config, clock)
        self._chat = SlackChat(self._api, clock, telemetry, fetch)
        self._identity: Identity | None = None
        self._bolt: AsyncApp | None = None
        self._sockets: Sockets | None = None
        self._stopping = False
        self._storing = True
        """Whether the last event could be kept; so that an outage is one line of the log and not one for each event."""
        self._in_flight: set[asyncio.Task[Any]] = set()
        """HTTP requests that are being answered."""

    @property
    def chat(self) -> SlackChat:
        return self._chat

    @property
    def sockets(self) -> Sockets | None:
        """The Socket Mode connections; None in HTTP mode."""
        return self._sockets

    async def identity(self) -> Identity:
        """Who the desk is. Raises Misconfigured or Retry."""
        if self._identity is None:
            self._identity = await self._api.identity()
        return self._identity

    async def connect(self) -> SlackChat:
        """Make sure that Slack knows us. Raises Misconfigured."""
        try:
            await self.identity()
        except Retry as retry:
            raise Misconfigured(f"Slack cannot be reached at SLACK_API_URL ({retry}): check the address") from retry
        await self._staff_channel_is_private()
        return self._chat

    async def start(self) -> None:
        """Listen. Raises Misconfigured when Slack does not take the tokens."""
        self._bolt = self._listening(await self.identity())
        if self._config.app_token is not None:
            self._sockets = Sockets(self._api, self.accept_frame, self._clock, self._telemetry)
            await self._sockets.start()

    async def stop_intake(self) -> None:
        """Take nothing new, and finish what was taken."""
        self._stopping = True
        if self._sockets is not None:
            await self._sockets.stop()
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=DRAIN_SECONDS)

    async def close(self) -> None:
        await self._chat.close()
        await self._api.close()

    async def stop(self) -> None:
        """Both, in order."""
        await self.stop_intake()
        await self.close()

    async def ready(self) -> str | None:
        """Why Slack cannot reach us; None when it can."""
        if self._stopping or self._bolt is None:
            return "not listening"
        if self._sockets is not None and self._sockets.connected == 0:
            return "no socket is open"
        return None

    async def check(self) -> Sequence[tuple[str, str | None]]:
        """Try the tokens and the staff channel: (what, why it does not work or None)."""
        tries: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("slack bot token", self.identity),
            ("slack scopes", self._scopes_suffice),
        ]
        if self._config.app_token is not None:
            tries.append(("slack app token", lambda: first_ticket(self._api)))
        if self._config.staff_channel is not None:
            tries.append(("slack staff channel", self._staff_channel_suits))
        lines: list[tuple[str, str | None]] = []
        for what, attempt in tries:
            try:
                await attempt()
            except DeskError as error:
                lines.append((what, str(error)))
            else:
                lines.append((what, None))
        return lines

    async def _scopes_suffice(self) -> None:
        await self.identity()
        missing = sorted(SCOPES.keys() - self._api.scopes) if self._api.scopes is not None else []
        if missing:
            raise Misconfigured(f"missing {', '.join(missing)}: take over manifests/slack.json and reinstall the app")

    async def _staff_channel_suits(self) -> None:
        channel = self._config.staff_channel
        try:
            answer = await self._api.call("conversations.info", channel=channel)
        except Refused as refused:
            raise Misconfigured(
                f"FRONTDESK_STAFF_CHANNEL={channel} is not to be seen ({refused.error}): "
                "copy the channel's id, and invite the app to the channel"
            ) from refused
        facts = answer.get("channel") or {}
        if facts.get("is_archived"):
            raise Misconfigured(f"FRONTDESK_STAFF_CHANNEL={channel} is archived: bring it back, or name another")
        if not facts.get("is_member"):
            raise Misconfigured(f"FRONTDESK_STAFF_CHANNEL={channel}: invite the app to the channel")
        _must_be_private(channel, facts)
        await self._chat.staff()

    async def _staff_channel_is_private(self) -> None:
        """No ticket is ever written where anybody can read it; whatever else is wrong there shows at the first one."""
        channel = self._config.staff_channel
        if channel is None:
            return
        try:
            answer = await self._api.call("conversations.info", channel=channel)
        except DeskError as error:
            self._telemetry.trouble("FRONTDESK_STAFF_CHANNEL cannot be looked at: `frontdesk check` says why", error)
            return
        _must_be_private(channel, answer.get("channel") or {})

    async def http_handler(self, request: web.Request) -> web.Response:
        """`/slack/events`: events, buttons, forms and commands, each proven to come from Slack."""
        if self._config.signing_secret is None:
            return web.Response(status=404, text="Slack's HTTP mode is off: set SLACK_SIGNING_SECRET")
        if self._bolt is None or self._stopping:
            return web.Response(status=503, headers={"Retry-After": "5"})
        task = asyncio.current_task()
        if task is not None:
            self._in_flight.add(task)
        try:
            bolt_request = await to_bolt_request(request)
            if not self._is_signed(bolt_request):
                return web.Response(status=401)
            return await to_aiohttp_response(await self._accept(bolt_request))
        except (ValueError, TypeError, AttributeError):
            return web.Response(status=400, text="not a request of Slack's")
        finally:
            if task is not None:
                self._in_flight.discard(task)

    def _is_signed(self, request: AsyncBoltRequest) -> bool:
        """Bolt asks the same again; but a stamp or a signature of the wrong shape makes it fail, not refuse."""
        assert self._config.signing_secret is not None
        headers = {name: values[0] for name, values in request.headers.items() if values}
        try:
            verifier = SignatureVerifier(self._config.signing_secret.get_secret_value())
            return verifier.is_valid_request(request.raw_body, headers)
        except (ValueError, TypeError):
            return False

    async def accept_frame(self, payload: Any, headers: dict[str, Any]) -> BoltResponse:
        """What came over a socket."""
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=payload, headers=headers)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            return await self._put_aside(payload, "the SDK cannot read its outer shape")
        return await self._accept(request)

    async def _accept(self, request: AsyncBoltRequest) -> BoltResponse:
        """Through bolt, which checks signatures; what nobody listens to is set aside and acknowledged."""
        assert self._bolt is not None
        try:
            response = await self._bolt.async_dispatch(request)
        except Exception as error:  # noqa: BLE001 - bolt trips over shapes it does not expect; the socket must live
            self._telemetry.trouble("slack payload broke the SDK", error)
            return await self._put_aside(request.body, f"the SDK: {type(error).__name__}")
        if response.status == 404:
            return await self._put_aside(request.body, "nobody listens to this")
        return response

    @property
    def _reception(self) -> Receiver:
        assert self._receiver is not None, "listening needs somebody who receives"
        return self._receiver

    async def _put_aside(self, body: Any, reason: str) -> BoltResponse:
        self._telemetry.count("slack_unreadable")
        try:
            await self._reception.set_aside("slack", json.dumps(body), reason)
        except DeskError as error:
            self._telemetry.trouble("slack payload not set aside", error)
            return BoltResponse(status=500)
        return BoltResponse(status=200, body="")

    def _listening(self, identity: Identity) -> AsyncApp:
        config = self._config
        token = config.bot_token.get_secret_value()
        logger = logging.getLogger("frontdesk.slack.bolt")
        logger.setLevel(logging.ERROR)  # below that, bolt logs what people wrote

        async def authorize() -> AuthorizeResult:
            # Our own, so that bolt asks Slack nothing per event, whatever SLACK_CLIENT_ID may be set to.
            return AuthorizeResult(
                enterprise_id=None,
                team_id=identity.team,
                bot_user_id=identity.user,
                bot_id=identity.bot,
                bot_token=token,
            )

        bolt = AsyncApp(
            name="frontdesk",
            logger=logger,
            client=self._api.client,
            authorize=authorize,
            signing_secret=config.signing_secret.get_secret_value() if config.signing_secret else "",
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        bolt.event(_ANYTHING)(self._on_payload)
        bolt.action(_ANYTHING)(self._on_interaction)
        bolt.view(_ANYTHING)(self._on_interaction)
        bolt.view_closed(_ANYTHING)(self._on_interaction)
        bolt.shortcut(_ANYTHING)(self._on_interaction)
        bolt.command(_ANYTHING)(self._on_command)
        bolt.error(self._on_error)
        return bolt

    async def _on_payload(self, body: dict[str, Any]) -> None:
        await self._dispatch(body)

    async def _on_interaction(self, body: dict[str, Any], ack: AsyncAck) -> None:
        await self._dispatch(body)
        await ack()

    async def _on_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        identity = await self.identity()
        try:
            asked: Asked = parse_command(body, identity)
            answer = await self._reception.command(asked.name, asked.text, asked.person, asked.thread)
        except Unreadable as unreadable:
            await self._set_aside(body, unreadable)
            answer = "I could not read that."
        except DeskError as error:
            self._telemetry.trouble("slack command", error)
            answer = "That did not work just now. Please try again in a moment."
        words = render.words(answer)
        await ack(text=words["text"], blocks=words["blocks"], response_type="ephemeral")

    async def _on_error(self, error: Exception) -> BoltResponse:
        """Not stored: no acknowledgement, so that Slack brings it again."""
        if isinstance(error, Retry):
            self._telemetry.count("slack_not_acknowledged")
            if self._storing:
                self._telemetry.trouble("slack events are not acknowledged until they can be stored", error)
            self._storing = False
        else:
            self._telemetry.trouble("slack intake", error)
        return BoltResponse(status=500)

    async def _dispatch(self, body: dict[str, Any]) -> None:
        identity = await self.identity()
        try:
            parsed = parse(body, identity, self._config.staff_channel, self._clock.now())
        except Unreadable as unreadable:
            await self._set_aside(body, unreadable)
            return
        match parsed:
            case Ignored(reason=reason):
                self._telemetry.count("slack_ignored", reason=reason)
            case StaffMoved(channel=channel):
                self._chat.members_changed(channel)
            case Opened(person=person, thread=thread):
                await self._chat.suggest(thread, await self._reception.opened(person, thread))
            case FormAsked():
                await self._open_form(parsed)
            case MessagePosted(message=Message(attachments=files)) if files:
                await self._reception.receive(await self._chat.with_known_files(parsed))
            case event:
                await self._reception.receive(event)
                if not self._storing:
                    self._telemetry.note("slack events are stored again")
                self._storing = True

    async def _open_form(self, asked: FormAsked) -> None:
        """Within the three seconds that the press is good for; without the form the press itself counts."""
        view = render.form(asked.action, asked.press)
        try:
            await self._api.call("views.open", trigger_id=asked.trigger, view=view)
        except DeskError as error:
            self._telemetry.trouble("slack form not opened", error)
            await self._reception.receive(asked.press)

    async def _set_aside(self, body: dict[str, Any], unreadable: Unreadable) -> None:
        self._telemetry.count("slack_unreadable")
        await self._reception.set_aside("slack", json.dumps(body), str(unreadable))


def _must_be_private(channel: str | None, facts: Mapping[str, Any]) -> None:
    if facts.get("is_private") is False:
        raise Misconfigured(
            f"FRONTDESK_STAFF_CHANNEL={channel} is public, so that anybody could read tickets: make it private"
        )
