"""The Web API methods this Slack knows: arguments, what is required, scopes of a bot token, rate tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Method:
    required: tuple[str, ...]
    args: Mapping[str, str]
    """Name and kind of each argument; `any` is text or a structure."""
    scopes: tuple[str, ...] = ()
    """Any one of these will do, unless the method looks more closely."""
    tier: str = "t3"
    json: bool = True
    """Whether a JSON body is read at all."""
    bearer: str = "bot"
    """Which kind of token it wants."""
    newer: Mapping[str, str] = field(default_factory=dict)
    """Arguments that the SDK sends and the reference does not list yet."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """A required argument that another one replaces in practice."""


METHODS: Mapping[str, Method] = {
    "api.test": Method(
        required=(),
        args={"error": "string"},
        tier="t4",
    ),
    "auth.test": Method(
        required=("token",),
        args={"token": "string"},
        tier="t5",
    ),
    "apps.connections.open": Method(
        required=("token",),
        args={"token": "string"},
        bearer="app",
        tier="t3",
    ),
    "chat.postMessage": Method(
        required=("token", "channel"),
        args={
            "token": "string",
            "as_user": "boolean",
            "attachments": "array",
            "blocks": "array",
            "channel": "string",
            "current_draft_last_updated_ts": "string",
            "icon_emoji": "string",
            "icon_url": "string",
            "link_names": "boolean",
            "markdown_text": "string",
            "metadata": "object",
            "mrkdwn": "boolean",
            "parse": "string",
            "reply_broadcast": "boolean",
            "text": "string",
            "thread_ts": "string",
            "unfurl_links": "boolean",
            "unfurl_media": "boolean",
            "username": "string",
        },
        scopes=("chat:write",),
        tier="t5",
        newer={"client_msg_id": "string"},
    ),
    "chat.update": Method(
        required=("token", "ts", "channel"),
        args={
            "token": "string",
            "as_user": "any",
            "attachments": "array",
            "unfurled_attachments": "array",
            "blocks": "array",
            "markdown_text": "string",
            "metadata": "object",
            "channel": "string",
            "link_names": "any",
            "parse": "string",
            "text": "string",
            "ts": "string",
            "reply_broadcast": "boolean",
            "file_ids": "array",
        },
        scopes=("chat:write",),
        tier="t3",
    ),
    "chat.delete": Method(
        required=("token", "ts", "channel"),
        args={"token": "string", "as_user": "boolean", "channel": "string", "ts": "string"},
        scopes=("chat:write",),
        tier="t3",
    ),
    "chat.postEphemeral": Method(
        required=("token", "user", "channel"),
        args={
            "token": "string",
            "as_user": "boolean",
            "attachments": "array",
            "blocks": "array",
            "channel": "string",
            "icon_emoji": "string",
            "icon_url": "string",
            "link_names": "boolean",
            "markdown_text": "string",
            "metadata": "object",
            "parse": "string",
            "text": "string",
            "thread_ts": "string",
            "user": "string",
            "username": "string",
        },
        scopes=("chat:write",),
        tier="t4",
    ),
    "chat.getPermalink": Method(
        required=("token", "channel", "message_ts"),
        args={"token": "string", "channel": "string", "message_ts": "string"},
        tier="t5",
        json=False,
    ),
    "chat.startStream": Method(
        required=("token", "channel"),
        args={
            "token": "string",
            "channel": "string",
            "chunks": "array",
            "markdown_text": "string",
            "thread_ts": "string",
            "recipient_user_id": "string",
            "recipient_team_id": "string",
            "task_display_mode": "string",
            "icon_emoji": "string",
            "icon_url": "string",
            "username": "string",
        },
        scopes=("chat:write",),
        tier="t2",
        newer={"client_msg_id": "string"},
    ),
    "chat.appendStream": Method(
        required=("token", "channel", "ts", "markdown_text"),
        args={
            "token": "string",
            "channel": "string",
            "chunks": "array",
            "ts": "string",
            "markdown_text": "string",
        },
        scopes=("chat:write",),
        tier="t4",
        instead={"markdown_text": "chunks"},
    ),
    "chat.stopStream": Method(
        required=("token", "channel", "ts"),
        args={
            "token": "string",
            "channel": "string",
            "chunks": "array",
            "ts": "string",
            "markdown_text": "string",
            "blocks": "array",
            "metadata": "object",
        },
        scopes=("chat:write",),
        tier="t2",
        newer={"session_status": "string"},
    ),
    "conversations.open": Method(
        required=("token",),
        args={
            "token": "string",
            "channel": "string",
            "return_im": "boolean",
            "users": "string",
            "prevent_creation": "boolean",
        },
        scopes=("channels:manage", "groups:write", "im:write", "mpim:write"),
        tier="t3",
    ),
    "conversations.members": Method(
        required=("token", "channel"),
        args={"token": "string", "channel": "string", "cursor": "string", "limit": "number"},
        scopes=("groups:read", "im:read", "mpim:read", "channels:read"),
        tier="t4",
        json=False,
    ),
    "conversations.info": Method(
        required=("token", "channel"),
        args={
            "token": "string",
            "channel": "string",
            "include_locale": "boolean",
            "include_num_members": "boolean",
        },
        scopes=("groups:read", "im:read", "mpim:read", "channels:read"),
        tier="t3",
        json=False,
    ),
    "conversations.replies": Method(
        required=("token", "channel", "ts"),
        args={
            "token": "string",
            "channel": "string",
            "cursor": "string",
            "include_all_metadata": "boolean",
            "inclusive": "boolean",
            "latest": "string",
            "limit": "number",
            "oldest": "string",
            "ts": "string",
        },
        scopes=("groups:history", "im:history", "mpim:history", "channels:history"),
        tier="t3",
        json=False,
    ),
    "conversations.history": Method(
        required=("token", "channel"),
        args={
            "token": "string",
            "channel": "string",
            "cursor": "string",
            "include_all_metadata": "boolean",
            "inclusive": "boolean",
            "latest": "string",
            "limit": "number",
            "oldest": "string",
        },
        scopes=("groups:history", "im:history", "mpim:history", "channels:history"),
        tier="t3",
    ),
    "conversations.list": Method(
        required=("token",),
        args={
            "token": "string",
            "cursor": "string",
            "exclude_archived": "boolean",
            "limit": "number",
            "team_id": "string",
            "types": "string",
        },
        scopes=("groups:read", "im:read", "mpim:read", "channels:read"),
        tier="t2",
        json=False,
    ),
    "conversations.join": Method(
        required=("token", "channel"),
        args={"token": "string", "channel": "string"},
        scopes=("channels:join",),
        tier="t3",
    ),
    "users.info": Method(
        required=("token", "user"),
        args={"token": "string", "include_locale": "boolean", "user": "string"},
        scopes=("users:read",),
        tier="t4",
        json=False,
    ),
    "users.list": Method(
        required=("token",),
        args={
            "token": "string",
            "cursor": "string",
            "include_locale": "boolean",
            "limit": "number",
            "team_id": "string",
        },
        scopes=("users:read",),
        tier="t2",
        json=False,
    ),
    "bots.info": Method(
        required=("token",),
        args={"token": "string", "bot": "string", "team_id": "string"},
        scopes=("users:read",),
        tier="t3",
        json=False,
    ),
    "agents.sessions.setStatus": Method(
        required=("token", "channel_id", "status"),
        args={
            "token": "string",
            "channel_id": "string",
            "status": "string",
            "thread_ts": "string",
            "title": "string",
            "initiator_user_id": "string",
            "icon_emoji": "string",
            "icon_url": "string",
            "username": "string",
        },
        scopes=("chat:write",),
        tier="t3",
    ),
    "agents.sessions.rename": Method(
        required=("token", "channel_id", "title"),
        args={"token": "string", "channel_id": "string", "title": "string", "thread_ts": "string"},
        scopes=("chat:write",),
        tier="t3",
    ),
    "assistant.threads.setStatus": Method(
        required=("token", "channel_id", "thread_ts", "status"),
        args={
            "token": "string",
            "channel_id": "string",
            "thread_ts": "string",
            "status": "string",
            "loading_messages": "array",
            "icon_emoji": "string",
            "icon_url": "string",
            "username": "string",
        },
        scopes=("chat:write",),
        tier="t5",
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        required=("token", "channel_id", "prompts"),
        args={
            "token": "string",
            "channel_id": "string",
            "thread_ts": "string",
            "prompts": "array",
            "title": "string",
        },
        scopes=("assistant:write",),
        tier="t4",
    ),
    "reactions.add": Method(
        required=("token", "name", "timestamp", "channel"),
        args={"channel": "string", "name": "string", "timestamp": "string", "token": "string"},
        scopes=("reactions:write",),
        tier="t3",
    ),
    "reactions.remove": Method(
        required=("token", "name"),
        args={
            "token": "string",
            "name": "string",
            "file": "string",
            "file_comment": "string",
            "channel": "string",
            "timestamp": "string",
        },
        scopes=("reactions:write",),
        tier="t2",
    ),
    "files.getUploadURLExternal": Method(
        required=("token", "length", "filename"),
        args={
            "token": "string",
            "length": "integer",
            "filename": "string",
            "snippet_type": "string",
            "alt_txt": "string",
        },
        scopes=("files:write",),
        tier="t4",
        json=False,
    ),
    "files.completeUploadExternal": Method(
        required=("token", "files"),
        args={
            "token": "string",
            "files": "array",
            "channel_id": "string",
            "thread_ts": "string",
            "channels": "string",
            "initial_comment": "string",
            "blocks": "array",
            "username": "string",
            "icon_url": "string",
            "icon_emoji": "string",
        },
        scopes=("files:write",),
        tier="t4",
    ),
    "files.info": Method(
        required=("token", "file"),
        args={
            "token": "string",
            "count": "integer",
            "cursor": "string",
            "file": "string",
            "limit": "integer",
            "page": "integer",
        },
        scopes=("files:read",),
        tier="t4",
        json=False,
    ),
    "views.open": Method(
        required=("token", "view"),
        args={"token": "string", "trigger_id": "string", "interactivity_pointer": "string", "view": "object"},
        tier="t4",
    ),
    "views.update": Method(
        required=("token", "view"),
        args={
            "token": "string",
            "view_id": "string",
            "external_id": "string",
            "view": "object",
            "hash": "string",
        },
        tier="t4",
    ),
    "views.push": Method(
        required=("token", "view"),
        args={"token": "string", "trigger_id": "string", "interactivity_pointer": "string", "view": "object"},
        tier="t4",
    ),
    "views.publish": Method(
        required=("token", "user_id", "view"),
        args={
            "token": "string",
            "user_id": "string",
            "view": "object",
            "hash": "string",
            "interactivity_pointer": "string",
        },
        tier="t4",
    ),
}


PER_MINUTE = {"t1": 1, "t2": 20, "t3": 50, "t4": 100, "t5": 600}
"""Calls a minute that Slack promises at least; t5 is "special", where only posting has a stated limit."""

ALL_SCOPES = frozenset(scope for method in METHODS.values() for scope in method.scopes) | {
    "app_mentions:read",
    "chat:write.customize",
    "commands",
    "connections:write",
    "reactions:read",
}
