"""Says which parts of a text Slack would make live: pings of people and crowds, and links."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Only closed code is dead: an open fence is read as live, because a wrong "dead" would hide an attack.
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_TOKEN = re.compile(r"<([^<>\n]+)>")
_PING = re.compile(r"@[UWB][A-Z0-9]+|!(?:channel|here|everyone|group)|!subteam\^[A-Z0-9]+")
_CROWD_WORD = re.compile(r"(?<![\w<!])@(channel|here|everyone)\b")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>|\"'`]+", re.IGNORECASE)
_TOKEN_LINK = re.compile(r"[a-z][a-z0-9+.-]*:[^|]+", re.IGNORECASE)
_MARKDOWN_TARGET = re.compile(r"\]\(\s*<?([^)\s>]+)|^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE)
_PUNCTUATION = ".,;:!?)]}*_~"


def pings(text: str, *, words_ping: bool = False) -> list[str]:
    """The mentions that would notify somebody, as they are written: `<!channel>`, `<@U123>`."""
    loose = _CODE.sub(" ", text)
    found = []
    for token in _TOKEN.findall(loose):
        name = token.split("|", 1)[0].strip()
        if _PING.fullmatch(name):
            found.append(f"<{name}>")
    if words_ping:
        found += [f"<!{word}>" for word in _CROWD_WORD.findall(loose)]
    return found


def links(text: str, *, markdown: bool) -> list[str]:
    """The addresses a person could follow with one click."""
    loose = _CODE.sub(" ", text)
    found = []
    for token in _TOKEN.findall(loose):
        address = token.split("|", 1)[0].strip()
        if _TOKEN_LINK.fullmatch(address):
            found.append(address)
    if markdown:
        found += [first or second for first, second in _MARKDOWN_TARGET.findall(loose)]
    found += [address.rstrip(_PUNCTUATION) for address in _ADDRESS.findall(loose)]
    return list(dict.fromkeys(html.unescape(address) for address in found))


def texts(block: object) -> Iterator[tuple[str, str]]:
    """Every piece of text in a block with its kind: `mrkdwn`, `markdown` or `plain_text`."""
    if isinstance(block, list | tuple):
        for part in block:
            yield from texts(part)
    if not isinstance(block, Mapping):
        return
    kind, text = block.get("type"), block.get("text")
    if kind in ("mrkdwn", "plain_text", "markdown") and isinstance(text, str):
        yield str(kind), text
        return
    yield from _rich_text(block)
    for part in block.values():
        if isinstance(part, Mapping | list):
            yield from texts(part)


def _rich_text(element: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind = element.get("type")
    dead = bool((element.get("style") or {}).get("code")) if isinstance(element.get("style"), Mapping) else False
    match kind:
        case "text" if isinstance(element.get("text"), str):
            yield "plain_text", element["text"]
        case "user" if not dead:
            yield "mrkdwn", f"<@{element.get('user_id')}>"
        case "usergroup" if not dead:
            yield "mrkdwn", f"<!subteam^{element.get('usergroup_id')}>"
        case "broadcast" if not dead:
            yield "mrkdwn", f"<!{element.get('range')}>"
        case "link":
            yield "plain_text", str(element.get("text") or element.get("url"))
        case "emoji":
            yield "plain_text", f":{element.get('name')}:"


def addresses(block: object) -> Iterator[str]:
    """Addresses that a block carries outside its texts: button links, pictures, rich text links."""
    if isinstance(block, list | tuple):
        for part in block:
            yield from addresses(part)
    if isinstance(block, Mapping):
        for key, part in block.items():
            if key in ("url", "image_url", "title_url", "video_url", "thumbnail_url") and isinstance(part, str):
                yield part
            else:
                yield from addresses(part)
