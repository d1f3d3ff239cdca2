"""Makes words safe to hand to Discord: nothing in them pings anybody, is formatted by chance or hides an address."""

import re
import unicodedata
from collections.abc import Collection

from frontdesk.domain.links import is_honest

JOINER = "\u2060"
"""Invisible, and breaks what Discord would make live."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue001]")
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\u0085]")
_MARK = re.compile(r"\\(?=[^0-9A-Za-z\s]|$)|[*`]|_{2,}|(?<![^\W_])_|_(?![^\W_])|~{2,}|\|{2,}")
_MENTION = re.compile(r"<(?=[@#/:+&]|[a-z][a-z0-9+.-]{0,30}:|[^\s<>@]{1,64}@)", re.IGNORECASE)
_CROWD = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_LIVE_IN_CODE = re.compile(r"<(?=@[!&]?\d|#\d|a?:\w+:\d|/[^<>\n]+:\d|t:-?\d|id:)|@(?=(?:everyone|here)(?![\w/-]))")
_SCHEME = re.compile(r"(?<=\w):(?=//)")
_INVITE = re.compile(r"(discord(?:app)?\.)(?=gg|gift|new|com/(?:invite|template|events))", re.IGNORECASE)
_AT_LINE_START = re.compile(r"^(\s*)(#{1,3}(?= )|>(?= |>> )|[-+](?= )|\d{1,9}(?=[.)] ))", re.MULTILINE)
_WEB = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_BACKTICKS = re.compile(r"`(?=`)")
_FENCE = re.compile(r"``(?=`)")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+.#-]{1,20}")
_TAKEN_NAMES = frozenset({"everyone", "here", "system message"})


def tidy(text: str) -> str:
    """One kind of line end, no control characters, nothing that turns the direction of reading."""
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def words(text: str) -> str:
    """Plain words: shown as they are, and nothing in them is live. An address in them cannot be followed."""
    text = _MARK.sub(lambda mark: "".join(f"\\{character}" for character in mark[0]), text)
    text = _CROWD.sub(f"@{JOINER}", _MENTION.sub(f"<{JOINER}", text))
    text = _INVITE.sub(rf"\1{JOINER}", _SCHEME.sub(f":{JOINER}", text))
    return text.replace("](", f"]{JOINER}(")


def line_starts(text: str) -> str:
    """What would make a heading, a quote or a list of a line of prose is shown instead."""
    return _AT_LINE_START.sub(_shown, text)


def code(text: str) -> str:
    """A span of code; Discord has no way to write two backticks in one. A mention in it is broken all the same:

    where a span begins is not a thing to bet on.
    """
    text = _BACKTICKS.sub(f"`{JOINER}", " ".join(text.split("\n")))
    text = _LIVE_IN_CODE.sub(lambda start: f"{start[0]}{JOINER}", text)
    if "`" not in text:
        return f"`{text}`"
    before, behind = (" " if text.startswith("`") else ""), (" " if text.endswith("`") else "")
    return f"``{before}{text}{behind}``"


def code_block(text: str, language: str = "") -> list[str]:
    """The lines of a block of code; none for an empty one, which Discord would not take for code."""
    if not text.strip():
        return []
    named = _LANGUAGE.match(language)
    inside = _FENCE.sub(f"``{JOINER}", text.rstrip("\n"))
    return [f"```{named[0] if named else ''}", *inside.split("\n"), "```"]


def link(url: str, label: str, *, masked: bool = True) -> str:
    """A link without a preview, its label ready made; just the label when no browser should open the address."""
    label = " ".join(label.replace("[", "(").replace("]", ")").split())
    url = _CROWD.sub("%40", url)
    if not _WEB.fullmatch(url):
        return label
    if not label or label == f"<{url}>" or not is_honest(label, url):
        return f"<{url}>"
    return f"[{label}](<{url}>)" if masked else f"{label} (<{url}>)"


def name(text: str, fallback: str = "Somebody", taken: Collection[str] = ()) -> str:
    """A person's name as a webhook's `username`, without what Discord refuses in one; never one of those `taken`."""
    shown = "".join(c for c in tidy(text) if unicodedata.category(c) != "Cf")
    shown = " ".join(re.sub(r"[<>@#:`*~|\\]", "", shown).split())
    shown = re.sub(r"(dis)(?=cord)|(cly)(?=de)", lambda found: f"{found[0]}-", shown, flags=re.IGNORECASE)
    shown = shown[:64].strip() or fallback
    is_taken = _skeleton(shown) in {_skeleton(one) for one in (*_TAKEN_NAMES, *taken)} - {""}
    return f"{shown} (person)" if is_taken else shown


def _skeleton(text: str) -> str:
    """What people see of a name at a glance: letters and digits, whatever stands between them."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if c.isalnum())


def _shown(start: re.Match[str]) -> str:
    return f"{start[1]}{start[2]}\\" if start[2].isdigit() else f"{start[1]}\\{start[2]}"
