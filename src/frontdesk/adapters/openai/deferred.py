"""The model from its first call on: importing its SDK takes half a second, which no start and no event waits for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from frontdesk.adapters.openai.config import ModelConfig
from frontdesk.ports.model import Delta, Finished, ModelRequest

if TYPE_CHECKING:
    from frontdesk.adapters.openai.model import OpenAIModel


class DeferredModel:
    """Implements `ports.model.Model`; whoever asks before the model is there waits for it."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._model: OpenAIModel | None = None
        self._making = asyncio.Lock()

    async def prepare(self) -> None:
        """Make it now rather than at the first question."""
        await self.made()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta | Finished, None]:
        model = await self.made()
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece

    async def complete(self, request: ModelRequest) -> Finished:
        model = await self.made()
        return await model.complete(request)

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()

    async def made(self) -> "OpenAIModel":
        async with self._making:
            if self._model is None:
                self._model = await asyncio.to_thread(_made, self._config)
            return self._model


def _made(config: ModelConfig) -> "OpenAIModel":
    from frontdesk.adapters.openai.model import OpenAIModel  # noqa: PLC0415 - what this module is for

    model = OpenAIModel(config)
    model.open()
    return model
