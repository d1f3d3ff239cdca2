"""What stands on cards, below replies and in forms: the same words on every platform."""

from collections.abc import Callable
from typing import NamedTuple

from frontdesk.domain.messages import Button
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket

STATUS = {"queued": "Waiting", "claimed": "In work", "resolved": "Closed"}


class Helpful(NamedTuple):
    """The labels of the two thumbs."""

    good: str
    bad: str


class FormWords(NamedTuple):
    """What a form says; not every platform shows words of ours on its last two buttons."""

    title: str
    question: str
    send: str
    close: str


RESOLVE = FormWords("Resolve ticket", "Closing words to the customer", "Resolve", "Cancel")

_SOURCES = {"en": "Sources", "de": "Quellen", "fr": "Sources", "es": "Fuentes"}
_HELPFUL = {
    "en": Helpful("Helpful", "Not helpful"),
    "de": Helpful("Hilfreich", "Nicht hilfreich"),
    "fr": Helpful("Utile", "Pas utile"),
    "es": Helpful("Útil", "No es útil"),
}
_WHAT_WAS_WRONG = {
    "en": FormWords("Thank you", "What was missing or wrong?", "Send", "Skip"),
    "de": FormWords("Danke", "Was hat gefehlt oder nicht gestimmt?", "Senden", "Überspringen"),
    "fr": FormWords("Merci", "Que manquait-il, ou qu'est-ce qui était faux ?", "Envoyer", "Ignorer"),
    "es": FormWords("Gracias", "¿Qué faltaba o qué estaba mal?", "Enviar", "Omitir"),
}


def sources(language: str) -> str:
    return _SOURCES.get(language[:2], _SOURCES["en"])


def helpful(language: str) -> Helpful:
    return _HELPFUL.get(language[:2], _HELPFUL["en"])


def what_was_wrong(language: str) -> FormWords:
    return _WHAT_WAS_WRONG.get(language[:2], _WHAT_WAS_WRONG["en"])


def card_buttons(card: Card) -> tuple[Button, ...]:
    holder = card.ticket.assignee
    claim = f"Claimed by {holder.name or holder.id}" if holder else "Claim"
    return (
        Button(action="claim", label=claim, value=card.conversation, style="plain" if holder else "primary"),
        Button(action="handback", label="Hand back", value=card.conversation),
        Button(action="resolve", label="Resolve", value=card.conversation),
    )


def triage(ticket: Ticket) -> str:
    """One line, as it is: the platform has to escape it."""
    facts = (
        f"category {ticket.category}",
        f"tier {ticket.tier}",
        f"priority {ticket.priority}",
        f"mood {ticket.sentiment}",
        f"language {ticket.language}",
        f"confidence {ticket.confidence:.0%}",
    )
    return " · ".join(facts)


def state(ticket: Ticket, named: Callable[[Person | None], str], when: Callable[[float], str]) -> str:
    """One line; names and moments as the platform writes them."""
    if not ticket.is_open:
        who = named(ticket.closed_by)
        return f"Handed back by {who}" if ticket.closed_how == "handed_back" else f"Resolved by {who}"
    holder = f"Claimed by {named(ticket.assignee)}" if ticket.assignee else "Nobody has claimed it"
    if ticket.waiting_since is None:
        return f"{holder} · the customer is not waiting"
    return f"{holder} · waiting since {when(ticket.waiting_since)}"
