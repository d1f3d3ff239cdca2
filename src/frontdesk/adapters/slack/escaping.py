"""Makes text safe to hand to Slack: nothing in it pings anybody or hides where a link goes."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from frontdesk.domain.links import is_honest

JOINER = "\u2060"
"""Invisible, and breaks a word that Slack would make live."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\u0085]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_CODE_SPAN = re.compile(r"(?<!`)(`++)(.{1,2000}?)(?<!`)\1(?!`)")
_CROWD = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_AUTOLINK = re.compile(r"\\?<(https?://[^\s<>|]+)>", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)")
_LIVE_IN_CODE = re.compile(
    r"<(?=\s*(?:[@#][A-Z0-9]{2}|!(?:channel|here|everyone|group|subteam|date)|[a-z][a-z0-9+.-]*:(?!:)))", re.IGNORECASE
)
_LINK = re.compile(r"\[([^\[\]\n]*)\]\(([^()\s]+)\)")
_parser = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def tidy(text: str) -> str:
    """One kind of line end, no control characters, nothing that turns the direction of reading."""
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def markdown(text: str) -> str:
    """Markdown for a markdown block or `markdown_text`; code stays readable.

    Works line by line from the left, so that what was escaped once does not change when more text follows.
    """
    fence = ""
    lines = []
    for line in tidy(text).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            lines.append(_in_code(line))
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
            lines.append(_in_code(line))
        else:
            lines.append(_prose(line))
    return "\n".join(lines)


def mrkdwn(text: str) -> str:
    """Plain words for a mrkdwn field."""
    escaped = tidy(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CROWD.sub(f"@{JOINER}", escaped)


def link(url: str, label: str) -> str:
    """A link in mrkdwn; just the label when the address is none that a browser should open."""
    label = mrkdwn(label).replace("\n", " ")
    if not re.match(r"https?://[^\s<>|]+$", url):
        return label
    return f"<{url.replace('&', '&amp;')}|{label}>"


def mrkdwn_from(text: str) -> str:
    """A short Markdown text as mrkdwn."""
    return "\n".join(_blocks(_parser.parse(tidy(text)), styled=True)).strip()


def plain(text: str) -> str:
    """Markdown without its marks."""
    return "\n".join(_blocks(_parser.parse(tidy(text)), styled=False)).strip()


def notification(text: str, most: int = 1000) -> str:
    """What a notification shows of a Markdown text, safe as mrkdwn."""
    words = plain(text[: 4 * most])
    return mrkdwn(words if len(words) <= most else f"{words[: most - 1]}…")


def name(text: str, fallback: str = "Somebody") -> str:
    """A person's name as `username`: no mention, no markup, no names that Slack keeps for itself."""
    words = " ".join(re.sub(r"[<>&*_~`|@#]", "", tidy(text)).split())[:75].strip()
    if not words:
        return fallback
    return f"{words} (person)" if words.casefold() in ("slackbot", "slack") else words


def _prose(line: str) -> str:
    pieces = []
    last = 0
    for span in _CODE_SPAN.finditer(line):
        pieces += [_loose(line[last : span.start()]), _in_code(span[0])]
        last = span.end()
    return "".join([*pieces, _loose(line[last:])])


def _loose(text: str) -> str:
    text = _AUTOLINK.sub(r"\1", text)
    text = _ENTITY.sub("&amp;", text).replace("\\<", "<").replace("<", "&lt;")
    text = _LINK.sub(_honest_link, _IMAGE.sub("", text))
    return _CROWD.sub(f"@{JOINER}", text)


def _honest_link(found: re.Match[str]) -> str:
    """A label that names another host than the link goes to is dropped."""
    return found[0] if is_honest(found[1], found[2]) else found[2]


def _in_code(text: str) -> str:
    return _CROWD.sub(f"@{JOINER}", _LIVE_IN_CODE.sub(f"<{JOINER}", text))


def _blocks(tokens: list[Token], *, styled: bool) -> Iterator[str]:
    bullet = ""
    cells: list[str] | None = None
    for token in tokens:
        match token.type:
            case "inline" if cells is not None:
                cells.append(_inline(token.children or [], styled=styled))
            case "inline":
                yield bullet + _inline(token.children or [], styled=styled)
                bullet = ""
            case "list_item_open":
                bullet = f"{token.info}. " if token.info else "• "
            case "tr_open":
                cells = []
            case "tr_close":
                yield " | ".join(cells or ())
                cells = None
            case "fence" | "code_block":
                code = token.content.rstrip("\n")
                yield f"```\n{mrkdwn(code)}\n```" if styled else code
            case "html_block":
                yield mrkdwn(token.content.rstrip("\n")) if styled else token.content.rstrip("\n")
            case _:
                pass


def _inline(tokens: list[Token], *, styled: bool) -> str:
    marks = {"strong_open": "*", "strong_close": "*", "em_open": "_", "em_close": "_", "s_open": "~", "s_close": "~"}
    pieces: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "text" | "html_inline" | "text_special":
                pieces.append(mrkdwn(token.content) if styled else token.content)
            case "code_inline":
                pieces.append(f"`{mrkdwn(token.content)}`" if styled else token.content)
            case "softbreak" | "hardbreak":
                pieces.append("\n")
            case "image":
                pieces.append(mrkdwn(token.content) if styled else token.content)
            case "link_open":
                links.append((len(pieces), str(token.attrGet("href") or "")))
            case "link_close" if links:
                start, url = links.pop()
                label = "".join(pieces[start:])
                if styled:
                    del pieces[start:]
                    pieces.append(_ready_link(url, label))
            case kind if styled and kind in marks:
                pieces.append(marks[kind])
            case _:
                pass
    return "".join(pieces)


def _ready_link(url: str, label: str) -> str:
    """A link whose label is mrkdwn already."""
    if not re.match(r"https?://[^\s<>|]+$", url):
        return label
    return f"<{url.replace('&', '&amp;')}|{label.replace('|', '¦')}>"
