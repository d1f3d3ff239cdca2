"""The language model behind any OpenAI-compatible endpoint: in time, whole, or a ModelFailed."""

import asyncio
import json
import random
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, get_args

from openai import APIStatusError, AsyncStream

from frontdesk.adapters.openai.client import Clients
from frontdesk.adapters.openai.config import ModelConfig, RouteConfig
from frontdesk.adapters.openai.deadlines import Deadlines
from frontdesk.adapters.openai.failures import complaint_in, failure_of
from frontdesk.adapters.openai.quirks import Quirks, learned
from frontdesk.adapters.openai.reading import Answer, json_object_in
from frontdesk.adapters.openai.visible import VisibleText
from frontdesk.adapters.openai.wire import body_of
from frontdesk.domain.errors import ModelFailed, ModelFault
from frontdesk.ports.model import Delta, Finished, ModelRequest, Said, Task

TRIES: Final[dict[ModelFault, int]] = {"busy": 4, "down": 4, "slow": 2, "garbled": 2}
"""How often in all a call is made that ends this way; other faults would only come again."""

LONGEST_PAUSE: Final = 8.0
TAIL: Final = 1.0
"""Seconds to wait for the usage that may follow a whole answer."""

REMEMBERED: Final = 512
"""Tool calls whose reasoning is kept, for the models that want it back."""


END: Final = object()

MENDS: Final[dict[ModelFault, str]] = {
    "busy": "the provider limits how often it may be called",
    "down": "check OPENAI_BASE_URL, and whether the server runs",
    "slow": "check OPENAI_BASE_URL, or wait until the model is loaded",
    "refused": "the provider's content filter stands in the way",
    "garbled": "check that OPENAI_BASE_URL is an OpenAI-compatible address ending in /v1",
    "too_long": "the model's context is too small",
    "denied": "check OPENAI_API_KEY, FRONTDESK_MODEL and your plan with the provider",
}


@dataclass(frozen=True, slots=True)
class RouteCheck:
    """What one tiny call to a route showed."""

    tasks: tuple[Task, ...]
    ok: bool
    line: str


class OpenAIModel:
    """Implements `ports.model.Model`."""

    def __init__(
        self, config: ModelConfig, *, first_pause: float = 0.5, chance: Callable[[], float] = random.random
    ) -> None:
        self._config = config
        self._first_pause = first_pause
        self._chance = chance
        self._clients = Clients()
        self._quirks: dict[tuple[str | None, str], Quirks] = {}
        self._reasoning: OrderedDict[str, str] = OrderedDict()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta | Finished, None]:
        deadlines = Deadlines(request)
        tries = 0
        while True:
            tries += 1
            shown = False
            try:
                async with aclosing(self._attempt(request, deadlines)) as pieces:
                    async for piece in pieces:
                        shown = True
                        yield piece
            except ModelFailed as failed:
                if shown:
                    raise
                await self._pause(failed, tries, deadlines)
            else:
                return

    async def complete(self, request: ModelRequest) -> Finished:
        deadlines = Deadlines(request)
        tries = 0
        while True:
            tries += 1
            try:
                async with aclosing(self._attempt(request, deadlines)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Finished):
                            return piece
            except ModelFailed as failed:
                await self._pause(failed, tries, deadlines)

    async def check(self) -> Sequence[RouteCheck]:
        """One tiny call to each distinct route."""
        tasks: dict[tuple[str | None, str], list[Task]] = {}
        for task in get_args(Task):
            tasks.setdefault(_place(self._config.route(task)), []).append(task)
        return [await self._check(tuple(served)) for served in tasks.values()]

    def open(self) -> None:
        """Make the clients now rather than at the first call: reading the machine's certificates takes a moment."""
        for task in get_args(Task):
            self._clients.reaching(self._config.route(task))

    async def close(self) -> None:
        await self._clients.close()

    # --- one attempt ---

    async def _attempt(self, request: ModelRequest, deadlines: Deadlines) -> AsyncGenerator[Delta | Finished, None]:
        """One call from open to end. Raises ModelFailed and nothing else."""
        deadlines.again()
        route = self._config.route(request.task)
        answer = Answer(VisibleText(thinks_unopened=self._known(route).thinks_unopened))
        first_token = None
        try:
            async with aclosing(self._chunks(request, route)) as chunks:
                while (chunk := await self._next(chunks, answer, deadlines)) is not END:
                    if text := answer.take(chunk):
                        first_token = first_token or deadlines.elapsed
                        yield Delta(text=text)
                    if answer.finish:
                        deadlines.tail(TAIL)
                    elif answer.progressed:
                        deadlines.token()
            rest = answer.visible.end()
            finished = self._finished(request, answer, deadlines, first_token)
        except Exception as error:  # the SDK lets parsers' errors through: all of them mean "no usable answer"
            self._learn_of_thinking(route, answer)
            raise failure_of(error) from error
        if rest:
            yield Delta(text=rest)
        yield finished

    async def _next(self, chunks: AsyncIterator[object], answer: Answer, deadlines: Deadlines) -> object:
        """The next chunk; END when there is none, or when only the good-bye of a whole answer fails."""
        try:
            return await deadlines.wait(anext(chunks, END))
        except Exception:
            if answer.finish:
                return END
            raise

    async def _chunks(self, request: ModelRequest, route: RouteConfig) -> AsyncGenerator[object, None]:
        """The answer in plain JSON values, in one piece where the provider does not stream."""
        response = await self._open(request, route)
        if not isinstance(response, AsyncStream):
            yield response
            return
        async with response as stream:
            if _is_document(stream.response.headers.get("content-type", "")):
                yield json.loads(await stream.response.aread())
                return
            while (chunk := await anext(stream, END)) is not END:
                yield chunk

    async def _open(self, request: ModelRequest, route: RouteConfig) -> object:
        """Send it; after a refusal of its form, send it again in the form that this model takes."""
        client = self._clients.reaching(route)
        quirks = self._known(route)
        while True:
            body = body_of(request, route.model, quirks, self._reasoning)
            try:
                # As `object` the SDK leaves the JSON as it is; its typed chunks would cost most of a turn's time.
                response = await client.post(
                    "/chat/completions",
                    cast_to=object,
                    body=body,
                    stream=quirks.streams,
                    stream_cls=AsyncStream[object],
                )
            except APIStatusError as refusal:
                complaint = complaint_in(refusal)
                adapted = learned(quirks, complaint, body) if complaint else None
                if adapted is None:
                    raise
                quirks = adapted
            else:
                self._quirks[_place(route)] = quirks  # only what led to an answer is worth remembering
                return response

    def _finished(
        self, request: ModelRequest, answer: Answer, deadlines: Deadlines, first_token: float | None
    ) -> Finished:
        answer.check_ending()
        calls = answer.calls()
        text = answer.visible.text
        if request.schema_ and not calls:
            text = json_object_in(text)
        for call in calls:
            self._remember(call.id, answer.reasoning)
        return Finished(
            text=text,
            calls=calls,
            model=answer.model or self._config.route(request.task).model,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            seconds=deadlines.elapsed,
            first_token=first_token,
        )

    # --- between attempts ---

    async def _pause(self, failed: ModelFailed, tries: int, deadlines: Deadlines) -> None:
        """Wait before the next try; raises what failed when there is to be none."""
        if tries >= TRIES.get(failed.fault, 1):
            raise failed
        if failed.after is None:
            pause = min(LONGEST_PAUSE, self._first_pause * 2 ** (tries - 1)) * (0.5 + 0.5 * self._chance())
        else:
            pause = failed.after + 0.1 * self._chance()
        if pause >= deadlines.left:
            raise failed
        await asyncio.sleep(pause)

    def _known(self, route: RouteConfig) -> Quirks:
        return self._quirks.get(_place(route), Quirks())

    def _learn_of_thinking(self, route: RouteConfig, answer: Answer) -> None:
        known = self._known(route)
        self._quirks[_place(route)] = replace(
            known,
            thinks=known.thinks or answer.thought,
            thinks_unopened=known.thinks_unopened or answer.visible.leaked,
        )

    def _remember(self, call_id: str, reasoning: str) -> None:
        if reasoning:
            self._reasoning[call_id] = reasoning
            while len(self._reasoning) > REMEMBERED:
                self._reasoning.popitem(last=False)

    async def _check(self, tasks: tuple[Task, ...]) -> RouteCheck:
        route = self._config.route(tasks[0])
        where = f"{', '.join(tasks)}: {route.model} at {route.base_url}"
        greeting = Said(role="system", text=f"TASK: {tasks[0]}\nAnswer with the one word OK.")
        request = ModelRequest(
            task=tasks[0],
            messages=(greeting, Said(role="user", text="<question>\nOK?\n</question>")),
            max_output_tokens=256,
            first_token=15.0,
            total=20.0,
        )
        try:
            finished = await self.complete(request)
        except ModelFailed as failed:
            return RouteCheck(tasks, ok=False, line=f"{where} does not answer: {failed} ({MENDS[failed.fault]})")
        return RouteCheck(tasks, ok=True, line=f"{where} answers in {finished.seconds:.1f} s")


def _place(route: RouteConfig) -> tuple[str | None, str]:
    return (route.base_url, route.model)


def _is_document(media_type: str) -> bool:
    """Whether this is one document where an event stream was asked for."""
    return media_type.partition(";")[0].strip().casefold() in ("application/json", "text/html")
