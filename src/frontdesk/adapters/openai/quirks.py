"""What a model turned out not to accept, learned from its own refusals and kept while the process runs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Shape = Literal["strict", "loose", "told"]
"""How an output schema travels: enforced strictly, enforced loosely, or only told in the prompt."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """Defaults are what most endpoints take."""

    temperature: bool = True
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    shape: Shape = "strict"
    usage_on_request: bool = True
    tools: bool = True
    streams: bool = True
    one_system_message: bool = False
    reasoning_returned: bool = False
    """Wants its own reasoning back with the tool calls that it led to."""
    thinks: bool = False
    """Spends output tokens on reasoning, so it needs room for more than the answer."""
    thinks_unopened: bool = False
    """Ends its reasoning with a closing tag that it never opened."""


def learned(quirks: Quirks, complaint: str, sent: Mapping[str, Any]) -> Quirks | None:
    """What to change after a refusal with this text; None when it names nothing that we could leave out."""
    said = complaint.casefold()
    if "temperature" in said and "temperature" in sent:
        return replace(quirks, temperature=False)
    if "stream_options" in said and "stream_options" in sent:
        return replace(quirks, usage_on_request=False)
    if ("max_completion_tokens" in said or "max_tokens" in said) and quirks.length_field == "max_tokens":
        return replace(quirks, length_field="max_completion_tokens")
    if "reasoning" in said and not quirks.reasoning_returned and _has_calls(sent):
        return replace(quirks, reasoning_returned=True)
    if _speaks_of(said, "response_format", "response format", "json_schema", "schema", "strict", "structured output"):
        weaker = _weaker(quirks) if "response_format" in sent else None
        if weaker:
            return weaker
    if "system" in said and not quirks.one_system_message and _several_systems(sent):
        return replace(quirks, one_system_message=True)
    if _speaks_of(said, "tool", "function") and "tools" in sent:
        return replace(quirks, tools=False)
    if "stream" in said and sent.get("stream"):
        return replace(quirks, streams=False)
    return None


def _speaks_of(said: str, *words: str) -> bool:
    return any(word in said for word in words)


def _weaker(quirks: Quirks) -> Quirks | None:
    match quirks.shape:
        case "strict":
            return replace(quirks, shape="loose")
        case "loose":
            return replace(quirks, shape="told")
        case "told":
            return None


def _several_systems(sent: Mapping[str, Any]) -> bool:
    roles = [message["role"] for message in sent["messages"]]
    return "system" in roles[1:]


def _has_calls(sent: Mapping[str, Any]) -> bool:
    return any("tool_calls" in message for message in sent["messages"])
