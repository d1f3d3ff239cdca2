"""Who may do what where: Discord's bits, and its order of roles and overwrites."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

BITS: Mapping[str, int] = {
    "CREATE_INSTANT_INVITE": 1 << 0,
    "KICK_MEMBERS": 1 << 1,
    "BAN_MEMBERS": 1 << 2,
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_AUDIT_LOG": 1 << 7,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "SEND_TTS_MESSAGES": 1 << 12,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_EXTERNAL_EMOJIS": 1 << 18,
    "CHANGE_NICKNAME": 1 << 26,
    "MANAGE_NICKNAMES": 1 << 27,
    "MANAGE_ROLES": 1 << 28,
    "MANAGE_WEBHOOKS": 1 << 29,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "CREATE_PRIVATE_THREADS": 1 << 36,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
    "MODERATE_MEMBERS": 1 << 40,
    "SEND_POLLS": 1 << 49,
    "PIN_MESSAGES": 1 << 51,
}
EVERYTHING = sum(BITS.values())
IN_DIRECT_MESSAGES = EVERYTHING & ~(
    BITS["MANAGE_CHANNELS"] | BITS["MANAGE_MESSAGES"] | BITS["MANAGE_WEBHOOKS"] | BITS["MANAGE_THREADS"]
)
IN_A_DIRECT_INTERACTION = (
    BITS["ATTACH_FILES"] | BITS["EMBED_LINKS"] | BITS["MENTION_EVERYONE"] | BITS["USE_EXTERNAL_EMOJIS"]
)
"""What interactions say the app may do in its direct messages (docs: Interaction Structure); seeing is not in it."""


@dataclass(frozen=True)
class Overwrite:
    """What a channel grants or takes from one role or one member."""

    target: str
    kind: int
    """0: a role, 1: a member."""
    allow: int = 0
    deny: int = 0


def bits(names: Iterable[str]) -> int:
    found = 0
    for name in names:
        found |= BITS[name]
    return found


def names(value: int) -> set[str]:
    return {name for name, bit in BITS.items() if value & bit}


def in_channel(base: int, everyone: str, member: str, roles: Iterable[str], overwrites: Iterable[Overwrite]) -> int:
    """The member's permissions once the channel's overwrites are laid over those of the roles."""
    if base & BITS["ADMINISTRATOR"]:
        return EVERYTHING
    found = {one.target: one for one in overwrites}
    granted = base
    if everyone in found:
        granted = granted & ~found[everyone].deny | found[everyone].allow
    held = [found[role] for role in roles if role in found and role != everyone]
    for one in held:
        granted &= ~one.deny
    for one in held:
        granted |= one.allow
    if member in found:
        granted = granted & ~found[member].deny | found[member].allow
    return granted if granted & BITS["VIEW_CHANNEL"] else 0


def laid_over(
    overwrites: Iterable[Overwrite], target: str, kind: int, *, allow: int, deny: int
) -> tuple[Overwrite, ...]:
    """The overwrites with these permissions of one role or member granted or taken."""
    found = {one.target: one for one in overwrites}
    old = found.get(target, Overwrite(target, kind))
    found[target] = Overwrite(target, kind, (old.allow | allow) & ~deny, (old.deny | deny) & ~allow)
    return tuple(found.values())
