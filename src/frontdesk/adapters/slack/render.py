"""Turns what the desk says into Slack's arguments; pure, and nothing in it pings or unfurls."""

import json
from datetime import UTC, datetime
from typing import Any, Literal, assert_never

from frontdesk.adapters.slack import escaping
from frontdesk.adapters.slack.parse import ACTION_PREFIX, COMMENT, COMMENT_BLOCK, FORM, RATE
from frontdesk.domain import labels
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Button, Content, Line, Relay, Reply
from frontdesk.domain.people import Person
from frontdesk.domain.splitting import split
from frontdesk.domain.tickets import Card

Json = dict[str, Any]

LIMIT = 11_000
"""Characters of Markdown in one message; Slack takes 12,000, and a little must remain for what stands below."""

QUIET: Json = {"link_names": False, "parse": "none"}
"""Names in the text stay text."""
NO_PREVIEWS: Json = {"unfurl_links": False, "unfurl_media": False}
"""Nothing is fetched because of a link in the text. Only a new message takes these."""


def messages(content: Content, limit: int = LIMIT) -> tuple[Json, ...]:
    """The arguments of one message after the other: blocks, notification text, name and picture."""
    match content:
        case Reply():
            return reply(content, limit)
        case Relay():
            return _relay(content, limit)
        case Line():
            return (_line(content),)
        case Card():
            return (card(content),)
        case _:
            assert_never(content)


def marked(arguments: Json, marker: str, part: int) -> Json:
    """With the marker by which the message is found again; every member can read it, so it says nothing else."""
    return {**arguments, "metadata": metadata(marker, part)}


def metadata(marker: str, part: int) -> Json:
    return {"event_type": "frontdesk", "event_payload": {"marker": marker, "part": part}}


def reply(content: Reply, limit: int = LIMIT) -> tuple[Json, ...]:
    parts = [part.markdown for part in split(escaping.markdown(content.markdown), limit)]
    rendered = [prepared(part) for part in parts]
    rendered[-1]["blocks"] += below(content)
    return tuple(rendered)


def below(content: Reply) -> list[Json]:
    """What stands below the last part of a reply: sources, buttons, thumbs."""
    blocks = []
    if content.citations:
        blocks.append(_sources(content.citations, content.language))
    if content.buttons:
        blocks.append(_actions(content.buttons))
    if content.rateable:
        blocks.append(_thumbs(content.language))
    return blocks


def words(markdown: str) -> Json:
    """A bare Markdown text, for a whisper or a line of progress."""
    part = split(escaping.markdown(markdown), LIMIT)[0].markdown
    return prepared(part)


def card(content: Card) -> Json:
    ticket = content.ticket
    title = f"#{ticket.number} · {labels.STATUS[ticket.status]} · {ticket.priority} · {escaping.tidy(ticket.wants)}"
    customer = escaping.mrkdwn(content.customer.name or content.customer.id)
    if content.permalink:
        customer = f"{customer} · {escaping.link(content.permalink, 'open thread')}"
    lines = [
        f"*Customer:* {customer}",
        f"*Wants:* {_clip(ticket.wants)}",
        f"*Why a person:* {_clip(ticket.why)}",
    ]
    if ticket.tried:
        lines.append("*Tried:*\n" + "\n".join(f"• {_clip(tried, 250)}" for tried in ticket.tried[:5]))
    triage = escaping.mrkdwn(labels.triage(ticket))
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": _short(title, 150), "emoji": False}},
        {"type": "section", "text": _mrkdwn("\n".join(lines))},
        {"type": "context", "elements": [_mrkdwn(triage), _mrkdwn(labels.state(ticket, _named, _when))]},
    ]
    if ticket.is_open:
        blocks.append(_actions(labels.card_buttons(content)))
    return {"blocks": blocks, "text": escaping.mrkdwn(_short(title, 300))}


def form(action: Literal["resolve", "rate_down"], press: ButtonPressed) -> Json:
    """The view that asks for a comment; it carries what the press was about, a thumb's also the language."""
    language = press.value.partition(":")[2]
    wording = labels.RESOLVE if action == "resolve" else labels.what_was_wrong(language)
    kept = {
        "action": action,
        "value": press.value,
        "channel": press.thread.channel,
        "root": press.thread.root,
        "message": press.message_id,
    }
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(kept),
        "notify_on_close": action == "rate_down",
        "title": _plain(wording.title),
        "submit": _plain(wording.send),
        "close": _plain(wording.close),
        "blocks": [
            {
                "type": "input",
                "block_id": COMMENT_BLOCK,
                "optional": True,
                "label": _plain(wording.question),
                "element": {
                    "type": "plain_text_input",
                    "action_id": COMMENT,
                    "multiline": True,
                    "max_length": 3000,
                },
            }
        ],
    }


def _relay(content: Relay, limit: int) -> tuple[Json, ...]:
    text = content.markdown.strip() or ", ".join(a.name for a in content.attachments) or "…"
    voice: Json = {"username": escaping.name(content.name)}
    if content.image and content.image.startswith(("https://", "http://")):
        voice["icon_url"] = content.image
    parts = split(escaping.markdown(text), limit)
    return tuple({**prepared(part.markdown), **voice} for part in parts)


def _line(content: Line) -> Json:
    markdown = _short(content.markdown, 6000)
    text = escaping.mrkdwn_from(markdown) or "…"
    if len(text) > 2900:
        text = escaping.mrkdwn(_short(escaping.plain(markdown), 1400))
    return {
        "blocks": [{"type": "context", "elements": [_mrkdwn(text)]}],
        "text": escaping.notification(content.markdown),
    }


def prepared(markdown: str) -> Json:
    """A message of Markdown that was made safe already."""
    shown = markdown if markdown.strip() else "…"
    return {
        "blocks": [{"type": "markdown", "text": shown}],
        "text": escaping.notification(shown) or "…",
    }


def _sources(citations: tuple[Citation, ...], language: str) -> Json:
    text = f"*{labels.sources(language)}:*"
    for citation in citations:
        source = f" [{citation.number}] {escaping.link(citation.url or '', _short(citation.title, 120))}"
        if len(text) + len(source) > 2900:
            break
        text += source
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _actions(buttons: tuple[Button, ...]) -> Json:
    return {"type": "actions", "elements": [_button(button) for button in buttons[:25]]}


def _button(button: Button) -> Json:
    element: Json = {
        "type": "button",
        "action_id": f"{ACTION_PREFIX}{button.action}",
        "text": _plain(_short(button.label, 75)),
    }
    if button.value:
        element["value"] = button.value
    if button.style != "plain":
        element["style"] = button.style
    return element


def _thumbs(language: str) -> Json:
    good, bad = labels.helpful(language)
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": RATE,
                "positive_button": {"text": _plain(good), "value": f"up:{language[:2]}"},
                "negative_button": {"text": _plain(bad), "value": f"down:{language[:2]}"},
            }
        ],
    }


def _when(at: float) -> str:
    """A moment, shown in each reader's own time."""
    fallback = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at)}^{{date_short_pretty}} {{time}}|{fallback}>"


def _named(person: Person | None) -> str:
    return escaping.mrkdwn(person.name or person.id) if person else "nobody"


def _clip(text: str, most: int = 500) -> str:
    return escaping.mrkdwn(_short(" ".join(text.split()), most))


def _short(text: str, most: int) -> str:
    text = escaping.tidy(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
