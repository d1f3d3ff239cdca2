"""One call of the REST API on its way to the route that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from frontdesk.sandbox.discord.app import App
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.guild import Guild
from frontdesk.sandbox.discord.values import Channel, File, Json, Message, Webhook


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None


def ok(body: Any) -> Answer:
    return Answer(200, body)


def created(body: Any) -> Answer:
    return Answer(201, body)


DONE = Answer(204)


@dataclass(frozen=True)
class Call:
    method: str
    template: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    files: tuple[File, ...]
    guild: Guild
    note: Callable[[str], None]
    """Records a violation: real Discord would let it pass or fail in its own way, the app should not do it."""

    @property
    def app(self) -> App:
        return self.guild.app

    def channel(self, *wanted: str, name: str = "channel_id", given: str | None = None) -> Channel:
        """The channel that the call is about; the app must see it and may do there what is wanted."""
        channel = self.guild.channels.get(given or self.path.get(name, ""))
        if channel is None:
            raise ApiError(10003)
        if not self.guild.bot_may(channel.id, "VIEW_CHANNEL"):
            raise ApiError(50001)
        self.need(channel, *wanted)
        return channel

    def need(self, channel: Channel, *wanted: str) -> None:
        if not self.guild.bot_may(channel.id, *wanted):
            raise ApiError(50013)

    def message(self, channel: Channel, message_id: str | None = None) -> Message:
        message = self.guild.message(channel.id, message_id or self.path.get("message_id", ""))
        if message is None or message.deleted:
            raise ApiError(10008)
        return message

    def webhook(self) -> Webhook:
        """The webhook named by id and token."""
        webhook = self.guild.webhooks.get(self.path["webhook_id"])
        if webhook is None:
            raise ApiError(10015)
        if self.path.get("webhook_token", webhook.token) != webhook.token:
            raise ApiError(50027)
        return webhook

    def need_guild(self) -> None:
        if self.path.get("guild_id") != self.guild.id:
            raise ApiError(10004)

    def limit(self, most: int, default: int) -> int:
        given = self.query.get("limit", str(default))
        return min(most, max(1, int(given))) if given.isdigit() else default
