"""What the model wrote, made safe to show: links only to our own pages, citations only of what was given."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from frontdesk.domain.knowledge import Citation

NO_ANSWER = "NO_ANSWER"
QUESTION = "QUESTION:"
_TELLING = 16
"""Characters of a beginning that show whether it is one of these."""

_MARKDOWN_LINK = re.compile(
    r"!?\[(?P<label>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,400})\]\(\s*+<?(?P<url>[^)\s>]{0,1000}+)>?(?:\s++[^)]{0,400}+)?\)"
)
_TARGET = re.compile(r"\]\(\s*<?(?P<url>[^)\s>]*)[^)]*\)?")
"""Where a link goes whose label cannot be read."""
_ANGLE_LINK = re.compile(r"<(?P<url>[a-zA-Z][a-zA-Z0-9+.-]{1,20}:[^<>\s|]*)(?:\|(?P<label>[^<>\n]*))?>")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]{1,200}\]:\s*\S+.*$", re.MULTILINE)
_HOST = r"(?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,24}"
_MAILBOX = re.compile(rf"[\w.+%-]{{1,64}}@{_HOST}")
_ADDRESS = re.compile(
    r"(?P<url>(?:[a-z][a-z0-9+.-]{0,20}:\\?/{1,3}|www\.|//(?=[\w-]+\.))[^\s<>()\[\]`'\"|]*[^\s<>()\[\]`'\"|.,;:!?*_~])"
    r"|(?P<bare>[a-z][a-z0-9+.-]{0,20}://)"
    rf"|(?P<mailbox>{_MAILBOX.pattern})"
    rf"|(?P<naked>(?>{_HOST})(?![\w.-]{{0,40}}://)(?:/[^\s<>()\[\]`'\"|:]*)?)",
    re.IGNORECASE,
)
_CITATION = re.compile(r"(?<![ \t])[ \t]*\[(?P<numbers>\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()")
_UNSETTLED_BRACKET = re.compile(r"\[[^\]]{0,400}(\](\([^)]{0,2000})?)?")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_BRACKETS = re.compile(r"[\[\]<>]")
_ROUNDS = 8
_COMMON_ENDINGS = re.compile(
    r"com|net|org|io|ai|app|dev|co|uk|de|fr|es|eu|ch|at|it|nl|be|pl|ru|cn|jp|us|info|biz|xyz|me|tv|link|site|online|shop|"
    r"store|top|click|live|cloud|example|test"
)


class Links:
    """Which addresses may be shown, because a platform makes links of them."""

    def __init__(self, hosts: Collection[str], mailboxes: Collection[str] = ()) -> None:
        self._hosts = frozenset(host.lower().removeprefix("www.") for host in hosts if host)
        self._mailboxes = frozenset(mailbox.lower() for mailbox in mailboxes)

    def allows_mail_to(self, mailbox: str) -> bool:
        return mailbox.lower() in self._mailboxes

    def allows(self, url: str) -> bool:
        """Only https or http, only without a user part or a second address in it, only to a host on the list."""
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
            host = (parts.hostname or "").lower().removeprefix("www.")
        except ValueError:
            return False
        single = "@" not in parts.netloc and url.count("://") <= 1
        return parts.scheme in ("http", "https") and single and host in self._hosts


def host_of(url: str | None) -> str:
    """The host of an address; empty when it has none."""
    try:
        return (urlsplit(url).hostname or "") if url else ""
    except ValueError:
        return ""


def mailboxes_in(text: str) -> Collection[str]:
    """The e-mail addresses that stand in a text."""
    return _MAILBOX.findall(text)


def safe_markdown(text: str, links: Links) -> str:
    """`text` with every address that is not allowed taken out, labels kept, invisible characters removed."""
    text = _CONTROL.sub("", _THINKING.sub("", text))
    text = _REFERENCE.sub("", text)
    text = _MARKDOWN_LINK.sub(lambda m: _link(m, links), text)
    text = _TARGET.sub(lambda m: m[0] if links.allows(m["url"]) else "]", text)
    text = _ANGLE_LINK.sub(lambda m: _link(m, links), text)
    return _ADDRESS.sub(lambda m: m[0] if _may_stand(m, links) else _removed(m), text)


def _removed(address: re.Match[str]) -> str:
    """Stands in its place; behind a bracket the two must not make a link of their own."""
    return " (link removed)" if address.string.endswith("]", 0, address.start()) else "(link removed)"


def _link(link: re.Match[str], links: Links) -> str:
    label, url = link["label"] or "", link["url"]
    if not links.allows(url):
        return label or _removed(link)
    plain = label.strip()
    return url if not plain or _ADDRESS.search(plain) else f"[{plain}]({url})"


def _may_stand(address: re.Match[str], links: Links) -> bool:
    """An allowed address, or a dotted word that no platform would make live (`config.py`, `z.B`)."""
    if address["bare"]:
        return False
    if address["mailbox"]:
        return links.allows_mail_to(address["mailbox"])
    if address["url"]:
        return links.allows(address["url"])
    host = address["naked"].split("/", 1)[0].lower()
    is_address = "www." in host or _COMMON_ENDINGS.fullmatch(host.rsplit(".", 1)[-1])
    return not is_address or links.allows(address["naked"])


def settled_length(text: str) -> int:
    """How much of a growing text can be shown already: nothing that a later character could turn into a link."""
    end = len(text)
    line = text.rfind("\n") + 1
    bracket = text.rfind("[", line)
    if bracket >= 0 and _UNSETTLED_BRACKET.fullmatch(text, bracket):
        end = bracket
    angle = text.rfind("<", line)
    if angle >= 0 and ">" not in text[angle:]:
        end = min(end, angle)
    thinking = text.lower().rfind("<think")
    if thinking >= 0 and "</think" not in text[thinking:].lower():
        end = min(end, thinking)
    return max(text.rfind(" ", 0, end), text.rfind("\n", 0, end)) + 1


def cited_numbers(text: str) -> list[int]:
    """Numbers of the citations in `text`, in order of first appearance."""
    seen: dict[int, None] = {}
    for match in _CITATION.finditer(text):
        for number in match["numbers"].split(","):
            seen.setdefault(int(number))
    return list(seen)


def keep_citations(text: str, given: Mapping[int, Citation]) -> str:
    """`text` with markers only of passages that were given to the model."""

    def kept(match: re.Match[str]) -> str:
        numbers = [n for n in (int(part) for part in match["numbers"].split(",")) if n in given]
        behind = match.string[match.end() : match.end() + 1]
        gap = " " if match[0][0] in " \t" and behind.strip(" \t\n.,;:!?)") else ""
        return "".join(f" [{n}]" for n in dict.fromkeys(numbers)) or gap

    return _CITATION.sub(kept, text)


class Grounding:
    """Lets a growing answer through only once it has cited something that was given to the model.

    A text that never does is never shown; it becomes the sentence that says we are not sure.
    """

    def __init__(self, given: Mapping[int, Citation], links: Links) -> None:
        self._given = given
        self._links = links
        self._beginning = ""
        self._uncited = ""
        """What may still hold the beginning of the first marker."""
        self._done = ""
        """The finished lines, as they are shown: looked at once, however long the answer grows."""
        self._line = ""
        """What came after them, as it came."""
        self._shown = ""
        self._open = False

    def feed(self, delta: str) -> str:
        """What of the answer so far can be shown now, beyond what was shown before."""
        self._line += delta
        if len(self._beginning) < _TELLING:
            self._beginning = (self._beginning + delta).lstrip()[:_TELLING]
        if not self._open and not self._cites(delta):
            return ""
        if self._beginning.startswith((NO_ANSWER, QUESTION)):
            return ""
        settled = settled_length(self._line)
        thinks = "<think" in self._line.lower()  # what stands between such tags must be seen whole to be taken out
        finished = 0 if thinks else self._line.rfind("\n", 0, settled) + 1
        self._done += self._safe(self._line[:finished])
        self._line = self._line[finished:]
        # A citation takes the spaces before it along, so they are shown with what follows them.
        safe = (self._done + self._safe(self._line[: settled - finished])).lstrip().rstrip(" \t")
        if not safe.startswith(self._shown):
            return ""
        fresh = safe[len(self._shown) :]
        self._shown = safe
        return fresh

    def safe(self, text: str) -> str:
        """The whole text as it may be shown."""
        return self._safe(text).lstrip()

    def _safe(self, text: str) -> str:
        """Repeated until nothing changes: what is taken out must not make a new link or citation of its neighbours."""
        for _ in range(_ROUNDS):
            before = text
            text = safe_markdown(keep_citations(_CONTROL.sub("", text), self._given), self._links)
            if text == before:
                return text
        return safe_markdown(_BRACKETS.sub("", text), self._links)

    def _cites(self, delta: str) -> bool:
        self._uncited += delta
        self._open = any(n in self._given for n in cited_numbers(self._uncited))
        self._uncited = self._uncited[max(0, self._uncited.rfind("[")) :] if "[" in self._uncited else ""
        return self._open
