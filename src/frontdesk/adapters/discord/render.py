"""Turns what the desk says into Discord's messages; pure, and nothing in it pings or previews."""

from typing import Any, Literal, assert_never

from frontdesk.adapters.discord import escaping, formatting
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.domain import labels
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Button, Content, Line, Relay, Reply
from frontdesk.domain.people import Person
from frontdesk.domain.splitting import split, utf16
from frontdesk.domain.tickets import Card

Json = dict[str, Any]

LIMIT = 2000
"""Of `content`. Discord says characters and not which; counted in UTF-16 units no way of counting finds more."""
COMMENT = "comment"
"""Name of the field in a form."""
SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6

_ACTION_ROW, _BUTTON, _TEXT_INPUT, _LABEL = 1, 2, 4, 18
_PARAGRAPH = 2
_STYLES = {"primary": 1, "plain": 2, "danger": 4}
_IN_A_ROW = 5
_ROWS = 5
_SOURCES_LINE = 900
"""The most of it: less than half a message, so that it is never cut."""

_THUMBS = {"rate_up": "👍", "rate_down": "👎"}


def messages(content: Content, ids: CustomIds, limit: int = LIMIT, *, webhook: bool = False) -> tuple[Json, ...]:
    """The payloads of one message after the other. With `webhook` a relay comes in its person's name."""
    match content:
        case Reply():
            return _reply(content, ids, limit)
        case Relay():
            return _relay(content, limit, webhook=webhook)
        case Line():
            return (_message(_fitting(_line(content), limit)),)
        case Card():
            return (_card(content, ids, limit),)
        case _:
            assert_never(content)


def words(markdown: str, *, ephemeral: bool = True) -> Json:
    """A bare Markdown text, for the answer that only one person sees or for a line of progress."""
    message = _message(_fitting(formatting.markdown(markdown), LIMIT))
    return {**message, "flags": message["flags"] | EPHEMERAL} if ephemeral else message


def modal(action: Literal["resolve", "rate_down"], press: ButtonPressed, ids: CustomIds) -> Json:
    """The form that asks for a comment; its name carries what the press was about, a thumb's also the language."""
    language = press.value.partition(":")[2]
    wording = labels.RESOLVE if action == "resolve" else labels.what_was_wrong(language)
    asked = {
        "type": _TEXT_INPUT,
        "custom_id": COMMENT,
        "style": _PARAGRAPH,
        "required": False,
        "max_length": 3000,
    }
    return {
        "custom_id": ids.form(action, press.value, press.message_id),
        "title": wording.title,
        "components": [{"type": _LABEL, "label": wording.question, "component": asked}],
    }


def _message(text: str, components: list[Json] | None = None) -> Json:
    """All keys are always there: an edit changes only what it names."""
    return {
        "content": text.strip("\n") if text.strip() else "…",
        "components": components or [],
        "flags": SUPPRESS_EMBEDS,
        "allowed_mentions": {"parse": []},
    }


def _reply(content: Reply, ids: CustomIds, limit: int) -> tuple[Json, ...]:
    text = formatting.markdown(content.markdown)
    if content.citations:
        text = f"{text}\n{_sources(content.citations, content.language)}".lstrip()
    parts = [_message(part) for part in _parts(text, limit)]
    parts[-1]["components"] = _rows(_buttons(content), ids)
    return tuple(parts)


def _relay(content: Relay, limit: int, *, webhook: bool) -> tuple[Json, ...]:
    text = formatting.markdown(content.markdown, masked=False)
    if not text.strip():
        text = escaping.words(", ".join(a.name for a in content.attachments)) or "…"
    if not webhook:
        return tuple(_message(part) for part in _parts(f"{_said_by(content.name)}\n{text}", limit))
    voice: Json = {"username": escaping.name(content.name)}
    if content.image and content.image.startswith(("https://", "http://")):
        voice["avatar_url"] = content.image
    return tuple({**_message(part), **voice} for part in _parts(text, limit))


def _parts(text: str, limit: int) -> list[str]:
    parts = [part.markdown for part in split(text, limit, utf16)]
    return [part for part in parts if part.strip()] or [""]


def _said_by(name: str) -> str:
    shown = escaping.words(" ".join(_short(name, 80).split())) or "Somebody"
    return f"**{shown}**"


def _line(content: Line) -> str:
    text = formatting.markdown(_short(content.markdown, 6000))
    return text if "\n" in text or text.startswith(("```", "-# ")) else f"-# {text}"


def _fitting(text: str, limit: int) -> str:
    """What of a text fits one message."""
    first, *more = split(text, limit - 2, utf16)
    return f"{first.markdown.rstrip()}\n…" if more else text


def _sources(citations: tuple[Citation, ...], language: str) -> str:
    text = f"-# {labels.sources(language)}:"
    for citation in citations:
        title = escaping.words(" ".join(_short(citation.title, 120).split()))
        source = f" [{citation.number}] {escaping.link(citation.url or '', title)}"
        if utf16(text + source) > _SOURCES_LINE:
            source = f" [{citation.number}] {title}"
        if utf16(text + source) > _SOURCES_LINE:
            break
        text += source
    return text


def _card(content: Card, ids: CustomIds, limit: int) -> Json:
    """Shorter and shorter, until it fits: every mark in a text may have to be escaped."""
    rows = _rows(labels.card_buttons(content), ids) if content.ticket.is_open else []
    for most in (300, 150, 75):
        text = _card_text(content, most)
        if utf16(text) <= limit:
            return _message(text, rows)
    return _message(_fitting(_card_text(content, 40), limit), rows)


def _card_text(content: Card, most: int) -> str:
    ticket = content.ticket
    customer = _clip(content.customer.name or content.customer.id, 80)
    if content.permalink:
        customer = f"{customer} · {escaping.link(content.permalink, 'open thread')}"
    lines = [
        f"### #{ticket.number} · {labels.STATUS[ticket.status]} · {ticket.priority} · {_clip(ticket.wants, 100)}",
        f"**Customer:** {customer}",
        f"**Wants:** {_clip(ticket.wants, most)}",
        f"**Why a person:** {_clip(ticket.why, most)}",
    ]
    if ticket.tried:
        lines += ["**Tried:**", *(f"- {_clip(tried, most // 2)}" for tried in ticket.tried[:5])]
    triage, state = escaping.words(labels.triage(ticket)), labels.state(ticket, _named, _when)
    return "\n".join([*lines, f"-# {triage}", f"-# {state}"])


def _buttons(content: Reply) -> tuple[Button, ...]:
    if not content.rateable:
        return content.buttons
    good, bad = labels.helpful(content.language)
    return (
        *content.buttons,
        Button(action="rate_up", label=good, value=f"up:{content.language[:2]}"),
        Button(action="rate_down", label=bad, value=f"down:{content.language[:2]}"),
    )


def _rows(buttons: tuple[Button, ...], ids: CustomIds) -> list[Json]:
    """Thumbs in a row of their own; no name twice, which Discord refuses."""
    by_name = {ids.button(button.action, button.value): button for button in buttons}
    named = list(by_name.items())
    asking = [_button(name, button) for name, button in named if button.action not in _THUMBS]
    rating = [_button(name, button) for name, button in named if button.action in _THUMBS]
    rows = [some[at : at + _IN_A_ROW] for some in (asking, rating) for at in range(0, len(some), _IN_A_ROW)]
    return [{"type": _ACTION_ROW, "components": row} for row in rows[:_ROWS]]


def _button(custom_id: str, button: Button) -> Json:
    label = _short(" ".join(button.label.split()), 75) or "…"
    shown: Json = {"type": _BUTTON, "style": _STYLES[button.style], "label": label, "custom_id": custom_id}
    if button.action in _THUMBS:
        shown["emoji"] = {"name": _THUMBS[button.action]}
    return shown


def _when(at: float) -> str:
    """A moment, shown in each reader's own time."""
    return f"<t:{int(at)}:f>"


def _named(person: Person | None) -> str:
    return _clip(person.name or person.id, 80) if person else "nobody"


def _clip(text: str, most: int) -> str:
    return escaping.words(_short(" ".join(text.split()), most))


def _short(text: str, most: int) -> str:
    text = escaping.tidy(text)
    return text if utf16(text) <= most else f"{split(text, most - 1, utf16)[0].text.rstrip()}…"
