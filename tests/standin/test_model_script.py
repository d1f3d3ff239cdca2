"""Tests can say exactly what the stand-in does next, and hold it while it does."""

import asyncio
import json

import pytest
from openai import AsyncOpenAI

from frontdesk.sandbox.model import ModelServer
from standin.model_client import answered, deltas_of, json_task, prompt

QUESTION = "How do I return an item?"


async def test_a_scripted_answer_comes_once(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer("Exactly this.\n\n- and that ")
    assert await answered(client, QUESTION) == "Exactly this.\n\n- and that "
    assert await answered(client, QUESTION) != "Exactly this.\n\n- and that "


async def test_scripted_deltas_are_sent_one_by_one(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer(["Hel", "lo wor", "ld"])
    assert await deltas_of(client, QUESTION) == ["Hel", "lo wor", "ld"]


async def test_a_scripted_answer_can_have_its_own_chunk_size(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer("one two three four five", chunk=3)
    assert await deltas_of(client, QUESTION) == ["one two three", " four five"]


async def test_a_scripted_triage_does_not_disturb_answers(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.triage({"category": "legal"})
    assert "30 days" in await answered(client, "How many days to return?")
    reply = await client.chat.completions.create(
        model="any", messages=prompt("hi"), response_format=json_task("triage")
    )
    assert json.loads(reply.choices[0].message.content or "") == {"category": "legal"}


async def test_a_scripted_tool_call_streams_in_fragments(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.tool_calls(("order_status", {"order": "KB-1"}), ("cancel", '{"half'), text="One moment.")
    stream = await client.chat.completions.create(model="any", messages=prompt(QUESTION), stream=True)
    arguments: dict[int, str] = {}
    finish = None
    async for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or ():
            assert call.function is not None
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
        finish = chunk.choices[0].finish_reason or finish
    assert arguments == {0: '{"order": "KB-1"}', 1: '{"half'}
    assert finish == "tool_calls"


async def test_held_answers_wait_for_their_release(model: ModelServer, client: AsyncOpenAI) -> None:
    model.hold()
    asking = asyncio.create_task(answered(client, QUESTION))
    await model.until(lambda: model.under_way == 1)
    triage = await client.chat.completions.create(
        model="any", messages=prompt("hi"), response_format=json_task("triage")
    )
    assert triage.choices
    assert not asking.done()
    model.release()
    assert "[1]" in await asking


async def test_an_answer_can_be_held_after_some_deltas(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer(["a", "b", "c"])
    model.hold(after=2)
    stream = await client.chat.completions.create(model="any", messages=prompt(QUESTION), stream=True)
    seen = ""
    async for chunk in stream:
        seen += chunk.choices[0].delta.content or ""
        if seen == "ab":
            assert model.under_way == 1
            model.release()
    assert seen == "abc"


async def test_the_server_sees_that_a_client_left(model: ModelServer, client: AsyncOpenAI) -> None:
    model.hold()
    asking = asyncio.create_task(answered(client, QUESTION))
    await model.until(lambda: model.under_way == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await model.until(lambda: model.abandoned == 1)
    assert model.under_way == 0


async def test_delays_between_deltas_are_kept(model: ModelServer, client: AsyncOpenAI) -> None:
    model.script.answer(["a", "b", "c", "d"], delay=0.02)
    started = asyncio.get_running_loop().time()
    await answered(client, QUESTION)
    assert asyncio.get_running_loop().time() - started >= 0.06


async def test_requests_are_recorded_as_they_came(model: ModelServer, client: AsyncOpenAI) -> None:
    await client.chat.completions.create(model="some/model", messages=prompt(QUESTION), temperature=0.1)
    assert (model.requests[0]["model"], model.requests[0]["temperature"]) == ("some/model", 0.1)


def test_a_misspelt_fault_is_refused(model: ModelServer) -> None:
    with pytest.raises(ValueError, match="statsu"):
        model.script.fault("statsu:500")
