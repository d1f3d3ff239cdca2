"""Slack's own markup, read into plain Markdown."""

import html
import re
from collections.abc import Callable
from typing import NamedTuple

from frontdesk.domain.fences import fenced, with_blocks


class Heard(NamedTuple):
    """A text of Slack's in Markdown, and who it calls."""

    text: str
    addressed: bool
    """The desk itself is mentioned."""
    mentions_others: bool


_KEPT = "\ue000"
"""Around the number of a token that was read already; nobody types it."""
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

    pieces: list[tuple[str, bool]] = []
    for piece in _CODE.split(text):
        if is_code := piece.startswith("`") and len(piece) > 1:
            words = html.unescape(_TOKEN.sub(_bare, piece))
        else:
            words = html.unescape(_styled(piece, read))
            words = re.sub(r"[ \t]{2,}", " ", words) if addressed else words
        is_block = is_code and piece.startswith("```") and len(piece) > 6
        pieces.append((fenced(words[3:-3]) if is_block else words, is_block))
    return Heard(with_blocks(pieces).strip(), addressed, others)


def _styled(prose: str, read: Callable[[re.Match[str]], str]) -> str:
    """Bold and struck out in Markdown; no sign in an address is a mark of either."""
    kept: list[str] = []

    def keep(token: re.Match[str]) -> str:
        kept.append(read(token))
        return f"{_KEPT}{len(kept) - 1}{_KEPT}"

    text = _TOKEN.sub(keep, prose.replace(_KEPT, ""))
    text = _STRIKE.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
    return re.sub(rf"{_KEPT}(\d+){_KEPT}", lambda at: kept[int(at[1])], text)


def _link(target: str, label: str) -> str:
    if not label or label == target:
        return target
    if target.startswith(("mailto:", "tel:")):
        return label
    return f"[{label}]({target})"


def _bare(token: re.Match[str]) -> str:
    target, _, label = token[1].partition("|")
    return label or target
