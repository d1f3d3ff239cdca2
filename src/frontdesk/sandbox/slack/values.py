"""The things a workspace consists of, as values that never change: every change makes a new one."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from frontdesk.sandbox.slack import markup

Json = dict[str, Any]
StreamState = Literal["streaming", "stopped", "stopped_by_user", "expired"]


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    real_name: str
    tz: str = "Europe/Berlin"
    is_stranger: str | None = None
    """The team of a person who comes in through Slack Connect."""
    image: str = ""
    is_bot: bool = False


@dataclass(frozen=True)
class Channel:
    id: str
    name: str
    private: bool = False
    members: tuple[str, ...] = ()
    ext_shared: bool = False
    dm: bool = False
    archived: bool = False
    created: int = 0

    @property
    def kind(self) -> str:
        """The `channel_type` of events."""
        if self.dm:
            return "im"
        return "group" if self.private else "channel"


@dataclass(frozen=True)
class File:
    id: str
    name: str
    mimetype: str
    content: bytes = field(repr=False)
    user: str
    url: str
    title: str = ""
    created: int = 0
    needs_lookup: bool = False
    """Slack Connect files may arrive as a mere id that has to be looked up."""

    def wire(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.name.rsplit(".", 1)[-1] if "." in self.name else "binary",
            "size": len(self.content),
            "user": self.user,
            "created": self.created,
            "timestamp": self.created,
            "mode": "hosted",
            "is_external": False,
            "is_public": True,
            "url_private": self.url,
            "url_private_download": f"{self.url}?download=1",
            "permalink": f"{self.url}?page=1",
        }

    def wire_in_event(self) -> Json:
        if self.needs_lookup:
            return {
                "id": self.id,
                "file_access": "check_file_info",
                "created": self.created,
                "user": self.user,
            }
        return self.wire()


@dataclass(frozen=True)
class Message:
    ts: str
    channel: str
    thread_ts: str | None = None
    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icon: str | None = None
    team: str | None = None
    text: str = ""
    markdown_text: str = ""
    blocks: tuple[Json, ...] = ()
    tasks: tuple[Json, ...] = ()
    plan: str | None = None
    attachments: tuple[Json, ...] = ()
    files: tuple[File, ...] = ()
    edited: str | None = None
    """The `ts` of the last edit."""
    deleted: bool = False
    metadata: Json | None = None
    streaming: StreamState | None = None
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    client_msg_id: str | None = None
    subtype: str | None = None
    words_ping: bool = False
    """`link_names` or `parse=full` was asked for, so that a bare @channel pings."""
    seen_by: str | None = None
    """The only person who sees it, for an ephemeral message."""

    @property
    def root(self) -> str:
        return self.thread_ts or self.ts

    @property
    def markdown(self) -> str:
        if self.markdown_text:
            return self.markdown_text
        return "\n".join(str(block.get("text", "")) for block in self.blocks if block.get("type") == "markdown")

    @property
    def shown(self) -> str:
        """What a person would read, in the order of the screen."""
        parts = [self.plan or "", self.markdown_text]
        parts += [" ".join(filter(None, (str(task.get("title", "")), task.get("output")))) for task in self.tasks]
        parts += ["\n".join(text for _, text in markup.texts(block)) for block in self.blocks]
        if not any(parts):
            parts = [self.text]
        return html.unescape("\n".join(part for part in parts if part))

    @property
    def live_mentions(self) -> tuple[str, ...]:
        """The pings that Slack would make of this message, in text, markdown, tasks and blocks."""
        found = []
        for kind, text in self._texts():
            if kind != "plain_text":
                found += markup.pings(text, words_ping=self.words_ping)
        return tuple(dict.fromkeys(found))

    @property
    def live_links(self) -> tuple[str, ...]:
        """The addresses that Slack would make clickable or load."""
        found = list(markup.addresses(self.blocks))
        found += [source.get("url", "") for task in self.tasks for source in task.get("sources") or ()]
        for kind, text in self._texts():
            if kind != "plain_text":
                found += markup.links(text, markdown=kind == "markdown")
        return tuple(dict.fromkeys(found))

    def _texts(self) -> list[tuple[str, str]]:
        pieces = [("mrkdwn", self.text), ("markdown", self.markdown_text), ("plain_text", self.plan or "")]
        for task in self.tasks:
            pieces += [("markdown", str(task.get(key) or "")) for key in ("title", "details", "output")]
        return pieces + list(markup.texts(self.blocks)) + list(markup.texts(self.attachments))

    def wire(self, *, in_event: bool = False) -> Json:
        """The message as the Web API and events show it."""
        blocks = list(self.blocks)
        if self.markdown_text:
            blocks.insert(0, {"type": "markdown", "text": self.markdown_text})
        whole: Json = {
            "type": "message",
            "subtype": self.subtype,
            "user": None if self.subtype == "bot_message" else self.user,
            "team": self.team,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "username": self.username,
            "ts": self.ts,
            "client_msg_id": self.client_msg_id,
            "text": self.text or self.markdown_text,
            "thread_ts": self.thread_ts,
            "blocks": blocks,
            "attachments": list(self.attachments),
            "files": [file.wire_in_event() if in_event else file.wire() for file in self.files],
            "edited": {"user": self.user, "ts": self.edited} if self.edited else None,
            "reactions": [
                {"name": name, "users": list(users), "count": len(users)} for name, users in self.reactions.items()
            ],
        }
        if self.streaming:
            whole["streaming_state"] = "in_progress" if self.streaming == "streaming" else "completed"
        return {key: value for key, value in whole.items() if value not in (None, [])} | {"text": whole["text"]}

    def on_page(self) -> Json:
        """The message as the page shows it."""
        return {
            "ts": self.ts,
            "channel": self.channel,
            "thread_ts": self.thread_ts,
            "user": self.user,
            "bot_id": self.bot_id,
            "username": self.username,
            "icon": self.icon,
            "text": self.text,
            "markdown": self.markdown,
            "markdown_text": self.markdown_text,
            "shown": self.shown,
            "blocks": list(self.blocks),
            "tasks": list(self.tasks),
            "plan": self.plan,
            "attachments": list(self.attachments),
            "files": [file.wire() for file in self.files],
            "edited": self.edited,
            "deleted": self.deleted,
            "metadata": self.metadata,
            "streaming": self.streaming,
            "reactions": {name: list(users) for name, users in self.reactions.items()},
            "subtype": self.subtype,
            "seen_by": self.seen_by,
        }


@dataclass(frozen=True)
class View:
    id: str
    user: str
    body: Json
    """What the app sent: type, title, blocks, callback_id, private_metadata ..."""
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    """What the app answered to the last submission, by block."""

    def wire(self, team_id: str, app_id: str, bot_id: str, values: Json | None = None) -> Json:
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "notify_on_close": False,
            "clear_on_close": False,
            "submit": None,
            "close": None,
            **self.body,
            "id": self.id,
            "team_id": team_id,
            "app_id": app_id,
            "app_installed_team_id": team_id,
            "bot_id": bot_id,
            "hash": self.hash,
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
            "state": {"values": values or {}},
        }

    def on_page(self) -> Json:
        return {**self.body, "id": self.id, "user": self.user, "errors": dict(self.errors)}


@dataclass(frozen=True)
class Session:
    channel: str
    thread_ts: str
    status: str
    title: str | None = None
    initiator: str | None = None

    def on_page(self) -> Json:
        return {
            "channel": self.channel,
            "thread_ts": self.thread_ts,
            "status": self.status,
            "title": self.title,
            "initiator": self.initiator,
        }


@dataclass(frozen=True)
class Request:
    """One call of the Web API, as it came in."""

    method: str
    args: Json
    token_kind: str
    at: float
