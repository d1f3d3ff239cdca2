"""Answers by quoting the pieces of the given passages which share most words with the question."""

import json
import re
from dataclasses import dataclass
from typing import Any

from frontdesk.sandbox.model.pieces import Piece, pieces_of, sentences
from frontdesk.sandbox.model.prompt import Passage, Prompt
from frontdesk.sandbox.model.reply import Reply, ToolCall
from frontdesk.sandbox.model.words import language_of, share, stems

NO_ANSWER = "NO_ANSWER"
ENOUGH = 0.45
"""The share of the question's words which the best passage must hold."""
MOST_SENTENCES = 4
LONGEST_LIST = 10

ASK_FOR_MORE = {
    "en": "QUESTION: Could you tell me a little more about what you need?",
    "de": "QUESTION: Können Sie mir etwas genauer sagen, worum es geht?",
    "fr": "QUESTION: Pouvez-vous me donner un peu plus de détails ?",
    "es": "QUESTION: ¿Puede contarme un poco más sobre lo que necesita?",
}

_TOOL_ORDER = re.compile(r"use the tool [`'\"]?([\w.-]+)[`'\"]? with\s*(?=\{)")
_ASKS_HOW = re.compile(
    r"\b(?:how(?! (?:many|much|long|soon|fast|old|big|far))|wie(?! (?:viele?|lange|oft|schnell|hoch|groß))"
    r"|comment|cómo|steps|schritte)\b",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True, slots=True)
class Scored:
    piece: Piece
    score: float
    number: str
    position: int


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


def _quotation(prompt: Prompt) -> str:
    language = language_of(prompt.question)
    question = stems(prompt.question[:2000], language)
    if not question and _may_ask_back(prompt):
        return ASK_FOR_MORE.get(language, ASK_FOR_MORE["en"])
    own = question
    if len(question) <= 1:
        question |= _topic_so_far(prompt, language)
    held = [_coverage(question, passage, language) for passage in prompt.passages]
    if not held or max(held) < ENOUGH:
        return NO_ANSWER
    # The passages come best first, which decides between those that hold about the same.
    # Of a short follow-up its own words decide; the topic so far only says what they are about.
    asked = [_coverage(own, passage, language) if own != question else 0.0 for passage in prompt.passages]
    best = max(range(len(held)), key=lambda place: held[place] + asked[place] - 0.03 * place)
    scored = _scored(question, prompt.passages[best], language)
    chosen = _chosen(scored, question, asks_how=bool(_ASKS_HOW.search(prompt.question)))
    return _written(chosen) if chosen else NO_ANSWER


def _may_ask_back(prompt: Prompt) -> bool:
    """Asked back once is enough; a second time it is for a person."""
    told = [said.text for said in prompt.conversation if said.speaker == "assistant"]
    return bool(prompt.passages and prompt.question) and not (told and told[-1].rstrip().endswith("?"))


def _topic_so_far(prompt: Prompt, language: str) -> frozenset[str]:
    asked = [said.text for said in prompt.conversation if said.speaker == "customer"]
    return stems(asked[-1][:2000], language) if asked else frozenset()


def _coverage(question: frozenset[str], passage: Passage, language: str) -> float:
    """The share of the question which a passage holds, leaning to the one with the right title."""
    if not question:
        return 0.0
    title = stems(passage.title, language)
    held = title.union(*(piece.words | stems(piece.heading, language) for piece in pieces_of(passage.text, language)))
    met = sum(share(question, held).values())
    return (met + 0.3 * sum(share(question, title).values())) / len(question)


def _scored(question: frozenset[str], passage: Passage, language: str) -> list[Scored]:
    scored = []
    for position, piece in enumerate(pieces_of(passage.text, language)):
        own = sum(share(question, piece.words).values())
        heading = sum(share(question, stems(piece.heading, language)).values())
        # Of two pieces with the same words the shorter is the more direct, and the earlier the more general.
        score = own + 0.5 * heading - 0.005 * len(piece.words) - 0.01 * position
        scored.append(Scored(piece, score, passage.number, position))
    return scored


def _chosen(scored: list[Scored], question: frozenset[str], *, asks_how: bool) -> list[Scored]:
    """The best piece and what belongs to it."""
    quotable = [one for one in scored if one.piece.kind not in ("table head", "code")]
    if not quotable:
        return []
    best = max(quotable, key=lambda one: one.score)
    if asks_how and best.piece.kind == "sentence":
        steps = [one for one in scored if one.piece.kind == "step" and one.piece.heading == best.piece.heading]
        if steps:
            return _joined([best], _with_lead(scored, max(steps, key=lambda one: one.score).piece.block))
    if best.piece.kind != "sentence":
        found = _with_lead(scored, best.piece.block)
        sentences_with_it = [one for one in quotable if one.piece.kind == "sentence" and one.score >= 1]
        if found[0].piece.kind == "table head" and sentences_with_it:
            return [max(sentences_with_it, key=lambda one: one.score), *found]
        return found
    worthy = sorted((one for one in quotable if _belongs(one, best)), key=lambda one: -one.score)
    chosen = [best, *worthy[: MOST_SENTENCES - 1]]
    paragraph = [one for one in scored if one.piece.block == best.piece.block]
    leads_on = paragraph[-1].piece.text.endswith(":") and any(share(question, paragraph[-1].piece.words).values())
    following = paragraph[-1].position + 1
    if leads_on and following < len(scored):
        return _joined(chosen[:2], _with_lead(scored, scored[following].piece.block))
    return chosen


def _belongs(one: Scored, best: Scored) -> bool:
    """Whether a sentence goes well with the best one: it answers nearly as much, or goes on from it."""
    if one is best or one.piece.kind != "sentence" or one.piece.text.endswith((":", "?")):
        return False
    goes_on = one.piece.block == best.piece.block and one.position == best.position + 1
    return goes_on or one.score >= max(0.9, 0.7 * best.score)


def _with_lead(scored: list[Scored], block: int) -> list[Scored]:
    """A whole list or table, with the sentence which leads into it."""
    inside = [one for one in scored if one.piece.block == block]
    if not inside:
        return []
    before = inside[0].position - 1
    lead = scored[before] if before >= 0 else None
    if len(inside) > LONGEST_LIST and inside[0].piece.kind == "item":
        inside = sorted(sorted(inside, key=lambda one: -one.score)[:LONGEST_LIST], key=lambda one: one.position)
    leads = lead is not None and lead.piece.kind == "sentence" and lead.piece.text.endswith(":")
    return [lead, *inside] if lead is not None and leads else inside


def _joined(first: list[Scored], rest: list[Scored]) -> list[Scored]:
    return first + [one for one in rest if one not in first]


# --- how it reads ---


def _written(chosen: list[Scored]) -> str:
    """The best paragraph first, the rest as in the article, and a marker behind every claim."""
    direct = None if chosen[0].piece.text.endswith(":") else chosen[0].piece.block
    first, *rest = sorted(chosen, key=lambda one: (one.piece.block != direct, one.position))
    text = _marked(first, 1)
    step = 1
    previous = first
    for one in rest:
        if one.piece.kind == "step":
            step = step + 1 if previous.piece.block == one.piece.block else 1
        text += _gap(previous, one) + _marked(one, step)
        previous = one
    return text


def _gap(previous: Scored, one: Scored) -> str:
    if previous.piece.block != one.piece.block:
        both = previous.piece.kind == one.piece.kind == "sentence"
        return " " if both and previous.piece.heading == one.piece.heading else "\n\n"
    return " " if one.piece.kind == "sentence" else "\n"


def _marked(one: Scored, step: int) -> str:
    text, marker = one.piece.text, f" [{one.number}]"
    match one.piece.kind:
        case "row":
            return text.rstrip().removesuffix("|").rstrip() + f"{marker} |"
        case "table head" | "code":
            return text
        case "step":
            return f"{step}. " + re.sub(r"^\d+[.)]\s*", "", text) + marker
        case _:
            return text + marker


def _one_line(text: str) -> str:
    first = next((s for s in sentences(text) if len(s.split()) > 2), text)
    line = " ".join(first.split())
    return line if len(line) <= 160 else line[:157].rstrip() + "…"
