"""Channels over REST: look at, create, change, delete."""

from dataclasses import replace
from typing import Any

from frontdesk.sandbox.discord import overlay, rest_threads
from frontdesk.sandbox.discord.call import DONE, Answer, Call, created, ok
from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.permissions import BITS, Overwrite
from frontdesk.sandbox.discord.values import Channel, Json, Kind, Tag

KINDS: dict[int, Kind] = {0: "text", 4: "category", 15: "forum"}


def look(call: Call) -> Answer:
    channel = call.channel()
    return ok(_shown(call, channel))


def _shown(call: Call, channel: Channel) -> Json:
    return call.guild.wire.thread_for_bot(channel) if channel.thread else call.guild.wire.channel(channel)


def all_of_guild(call: Call) -> Answer:
    call.need_guild()
    found = [one for one in call.guild.channels.values() if not one.dm and not one.thread]
    return ok([call.guild.wire.channel(one) for one in found])


def create(call: Call) -> Answer:
    call.need_guild()
    if not call.guild.base_may(call.app.bot_user_id, "MANAGE_CHANNELS"):
        raise ApiError(50013)
    kind = KINDS.get(call.body.get("type", 0))
    if kind is None:
        raise InvalidForm({"type": f"this sandbox creates channels of types {list(KINDS)}"})
    overlay.check_name(call.body.get("name"))
    overlay.check_tags(call.body.get("available_tags"))
    overwrites = _overwrites(call.body.get("permission_overwrites"))
    channel = Channel(
        call.guild.snowflakes.next(),
        kind,
        str(call.body["name"]),
        parent=_parent(call),
        topic=call.body.get("topic"),
        overwrites=overwrites,
        tags=_tags(call, call.body.get("available_tags") or (), ()),
        private=any(one.target == call.guild.id and one.deny & BITS["VIEW_CHANNEL"] for one in overwrites),
    )
    return created(call.guild.wire.channel(call.guild.create_channel(channel)))


def _parent(call: Call) -> str | None:
    parent = call.body.get("parent_id")
    return str(parent) if parent else None


def change(call: Call) -> Answer:
    channel = call.channel()
    if channel.thread:
        return rest_threads.change(call, channel)
    if channel.dm:
        raise ApiError(50003)
    call.need(channel, "MANAGE_CHANNELS")
    if strange := overlay.unknown("channel change", call.body):
        call.note(f"unknown properties: {', '.join(strange)}")
    new = channel
    if "name" in call.body:
        overlay.check_name(call.body["name"])
        new = replace(new, name=str(call.body["name"]))
    if "topic" in call.body:
        new = replace(new, topic=call.body["topic"])
    if "available_tags" in call.body:
        overlay.check_tags(call.body["available_tags"])
        new = replace(new, tags=_tags(call, call.body["available_tags"] or (), channel.tags))
    if "permission_overwrites" in call.body:
        new = replace(new, overwrites=_overwrites(call.body["permission_overwrites"]))
    if call.body.get("flags") is not None:
        new = replace(new, flags=int(call.body["flags"]))
    return ok(call.guild.wire.channel(call.guild.change_channel(new)))


def _tags(call: Call, given: Any, old: tuple[Tag, ...]) -> tuple[Tag, ...]:
    """The offered tags after a change: those with a known id keep it, others get one."""
    known = {tag.id for tag in old}
    return tuple(
        Tag(
            str(one["id"]) if str(one.get("id")) in known else call.guild.snowflakes.next(),
            str(one["name"]),
            bool(one.get("moderated")),
            one.get("emoji_name"),
        )
        for one in given
    )


def _overwrites(given: Any) -> tuple[Overwrite, ...]:
    return tuple(
        Overwrite(str(one["id"]), int(one["type"]), int(one.get("allow") or 0), int(one.get("deny") or 0))
        for one in given or ()
    )


def delete(call: Call) -> Answer:
    channel = call.channel()
    if channel.dm:
        return ok(_shown(call, channel))
    call.need(channel, "MANAGE_THREADS" if channel.thread else "MANAGE_CHANNELS")
    whole = _shown(call, channel)
    call.guild.remove_channel(channel.id)
    return ok(whole)


def set_overwrite(call: Call) -> Answer:
    channel = call.channel("MANAGE_ROLES")
    target = call.path["overwrite_id"]
    kept = tuple(one for one in channel.overwrites if one.target != target)
    new = Overwrite(target, int(call.body["type"]), int(call.body.get("allow") or 0), int(call.body.get("deny") or 0))
    call.guild.change_channel(replace(channel, overwrites=(*kept, new)))
    return DONE


ROUTES = {
    ("GET", "/channels/{channel_id}"): look,
    ("PATCH", "/channels/{channel_id}"): change,
    ("DELETE", "/channels/{channel_id}"): delete,
    ("PUT", "/channels/{channel_id}/permissions/{overwrite_id}"): set_overwrite,
    ("GET", "/guilds/{guild_id}/channels"): all_of_guild,
    ("POST", "/guilds/{guild_id}/channels"): create,
}
