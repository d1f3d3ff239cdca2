"""The model that is made after the start: whoever asks early waits, and it is made once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from frontdesk.adapters.openai.config import ModelConfig
from frontdesk.adapters.openai.deferred import DeferredModel
from frontdesk.ports.model import Finished, ModelRequest, Said
from frontdesk.sandbox.model import ModelServer

ASKED = ModelRequest(
    task="answer",
    messages=(
        Said(role="system", text="TASK: answer"),
        Said(role="user", text="<question>\nWhich colour has the lamp?\n</question>"),
    ),
)


@pytest.fixture
async def model() -> AsyncIterator[DeferredModel]:
    async with ModelServer() as server:
        deferred = DeferredModel(ModelConfig(model="stand-in", base_url=server.base_url, api_key=server.api_key))
        yield deferred
        await deferred.close()


async def test_a_call_that_comes_before_the_model_is_there_is_answered(model: DeferredModel) -> None:
    assert (await model.complete(ASKED)).text


async def test_a_stream_that_comes_before_the_model_is_there_ends_whole(model: DeferredModel) -> None:
    pieces = [piece async for piece in model.stream(ASKED)]
    assert isinstance(pieces[-1], Finished)
    assert "".join(piece.text for piece in pieces[:-1]) == pieces[-1].text


async def test_all_who_come_early_get_the_same_model(model: DeferredModel) -> None:
    made = await asyncio.gather(*(model.made() for _ in range(5)), model.prepare())
    assert len({id(one) for one in made[:5]}) == 1


async def test_one_that_was_never_made_is_closed_all_the_same() -> None:
    await DeferredModel(ModelConfig(model="stand-in")).close()
