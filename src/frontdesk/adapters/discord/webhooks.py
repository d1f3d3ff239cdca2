"""Posts under a person's name and picture, through a webhook of our own in the channel."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from frontdesk.adapters.discord import escaping
from frontdesk.adapters.discord.api import DiscordApi, File, Json, Refused
from frontdesk.domain.errors import DeskError
from frontdesk.domain.value import Value
from frontdesk.ports.clock import Clock
from frontdesk.ports.notebook import Notebook
from frontdesk.ports.telemetry import Telemetry

NAME = "frontdesk"
"""Of the webhook itself; each post has its person's."""
KEPT = 30 * 86_400.0
REFUSED_FOR = 600.0
"""Seconds before we ask again where we may not make a webhook: every refusal counts towards a ban."""
_MOST_KNOWN = 1_000
_EXECUTE = "/webhooks/{webhook_id}/{webhook_token}"
_ONE = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
_GONE = frozenset({10015, 50027})
"""No such webhook; its token is not good any more."""
_NOT_ITS_OWN = 10008
"""A message that this webhook did not post, or that is gone."""
_NOT_VALID = 50035
_NOT_ALLOWED = frozenset({50001, 50013, 30007, 30058})
"""No access, no permission; the channel or the server has all the webhooks it can have."""


class Webhook(Value):
    """Ours, in one channel; whoever knows the token can post there."""

    id: str
    token: str


class Touched(NamedTuple):
    """Whether a post was reached through its webhook, and what Discord answered."""

    done: bool
    told: Any = None


class Webhooks:
    """One webhook for each channel; its threads share it."""

    def __init__(self, api: DiscordApi, notebook: Notebook, clock: Clock, telemetry: Telemetry) -> None:
        self._api = api
        self._notebook = notebook
        self._clock = clock
        self._telemetry = telemetry
        self._known: OrderedDict[str, Webhook] = OrderedDict()
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._finding: dict[str, asyncio.Lock] = {}

    async def post(
        self,
        channel: str,
        payload: Json,
        *,
        name: str,
        image: str | None = None,
        thread: str | None = None,
        files: Sequence[File] = (),
    ) -> str | None:
        """Post as somebody; the message's id, or None where we may not: post as yourself then.

        `channel`: the text channel or forum; `thread`: the thread or post in it. Raises Retry (not posted), Ambiguous
        (perhaps posted; a webhook's posts have no nonce) or Refused.
        """
        ours = (await self._api.identity()).name
        body: Json = {**payload, "username": escaping.name(name, taken=(ours, NAME)), "allowed_mentions": {"parse": []}}
        body.pop("nonce", None)
        body.pop("enforce_nonce", None)
        if image and image.startswith(("https://", "http://")):
            body["avatar_url"] = image
        query = {"wait": "true", **_in(thread)}
        told = await self._through(channel, "POST", _EXECUTE, query=query, body=body, files=files, once=True)
        return str(told["id"]) if isinstance(told, dict) and told.get("id") else None

    async def edit(self, channel: str, message: str, payload: Json, *, thread: str | None = None) -> bool:
        """Change such a post; False when its webhook is gone. Safe to repeat. Raises Retry or Refused."""
        body = {name: value for name, value in payload.items() if name not in _ONLY_WHEN_POSTED}
        body["allowed_mentions"] = {"parse": []}
        return (await self._touch(channel, "PATCH", message, thread, body)).done

    async def read(self, channel: str, message: str, *, thread: str | None = None) -> Json | None:
        """Such a post as it stands; None when its webhook is gone. Raises Retry or Refused.

        Without the Message Content intent Discord keeps its words even from the app whose webhook it is, unless the
        webhook asks.
        """
        told = (await self._touch(channel, "GET", message, thread, None)).told
        return told if isinstance(told, dict) else None

    async def delete(self, channel: str, message: str, *, thread: str | None = None) -> bool:
        """Take such a post away; False when its webhook is gone. Raises Retry or Refused."""
        return (await self._touch(channel, "DELETE", message, thread, None)).done

    async def owner(self, channel: str) -> str | None:
        """The id that our posts in this channel have for an author; None when there is no webhook. Raises Retry."""
        known = await self._remembered(channel)
        return known.id if known else None

    async def _touch(self, channel: str, method: str, message: str, thread: str | None, body: Json | None) -> "Touched":
        # The one that posted it, if the notebook lost it; a new one could not touch the post.
        webhook = await self._remembered(channel) or await self._one_of_old(channel)
        if webhook is None:
            return Touched(done=False)
        try:
            told = await self._api.call(
                method,
                _ONE,
                body=body,
                query=_in(thread) or None,
                webhook_id=webhook.id,
                webhook_token=webhook.token,
                message_id=message,
            )
        except Refused as refused:
            if refused.code == _NOT_ITS_OWN:
                return Touched(done=False)
            if refused.code not in _GONE:
                raise
            await self._forget(channel)
            return Touched(done=False)
        return Touched(done=True, told=told)

    async def _one_of_old(self, channel: str) -> Webhook | None:
        """None also where we may not look."""
        if self._refused.get(channel, 0.0) > self._clock.elapsed():
            return None
        try:
            return await self._existing(channel)
        except Refused as refused:
            if refused.code not in _NOT_ALLOWED:
                raise
            self._refuse(channel, refused)
            return None

    async def _through(self, channel: str, method: str, path: str, **arguments: Any) -> Any:
        """Call with the channel's webhook; one that somebody deleted is made again, once. None where we may not."""
        for again in (True, False):
            webhook = await self._find(channel)
            if webhook is None:
                return None
            try:
                return await self._api.call(
                    method, path, webhook_id=webhook.id, webhook_token=webhook.token, **arguments
                )
            except Refused as refused:
                if refused.code in _NOT_ALLOWED:
                    self._refuse(channel, refused)
                    return None
                if refused.code == _NOT_VALID:
                    # A name or picture that Discord does not like; the words must come all the same.
                    self._telemetry.count("discord_name_refused")
                    return None
                if refused.code not in _GONE or not again:
                    raise
                await self._forget(channel)
        raise AssertionError("the second try returns or raises")

    async def _find(self, channel: str) -> Webhook | None:
        if self._refused.get(channel, 0.0) > self._clock.elapsed():
            return None
        async with self._finding.setdefault(channel, asyncio.Lock()):
            try:
                webhook = await self._remembered(channel)
                if webhook is None:
                    webhook = await self._existing(channel) or await self._made(channel)
                    await self._remember(channel, webhook)
            except Refused as refused:
                if refused.code not in _NOT_ALLOWED:
                    raise
                self._refuse(channel, refused)
                return None
            finally:
                self._finding.pop(channel, None)
            return webhook

    async def _existing(self, channel: str) -> Webhook | None:
        identity = await self._api.identity()
        found = await self._api.call("GET", "/channels/{channel_id}/webhooks", channel_id=channel)
        ours = [w for w in found if str(w.get("application_id")) == identity.application and w.get("token")]
        return Webhook(id=str(ours[0]["id"]), token=str(ours[0]["token"])) if ours else None

    async def _made(self, channel: str) -> Webhook:
        made = await self._api.call(
            "POST", "/channels/{channel_id}/webhooks", body={"name": NAME}, channel_id=channel, once=True
        )
        return Webhook(id=str(made["id"]), token=str(made["token"]))

    async def _remembered(self, channel: str) -> Webhook | None:
        known = self._known.get(channel)
        if known is None:
            text = await self._notebook.get(_note(channel))
            if text is not None and ":" in text:
                webhook_id, _, token = text.partition(":")
                known = self._known[channel] = Webhook(id=webhook_id, token=token)
        return known

    async def _remember(self, channel: str, webhook: Webhook) -> None:
        self._known[channel] = webhook
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        try:
            await self._notebook.put(_note(channel), f"{webhook.id}:{webhook.token}", KEPT)
        except DeskError as error:
            self._telemetry.count("discord_webhook_not_noted", kind=type(error).__name__)

    async def _forget(self, channel: str) -> None:
        self._known.pop(channel, None)
        await self._notebook.forget(_note(channel))

    def _refuse(self, channel: str, refused: Refused) -> None:
        self._telemetry.note("discord webhooks are not allowed; posting as the app", channel=channel, code=refused.code)
        self._refused[channel] = self._clock.elapsed() + REFUSED_FOR
        while len(self._refused) > _MOST_KNOWN:
            self._refused.popitem(last=False)


_ONLY_WHEN_POSTED = frozenset({"username", "avatar_url", "nonce", "enforce_nonce", "flags"})


def _in(thread: str | None) -> Mapping[str, str]:
    return {"thread_id": thread} if thread is not None else {}


def _note(channel: str) -> str:
    return f"discord:webhook:{channel}"
