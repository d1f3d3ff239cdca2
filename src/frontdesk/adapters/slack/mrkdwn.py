"""Slack's own markup, read into plain Markdown."""

import html
import re
from typing import NamedTuple


class Heard(NamedTuple):
    """A text of Slack's in Markdown, and who it calls."""

    text: str
    addressed: bool
    """The desk itself is mentioned."""
    mentions_others: bool


_TOKEN = re.compile(r"<([^<>\n]+)>")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_BOLD = re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]+?)(?<![\s*])\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~])~(?![\s~])([^~\n]+?)(?<![\s~])~(?![\w~])")


def heard(text: str, own_id: str) -> Heard:
    """Read mrkdwn; the desk's own mention is taken out of the text."""
    addressed = others = False

    def read(token: re.Match[str]) -> str:
        nonlocal addressed, others
        target, _, label = token[1].partition("|")
        if target.startswith("@"):
            if target[1:] == own_id:
                addressed = True
                return ""
            others = True
            return f"@{label.removeprefix('@') or target[1:]}"
        if target.startswith("!"):
            word = target[1:].partition("^")[0]
            others = others or word == "subteam"  # a whole channel that is called upon includes the desk
            return label or f"@{word}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        return _link(target, label)

    pieces = []
    for piece in _CODE.split(text):
        if piece.startswith("`") and len(piece) > 1:
            pieces.append(_TOKEN.sub(_bare, piece))
        else:
            pieces.append(_STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", _TOKEN.sub(read, piece))))
    plain = html.unescape("".join(pieces))
    if addressed:
        plain = re.sub(r"[ \t]{2,}", " ", plain)
    return Heard(plain.strip(), addressed, others)


def _link(target: str, label: str) -> str:
    if not label or label == target:
        return target
    if target.startswith(("mailto:", "tel:")):
        return label
    return f"[{label}]({target})"


def _bare(token: re.Match[str]) -> str:
    target, _, label = token[1].partition("|")
    return label or target
