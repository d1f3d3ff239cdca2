"""Each fault of the stand-in looks to the real client as the same fault of a real provider."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from frontdesk.sandbox.model import ModelServer
from frontdesk.sandbox.model.faults import REFUSALS, REPLY_EDITS, STREAM_EDITS
from standin.model_client import answered, client_of, json_task, prompt

QUESTION = "How many days do I have to return an item?"
TEXT = "one two three four five six seven eight nine ten"


async def streamed(client: AsyncOpenAI, **options: Any) -> list[Any]:
    stream = await client.chat.completions.create(model="any", messages=prompt(QUESTION), stream=True, **options)
    return [chunk async for chunk in stream]


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices and chunk.choices[0].delta)


def finish_of(chunks: list[Any]) -> str | None:
    return next((c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason), None)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, openai.AuthenticationError),
        (402, openai.APIStatusError),
        (403, openai.PermissionDeniedError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
async def test_a_status_is_raised_as_its_error(
    model: ModelServer, client: AsyncOpenAI, status: int, error: type[openai.APIStatusError]
) -> None:
    model.script.fault(f"status:{status}", retry_after=7)
    with pytest.raises(error) as raised:
        await streamed(client)
    assert raised.value.status_code == status
    assert raised.value.response.headers["retry-after"] == "7"
    assert "30 days" in await answered(client, QUESTION)


async def test_a_context_that_is_too_long_has_its_code(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("context_length")
    with pytest.raises(openai.BadRequestError) as raised:
        await streamed(client)
    assert raised.value.code == "context_length_exceeded"


async def test_a_refused_argument_is_refused_only_when_present(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("refuse:temperature", times=2)
    with pytest.raises(openai.BadRequestError) as raised:
        await streamed(client, temperature=0.2)
    assert raised.value.param == "temperature"
    assert "30 days" in text_of(await streamed(client))


@pytest.mark.parametrize("name", ["stall", "never_first_token"])
async def test_a_silent_stream_runs_into_the_read_timeout(model: ModelServer, name: str) -> None:
    model.script.fault(name)
    async with client_of(model, timeout=0.3) as client:
        with pytest.raises(openai.APITimeoutError):
            await streamed(client)
    await model.until(lambda: model.under_way == 0)


async def test_keep_alive_comments_never_run_into_the_read_timeout(model: ModelServer) -> None:
    model.script.fault("keepalive_only")
    async with client_of(model, timeout=0.3) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(streamed(client), timeout=0.9)
    await model.until(lambda: model.under_way == 0)


async def test_a_cut_stream_shows_its_first_deltas_and_breaks(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer(TEXT)
    model.script.fault("cut", after=2)
    seen = ""

    async def read() -> None:
        nonlocal seen
        stream = await client.chat.completions.create(model="any", messages=prompt(QUESTION), stream=True)
        async for chunk in stream:
            seen += chunk.choices[0].delta.content or ""

    with pytest.raises(openai.APIConnectionError):
        await read()
    assert seen == "one two three four"
    assert await answered(client, QUESTION) == TEXT, "the scripted reply waits for the retry"


@pytest.mark.parametrize(
    ("name", "finish"), [("length", "length"), ("content_filter", "content_filter"), ("no_finish", None)]
)
async def test_a_stream_can_end_in_another_way(
    model: ModelServer, client: AsyncOpenAI, name: str, finish: str | None
) -> None:
    model.script.fault(name)
    assert finish_of(await streamed(client)) == finish


async def test_null_choices_arrive_as_none(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("null_choices")
    assert (await streamed(client))[0].choices is None


async def test_an_empty_choices_chunk_can_come_first(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("empty_choices_first")
    chunks = await streamed(client)
    assert chunks[0].choices == []
    assert "30 days" in text_of(chunks)


async def test_a_null_delta_can_come_in_between(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("delta_null")
    chunks = await streamed(client)
    assert any(chunk.choices and chunk.choices[0].delta is None for chunk in chunks)
    assert "30 days" in text_of(chunks)


@pytest.mark.parametrize(
    ("name", "error"), [("bad_json_chunk", json.JSONDecodeError), ("bad_utf8", UnicodeDecodeError)]
)
async def test_broken_chunks_raise_what_the_client_lets_through(
    model: ModelServer, client: AsyncOpenAI, name: str, error: type[Exception]
) -> None:
    model.script.fault(name)
    with pytest.raises(error):
        await streamed(client)


async def test_an_error_can_come_inside_the_stream(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("in_stream_error")
    with pytest.raises(openai.APIError, match="upstream"):
        await streamed(client)


async def test_html_with_status_200_comes_as_a_string(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("html_200")
    reply: Any = await client.chat.completions.create(model="any", messages=prompt(QUESTION))
    assert isinstance(reply, str)


async def test_an_error_with_status_200_has_no_choices(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("error_200")
    reply = await client.chat.completions.create(model="any", messages=prompt(QUESTION))
    assert reply.choices is None


async def test_choices_can_have_the_wrong_type(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("wrong_type")
    assert isinstance((await streamed(client))[0].choices, str)


@pytest.mark.parametrize("name", ["comments", "no_done", "usage_in_every_chunk", "reasoning_content", "reasoning"])
async def test_harmless_oddities_leave_the_answer_whole(model: ModelServer, client: AsyncOpenAI, name: str) -> None:
    expected = await answered(client, QUESTION)
    model.script.fault(name)
    chunks = await streamed(client)
    assert (text_of(chunks), finish_of(chunks)) == (expected, "stop")


@pytest.mark.parametrize(
    ("name", "start"),
    [("leading_whitespace", "\n\n one"), ("think_tags", "<think>"), ("fenced_json", "```json\none")],
)
async def test_text_can_be_wrapped(model: ModelServer, client: AsyncOpenAI, name: str, start: str) -> None:
    model.script.answer(TEXT)
    model.script.fault(name)
    assert (await answered(client, QUESTION)).startswith(start)


async def test_usage_can_be_missing_although_asked_for(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("no_usage")
    chunks = await streamed(client, stream_options={"include_usage": True})
    assert all(chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("tool_index_zero", lambda calls: [call.index for call in calls] == [0, 0, 0, 0]),
        ("tool_arguments_object", lambda calls: isinstance(calls[0].function.arguments, dict)),
        (
            "glued_arguments",
            lambda calls: calls[0].function.arguments + calls[1].function.arguments == '{"a": 1}' * 2,
        ),
        ("finish_stop", lambda calls: len(calls) == 4),
    ],
)
async def test_tool_calls_can_be_odd(
    model: ModelServer, client: AsyncOpenAI, name: str, odd: Callable[[list[Any]], bool]
) -> None:
    model.script.tool_calls(("first", {"a": 1}), ("second", {"b": 2}))
    model.script.fault(name)
    chunks = await streamed(client)
    assert odd([call for c in chunks if c.choices for call in c.choices[0].delta.tool_calls or ()])


async def test_a_tool_delta_without_index_arrives_without_one(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.tool_call("first", {"a": 1})
    model.script.fault("tool_index_missing")
    chunks = await streamed(client)
    calls = [call for c in chunks if c.choices for call in c.choices[0].delta.tool_calls or ()]
    assert all(getattr(call, "index", None) is None for call in calls)


async def test_a_fault_can_wait_for_its_task(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.fault("status:503", task="triage")
    assert "30 days" in await answered(client, QUESTION)
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(model="any", messages=prompt("hi"), response_format=json_task("triage"))


@pytest.mark.parametrize("name", ["cut", "bad_json_chunk", "stall"])
async def test_a_completion_meets_the_same_faults(model: ModelServer, name: str) -> None:
    model.script.fault(name)
    expected = {
        "cut": openai.APIConnectionError,
        "bad_json_chunk": json.JSONDecodeError,
        "stall": openai.APITimeoutError,
    }
    async with client_of(model, timeout=0.3) as client:
        with pytest.raises(expected[name]):
            await client.chat.completions.create(model="any", messages=prompt(QUESTION))


@pytest.mark.parametrize("name", sorted({*STREAM_EDITS, *REPLY_EDITS, *REFUSALS} - {"status", "refuse"}))
@pytest.mark.parametrize("stream", [True, False])
async def test_after_any_fault_the_next_request_is_well(
    model: ModelServer, client: AsyncOpenAI, name: str, stream: bool
) -> None:
    model.script.fault(name)
    async with client_of(model, timeout=0.3) as hasty:

        async def ask() -> None:
            if stream:
                await streamed(hasty)
            else:
                await hasty.chat.completions.create(model="any", messages=prompt(QUESTION))

        outcome = (await asyncio.gather(asyncio.wait_for(ask(), timeout=0.6), return_exceptions=True))[0]
    assert outcome is None or isinstance(outcome, openai.OpenAIError | ValueError | TypeError | TimeoutError)
    await model.until(lambda: model.under_way == 0)
    assert "30 days" in await answered(client, QUESTION)
