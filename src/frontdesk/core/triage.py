"""Triage: one structured judgement before anybody answers; what cannot be read is treated as needing a person."""

from collections.abc import Sequence

from pydantic import ValidationError

from frontdesk.core.configuration import DeskConfig
from frontdesk.core.prompt import triage_prompt, triage_schema
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Spoken
from frontdesk.domain.policy import Rule
from frontdesk.domain.turns import Triage
from frontdesk.ports.model import Model, ModelRequest, PromptMessage, Said


async def judge(
    turn: Turn, model: Model, config: DeskConfig, history: Sequence[Spoken], question: str, language: str
) -> Triage:
    """The model's judgement; invalid output is repaired once, then becomes `needs_human`. Raises ModelFailed."""
    messages: tuple[PromptMessage, ...] = triage_prompt(config, history, question)
    for attempt in (1, 2):
        finished = await model.complete(_request(messages, config))
        turn.trace.step("triage", finished)
        try:
            triage = Triage.model_validate_json(_json_of(finished.text))
        except ValidationError as error:
            turn.trace.happened(f"triage output was not valid (attempt {attempt})")
            messages = (*messages, *_repair(finished.text, error))
        else:
            turn.trace.triage, turn.trace.triage_source = triage, "model"
            return triage
    fallback = unjudged("triage gave no usable judgement", language)
    turn.trace.triage, turn.trace.triage_source = fallback, "fallback"
    return fallback


def by_rule(rule: Rule, language: str) -> Triage:
    """What a hard rule says, in triage's own terms."""
    return Triage(
        category=rule.category,
        tier=3,
        priority=rule.priority,
        sentiment="neutral",
        language=language,
        confidence=1.0,
        needs_human=True,
        reason=f"Hard rule: {rule.name}",
    )


def unjudged(why: str, language: str) -> Triage:
    """The safe judgement where there is none."""
    return Triage(
        category="other",
        tier=3,
        priority="normal",
        sentiment="neutral",
        language=language,
        confidence=0.0,
        needs_human=True,
        reason=why,
    )


def _request(messages: tuple[PromptMessage, ...], config: DeskConfig) -> ModelRequest:
    limits = config.limits
    return ModelRequest(
        task="triage",
        messages=messages,
        schema_=triage_schema(),
        temperature=0.0,
        max_output_tokens=400,
        first_token=limits.first_token,
        between_tokens=limits.between_tokens,
        total=min(limits.step_seconds, 30.0),
    )


def _repair(text: str, error: ValidationError) -> tuple[PromptMessage, ...]:
    problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'JSON'}: {e['type']}" for e in error.errors()[:6])
    return (
        Said(role="assistant", text=text[:2000]),
        Said(role="user", text=f"That was not valid ({problems}). Reply with the corrected JSON object only."),
    )


def _json_of(text: str) -> str:
    """The outermost object, without a fence or words around it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text
