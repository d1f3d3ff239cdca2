"""The things a Discord server consists of, as values that never change: every change makes a new one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from frontdesk.sandbox.discord import markup
from frontdesk.sandbox.discord.permissions import Overwrite
from frontdesk.sandbox.discord.snowflakes import time_of

Json = dict[str, Any]
Kind = Literal["text", "dm", "category", "forum", "public_thread", "private_thread"]

CHANNEL_TYPES: Mapping[Kind, int] = {
    "text": 0,
    "dm": 1,
    "category": 4,
    "public_thread": 11,
    "private_thread": 12,
    "forum": 15,
}

SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

REGULAR, RECIPIENT_ADD, NAME_CHANGE, PIN, THREAD_CREATED, REPLY, SLASH, THREAD_STARTER, MENU = (
    0,
    1,
    4,
    6,
    18,
    19,
    20,
    21,
    23,
)
WRITTEN = frozenset((REGULAR, REPLY, SLASH, MENU))
"""The types of messages that somebody wrote; all others are notices of Discord itself."""


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    """The username."""
    real_name: str
    avatar: str | None = None
    roles: tuple[str, ...] = ()
    is_bot: bool = False
    nick: str | None = None
    in_guild: bool = True
    dms_blocked: bool = False
    locale: str = "en-US"

    @property
    def shown_name(self) -> str:
        return self.nick or self.real_name or self.name


@dataclass(frozen=True)
class Role:
    id: str
    name: str
    permissions: int


@dataclass(frozen=True)
class Tag:
    """A label that a forum offers for its posts."""

    id: str
    name: str
    moderated: bool = False
    emoji_name: str | None = None


@dataclass(frozen=True)
class Channel:
    id: str
    kind: Kind
    name: str
    parent: str | None = None
    private: bool = False
    topic: str | None = None
    overwrites: tuple[Overwrite, ...] = ()
    members: tuple[str, ...] = ()
    """The two of a direct message; who joined a thread."""
    owner: str | None = None
    tags: tuple[Tag, ...] = ()
    applied_tags: tuple[str, ...] = ()
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive: int = 4320
    archive_changed: float = 0.0
    slowmode: int = 0
    last_message: str | None = None
    sent: int = 0
    """How many messages a thread ever had, without its starter and Discord's own notices."""
    flags: int = 0

    @property
    def dm(self) -> bool:
        return self.kind == "dm"

    @property
    def thread(self) -> bool:
        return self.kind in ("public_thread", "private_thread")


@dataclass(frozen=True)
class Attachment:
    id: str
    channel: str
    name: str
    mimetype: str
    content: bytes = field(repr=False)
    description: str | None = None
    title: str | None = None

    @property
    def path(self) -> str:
        return f"/attachments/{self.channel}/{self.id}/{self.name}"


@dataclass(frozen=True)
class Message:
    id: str
    channel: str
    author: str
    """A person's id, or the webhook's."""
    name: str
    """The author's name as it is shown on this message."""
    content: str = ""
    type: int = REGULAR
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    reference: Json | None = None
    pings: tuple[str, ...] = ()
    """Whom it notified: people's and roles' ids, `@everyone`, `@here`."""
    allowed_mentions: Json | None = None
    nonce: str | int | None = None
    tts: bool = False
    edited: float | None = None
    deleted: bool = False
    webhook: str | None = None
    application: str | None = None
    avatar_url: str | None = None
    interaction: Json | None = None
    """What it answers: the interaction's metadata."""
    ephemeral_for: str | None = None
    pinned: bool = False
    poll: Json | None = None
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def at(self) -> float:
        return time_of(self.id)

    @property
    def written(self) -> bool:
        return self.type in WRITTEN

    @property
    def loading(self) -> bool:
        """The app said that it thinks, and has not answered yet."""
        return bool(self.flags & LOADING)

    @property
    def reply_to(self) -> str | None:
        return str(self.reference["message_id"]) if self.type == REPLY and self.reference else None

    @property
    def shown(self) -> str:
        """What a person would read, in the order of the screen."""
        parts = [self.content]
        for embed in self.embeds:
            parts += _embed_texts(embed)
        parts += [str(one["content"]) for one in walk(self.components) if one["type"] == 10]
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(label, custom id, or address of a link) of each button."""
        found = [one for one in walk(self.components) if one["type"] == 2]
        return [(str(one.get("label", "")), str(one.get("custom_id") or one.get("url", ""))) for one in found]

    @property
    def selects(self) -> list[Json]:
        return [one for one in walk(self.components) if one["type"] in (3, 5, 6, 7, 8)]

    @property
    def masked_links(self) -> list[tuple[str, str]]:
        """Every link that hides its address behind other words."""
        return markup.masked_links(self.shown)

    @property
    def links(self) -> list[str]:
        return markup.links(self.shown)


@dataclass(frozen=True)
class Webhook:
    id: str
    token: str
    channel: str
    name: str
    application: str | None
    user: str


@dataclass(frozen=True)
class Modal:
    """A form that one person has open."""

    id: str
    user: str
    custom_id: str
    title: str
    components: tuple[Json, ...]
    channel: str
    message: str | None = None
    """The message whose button opened it."""
    opened_by: str = ""
    """The interaction that it answered."""


@dataclass(frozen=True)
class File:
    """One uploaded part of a request."""

    name: str
    """The part's: `files[0]`."""
    filename: str
    content: bytes = field(repr=False)
    mimetype: str


@dataclass
class Request:
    """One call of the REST API as it came in; `status` and `answer` are filled in once it is answered."""

    method: str
    path: str
    template: str
    json: Any
    query: Mapping[str, str]
    files: tuple[File, ...]
    at: float
    status: int = 0
    answer: Any = None
    content_type: str = ""


def walk(components: Any) -> Iterator[Json]:
    """Every component in the order of the screen, however deep."""
    for one in components or ():
        yield one
        yield from walk(one.get("components"))
        for name in ("accessory", "component"):
            if isinstance(one.get(name), dict):
                yield from walk([one[name]])


def _embed_texts(embed: Json) -> list[str]:
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    parts = [author.get("name"), embed.get("title"), embed.get("description")]
    for one in embed.get("fields") or ():
        parts += [one.get("name"), one.get("value")]
    return [str(part) for part in (*parts, footer.get("text")) if part]
