"""Reads Discord's Markdown as its apps do, to say what in a message would be live; written from the documentation."""

import re
from collections.abc import Iterable

_CODE = re.compile(
    r"(?P<escaped>\\[^0-9A-Za-z\s])|```(?:.*?[^\n`].*?)```|(?<!`)(?P<run>`+)(?!`).*?[^`](?P=run)(?!`)", re.DOTALL
)
_MENTION = re.compile(
    r"<@!?\d+>|<@&\d+>|<#\d+>|<a?:\w+:\d+>|</[^>\n]+:\d+>|<t:-?\d+(?::\w)?>|<id:[\w-]+(?::\d+)?>|@everyone|@here"
)
_MASKED = re.compile(
    r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"].*?['\"])?\s*\)"
)
_BARE = re.compile(r"(?:https?|steam)://[^\s<]+[^<.,:;\"'\]\s]", re.IGNORECASE)
_ANGLE = re.compile(r"<((?:https?|steam|mailto|tel|sms):[^\s<>]+|[^\s<>@]+@[^\s<>@]+|\+\d+)>", re.IGNORECASE)
_INVITE = re.compile(r"discord(?:app)?\.(?:gg|com/invite|gift|new)/?\w*", re.IGNORECASE)


def without_code(text: str) -> str:
    return _CODE.sub(lambda found: found[0] if found["escaped"] else " ", text)


def mentions(text: str) -> list[str]:
    return _MENTION.findall(without_code(text))


def masked_links(text: str) -> list[tuple[str, str]]:
    """(label, address) of each."""
    return _MASKED.findall(_unescaped(without_code(text)))


def bare_links(text: str) -> list[str]:
    loose = _MASKED.sub(" ", without_code(text))
    return _BARE.findall(_ANGLE.sub(" ", loose))


def quiet_links(text: str) -> list[str]:
    """Those in angle brackets, which show no preview."""
    return _ANGLE.findall(without_code(text))


def invites(text: str) -> list[str]:
    return _INVITE.findall(_ANGLE.sub(" ", _MASKED.sub(" ", without_code(text))))


def problems(messages: Iterable[dict[str, object]]) -> list[str]:
    """What would ping, preview or lead astray."""
    found: list[str] = []
    for message in messages:
        text = str(message["content"])
        found += [*mentions(text), *bare_links(text), *invites(text)]
        if message["allowed_mentions"] != {"parse": []}:
            found.append("mentions are not switched off")
        if not int(str(message["flags"])) & 4:
            found.append("previews are not switched off")
        if len(text.encode("utf-16-le")) // 2 > 2000:
            found.append("too long")
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\[^0-9A-Za-z\s]", "·", text)
