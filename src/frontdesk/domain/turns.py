"""One turn: what triage said, how it ended, and the trace that explains it."""

from typing import Annotated, Literal

from pydantic import Field

from frontdesk.domain.value import Value

Category = Literal[
    "question", "order", "billing", "refund", "account", "security", "legal", "technical", "feedback",
    "greeting", "thanks", "person", "other",
]  # fmt: skip
Priority = Literal["low", "normal", "high", "urgent"]
Sentiment = Literal["positive", "neutral", "negative", "angry"]


class Triage(Value):
    """What kind of matter this is, judged before anybody answers."""

    category: Category
    tier: Literal[1, 2, 3]
    """1 = routine, 2 = needs knowledge of the case, 3 = a person."""
    priority: Priority
    sentiment: Sentiment
    language: str = Field(min_length=2, max_length=8)
    """ISO 639-1 code of the customer's language."""
    confidence: float = Field(ge=0, le=1)
    needs_human: bool
    reason: str = Field(max_length=400)
    """One short sentence for staff."""


class Answered(Value):
    kind: Literal["answered"] = "answered"


class AskedBack(Value):
    """The assistant asked, or said it is not sure and offered a person."""

    kind: Literal["asked_back"] = "asked_back"
    why: str = ""


class HandedOff(Value):
    kind: Literal["handed_off"] = "handed_off"
    ticket: int
    why: str


class Relayed(Value):
    kind: Literal["relayed"] = "relayed"


class Superseded(Value):
    """Newer words of the customer, or a member of staff, took this turn's place."""

    kind: Literal["superseded"] = "superseded"
    why: str


class KeptSilent(Value):
    """A recorded decision that nothing is to be said."""

    kind: Literal["kept_silent"] = "kept_silent"
    why: str


class Failed(Value):
    kind: Literal["failed"] = "failed"
    why: str


Outcome = Annotated[
    Answered | AskedBack | HandedOff | Relayed | Superseded | KeptSilent | Failed, Field(discriminator="kind")
]


class PassageTrace(Value):
    number: int
    title: str
    article: str
    url: str | None
    score: float
    coverage: float
    used: bool


class StepTrace(Value):
    """One model call."""

    task: str
    model: str
    seconds: float
    first_token: float | None = None
    """Seconds until the first token."""
    input_tokens: int = 0
    output_tokens: int = 0
    finish: str = ""
    tools: tuple[str, ...] = ()


class ToolTrace(Value):
    name: str
    arguments: str
    seconds: float
    result: str


class TraceEvent(Value):
    at_ms: int
    """Milliseconds since the turn began."""
    what: str


class TurnTrace(Value):
    """Why a turn did what it did: for staff and the operator, never for the customer."""

    turn: str
    conversation: str
    at: float
    """Seconds since the epoch when the turn began."""
    outcome: str
    why: str = ""
    seconds: float
    language: str = ""
    triage: Triage | None = None
    triage_source: Literal["model", "rules", "fallback", ""] = ""
    rule: str | None = None
    """The hard rule that decided, if one did."""
    query: str = ""
    passages: tuple[PassageTrace, ...] = ()
    steps: tuple[StepTrace, ...] = ()
    tools: tuple[ToolTrace, ...] = ()
    events: tuple[TraceEvent, ...] = ()
    reply: str = ""
    """The first 300 characters of what was said."""
