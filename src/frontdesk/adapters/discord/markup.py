"""Discord's own markup, read into plain Markdown."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from frontdesk.domain.fences import fenced, with_blocks
from frontdesk.domain.wording import as_words


class Heard(NamedTuple):
    """A text of Discord's in Markdown, and who it calls."""

    text: str
    addressed: bool
    """The desk itself is mentioned, or a role of its own."""
    mentions_others: bool


_CODE = re.compile(
    r"```(?:(?P<language>[A-Za-z0-9_+.#-]{1,30})\n)?\n*(?P<block>[^\n`](?:[^`]|`(?!``))*?)\n*```"
    r"|(?<![`\\])(?P<span>(?P<run>`{1,2})(?!`)[^\n]{1,2000}?(?<!`)(?P=run)(?!`))"
)
_TOKEN = re.compile(
    r"<(?:@!?(?P<person>\d{1,20})|@&(?P<role>\d{1,20})|#(?P<channel>\d{1,20})"
    r"|t:(?P<time>-?\d{1,13})(?::(?P<style>\w))?|a?:(?P<emoji>\w{1,40}):\d{1,20}"
    r"|/(?P<command>[^<>\n:]{1,110}):\d{1,20}|id:(?P<place>[\w-]{1,40})(?::\d{1,20})?)>[ \t]?"
)
_MASKED = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,500})\]\(<(?P<url>https?://[^<>\s]{1,2000})>(?:[ \t]+\"[^\"\n]{0,500}\")?\)"
)
_QUIET = re.compile(r"(?<![\\(])<(https?://[^<>\s]{1,2000})>")
_SPOILER = re.compile(r"\|\|(?=\S)((?:[^|]|\|(?!\|)){1,4000}?)(?<=\S)\|\|")
_SMALL = re.compile(r"^-# (?=\S)", re.MULTILINE)
_QUOTE_TO_THE_END = re.compile(r"^>>> (.*)", re.MULTILINE | re.DOTALL)
_NO_QUOTE = re.compile(r"^>(?=[^\s>])", re.MULTILINE)
_NO_FENCE = re.compile(r"^( {0,3})(~{3,})", re.MULTILINE)
_AFTER_QUOTE = re.compile(r"^(>[^\n]*\n)(?=[^>\n])", re.MULTILINE)
_ANY = re.compile(r"[`<>\[|~]|^-# ", re.MULTILINE)
"""Without any of these there is nothing to read."""
_PARENTHESES = str.maketrans({"(": "%28", ")": "%29"})
_NO_NAMES: Mapping[str, str] = {}


def heard(text: str, own_id: str, own_roles: Collection[str] = (), names: Mapping[str, str] = _NO_NAMES) -> Heard:
    """Read Discord's Markdown; the desk's own mention is taken out of the text.

    `names`: what the payload says the mentioned people, roles and channels are called, by id.
    """
    if _ANY.search(text) is None:
        return Heard(text.strip(), addressed=False, mentions_others=False)
    addressed = others = False

    def read(token: re.Match[str]) -> str:
        nonlocal addressed, others
        space = " " if token[0][-1] in " \t" else ""
        if token["person"] == own_id or token["role"] in own_roles:
            addressed = True
            return ""
        if who := token["person"] or token["role"]:
            others = True
            return f"@{as_words(names.get(who, who))}{space}"
        return f"{_readable(token, names)}{space}"

    pieces: list[tuple[str, bool]] = []
    last = 0
    for code in _CODE.finditer(text):
        pieces.append((_prose(_TOKEN.sub(read, text[last : code.start()])), False))
        pieces.append((code["span"], False) if code["span"] else (fenced(code["block"], code["language"] or ""), True))
        last = code.end()
    pieces.append((_prose(_TOKEN.sub(read, text[last:])), False))
    return Heard(with_blocks(pieces).strip(), addressed, others)


def _readable(token: re.Match[str], names: Mapping[str, str]) -> str:
    if channel := token["channel"]:
        return f"#{as_words(names.get(channel, channel))}"
    if token["time"]:
        return _moment(int(token["time"]), token["style"] or "f")
    if token["emoji"]:
        return f":{token['emoji']}:"
    return f"/{token['command']}" if token["command"] else str(token["place"])


def _moment(at: int, style: str) -> str:
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):  # a number that no calendar has
        return str(at)
    return moment.strftime("%Y-%m-%d" if style in "dD" else "%H:%M UTC" if style in "tT" else "%Y-%m-%d %H:%M UTC")


def _prose(text: str) -> str:
    text = _MASKED.sub(lambda link: f"[{link['label']}]({link['url'].translate(_PARENTHESES)})", text)
    text = _SMALL.sub("", _SPOILER.sub(r"\1", _QUIET.sub(r"\1", text)))
    text = _NO_FENCE.sub(lambda line: line[1] + "".join(f"\\{c}" for c in line[2]), _NO_QUOTE.sub(r"\\>", text))
    text = _QUOTE_TO_THE_END.sub(lambda quote: "> " + quote[1].replace("\n", "\n> "), text)
    return _AFTER_QUOTE.sub(r"\1\n", text)
