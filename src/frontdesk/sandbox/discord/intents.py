"""Which facts a session asked to hear, and what is blanked for an app that may not read messages."""

from collections.abc import Collection
from typing import Any

Json = dict[str, Any]

INTENTS = {
    "GUILDS": 1 << 0,
    "GUILD_MEMBERS": 1 << 1,
    "GUILD_MODERATION": 1 << 2,
    "GUILD_EXPRESSIONS": 1 << 3,
    "GUILD_INTEGRATIONS": 1 << 4,
    "GUILD_WEBHOOKS": 1 << 5,
    "GUILD_INVITES": 1 << 6,
    "GUILD_VOICE_STATES": 1 << 7,
    "GUILD_PRESENCES": 1 << 8,
    "GUILD_MESSAGES": 1 << 9,
    "GUILD_MESSAGE_REACTIONS": 1 << 10,
    "GUILD_MESSAGE_TYPING": 1 << 11,
    "DIRECT_MESSAGES": 1 << 12,
    "DIRECT_MESSAGE_REACTIONS": 1 << 13,
    "DIRECT_MESSAGE_TYPING": 1 << 14,
    "MESSAGE_CONTENT": 1 << 15,
    "GUILD_SCHEDULED_EVENTS": 1 << 16,
    "AUTO_MODERATION_CONFIGURATION": 1 << 20,
    "AUTO_MODERATION_EXECUTION": 1 << 21,
    "GUILD_MESSAGE_POLLS": 1 << 24,
    "DIRECT_MESSAGE_POLLS": 1 << 25,
}
ALL_INTENTS = sum(INTENTS.values())
PRIVILEGED = ("GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT")
_CONTENT: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def heard(granted: int, intent: str) -> bool:
    """Whether a session that asked for `granted` hears facts of this intent; "" needs none."""
    return not intent or bool(granted & INTENTS[intent])


def not_allowed(asked: int, enabled: Collection[str]) -> list[str]:
    """The privileged intents asked for that are not switched on in the portal."""
    return [name for name in PRIVILEGED if asked & INTENTS[name] and name not in enabled]


def readable(message: Json, app_user: str) -> bool:
    """Whether this app may read the message without the Message Content intent.

    Direct messages, its own messages, and those that mention it. A reply with a ping mentions the author of what it
    answers, which counts only when that was an ordinary message and not the answer to an interaction.
    """
    if message.get("guild_id") is None or message.get("author", {}).get("id") == app_user:
        return True
    if all(person["id"] != app_user for person in message.get("mentions", ())):
        return False
    answered = message.get("referenced_message") or {}
    by_reply_alone = f"<@{app_user}>" not in message["content"] and f"<@!{app_user}>" not in message["content"]
    return not (by_reply_alone and "interaction_metadata" in answered)


def without_content(message: Json, app_user: str, *, exempt: bool = False) -> Json:
    """The message as an app sees it that may not read content; what it answers or forwards is blanked likewise."""
    seen = dict(message)
    if not (exempt or readable(message, app_user)):
        seen |= {field: blank for field, blank in _CONTENT.items() if field in message}
        seen.pop("poll", None)
    if isinstance(message.get("referenced_message"), dict):
        answered = {"guild_id": message.get("guild_id"), **message["referenced_message"]}
        seen["referenced_message"] = {
            field: value
            for field, value in without_content(answered, app_user).items()
            if field in message["referenced_message"]
        }
    if "message_snapshots" in message and not (exempt or readable(message, app_user)):
        seen["message_snapshots"] = [
            {**each, "message": {**each["message"], **_CONTENT}} for each in message["message_snapshots"]
        ]
    return seen
