"""What Slack sends, as far as the desk reads it; everything else in a payload is let pass."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class File(_Wire):
    id: str
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    size: int | None = None
    url_private: str | None = None
    url_private_download: str | None = None


class Edited(_Wire):
    user: str | None = None
    ts: str | None = None


class InnerMessage(_Wire):
    """The message inside `message_changed` and `message_deleted`."""

    ts: str | None = None
    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    team: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    edited: Edited | None = None
    files: tuple[File, ...] | None = None


class MessageEvent(InnerMessage):
    """`message` of every subtype, and `app_mention`."""

    type: str
    channel: str
    channel_type: str | None = None
    client_msg_id: str | None = None
    event_ts: str | None = None
    deleted_ts: str | None = None
    hidden: bool | None = None
    message: InnerMessage | None = None
    previous_message: InnerMessage | None = None


class StopEvent(_Wire):
    channel: str
    thread_ts: str
    user: str
    event_ts: str | None = None
    user_team: str | None = None


class HomeOpened(_Wire):
    user: str
    channel: str
    tab: str | None = None


class Membership(_Wire):
    channel: str
    user: str


class Envelope(_Wire):
    """The outer shape of an event."""

    event_id: str = Field(min_length=1)
    event: dict[str, Any]
    event_time: int | None = None


class User(_Wire):
    id: str = Field(min_length=1)
    name: str | None = None
    username: str | None = None
    team_id: str | None = None


class Choice(_Wire):
    """One pressed element."""

    action_id: str
    value: str | None = None
    action_ts: str | None = None


class Container(_Wire):
    channel_id: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None


class ChannelName(_Wire):
    id: str


class Press(_Wire):
    """`block_actions`."""

    user: User
    actions: tuple[Choice, ...] = Field(min_length=1)
    container: Container = Container()
    channel: ChannelName | None = None
    message: InnerMessage | None = None
    trigger_id: str | None = None


class ViewState(_Wire):
    values: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)


class View(_Wire):
    id: str = Field(min_length=1)
    callback_id: str | None = None
    private_metadata: str | None = None
    state: ViewState = ViewState()


class Submission(_Wire):
    """`view_submission` and `view_closed`."""

    user: User
    view: View


class SlashCommand(_Wire):
    command: str
    text: str = ""
    user_id: str
    user_name: str | None = None
    team_id: str | None = None
    channel_id: str
