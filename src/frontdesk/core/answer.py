"""The answer: steps of the model over the evidence, shown while it grows, held to what was given."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, ValidationError

from frontdesk.core.configuration import DeskConfig
from frontdesk.core.guards import NO_ANSWER, QUESTION, Grounding, Links, cited_numbers, host_of, mailboxes_in
from frontdesk.core.prompt import Evidence, answer_prompt, numbered
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Spoken
from frontdesk.domain.errors import ModelFailed
from frontdesk.domain.knowledge import Citation, Found
from frontdesk.domain.turns import PassageTrace, ToolTrace
from frontdesk.domain.value import Value
from frontdesk.ports.chat import ReplyStream
from frontdesk.ports.library import Library
from frontdesk.ports.model import (
    Asked,
    Delta,
    Finished,
    Model,
    ModelRequest,
    PromptMessage,
    ToolCall,
    ToolOffer,
    ToolResult,
)


class Draft(Value):
    """What the assistant has to say, already safe to show."""

    kind: Literal["answer", "question", "unsure", "person"]
    markdown: str = ""
    citations: tuple[Citation, ...] = ()
    why: str = ""


class _Search(Value):
    query: str = Field(min_length=1, max_length=400, description="What to look for, in the language of the articles.")


class _HandOver(Value):
    reason: str = Field(min_length=1, max_length=300, description="Why a person is needed, in English.")


_OFFERS: tuple[ToolOffer, ...] = (
    ToolOffer(
        name="search_articles",
        description="Look for more passages in the team's articles when those given do not answer the question.",
        arguments_schema=_Search.model_json_schema(),
    ),
    ToolOffer(
        name="hand_over",
        description="Give the conversation to a person of the team, when only a person can help.",
        arguments_schema=_HandOver.model_json_schema(),
    ),
)


_MOST_CALLS = 4
"""Tool calls of one step that are made; a model that wants more is not looking for an answer."""
_MOST_SEARCHES_KEPT = 3
"""Searches' worth of passages that one answer may rest on."""
_CHARACTERS_PER_TOKEN = 20
"""More than any language needs: an answer longer than its tokens allow is none."""


_FIGURE = re.compile(r"\d+")
_MORE = re.compile(r"\w{3}[\"')\]*_]*[.!?…;:][\"')\]*_]*\s")
"""A sentence ends, and another follows."""


class Writer:
    """Writes one answer; made anew for each."""

    def __init__(
        self, turn: Turn, model: Model, library: Library, config: DeskConfig, stream: ReplyStream, *, live: bool = True
    ) -> None:
        self._turn = turn
        self._model = model
        self._library = library
        self._config = config
        self._stream = stream
        self._live = live
        """False when nothing is to be shown before the whole reply is known."""

    async def write(self, history: Sequence[Spoken], found: Sequence[Found], question: str, language: str) -> Draft:
        """A draft within the limits of steps. Raises ModelFailed when the model gives nothing usable twice."""
        evidence = numbered(found)
        messages: tuple[PromptMessage, ...] = answer_prompt(self._config, history, evidence, question, language)
        failures = 0
        for step in range(self._config.limits.steps):
            last = step == self._config.limits.steps - 1
            try:
                finished, guard = await self._step(messages, evidence, offer=not last, live=self._live and not failures)
            except ModelFailed as failure:
                failures += 1
                self._turn.trace.happened(f"the model failed: {failure.fault}")
                if failures > 1 or last or failure.fault in ("denied", "refused", "too_long"):
                    raise
                continue
            if not finished.calls:
                return await self._draft(finished, guard, evidence)
            calls = finished.calls[:_MOST_CALLS]
            messages = (*messages, Asked(text=finished.text, calls=calls))
            for call in calls:
                result, evidence, reason = await self._call(call, evidence)
                if reason is not None:
                    return Draft(kind="person", why=reason)
                messages = (*messages, ToolResult(call_id=call.id, text=result))
        return Draft(kind="unsure", why="no answer within the allowed steps")

    async def _step(
        self, messages: tuple[PromptMessage, ...], evidence: Evidence, *, offer: bool, live: bool
    ) -> tuple[Finished, Grounding]:
        guard = Grounding(evidence.citations, links_for(evidence, self._config))
        length = 0
        async for piece in self._model.stream(self._request(messages, offer=offer)):
            match piece:
                case Delta(text=text):
                    length += len(text)
                    if length > self._config.limits.output_tokens * _CHARACTERS_PER_TOKEN:
                        raise ModelFailed("garbled", "an answer longer than it may be")
                    fresh = guard.feed(text)
                    if fresh and live:
                        await self._stream.append(fresh)
                case Finished():
                    self._turn.trace.step("answer", piece)
                    return piece, guard
        raise ModelFailed("garbled", "the stream ended without an end")

    def _request(self, messages: tuple[PromptMessage, ...], *, offer: bool) -> ModelRequest:
        limits = self._config.limits
        return ModelRequest(
            task="answer",
            messages=messages,
            tools=_OFFERS if offer else (),
            max_output_tokens=limits.output_tokens,
            first_token=limits.first_token,
            between_tokens=limits.between_tokens,
            total=limits.step_seconds,
        )

    async def _call(self, call: ToolCall, evidence: Evidence) -> tuple[str, Evidence, str | None]:
        """The result for the model, the evidence with what was found, and why a person is wanted, if one is."""
        began = self._turn.clock.elapsed()
        reason: str | None = None
        try:
            match call.name:
                case "search_articles":
                    query = _Search.model_validate_json(call.arguments).query
                    more = await self._library.search(query, limit=self._config.passages)
                    most = _MOST_SEARCHES_KEPT * self._config.passages
                    known = len(evidence.found)
                    evidence = _with(evidence, [f for f in more if f.coverage >= self._config.evidence], most)
                    result = _told(evidence, known)
                case "hand_over":
                    reason = _HandOver.model_validate_json(call.arguments).reason
                    result = "handed over"
                case _:
                    result = "There is no such tool."
        except ValidationError as error:
            result = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:4])
        seconds = round(self._turn.clock.elapsed() - began, 3)
        self._turn.trace.tools.append(
            ToolTrace(name=call.name[:80], arguments=call.arguments[:300], seconds=seconds, result=result[:200])
        )
        return result, evidence, reason

    async def _draft(self, finished: Finished, guard: Grounding, evidence: Evidence) -> Draft:
        text = finished.text.strip()
        if text.startswith(QUESTION):
            known = [f.passage.text for f in evidence.found] + [s.text for s in self._turn.conversation.present]
            return _question(guard.safe(text.removeprefix(QUESTION).strip()), known)
        held = await self._library.held({c.article for c in evidence.citations.values()})
        given = {n: c for n, c in evidence.citations.items() if c.article in held}
        numbers = [n for n in cited_numbers(text) if n in given]
        if text.startswith(NO_ANSWER) or NO_ANSWER in text or not numbers:
            why = (
                "the model found no answer in the passages" if NO_ANSWER in text else "nothing in the answer was cited"
            )
            return Draft(kind="unsure", why=why)
        markdown = Grounding(given, links_for(evidence, self._config)).safe(text)
        note_passages(self._turn, evidence, used=numbers)
        return Draft(kind="answer", markdown=markdown, citations=tuple(given[n] for n in sorted(numbers)))


def links_for(evidence: Evidence, config: DeskConfig) -> Links:
    """Where an answer over this evidence may link to."""
    hosts = {*(host_of(c.url) for c in evidence.citations.values()), *config.allowed_hosts}
    return Links(hosts, {mailbox for found in evidence.found for mailbox in mailboxes_in(found.passage.text)})


def note_passages(turn: Turn, evidence: Evidence, used: Sequence[int] = ()) -> None:
    turn.trace.passages = tuple(
        PassageTrace(
            number=number,
            title=f.passage.title,
            article=f.passage.article,
            url=f.passage.url,
            score=round(f.score, 3),
            coverage=round(f.coverage, 3),
            used=number in used,
        )
        for number, f in zip(evidence.numbers, evidence.found, strict=True)
    )


def _question(text: str, known: Sequence[str]) -> Draft:
    """One short question is no claim; more sentences, or a figure of the model's own, are one."""
    figures = set(_FIGURE.findall(text)) <= set(_FIGURE.findall("\n".join(known)))
    if text.endswith("?") and len(text) <= 300 and "\n" not in text and not _MORE.search(text) and figures:
        return Draft(kind="question", markdown=text, why="one detail is missing")
    return Draft(kind="unsure", why="the model asked instead of answering, at length")


def _with(evidence: Evidence, more: Sequence[Found], most: int) -> Evidence:
    known = {(f.passage.article, f.passage.text) for f in evidence.found}
    fresh = [f for f in more if (f.passage.article, f.passage.text) not in known]
    return numbered([*evidence.found, *fresh][: max(most, len(evidence.found))])


def _told(evidence: Evidence, known: int) -> str:
    """The passages behind the first `known`, which the model has already."""
    by_number: Mapping[int, Citation] = evidence.citations
    lines = [
        f"[{n}] {by_number[n].title}: {f.passage.text}" for n, f in zip(evidence.numbers, evidence.found, strict=True)
    ]
    return "\n\n".join(lines[known:]) or "Nothing more was found."
