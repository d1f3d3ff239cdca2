"""One call of the Web API on its way to the function that answers it, and how such a function refuses."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from frontdesk.sandbox.slack.app import App
from frontdesk.sandbox.slack.values import Channel, Json, Message
from frontdesk.sandbox.slack.workspace import Workspace


class ApiError(Exception):
    """Slack's `{"ok": false, "error": …}`."""

    def __init__(self, error: str, *messages: str, **extra: str) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.extra = extra


@dataclass(frozen=True)
class Call:
    method: str
    args: Json
    workspace: Workspace
    note: Callable[[str], None]
    """Records a violation: real Slack would let it pass or fail in its own way, the app should not do it."""

    @property
    def app(self) -> App:
        return self.workspace.app

    def channel(self, name: str = "channel", *, member: bool = True) -> Channel:
        """The channel that the call is about; a person's id stands for the direct messages with them."""
        given = str(self.args.get(name, ""))
        if given in self.workspace.people and given != self.app.bot_user_id and name == "channel":
            return self.workspace.dm_with(given)
        channel = self.workspace.channels.get(given)
        if channel is None or (channel.private and not self.workspace.bot_is_in(channel.id)):
            raise ApiError("channel_not_found")
        if member and not self.workspace.bot_is_in(channel.id):
            raise ApiError("not_in_channel")
        if member and channel.archived:
            raise ApiError("is_archived")
        return channel

    def message(self, channel: Channel, ts: str, *, error: str = "message_not_found") -> Message:
        message = self.workspace.message(channel.id, ts)
        if message is None or message.deleted:
            raise ApiError(error)
        return message

    def need_scope(self, *any_of: str) -> None:
        if not self.app.scopes.intersection(any_of):
            raise ApiError("missing_scope", needed=",".join(any_of), provided=",".join(sorted(self.app.scopes)))

    def need_scope_for(self, channel: Channel, what: str) -> None:
        """`history` and `read` have one scope for each kind of channel."""
        kind = {"channel": "channels", "group": "groups", "im": "im"}[channel.kind]
        self.need_scope(f"{kind}:{what}")

    def customised(self, message: Message) -> Message:
        """The message under another name or picture, if that was asked for."""
        icon = self.args.get("icon_emoji") or self.args.get("icon_url")
        username = self.args.get("username")
        if not (icon or username):
            return message
        self.need_scope("chat:write.customize")
        return replace(message, username=username, icon=icon, subtype=message.subtype or "bot_message")
