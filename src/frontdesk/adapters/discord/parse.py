"""Reads Discord's payloads into the desk's events; pure, and never surprised."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from frontdesk.adapters.discord import snowflakes, wire
from frontdesk.adapters.discord.markup import Heard, heard
from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import MessageDeleted, MessageEdited, MessagePosted
from frontdesk.domain.messages import Attachment, Message, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.value import Value

COMMUNITY = "discord"
"""An account is the same in every server and in direct messages."""
DIRECT = "@me"
"""What Discord's own addresses call the place of direct messages."""
CDN = "https://cdn.discordapp.com"

_SPOKEN = frozenset({0, 19})
"""Types of message that a person wrote: an ordinary one, a reply (docs: Message Types)."""
_W = TypeVar("_W", bound=BaseModel)


class Ignored(Value):
    """Understood, and nothing to do."""

    reason: str


class Desk(Value):
    """Who the desk is, as messages spell it."""

    user: str
    roles: frozenset[str] = frozenset()
    """Roles whose mention means the desk."""


def read(shape: type[_W], data: object) -> _W:
    """Raises Unreadable."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors(include_input=False)[:3])
        raise Unreadable(f"{shape.__name__}: {places or 'not an object'}") from error


def posted(message: wire.Message, thread: Thread, desk: Desk, title: str = "") -> MessagePosted | Ignored:
    """A message in the thread it belongs to; `title` is that of the forum post it starts. Raises Unreadable."""
    if not_a_person := _not_a_person(message, desk):
        return Ignored(reason=not_a_person)
    if message.type not in _SPOKEN:
        return Ignored(reason=f"message of type {message.type}")
    words = _heard(message, desk)
    spoken = _message(message, words, title)
    return MessagePosted(
        thread=thread,
        ids=(name_of(message.id),),
        order=spoken.order,
        message=spoken,
        addressed=words.addressed,
        readable=bool(message.content or _has_more(message)) or thread.direct or words.addressed,
    )


def edited(message: wire.Message, thread: Thread, desk: Desk, title: str = "") -> MessageEdited | Ignored:
    """A change of a message. Raises Unreadable."""
    if message.author is None or message.content is None or message.edited_timestamp is None:
        return Ignored(reason="change that is no edit")
    if not_a_person := _not_a_person(message, desk):
        return Ignored(reason=not_a_person)
    if not message.content and not _has_more(message):
        return Ignored(reason="edit that cannot be read")
    at = _moment(message.edited_timestamp)
    return MessageEdited(
        thread=thread,
        ids=(f"{name_of(message.id)}:edited:{message.edited_timestamp}",),
        order=at,
        message=_message(message, _heard(message, desk), title),
    )


def deleted(message: str, thread: Thread, at: float) -> MessageDeleted:
    """`at`: when it was heard of; Discord does not say when it was done."""
    return MessageDeleted(
        thread=thread, ids=(f"{name_of(message)}:deleted",), order=int(at * 1_000_000), message_id=message
    )


def person(user: wire.User, member: wire.Member | None = None, guild: str | None = None) -> Person:
    name = (member.nick if member else None) or user.global_name or user.username or ""
    image = None
    if member is not None and member.avatar and guild:
        image = f"{CDN}/guilds/{guild}/users/{user.id}/avatars/{member.avatar}.png?size=128"
    elif user.avatar:
        image = f"{CDN}/avatars/{user.id}/{user.avatar}.png?size=128"
    return Person(platform="discord", community=COMMUNITY, id=user.id, name=name, image=image)


def name_of(message: str) -> str:
    """A message's own name among all facts; ids are unique over all of Discord."""
    return f"discord:{message}"


def attachments(files: Collection[wire.File], channel: str, message: str) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            id=file.id,
            name=file.filename or file.id,
            media_type=file.content_type or "application/octet-stream",
            size=max(file.size or 0, 0),
            url=file.url or "",
            platform="discord",
            channel=channel,
            message=message,
        )
        for file in files
    )


def _not_a_person(message: wire.Message, desk: Desk) -> str:
    """Why nobody wrote this; empty when a person did."""
    if message.author is None:
        return "nobody"
    if message.author.id == desk.user:
        return "own echo"
    if message.webhook_id is not None or message.application_id is not None or message.author.bot:
        return "another app"
    if message.author.system:
        return "discord itself"
    return ""


def _heard(message: wire.Message, desk: Desk) -> Heard:
    names = {user.id: (user.member.nick if user.member else None) or user.global_name or user.username or ""
             for user in message.mentions or ()}  # fmt: skip
    words = heard(message.content or "", desk.user, own_roles=desk.roles, names=names)
    replied_to_us = message.type == 19 and any(user.id == desk.user for user in message.mentions or ())
    return words._replace(addressed=words.addressed or replied_to_us)


def _message(message: wire.Message, words: Heard, title: str) -> Message:
    assert message.author is not None
    text = words.text
    files = list(message.attachments or ())
    for forwarded in message.message_snapshots or ():
        quoted = "\n".join(f"> {line}" for line in (forwarded.message.content or "").splitlines())
        text = f"{text}\n\n{quoted}".strip()
        files += forwarded.message.attachments or ()
    if message.sticker_items and not text:
        text = " ".join(f":{sticker.name or 'sticker'}:" for sticker in message.sticker_items)
    if title and not text.casefold().startswith(title.casefold()):
        text = f"{title}\n\n{text}".strip()
    return Message(
        id=message.id,
        author=person(message.author, message.member, message.guild_id),
        text=text,
        attachments=attachments(files, message.channel_id, message.id),
        mentions_others=words.mentions_others,
        order=snowflakes.order(message.id),
    )


def _has_more(message: wire.Message) -> bool:
    return bool(message.attachments or message.message_snapshots or message.sticker_items or message.embeds)


def _moment(stamp: str) -> int:
    try:
        return int(datetime.fromisoformat(stamp).timestamp() * 1_000_000)
    except (ValueError, OverflowError) as error:
        raise Unreadable("not a time: edited_timestamp") from error


def as_object(data: Any) -> dict[str, Any]:
    """Raises Unreadable."""
    if not isinstance(data, dict):
        raise Unreadable("the payload is not an object")
    return data
