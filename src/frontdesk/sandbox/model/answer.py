"""What the stand-in says: a quotation from the given passages, a tool call, a tool's result or a summary."""

import json
import re
from typing import Any

from frontdesk.sandbox.model.pieces import sentences
from frontdesk.sandbox.model.prompt import Prompt
from frontdesk.sandbox.model.quotation import asking, quotation
from frontdesk.sandbox.model.reply import Reply, ToolCall
from frontdesk.sandbox.model.words import language_of, stems

NO_ANSWER = "NO_ANSWER"

ASK_FOR_MORE = {
    "en": "QUESTION: Could you tell me a little more about what you need?",
    "de": "QUESTION: Können Sie mir etwas genauer sagen, worum es geht?",
    "fr": "QUESTION: Pouvez-vous me donner un peu plus de détails ?",
    "es": "QUESTION: ¿Puede contarme un poco más sobre lo que necesita?",
}

_TOOL_ORDER = re.compile(r"use the tool [`'\"]?([\w.-]+)[`'\"]? with\s*(?=\{)")
_MARKER = re.compile(r"\s*\[\d+\]")


def answer(prompt: Prompt) -> Reply:
    """What the stand-in says next: a tool call that was asked for, a tool's result, or a quotation."""
    if prompt.tool_results:
        return Reply(_from_tools(prompt.tool_results))
    calls = _ordered_tools(prompt)
    return Reply(tool_calls=calls) if calls else Reply(_quotation(prompt))


def summary(prompt: Prompt) -> dict[str, Any]:
    """What the customer wants, in their own words, and what the assistant told them so far."""
    asked = [said.text for said in prompt.conversation if said.speaker == "customer"]
    if prompt.question and prompt.question not in asked and "<conversation>" not in prompt.question:
        asked.append(prompt.question)
    told = [said.text for said in prompt.conversation if said.speaker == "assistant"]
    wanted = max(asked, key=lambda text: len(stems(text, language_of(text))), default="")
    return {"wants": _one_line(wanted), "tried": [_one_line(_MARKER.sub("", text)) for text in told[-5:]]}


# --- tools ---


def _ordered_tools(prompt: Prompt) -> tuple[ToolCall, ...]:
    calls = []
    for order in _TOOL_ORDER.finditer(prompt.question):
        try:
            arguments, _ = json.JSONDecoder().raw_decode(prompt.question, order.end())
        except ValueError:
            continue
        if order.group(1) in prompt.tools:
            calls.append(ToolCall(order.group(1), json.dumps(arguments, ensure_ascii=False)))
    return tuple(calls)


def _from_tools(results: tuple[str, ...]) -> str:
    return "\n\n".join(_readable(result) for result in results)


def _readable(result: str) -> str:
    try:
        value = json.loads(result)
    except ValueError:
        return result.strip() or "The tool gave no result."
    if not isinstance(value, dict):
        return result.strip()
    lines = [f"- **{str(name).replace('_', ' ').capitalize()}**: {_shown(held)}" for name, held in value.items()]
    return "This is what I found:\n\n" + "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- quotations ---


_LEANS_BACK = re.compile(r"\W*(and|but|or|what about|how about|und|aber|oder|et|mais|ou|y|pero|o)\b", re.IGNORECASE)


def _quotation(prompt: Prompt) -> str:
    around = prompt.passages[0].text[:500] if prompt.passages else ""
    language = language_of(prompt.question, otherwise=language_of(around))
    own = question = stems(prompt.question[:2000], language)
    if not question and _may_ask_back(prompt):
        return ASK_FOR_MORE.get(language, ASK_FOR_MORE["en"])
    if len(question) <= 1 or _LEANS_BACK.match(prompt.question):
        # Of a short follow-up its own words decide; the topic so far only says what they are about.
        question |= _topic_so_far(prompt, language)
    kind = asking(prompt.question)
    found = quotation(prompt.passages, question, own, kind, language)
    # A short message may also begin something new, which the topic so far says nothing about.
    return found or (quotation(prompt.passages, own, own, kind, language) if own else None) or NO_ANSWER


def _may_ask_back(prompt: Prompt) -> bool:
    """Asked back once is enough; a second time it is for a person."""
    told = [said.text for said in prompt.conversation if said.speaker == "assistant"]
    return bool(prompt.passages and prompt.question) and not (told and told[-1].rstrip().endswith("?"))


def _topic_so_far(prompt: Prompt, language: str) -> frozenset[str]:
    asked = [said.text for said in prompt.conversation if said.speaker == "customer"]
    return stems(asked[-1][:2000], language) if asked else frozenset()


def _one_line(text: str) -> str:
    first = next((s for s in sentences(text) if len(s.split()) > 2), text)
    line = " ".join(first.split())
    return line if len(line) <= 160 else line[:157].rstrip() + "…"
