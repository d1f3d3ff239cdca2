"""The assistant's turn: rules, triage, evidence, answer; every way it can end is one of the outcomes."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest

from frontdesk.core.allowance import Allowance
from frontdesk.core.answer import Writer, note_passages
from frontdesk.core.configuration import DeskConfig
from frontdesk.core.handoff import Handoff
from frontdesk.core.interruption import Interrupted, Interruption, interruption
from frontdesk.core.phrases import Phrases, phrases_for
from frontdesk.core.prompt import fitting, numbered
from frontdesk.core.rules import is_frustrated, is_thanks, match_rule, refers_back
from frontdesk.core.triage import by_rule, judge, unjudged
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Spoken
from frontdesk.domain.errors import ModelFailed, Undeliverable
from frontdesk.domain.knowledge import Found
from frontdesk.domain.messages import Button, Message, MessageRef, Reply
from frontdesk.domain.transcript import AssistantSaid
from frontdesk.domain.turns import Answered, AskedBack, Failed, KeptSilent, Triage
from frontdesk.domain.value import Value
from frontdesk.ports.chat import ReplyStream
from frontdesk.ports.library import Library
from frontdesk.ports.model import Model
from frontdesk.ports.telemetry import Telemetry

_MOST_OVER = 2.0
"""Shares of the allowance after which not even a hard rule opens a ticket: staff's attention is bounded too."""


class Burst(Value):
    """What a turn answers: the customer's messages that came together."""

    messages: tuple[Message, ...]
    addressed: bool
    """True when one of them mentioned the assistant, or nobody else could be meant."""
    edited: bool = False
    """True when it is a changed message that had been answered before."""

    @property
    def text(self) -> str:
        parts = []
        for message in self.messages:
            names = ", ".join(a.name for a in message.attachments)
            parts.append(f"{message.text}\n(attached: {names})" if names else message.text)
        return "\n\n".join(part for part in parts if part)

    @property
    def fingerprint(self) -> str:
        """Tells this burst from any other, also from itself with a message more or another wording."""
        return hashlib.blake2s("|".join((*self.ids, self.text)).encode(), digest_size=10).hexdigest()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(m.id for m in self.messages)


class Assistant:
    """Answers from the articles, or says why it does not."""

    def __init__(
        self,
        config: DeskConfig,
        model: Model,
        library: Library,
        handoff: Handoff,
        telemetry: Telemetry,
        language_of: Callable[[str], str],
        allowance: Allowance,
    ) -> None:
        self._config = config
        self._model = model
        self._library = library
        self._handoff = handoff
        self._telemetry = telemetry
        self._language_of = language_of
        self._allowance = allowance

    async def take(self, turn: Turn, burst: Burst, history: Sequence[Spoken]) -> None:
        """Answer the burst. Raises Retry or Fenced."""
        decided = self._handoff.decided(turn)
        if decided is not None:
            turn.trace.triage = decided[0]
            await self._handoff.open(turn, *decided, burst.messages)
            return
        silent = self._reason_for_silence(turn, burst, history)
        if silent:
            turn.outcome = KeptSilent(why=silent)
            return
        language = self._language(burst, history)
        turn.trace.language = language
        used = self._allowance.used(burst.messages[-1].author, burst.fingerprint)
        if used > _MOST_OVER:
            await self._say_later(turn, burst, language)
            return
        rule = match_rule(burst.text, self._config.rules)
        if rule is not None:
            turn.trace.rule = rule.name
            triage = by_rule(rule, language)
            turn.trace.triage, turn.trace.triage_source = triage, "rules"
            await self._handoff.open(turn, triage, f"Hard rule: {rule.name}", burst.messages, summarise=used <= 1)
            return
        if used > 1:
            await self._over(turn, burst, language, used)
            return
        since = turn.conversation.closed_at or 0.0
        asked = [s.text for s in history if s.speaker == "customer" and s.at > since]
        asked += [m.text for m in burst.messages]
        if is_frustrated(asked, self._config.frustration):
            triage = unjudged("the customer is frustrated", language).model_copy(
                update={"sentiment": "angry", "priority": "high", "confidence": 1.0}
            )
            turn.trace.rule, turn.trace.triage, turn.trace.triage_source = "frustration", triage, "rules"
            await self._handoff.open(turn, triage, "The customer is frustrated", burst.messages)
            return
        await self._with_model(turn, burst, history, language)

    async def _over(self, turn: Turn, burst: Burst, language: str, used: float) -> None:
        """The customer has asked more than the model is asked for one person: staff are told once, in a ticket."""
        if self._allowance.is_first_over(used):
            why = f"More than {self._config.questions_per_hour} questions of one customer within an hour"
            await self._handoff.open(turn, unjudged(why, language), why, burst.messages, summarise=False)
            return
        await self._say_later(turn, burst, language)

    async def _say_later(self, turn: Turn, burst: Burst, language: str) -> None:
        turn.trace.rule = "too many questions"
        await self._say(turn, burst, self._wording(language).too_many, language)
        turn.outcome = AskedBack(why="too many questions of one customer within an hour")

    def _reason_for_silence(self, turn: Turn, burst: Burst, history: Sequence[Spoken]) -> str:
        """Why nothing is to be said, or an empty string."""
        if is_thanks(burst.text) and history and not any(m.attachments for m in burst.messages):
            return "thanks, and nothing else"
        if burst.addressed or turn.thread.direct:
            return ""
        if any(m.mentions_others for m in burst.messages):
            return "addressed to somebody else"
        # What somebody adds while the customer waits is no reason to let the customer wait in vain.
        spoken = turn.conversation.spoken
        asked = next((place for place, said in enumerate(spoken) if said.id in burst.ids), len(spoken))
        return "people are talking to each other" if asked and spoken[asked - 1].speaker == "other" else ""

    async def _with_model(self, turn: Turn, burst: Burst, history: Sequence[Spoken], language: str) -> None:
        stream = turn.chat.stream(turn.thread, burst.messages[-1].author, turn.marker("answer"))
        try:
            await interruptible(
                turn,
                burst.ids,
                stream,
                lambda: self._answer(turn, burst, history, language, stream),
                within=self._config.limits.seconds,
            )
        except Interrupted as interrupted:
            await self._broken_off(turn, burst, stream, language, interrupted.by)
        except (ModelFailed, TimeoutError) as failure:
            fault = failure.fault if isinstance(failure, ModelFailed) else "slow"
            await self._without_model(turn, burst, stream, language, fault)
        except Undeliverable as error:
            self._telemetry.trouble("a reply could not be delivered", error)
            triage = turn.trace.triage or unjudged("the reply could not be delivered", language)
            why = f"The reply could not be delivered: {error}"
            await self._handoff.open(turn, triage, why, burst.messages, summarise=False)
        finally:
            stream.abandon()
            if not stream.refs and (turn.outcome is None or turn.outcome.kind == "kept_silent"):
                await turn.chat.status(turn.thread, "")

    async def _answer(
        self, turn: Turn, burst: Burst, history: Sequence[Spoken], language: str, stream: ReplyStream
    ) -> None:
        history = self._told(turn, history)
        queries = _queries(burst, history)
        turn.trace.query = queries[0]
        triage, found, _ = await asyncio.gather(
            judge(turn, self._model, self._config, history, burst.text, language),
            self._search(queries),
            turn.chat.status(turn.thread, "is thinking…"),
        )
        turn.trace.language = language = triage.language[:2].lower()
        wording = self._wording(language)
        if triage.needs_human or triage.category == "person":
            await self._handoff.open(turn, triage, triage.reason or "A person is needed", burst.messages)
            return
        if triage.category == "thanks" and history:
            turn.outcome = KeptSilent(why="thanks, and nothing else")
            return
        evidence = [f for f in found if f.coverage >= self._config.evidence]
        note_passages(turn, numbered(found))
        if not evidence:
            if triage.category in ("greeting", "thanks"):
                await self._say(turn, burst, wording.greeting.format(team=self._config.name), language)
                turn.outcome = Answered()
                return
            await self._unsure(turn, burst, language, "no article speaks of this")
            return
        await self._from_articles(turn, burst, history, found, triage, stream)

    async def _search(self, queries: Sequence[str]) -> Sequence[Found]:
        """The best passages for each of the queries in turn, each passage with the best it covers of any of them."""
        results = await asyncio.gather(*(self._library.search(query, limit=self._config.passages) for query in queries))
        best: dict[tuple[str, str], Found] = {}
        for rank in zip_longest(*results):
            for found in filter(None, rank):
                known = best.setdefault((found.passage.article, found.passage.text), found)
                if found.coverage > known.coverage:
                    best[known.passage.article, known.passage.text] = found
        return tuple(best.values())[: self._config.passages]

    async def _from_articles(
        self,
        turn: Turn,
        burst: Burst,
        history: Sequence[Spoken],
        found: Sequence[Found],
        triage: Triage,
        stream: ReplyStream,
    ) -> None:
        language = turn.trace.language
        left = await self._left(turn)
        await turn.intend("answer")
        writer = Writer(turn, self._model, self._library, self._config, stream, live=not left)
        draft = await writer.write(history, found, burst.text, language)
        wording = self._wording(language)
        match draft.kind:
            case "answer":
                reply = Reply(markdown=draft.markdown, citations=draft.citations, rateable=True, language=language)
                await self._deliver(turn, burst, reply, stream, left)
                turn.outcome = Answered()
            case "question":
                await self._deliver(turn, burst, Reply(markdown=draft.markdown, language=language), stream, left)
                turn.outcome = AskedBack(why=draft.why)
            case "unsure":
                await self._deliver(turn, burst, self._unsure_reply(wording, language), stream, left)
                turn.outcome = AskedBack(why=draft.why)
            case "person":
                await stream.cut("")
                await self._handoff.open(turn, triage, draft.why, burst.messages)

    async def _left(self, turn: Turn) -> tuple[MessageRef, ...]:
        """The reply that an earlier try of this turn began, as far as it got."""
        return await turn.find(turn.chat, turn.thread, "answer") if "answer" in turn.journal else ()

    async def _deliver(
        self, turn: Turn, burst: Burst, reply: Reply, stream: ReplyStream, left: tuple[MessageRef, ...]
    ) -> None:
        """Make the reply stand in the thread once; a message an earlier try left there is finished, not repeated."""
        turn.settled = True
        reply = self._led(burst, reply)
        if left:
            await turn.chat.edit(left[0], reply)
            refs = await turn.chat.post(turn.thread, reply, turn.marker("answer"), left)
            await turn.chat.status(turn.thread, "")
        else:
            refs = await stream.finish(reply)
        self._said(turn, burst, reply, refs)

    async def _say(self, turn: Turn, burst: Burst, markdown: str, language: str, *buttons: Button) -> None:
        turn.settled = True
        reply = self._led(burst, Reply(markdown=markdown, language=language, buttons=buttons))
        left = await self._left(turn)
        if left:  # what stands there may be the beginning of another reply
            await turn.chat.edit(left[0], reply)
        refs = left or await turn.post("answer", turn.chat, turn.thread, reply)
        self._said(turn, burst, reply, refs)

    def _said(self, turn: Turn, burst: Burst, reply: Reply, refs: tuple[MessageRef, ...], *, cut: bool = False) -> None:
        turn.trace.happened("reply delivered")
        turn.trace.reply = reply.markdown
        turn.record(
            AssistantSaid(
                at=turn.now(),
                turn=turn.id,
                refs=refs,
                markdown=reply.markdown,
                citations=reply.citations,
                answers=burst.ids,
                cut=cut,
            )
        )

    async def _unsure(self, turn: Turn, burst: Burst, language: str, why: str) -> None:
        reply = self._unsure_reply(self._wording(language), language)
        await self._say(turn, burst, reply.markdown, language, *reply.buttons)
        turn.outcome = AskedBack(why=why)

    def _led(self, burst: Burst, reply: Reply) -> Reply:
        """A second reply to the same message says why it comes."""
        if not burst.edited:
            return reply
        return reply.model_copy(update={"markdown": f"{self._wording(reply.language).updated}\n\n{reply.markdown}"})

    def _unsure_reply(self, wording: Phrases, language: str) -> Reply:
        button = Button(action="ask_person", label=wording.talk_to_person, style="primary")
        return Reply(markdown=wording.unsure, buttons=(button,), language=language)

    async def _broken_off(self, turn: Turn, burst: Burst, stream: ReplyStream, language: str, by: Interruption) -> None:
        """Something came that matters more than the answer in the making."""
        wording = self._wording(turn.trace.language or language)
        turn.trace.happened(f"interrupted: {by.why}")
        match by.kind:
            case "stop":
                refs = await stream.cut(wording.stopped)
                if refs:
                    self._said(turn, burst, Reply(markdown=wording.stopped), refs, cut=True)
                turn.outcome = KeptSilent(why="stopped by the customer")
            case "person":
                await stream.cut("")
                triage = turn.trace.triage or unjudged("the customer asked for a person", language)
                await self._handoff.open(
                    turn, triage, "The customer asked for a person", burst.messages, summarise=False
                )
            case "superseded":
                await stream.cut("")
                raise Interrupted(by)

    async def _without_model(self, turn: Turn, burst: Burst, stream: ReplyStream, language: str, fault: str) -> None:
        """The model gave nothing usable: the customer gets a person, never an error."""
        self._telemetry.trouble("the model failed", None, fault=fault)
        await stream.cut("…")
        triage = turn.trace.triage or unjudged(f"the model failed ({fault})", language)
        try:
            await self._handoff.open(
                turn,
                triage,
                f"The assistant could not answer: the model failed ({fault})",
                burst.messages,
                summarise=False,
            )
        except Undeliverable as error:
            turn.outcome = Failed(why=str(error))

    def language_of(self, words: str) -> str:
        return self._language_of(words) or self._config.default_language

    def _language(self, burst: Burst, history: Sequence[Spoken]) -> str:
        """From the words themselves; too few words take the language of what the customer wrote before."""
        words = burst.text
        if len(words) < 25:
            words = " ".join([*(s.text for s in history if s.speaker == "customer"), words])
        return self.language_of(words)

    def _wording(self, language: str) -> Phrases:
        return phrases_for(language, self._config.phrases, self._config.default_language)

    def _told(self, turn: Turn, history: Sequence[Spoken]) -> Sequence[Spoken]:
        told = fitting(history, self._config.prompt_characters)
        if len(told) < len(history):
            turn.trace.happened(f"the model was given the last {len(told)} of {len(history)} earlier messages")
        return told


async def interruptible(
    turn: Turn, answering: Sequence[str], stream: ReplyStream, work: Callable[[], Awaitable[None]], *, within: float
) -> None:
    """Run `work`, and end it as soon as something arrives that matters more, or after `within` seconds.

    What is being delivered is never ended: it would stand there and be counted as not said. Raises Interrupted or
    TimeoutError.
    """
    task = asyncio.ensure_future(work())
    ends = asyncio.ensure_future(turn.clock.sleep(within))
    news = asyncio.ensure_future(turn.news.wait())
    try:
        while True:
            await asyncio.wait(
                {task, news} if turn.settled else {task, news, ends}, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                return task.result()
            if ends.done() and not turn.settled:
                raise TimeoutError
            if not news.done():
                continue
            turn.news.clear()
            news = asyncio.ensure_future(turn.news.wait())
            fresh = await turn.store.look(turn.lease)
            known = {p.key for p in turn.claim.pending}
            news_of = [p for p in fresh if p.key not in known]
            found = interruption(news_of, answering, turn.conversation.customer, visible=stream.visible)
            if found is not None and not turn.settled and not task.done():
                raise Interrupted(found)
    finally:
        news.cancel()
        ends.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _queries(burst: Burst, history: Sequence[Spoken]) -> Sequence[str]:
    """What to look for: the question, for a short follow-up with what it follows, and each part that stands alone.

    No one passage may cover all that was said in several messages. Names of files count only where there are no words.
    """
    asked = "\n\n".join(m.text for m in burst.messages if m.text) or burst.text
    before = next((s.text for s in reversed(history) if s.speaker == "customer" and s.text), "")
    if not _stands_alone(asked):
        return (f"{asked}\n{before}".strip(),)
    if before and refers_back(asked):
        return (f"{asked}\n{before}", asked)
    parts = [m.text for m in burst.messages if _stands_alone(m.text)]
    return tuple(dict.fromkeys([asked, *parts]))


def _stands_alone(text: str) -> bool:
    return len(text.split()) >= 5
