"""What a member may do in a channel, computed from roles and overwrites as Discord documents it."""

from collections.abc import Mapping
from enum import IntFlag
from typing import Any

from frontdesk.domain.errors import Unreadable


class Permission(IntFlag):
    """Those the desk has to do with; other bits are carried along."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


VIEW_CHANNEL = Permission.VIEW_CHANNEL
NONE = Permission(0)
EVERYTHING = Permission((1 << 64) - 1)

_NEEDS_SENDING = (
    Permission.MENTION_EVERYONE | Permission.SEND_TTS_MESSAGES | Permission.ATTACH_FILES | Permission.EMBED_LINKS
)
_LEFT_IN_TIMEOUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
_MEMBER = 1

_Payload = Mapping[str, Any]


def permissions_in(guild: _Payload, channel: _Payload, member: _Payload, *, timed_out: bool = False) -> Permission:
    """From the payloads of the guild (with its roles), the channel and the member. For a thread give its parent.

    Raises Unreadable.
    """
    try:
        return _in_channel(guild, channel, member, timed_out=timed_out)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("roles or overwrites are not what Discord documents") from error


def _in_channel(guild: _Payload, channel: _Payload, member: _Payload, *, timed_out: bool) -> Permission:
    person, everyone = str(member["user"]["id"]), str(guild["id"])
    granted = _in_guild(guild, member)
    if granted & Permission.ADMINISTRATOR:
        return EVERYTHING
    overwrites = {str(each["id"]): each for each in channel.get("permission_overwrites") or ()}
    granted = _after(granted, [overwrites[everyone]] if everyone in overwrites else [])
    held = [str(role) for role in member["roles"]]
    granted = _after(granted, [overwrites[role] for role in held if role in overwrites and role != everyone])
    own = overwrites.get(person)
    granted = _after(granted, [own] if own is not None and int(own["type"]) == _MEMBER else [])
    if timed_out:
        granted &= _LEFT_IN_TIMEOUT
    return _implied(granted)


def _in_guild(guild: _Payload, member: _Payload) -> Permission:
    """Before any channel has its say."""
    if guild.get("owner_id") is not None and str(guild["owner_id"]) == str(member["user"]["id"]):
        return EVERYTHING
    roles = {str(role["id"]): int(role["permissions"]) for role in guild["roles"]}
    granted = roles[str(guild["id"])]
    for role in member["roles"]:
        granted |= roles.get(str(role), 0)
    return EVERYTHING if granted & Permission.ADMINISTRATOR else Permission(granted)


def _after(granted: Permission, overwrites: list[_Payload]) -> Permission:
    """What several overwrites of one rank deny goes first, what any of them allows comes back."""
    allow = deny = 0
    for each in overwrites:
        allow |= int(each["allow"])
        deny |= int(each["deny"])
    return Permission((int(granted) & ~deny) | allow)


def _implied(granted: Permission) -> Permission:
    if not granted & Permission.VIEW_CHANNEL:
        return NONE
    if not granted & (Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS):
        return _without(granted, _NEEDS_SENDING)
    return granted


def _without(granted: Permission, taken: Permission) -> Permission:
    return Permission(int(granted) & ~int(taken))  # as numbers, so that bits unknown here stay
