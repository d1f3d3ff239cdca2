"""Starts what the sandbox tests talk to."""

from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from frontdesk.sandbox.model import ModelServer
from standin.model_client import client_of


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def client(model: ModelServer) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(model) as made:
        yield made
