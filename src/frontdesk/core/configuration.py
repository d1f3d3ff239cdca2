"""How this desk behaves: everything a team may choose, with defaults that suit most."""

from collections.abc import Mapping

from pydantic import Field

from frontdesk.core.phrases import Phrases
from frontdesk.core.rules import DEFAULT_RULES, Frustration
from frontdesk.domain.policy import Limits, Rule, Speaking
from frontdesk.domain.value import Value


class DeskConfig(Value):
    """The desk's own configuration, read from `frontdesk.toml`."""

    name: str = "the shop"
    """What the team is called when the assistant speaks of it."""
    tone: str = "friendly, plain and brief"
    """How the assistant writes."""
    about: str = ""
    """A few sentences on what the team does, given to the model as its instructions."""
    speaking: Speaking = Speaking()
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that the assistant may link to besides those of the articles."""
    suggestions: tuple[str, ...] = ()
    """Questions offered to somebody who opens the desk, at most 4."""
    default_language: str = "en"
    """ISO 639-1 code of the language used when the customer's is not known."""
    phrases: Mapping[str, Phrases] = Field(default_factory=dict)
    """Own wording of the desk's fixed sentences, by language."""
    rules: tuple[Rule, ...] = DEFAULT_RULES
    """Hard rules in front of the model, in place of the built-in ones; `extra_rules` keeps those."""
    frustration: Frustration = Frustration()
    """When a customer who has had enough is given to a person."""
    evidence: float = Field(default=0.3, ge=0, le=1)
    """The least coverage a passage must have for the assistant to answer from it."""
    passages: int = Field(default=6, ge=1, le=20)
    """How many passages the model is given."""
    prompt_characters: int = Field(default=24_000, ge=2_000)
    """How much of the conversation the model is given; what is left out is said in the trace."""
    settle: float = Field(default=0.4, ge=0, le=10)
    """Seconds to wait for the rest of a burst before a turn begins."""
    gather: float = Field(default=15.0, ge=0, le=300)
    """Seconds within which one person's loose messages in a channel count as one conversation, until it is answered."""
    reopen_days: float = Field(default=7.0, ge=0)
    """Days within which a customer's new message reopens a resolved ticket."""
    remind_minutes: float = Field(default=30.0, ge=0)
    """After so many minutes staff are reminded of a customer who waits, then at doubled intervals; 0 = never."""
    questions_per_hour: int = Field(default=60, ge=0)
    """What the assistant takes up from one customer within an hour, counted by each process; then staff are told and
    the model is asked no more. 0 = no limit."""
    note_marks: tuple[str, ...] = ("//", "note:", "notiz:", "nota:")
    """A line that begins with one of these is for staff only."""
    limits: Limits = Limits()
    """What one turn may take."""
