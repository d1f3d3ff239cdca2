"""Turns the body of a request into a message, as Discord reads it: files, components, embeds, pings."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from frontdesk.sandbox.discord import markup
from frontdesk.sandbox.discord.snowflakes import stamp
from frontdesk.sandbox.discord.state import State
from frontdesk.sandbox.discord.values import Attachment, File, Json, Message, walk

KEPT_FLAGS = (1 << 2) | (1 << 12) | (1 << 15)
"""What an app may set itself: no embeds, silent, Components V2."""


GALLERY, FILE = 12, 13
FILLED_IN: Mapping[int, Json] = {
    **{key: {"min_values": 1, "max_values": 1} for key in (3, 5, 6, 7, 8)},
    11: {"description": None, "spoiler": False},
    FILE: {"spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}
"""What Discord adds to components that leave it out."""


def filled(guild: State, blank: Message, body: Json, files: Iterable[File]) -> Message:
    """A new message with what the body says."""
    attachments = stored(guild, blank.channel, body, files)
    message = replace(
        blank,
        content=str(body.get("content") or "").strip(),
        embeds=tuple(shown_embed(one, attachments) for one in body.get("embeds") or ()),
        components=numbered(body.get("components") or (), attachments),
        attachments=tuple(attachments),
        flags=blank.flags | (int(body.get("flags") or 0) & KEPT_FLAGS),
        tts=bool(body.get("tts")),
        allowed_mentions=body.get("allowed_mentions"),
        poll=_poll(guild, body.get("poll")),
    )
    return replace(message, pings=pings(guild, message))


def changed(guild: State, old: Message, body: Json, files: Iterable[File]) -> Message:
    """The message after an edit: what the body does not name stays."""
    attachments = stored(guild, old.channel, body, files, old=old.attachments)
    new = replace(old, attachments=tuple(attachments))
    if "content" in body:
        new = replace(new, content=str(body["content"] or "").strip())
    if "embeds" in body:
        new = replace(new, embeds=tuple(shown_embed(one, attachments) for one in body["embeds"] or ()))
    if "components" in body:
        new = replace(new, components=numbered(body["components"] or (), attachments))
    if "flags" in body:
        new = replace(new, flags=(old.flags & ~KEPT_FLAGS) | (int(body["flags"] or 0) & KEPT_FLAGS))
    if "allowed_mentions" in body:
        new = replace(new, allowed_mentions=body["allowed_mentions"])
    return replace(new, edited=guild.clock.now(), pings=pings(guild, new))


def stored(
    guild: State, channel: str, body: Json, files: Iterable[File], *, old: tuple[Attachment, ...] = ()
) -> list[Attachment]:
    """The files of the request kept, and of the earlier ones those that the body still names."""
    described = {str(one.get("id")): one for one in body.get("attachments") or ()}
    named = "attachments" in body and body["attachments"] is not None
    kept = [one for one in old if not named or one.id in described]
    for part in files:
        number = part.name.partition("files[")[2].rstrip("]")
        about = described.get(number, {})
        kept.append(
            guild.keep_file(
                channel,
                str(about.get("filename") or part.filename),
                part.content,
                part.mimetype,
                description=about.get("description"),
                title=about.get("title"),
            )
        )
    return kept


def pings(guild: State, message: Message) -> tuple[str, ...]:
    """Whom the message notifies, after `allowed_mentions`, which allows everything where it is not given."""
    allowed = message.allowed_mentions
    text = message.shown if message.components else message.content
    users, roles, everybody = markup.named_users(text), markup.named_roles(text), markup.names_everybody(text)
    if allowed is not None:
        parse = allowed.get("parse") or ()
        users = users if "users" in parse else [one for one in users if one in _ids(allowed.get("users"))]
        roles = roles if "roles" in parse else [one for one in roles if one in _ids(allowed.get("roles"))]
        everybody = everybody if "everyone" in parse else []
    if message.author in guild.people and not guild.may(message.author, message.channel, "MENTION_EVERYONE"):
        everybody = []
    known = [one for one in users if one in guild.people] + [one for one in roles if one in guild.roles]
    replied = _replied_to(guild, message) if allowed is None or allowed.get("replied_user") else None
    return tuple(dict.fromkeys([*known, *everybody, *([replied] if replied else [])]))


def _ids(given: Any) -> set[str]:
    return {str(one) for one in given or ()}


def _replied_to(guild: State, message: Message) -> str | None:
    original = guild.message(message.channel, message.reply_to or "")
    return original.author if original is not None and original.author in guild.people else None


def numbered(components: Iterable[Json], attachments: Iterable[Attachment]) -> tuple[Json, ...]:
    """The components as Discord gives them back: each with a number, media with their address."""
    copied = [_copy(one) for one in components]
    taken = {one["id"] for one in walk(copied) if one.get("id")}
    free = (number for number in range(1, 1000) if number not in taken)
    for one in walk(copied):
        one["id"] = one.get("id") or next(free)
        for key, value in FILLED_IN.get(one["type"], {}).items():
            one.setdefault(key, value)
        for key in ("media", "file"):
            if isinstance(one.get(key), dict):
                one[key] = _media(one[key], attachments)
        if one["type"] == FILE:
            kept = next((each for each in attachments if each.id == one["file"].get("attachment_id")), None)
            one |= {"name": kept.name if kept else "", "size": len(kept.content) if kept else 0}
        if one["type"] == GALLERY:
            bare = {"description": None, "spoiler": False}
            one["items"] = [{**bare, **item, "media": _media(item["media"], attachments)} for item in one["items"]]
    return tuple(copied)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list | tuple) else value


def _media(media: Json, attachments: Iterable[Attachment]) -> Json:
    name = str(media.get("url", "")).removeprefix("attachment://")
    found = next((one for one in attachments if one.name == name), None)
    url = found.path if found else str(media.get("url", ""))
    whole = {**media, "url": url, "proxy_url": url, "id": found.id if found else "1100000000000000999"}
    return whole | ({"attachment_id": found.id, "content_type": found.mimetype} if found else {})


def shown_embed(embed: Json, attachments: Iterable[Attachment]) -> Json:
    """An embed as Discord gives it back."""
    whole: Json = {"type": "rich", **{key: _copy(value) for key, value in embed.items() if value is not None}}
    for one in whole.get("fields", ()):
        one.setdefault("inline", False)
    for key in ("image", "thumbnail"):
        if isinstance(whole.get(key), dict):
            media = _media(whole[key], attachments)
            whole[key] = {"url": media["url"], "proxy_url": media["proxy_url"]}
    return whole


def _poll(guild: State, poll: Json | None) -> Json | None:
    if poll is None:
        return None
    answers = [{"answer_id": place, **one} for place, one in enumerate(poll.get("answers", ()), 1)]
    return {
        "question": poll["question"],
        "answers": answers,
        "expiry": stamp(guild.clock.now() + 3600 * int(poll.get("duration") or 24)),
        "allow_multiselect": bool(poll.get("allow_multiselect")),
        "layout_type": 1,
        "results": {"is_finalized": False, "answer_counts": []},
    }
