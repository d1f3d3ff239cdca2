"""Whatever a provider does, a call ends in Finished or ModelFailed within its deadline."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from frontdesk.adapters.openai.config import ModelConfig, RouteConfig
from frontdesk.adapters.openai.model import OpenAIModel
from frontdesk.domain.errors import ModelFailed
from frontdesk.ports.model import (
    Asked,
    Delta,
    Finished,
    ModelRequest,
    OutputSchema,
    Said,
    ToolCall,
    ToolOffer,
    ToolResult,
)
from servers.faulty_model import (
    CUT,
    EMPTY_DELTAS,
    HANG,
    KEEP_ALIVE,
    STOP,
    TOOLS,
    USAGE,
    Act,
    FaultyModel,
    chunk,
    completion,
    cut_before_answering,
    document,
    never_answer,
    refuse,
    stream,
    text,
    tool,
    unless,
)

SCHEMA = OutputSchema(
    name="triage",
    json_schema={
        "type": "object",
        "$defs": {"Tier": {"enum": [1, 2, 3], "title": "Tier"}},
        "properties": {"tier": {"$ref": "#/$defs/Tier"}, "reason": {"type": "string", "maxLength": 9, "default": ""}},
        "required": ["tier"],
    },
)
TOOL = ToolOffer(name="order_status", description="Looks up an order.", arguments_schema={"type": "object"})

GOOD = stream(*text("Thirty ", "days."), STOP, USAGE)


def asking(**changes: Any) -> ModelRequest:
    prompt = (Said(role="system", text="TASK: answer\nBe brief."), Said(role="user", text="How long?"))
    return ModelRequest(**{"task": "answer", "messages": prompt, "first_token": 5, "total": 10} | changes)


def hurried(**changes: Any) -> ModelRequest:
    """For what would otherwise take its whole time to fail."""
    return asking(**{"first_token": 0.3, "between_tokens": 0.3, "total": 1.0} | changes)


def patient_unless(fault: str) -> ModelRequest:
    return hurried() if fault == "slow" else asking()


@asynccontextmanager
async def provider(*acts: Act) -> AsyncIterator[tuple[FaultyModel, OpenAIModel]]:
    async with FaultyModel(*acts) as server:
        model = OpenAIModel(
            ModelConfig(model="m", base_url=server.base_url, api_key=SecretStr("k")), chance=lambda: 0.0
        )
        try:
            yield server, model
        finally:
            await model.close()


async def streamed(model: OpenAIModel, request: ModelRequest) -> tuple[str, Finished | ModelFailed]:
    """What was shown, and how it ended; fails when it does not end in time."""
    shown = ""
    async with asyncio.timeout(request.total + 2):
        try:
            async for piece in model.stream(request):
                match piece:
                    case Delta(text=more):
                        shown += more
                    case Finished():
                        return shown, piece
        except ModelFailed as failed:
            return shown, failed
    raise AssertionError("neither Finished nor ModelFailed")


async def completed(model: OpenAIModel, request: ModelRequest) -> Finished | ModelFailed:
    async with asyncio.timeout(request.total + 2):
        try:
            return await model.complete(request)
        except ModelFailed as failed:
            return failed


# --- what fails, and as what ---

HTML = document("<html><h1>Bad gateway</h1></html>", "text/html")
BROKEN_UTF8 = b'data: {"choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}\n\n'
DEEP = b'data: {"choices":' + b"[" * 100_000 + b"\n\n"

FAILING: dict[str, tuple[Act, str]] = {
    "no connection is kept": (cut_before_answering, "down"),
    "it never answers": (never_answer, "slow"),
    "headers and then silence": (stream(HANG), "slow"),
    "only keep-alive comments": (stream(KEEP_ALIVE), "slow"),
    "only empty deltas": (stream(EMPTY_DELTAS), "slow"),
    "a role and then silence": (stream(chunk({"role": "assistant"}), HANG), "slow"),
    "silence after some text": (stream(*text("Thirty "), HANG), "slow"),
    "comments after some text": (stream(*text("Thirty "), KEEP_ALIVE), "slow"),
    "empty deltas after some text": (stream(*text("Thirty "), EMPTY_DELTAS), "slow"),
    "cut after some text": (stream(*text("Thirty "), CUT), "down"),
    "closed without a finish reason": (stream(*text("Thirty "), done=False), "garbled"),
    "done without a finish reason": (stream(*text("Thirty ")), "garbled"),
    "cut at the length limit": (stream(*text("Thirty "), chunk({}, "length")), "garbled"),
    "cut at the length limit, in other words": (stream(*text("Thirty "), chunk({}, "MAX_TOKENS")), "garbled"),
    "stopped by the filter": (stream(*text("Thirty "), chunk({}, "content_filter")), "refused"),
    "a refusal in place of text": (stream(chunk({"refusal": "I cannot."}), STOP), "refused"),
    "finish reason error": (stream(*text("Thirty "), chunk({}, "error")), "down"),
    "a finish reason nobody knows": (stream(*text("Thirty "), chunk({}, "whatever")), "garbled"),
    "choices are null": (stream({"id": "x", "choices": None}), "garbled"),
    "choices are words": (stream({"id": "x", "choices": "none today"}), "garbled"),
    "a chunk is a list": (stream([1, 2]), "garbled"),
    "a chunk is null": (stream(None), "garbled"),
    "content is a number": (stream(chunk({"content": 7}), STOP), "garbled"),
    "broken JSON": (stream(*text("Thirty "), b'data: {"choices":[{"ind\n\n', STOP), "garbled"),
    "broken UTF-8": (stream(*text("Thirty "), BROKEN_UTF8, STOP), "garbled"),
    "JSON without a bottom": (stream(DEEP), "garbled"),
    "an error inside the stream": (stream(*text("Thirty "), {"error": {"message": "gone", "code": 502}}), "down"),
    "a rate limit inside the stream": (stream({"error": {"message": "Rate limit", "code": 429}}), "busy"),
    "a filter inside the stream": (stream({"error": {"message": "flagged by moderation", "code": 403}}), "refused"),
    "an error with status 200": (document('{"error": {"message": "upstream failed"}}'), "down"),
    "HTML with status 200": (HTML, "garbled"),
    "JSON with status 200 that is no completion": (document('["hello"]'), "garbled"),
    "an empty body": (document("", "text/event-stream"), "garbled"),
    "an empty answer": (stream(STOP), "garbled"),
    "blank space for an answer": (stream(*text("\n", "  \n"), STOP), "garbled"),
    "nothing but reasoning": (stream(chunk({"reasoning_content": "hm"}), STOP), "garbled"),
    "reasoning that never ends": (stream(*text("<think>", "hm"), STOP), "garbled"),
    "401": (refuse(401, "Incorrect API key", code="invalid_api_key"), "denied"),
    "402": (refuse(402, "Credit balance is empty"), "denied"),
    "403 for the plan": (refuse(403, "Plan limit reached"), "denied"),
    "403 by moderation": (refuse(403, "Input was flagged"), "refused"),
    "404": (refuse(404, "model_not_found"), "denied"),
    "408": (refuse(408), "down"),
    "413": (refuse(413), "too_long"),
    "429": (refuse(429, "Slow down"), "busy"),
    "429 for an empty account": (refuse(429, "quota", code="insufficient_quota"), "denied"),
    "500": (refuse(500), "down"),
    "502 in HTML": (document("<html>", "text/html", 502), "down"),
    "503": (refuse(503), "down"),
    "504": (refuse(504), "down"),
    "529": (refuse(529), "down"),
    "the context is too long": (refuse(400, "too big", code="context_length_exceeded"), "too_long"),
    "the context is too long, in other words": (refuse(400, "the prompt is too long: 9 > 8"), "too_long"),
    "a filter's 400": (refuse(400, "filtered", code="content_filter"), "refused"),
    "a 400 without a hint": (refuse(400, "bad request"), "denied"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
async def test_a_stream_that_goes_wrong_ends_in_time_as_the_right_fault(name: str) -> None:
    act, fault = FAILING[name]
    async with provider(act) as (_, model):
        _, ending = await streamed(model, patient_unless(fault))
    assert isinstance(ending, ModelFailed), ending
    assert ending.fault == fault


@pytest.mark.parametrize("name", FAILING)
async def test_a_completion_that_goes_wrong_ends_in_time_as_the_right_fault(name: str) -> None:
    act, fault = FAILING[name]
    async with provider(act) as (_, model):
        ending = await completed(model, patient_unless(fault))
    assert isinstance(ending, ModelFailed), ending
    assert ending.fault == fault


@pytest.mark.parametrize("name", FAILING)
async def test_what_goes_wrong_once_before_anything_was_shown_is_tried_again(name: str) -> None:
    act, fault = FAILING[name]
    async with provider(act, GOOD) as (server, model):
        shown, ending = await streamed(model, hurried(first_token=1.0, total=10) if fault == "slow" else asking())
    if fault in ("busy", "down", "slow", "garbled") and shown.strip() in ("", "Thirty days."):
        assert isinstance(ending, Finished), ending
        assert shown == "Thirty days."
        assert len(server.bodies) == 2
    else:
        assert isinstance(ending, ModelFailed)
        assert len(server.bodies) == 1


async def test_a_failure_says_nothing_of_the_prompt_or_the_key() -> None:
    async with provider(refuse(400, "you said: How long? with key k-secret")) as (_, model):
        _, ending = await streamed(model, asking())
    assert str(ending) == "HTTP 400"


# --- what only looks wrong ---

THIRTY = "Thirty days."
WINDOWS = b'data: {"choices":[{"delta":{"content":"Thirty days."},"finish_reason":"stop"}]}\r\n\r\n'
ODD: dict[str, tuple[Act, str]] = {
    "plain": (GOOD, THIRTY),
    "comments between chunks": (stream(b": hello\n\n", *text("Thirty "), b": more\n\n", *text("days."), STOP), THIRTY),
    "empty choices first": (stream({"id": "x", "choices": []}, *text(THIRTY), STOP), THIRTY),
    "a null delta": (stream(chunk(None) | {"choices": [{"index": 0, "delta": None}]}, *text(THIRTY), STOP), THIRTY),
    "no index": (stream({"choices": [{"delta": {"content": THIRTY}, "finish_reason": "stop"}]}), THIRTY),
    "null content": (stream(chunk({"content": None}), *text(THIRTY), STOP), THIRTY),
    "content in parts": (stream(chunk({"content": [{"type": "text", "text": THIRTY}]}), STOP), THIRTY),
    "an empty finish reason meanwhile": (stream(chunk({"content": "Thirty "}, ""), *text("days."), STOP), THIRTY),
    "no [DONE]": (stream(*text(THIRTY), STOP, done=False), THIRTY),
    "never closed after the end": (stream(*text(THIRTY), STOP, HANG), THIRTY),
    "cut after the end": (stream(*text(THIRTY), STOP, CUT), THIRTY),
    "an error after the end": (stream(*text(THIRTY), STOP, {"error": {"message": "late"}}), THIRTY),
    "usage in every chunk": (stream(*[c | {"usage": USAGE["usage"]} for c in (*text(THIRTY), STOP)]), THIRTY),
    "usage null": (stream(*[c | {"usage": None} for c in (*text(THIRTY), STOP)]), THIRTY),
    "leading blank space": (stream(*text("\n\n", "  ", " Thirty days."), STOP), THIRTY),
    "reasoning_content": (stream(chunk({"reasoning_content": "hm", "content": None}), *text(THIRTY), STOP), THIRTY),
    "reasoning": (stream(chunk({"reasoning": "hm", "content": ""}), *text(THIRTY), STOP), THIRTY),
    "think tags": (stream(*text("<think>well</think>\n\n", THIRTY), STOP), THIRTY),
    "think tags in crumbs": (stream(*text("<th", "ink", ">we", "ll</th", "ink", "> \n", THIRTY), STOP), THIRTY),
    "two rounds of thinking": (stream(*text("<think>a</think>", "<thinking>b</thinking>", THIRTY), STOP), THIRTY),
    "a sign that only begins like a tag": (stream(*text("<", "3 days"), STOP), "<3 days"),
    "a tag-like beginning to the end": (stream(*text("<th"), STOP), "<th"),
    "one JSON document instead of a stream": (completion(THIRTY), THIRTY),
    "finish reason in capitals": (stream(*text(THIRTY), chunk({}, "STOP")), THIRTY),
    "finish reason of another maker": (stream(*text(THIRTY), chunk({}, "end_turn")), THIRTY),
    "unknown fields everywhere": (stream(chunk({"content": THIRTY, "x": [1]}, "stop", provider={"a": 1})), THIRTY),
    "Windows line ends": (stream(WINDOWS), THIRTY),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_but_whole_answer_is_an_answer(name: str) -> None:
    act, expected = ODD[name]
    async with provider(act) as (server, model):
        shown, ending = await streamed(model, asking())
        whole = await completed(model, asking())
    assert isinstance(ending, Finished), ending
    assert isinstance(whole, Finished), whole
    assert shown == ending.text == whole.text == expected
    assert len(server.bodies) == 2


async def test_usage_and_model_are_reported() -> None:
    async with provider(GOOD) as (server, model):
        _, ending = await streamed(model, asking())
    assert isinstance(ending, Finished)
    assert (ending.model, ending.input_tokens, ending.output_tokens) == ("m-1", 11, 7)
    assert ending.first_token is not None
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


# --- tool calls ---

CALLS: dict[str, tuple[Act, list[tuple[str, Any]]]] = {
    "in one piece": (stream(tool("a", '{"n": 1}'), TOOLS), [("a", {"n": 1})]),
    "in crumbs": (
        stream(tool("a", ""), tool(None, '{"n"', call_id=None), tool(None, ": 1}", call_id=None), TOOLS),
        [("a", {"n": 1})],
    ),
    "the id changes on the way": (
        stream(tool("a", '{"n"'), tool(None, ": 1}", call_id="c9"), TOOLS),
        [("a", {"n": 1})],
    ),
    "the name is repeated": (stream(tool("a", '{"n"'), tool("a", ": 1}"), TOOLS), [("a", {"n": 1})]),
    "two in parallel": (stream(tool("a", "{}"), tool("b", "{}", index=1, call_id="c2"), TOOLS), [("a", {}), ("b", {})]),
    "two in parallel, both 0": (
        stream(tool("a", '{"n": 1}'), tool("b", '{"n": 2}', call_id="c2"), TOOLS),
        [("a", {"n": 1}), ("b", {"n": 2})],
    ),
    "two in crumbs, both 0": (
        stream(
            tool("a", '{"n"'),
            tool(None, ":1}", call_id=None),
            tool("b", '{"n"', call_id="c2"),
            tool(None, ":2}", call_id=None),
            TOOLS,
        ),
        [("a", {"n": 1}), ("b", {"n": 2})],
    ),
    "the same twice without arguments, both 0": (
        stream(tool("a", ""), tool("a", "", call_id="c2"), TOOLS),
        [("a", {}), ("a", {})],
    ),
    "two without arguments or ids, both 0": (
        stream(tool("a", "", call_id=None), tool("b", "", call_id=None), TOOLS),
        [("a", {}), ("b", {})],
    ),
    "two without index or id": (
        stream(tool("a", "{}", index=None, call_id=None), tool("b", "{}", index=None, call_id=None), TOOLS),
        [("a", {}), ("b", {})],
    ),
    "arguments as an object": (stream(tool("a", {"n": 1}), TOOLS), [("a", {"n": 1})]),
    "no arguments": (stream(tool("a", ""), TOOLS), [("a", {})]),
    "finish reason stop": (stream(tool("a", "{}"), STOP), [("a", {})]),
    "text besides": (stream(*text("One moment."), tool("a", "{}"), TOOLS), [("a", {})]),
    "the same id twice": (stream(tool("a", "{}"), tool("b", "{}", index=1), TOOLS), [("a", {}), ("b", {})]),
    "in one JSON document": (
        completion(
            None,
            "tool_calls",
            tool_calls=[{"id": "c1", "type": "function", "function": {"name": "a", "arguments": "{}"}}],
        ),
        [("a", {})],
    ),
}


@pytest.mark.parametrize("name", CALLS)
async def test_tool_calls_are_put_together(name: str) -> None:
    act, expected = CALLS[name]
    async with provider(act) as (_, model):
        _, ending = await streamed(model, asking(tools=(TOOL,)))
    assert isinstance(ending, Finished), ending
    assert [(call.name, json.loads(call.arguments)) for call in ending.calls] == expected
    assert len({call.id for call in ending.calls}) == len(expected)
    assert all(call.id for call in ending.calls)


HALF: dict[str, Act] = {
    "cut by length": stream(tool("a", '{"order": "12'), chunk({}, "length")),
    "whole, but cut by length": stream(tool("a", '{"order": "12"}'), chunk({}, "length")),
    "half, though it says it is done": stream(tool("a", '{"order": "12'), TOOLS),
    "two values glued": stream(tool("a", '{"n":1}{"n":1}'), TOOLS),
    "no object": stream(tool("a", "[1]"), TOOLS),
    "no name": stream(tool(None, "{}"), TOOLS),
    "no end": stream(tool("a", "{}"), done=False),
    "connection cut": stream(tool("a", "{}"), CUT),
    "silence": stream(tool("a", "{}"), HANG),
    "a call that is a word": stream(chunk({"tool_calls": ["a"]}), TOOLS),
    "stopped by the filter": stream(tool("a", "{}"), chunk({}, "content_filter")),
}


@pytest.mark.parametrize("name", HALF)
async def test_a_tool_call_that_is_not_whole_is_never_given_out(name: str) -> None:
    async with provider(HALF[name]) as (_, model):
        ending = await completed(model, hurried(tools=(TOOL,), first_token=2))
    assert isinstance(ending, ModelFailed), ending


async def test_the_history_of_a_step_travels_with_its_tool_results() -> None:
    call = ToolCall(id="c1", name="order_status", arguments='{"n": 1}')
    history = (Said(role="user", text="Where?"), Asked(calls=(call,)), ToolResult(call_id="c1", text="sent"))
    async with provider(GOOD) as (server, model):
        await completed(model, asking(messages=history, tools=(TOOL,)))
    _, asked, result = server.bodies[0]["messages"]
    assert asked["tool_calls"][0] == {
        "id": "c1", "type": "function", "function": {"name": "order_status", "arguments": '{"n": 1}'}
    }  # fmt: skip
    assert result == {"role": "tool", "tool_call_id": "c1", "content": "sent"}
    assert server.bodies[0]["tools"][0]["function"]["name"] == "order_status"


# --- what a model does not take is learned once ---


def _takes(name: str, message: str = "Unsupported parameter: '{}' is not supported with this model.") -> Act:
    return unless(lambda body: message.format(name) if name in body else None, GOOD, param=name)


def _takes_one_system(body: dict[str, Any]) -> str | None:
    systems = [m for m in body["messages"] if m["role"] == "system"]
    return "Only one system message is allowed" if len(systems) > 1 else None


def _takes_no_strict(body: dict[str, Any]) -> str | None:
    return "strict is not supported" if body.get("response_format", {}).get("json_schema", {}).get("strict") else None


def _wants_reasoning(body: dict[str, Any]) -> str | None:
    asked = [m for m in body["messages"] if "tool_calls" in m]
    return None if all("reasoning_content" in m for m in asked) else "reasoning_content is missing"


TWO_SYSTEMS = (*asking().messages[:1], Said(role="system", text="More rules."), asking().messages[1])
AFTER_A_CALL = (
    asking().messages[1],
    Asked(calls=(ToolCall(id="c1", name="a", arguments="{}"),)),
    ToolResult(call_id="c1", text="ok"),
)
JSON = stream(*text('{"tier": 1}'), STOP)
QUIRKS: dict[str, tuple[Act, ModelRequest]] = {
    "no temperature": (_takes("temperature"), asking()),
    "max_completion_tokens": (_takes("max_tokens", "'{}' is not supported, use 'max_completion_tokens'"), asking()),
    "no stream options": (_takes("stream_options"), asking()),
    "no stream options, said with 422": (
        unless(lambda b: "extra: stream_options" if "stream_options" in b else None, GOOD, 422),
        asking(),
    ),
    "no tools": (_takes("tools"), asking(tools=(TOOL,))),
    "one system message": (unless(_takes_one_system, GOOD), asking(messages=TWO_SYSTEMS)),
    "no strict schema": (unless(_takes_no_strict, JSON), asking(schema_=SCHEMA)),
    "no streaming": (
        unless(lambda b: "stream must be false" if b.get("stream") else None, completion(THIRTY)),
        asking(),
    ),
    "its reasoning back": (unless(_wants_reasoning, GOOD), asking(messages=AFTER_A_CALL)),
}


@pytest.mark.parametrize("name", QUIRKS)
async def test_what_a_model_refuses_is_left_out_from_then_on(name: str) -> None:
    act, request = QUIRKS[name]
    async with provider(act) as (server, model):
        first = await completed(model, request)
        second = await completed(model, request)
    assert isinstance(first, Finished), first
    assert isinstance(second, Finished), second
    assert len(server.bodies) == 3


async def test_a_model_without_response_formats_is_told_the_schema() -> None:
    act = unless(lambda b: "response_format is not supported" if "response_format" in b else None, JSON)
    async with provider(act) as (server, model):
        first = await completed(model, asking(schema_=SCHEMA, messages=TWO_SYSTEMS))
    assert isinstance(first, Finished), first
    assert [("response_format" in body) for body in server.bodies] == [True, True, False]
    system = [m["content"] for m in server.bodies[-1]["messages"] if m["role"] == "system"]
    assert len(system) == 1
    assert system[0].startswith("TASK: answer")
    assert '"enum": [1, 2, 3]' in system[0]


async def test_several_refusals_in_a_row_are_all_learned() -> None:
    def picky(body: dict[str, Any]) -> str | None:
        wrong = [name for name in ("temperature", "max_tokens", "stream_options") if name in body]
        return f"Unsupported parameter: '{wrong[0]}'" if wrong else None

    async with provider(unless(picky, GOOD)) as (server, model):
        assert isinstance(await completed(model, asking()), Finished)
    assert len(server.bodies) == 4
    assert server.bodies[-1]["max_completion_tokens"] == 1200


async def test_what_did_not_help_is_not_remembered() -> None:
    async with provider(refuse(400, "tool messages must follow tool_calls"), GOOD) as (server, model):
        server.acts.insert(1, refuse(400, "still no"))
        assert isinstance(await completed(model, asking(tools=(TOOL,))), ModelFailed)
        assert isinstance(await completed(model, asking(tools=(TOOL,))), Finished)
    assert [("tools" in body) for body in server.bodies] == [True, False, True]


async def test_a_model_that_thinks_gets_room_for_it() -> None:
    act = stream(chunk({"reasoning_content": "hm"}), chunk({}, "length"))
    async with provider(act, GOOD) as (server, model):
        assert isinstance(await completed(model, asking()), Finished)
    assert server.bodies[1]["max_tokens"] > server.bodies[0]["max_tokens"]


async def test_reasoning_that_only_ends_is_recognised_from_the_second_time_on() -> None:
    act = stream(*text("Let me see.", "</think>\n\n", THIRTY), STOP)
    async with provider(act) as (_, model):
        _, first = await streamed(model, asking())
        shown, second = await streamed(model, asking())
    assert isinstance(first, ModelFailed)
    assert isinstance(second, Finished)
    assert shown == THIRTY


# --- JSON ---

SAYS_JSON = {
    "plain": text('{"tier": 1}'),
    "fenced": text("```json\n", '{"tier": 1}', "\n```"),
    "chatty": text("Here you are {as asked}: ", '{"tier": 1}', " Anything else?"),
    "after thinking": text("<think>{}</think>", '{"tier": 1}'),
}


@pytest.mark.parametrize("name", SAYS_JSON)
async def test_the_json_object_is_found_in_the_answer(name: str) -> None:
    async with provider(stream(*SAYS_JSON[name], STOP)) as (_, model):
        ending = await completed(model, asking(schema_=SCHEMA))
    assert isinstance(ending, Finished), ending
    assert json.loads(ending.text) == {"tier": 1}


async def test_an_answer_without_the_json_that_was_asked_for_is_garbled() -> None:
    async with provider(GOOD) as (_, model):
        ending = await completed(model, asking(schema_=SCHEMA))
    assert isinstance(ending, ModelFailed)
    assert ending.fault == "garbled"


async def test_a_schema_travels_without_references_and_closed() -> None:
    async with provider(JSON) as (server, model):
        await completed(model, asking(schema_=SCHEMA))
    sent = server.bodies[0]["response_format"]["json_schema"]
    assert sent == {
        "name": "triage",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"tier": {"enum": [1, 2, 3]}, "reason": {"type": "string"}},
            "required": ["tier", "reason"],
            "additionalProperties": False,
        },
    }


# --- time ---


async def test_retry_after_is_honoured() -> None:
    async with provider(refuse(429, headers={"Retry-After": "0.5"}), GOOD) as (_, model):
        ending = await completed(model, asking())
    assert isinstance(ending, Finished)
    assert ending.seconds >= 0.5


async def test_a_retry_after_beyond_the_deadline_is_handed_on_at_once() -> None:
    async with provider(refuse(429, headers={"Retry-After": "30"}), GOOD) as (server, model):
        ending = await completed(model, asking())
    assert isinstance(ending, ModelFailed)
    assert (ending.fault, ending.after) == ("busy", 30.0)
    assert len(server.bodies) == 1


async def test_a_busy_provider_is_not_hammered() -> None:
    async with provider(refuse(503)) as (server, model):
        assert isinstance(await completed(model, asking(total=5.0)), ModelFailed)
    assert len(server.bodies) == 4


async def test_the_total_ends_an_answer_that_goes_on_and_on() -> None:
    async def endless(request: Any, facts: dict[str, Any]) -> Any:
        return await stream(*text(*["word "] * 100_000), HANG)(request, facts)

    async with provider(endless) as (_, model):
        _, ending = await streamed(model, asking(total=0.6))
    assert isinstance(ending, ModelFailed)


async def test_silence_between_tokens_ends_the_call_long_before_its_total() -> None:
    async with provider(stream(*text("Thirty "), HANG)) as (_, model), asyncio.timeout(10):
        shown, ending = await streamed(model, asking(first_token=30, between_tokens=0.2, total=60))
    assert shown == "Thirty "
    assert isinstance(ending, ModelFailed)
    assert ending.fault == "slow"


async def test_a_reader_who_takes_his_time_is_not_a_slow_provider() -> None:
    async with provider(GOOD) as (_, model):
        shown = ""
        async for piece in model.stream(asking(first_token=1.0, between_tokens=1.0, total=30)):
            if isinstance(piece, Delta):
                shown += piece.text
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.6):
                        await asyncio.Event().wait()
    assert shown == THIRTY


# --- ending a call from our side ---


async def test_closing_the_iterator_ends_the_request() -> None:
    async with provider(stream(*text("Thirty "), HANG)) as (server, model):
        async with aclosing(model.stream(asking(between_tokens=30, total=60))) as pieces:
            assert isinstance(await anext(pieces), Delta)
        async with asyncio.timeout(2):
            await server.hung_up.wait()


@pytest.mark.parametrize("act", [never_answer, stream(HANG), stream(*text("Thirty "), HANG)])
async def test_cancelling_the_task_ends_the_request(act: Act) -> None:
    async with provider(act) as (server, model):
        task = asyncio.create_task(model.complete(asking(first_token=30, between_tokens=30, total=60)))
        async with asyncio.timeout(2):
            while not server.bodies:
                await asyncio.wait([task], timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await server.hung_up.wait()


# --- routes ---


async def test_each_task_goes_to_its_route_with_its_own_key() -> None:
    async with FaultyModel(GOOD) as usual, FaultyModel(GOOD) as special:
        route = RouteConfig(model="vendor/big", base_url=special.base_url)
        config = ModelConfig(
            model="small", base_url=usual.base_url, api_key=SecretStr("secret"), routes={"summary": route}
        )
        model = OpenAIModel(config)
        await model.complete(asking())
        await model.complete(asking(task="summary"))
        await model.close()
    assert [body["model"] for body in usual.bodies + special.bodies] == ["small", "vendor/big"]
    assert usual.keys == ["Bearer secret"]
    assert "secret" not in special.keys[0]


async def test_check_says_one_line_for_each_route() -> None:
    async with FaultyModel(GOOD) as usual, FaultyModel(refuse(401, "no", code="invalid_api_key")) as special:
        routes = {"summary": RouteConfig(model="big", base_url=special.base_url)}
        model = OpenAIModel(
            ModelConfig.model_validate({"model": "small", "base_url": usual.base_url, "routes": routes})
        )
        good, bad = await model.check()
        await model.close()
    assert good.ok
    assert "triage, answer: small" in good.line
    assert not bad.ok
    assert "OPENAI_API_KEY" in bad.line
