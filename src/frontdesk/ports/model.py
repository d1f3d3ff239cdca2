"""The language model, as the desk uses it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from frontdesk.domain.value import Value

Task = Literal["triage", "answer", "summary"]


class Said(Value):
    """One message of the prompt."""

    role: Literal["system", "user", "assistant"]
    text: str


class ToolCall(Value):
    """The model asks for a tool; the arguments are what it wrote, not yet validated."""

    id: str
    name: str
    arguments: str


class Asked(Value):
    """What the assistant asked of its tools in an earlier step of this turn."""

    role: Literal["asked"] = "asked"
    text: str = ""
    calls: tuple[ToolCall, ...]


class ToolResult(Value):
    role: Literal["tool"] = "tool"
    call_id: str
    text: str


PromptMessage = Annotated[Said | Asked | ToolResult, Field(discriminator="role")]


class ToolOffer(Value):
    """A tool the model may ask for."""

    name: str
    description: str
    arguments_schema: dict[str, Any]
    """JSON Schema of one object."""


class OutputSchema(Value):
    """What shape of JSON the answer must have."""

    name: str
    json_schema: dict[str, Any]


class ModelRequest(Value):
    task: Task
    messages: tuple[PromptMessage, ...]
    schema_: OutputSchema | None = None
    tools: tuple[ToolOffer, ...] = ()
    temperature: float = 0.1
    """Sent only to models that take it."""
    max_output_tokens: int = 1200
    first_token: float = 20.0
    """Seconds until the first token must have come."""
    between_tokens: float = 15.0
    """Seconds that may pass between two tokens."""
    total: float = 60.0
    """Seconds for the whole call, retries included."""


class Delta(Value):
    """More text."""

    kind: Literal["delta"] = "delta"
    text: str


class Finished(Value):
    """The end of a call that ended well: text complete, tool calls whole."""

    kind: Literal["finished"] = "finished"
    text: str
    """All of the text, reasoning left out."""
    calls: tuple[ToolCall, ...] = ()
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    first_token: float | None = None


class Model(Protocol):
    def stream(self, request: ModelRequest) -> AsyncIterator[Delta | Finished]:
        """Deltas, then exactly one Finished.

        Raises ModelFailed, after which what was yielded before must not be taken for an answer. Retries by itself
        while nothing was yielded and time is left. Closing the iterator ends the call at the provider.
        """
        ...

    async def complete(self, request: ModelRequest) -> Finished:
        """The whole answer at once. Raises ModelFailed."""
        ...
