"""The SDK's clients, one per endpoint and key, with its own retries off because ours know the deadline."""

from typing import Final

from openai import AsyncOpenAI, Timeout

from frontdesk.adapters.openai.config import RouteConfig

NO_KEY: Final = "none"
"""The SDK insists on a key; servers on one's own machine take any."""

PATIENCE: Final = Timeout(600.0, connect=5.0, pool=5.0)
"""Reading is bounded by our deadlines; keep-alive comments would defeat the SDK's."""


class Clients:
    def __init__(self) -> None:
        self._open: dict[tuple[str | None, str], AsyncOpenAI] = {}

    def reaching(self, route: RouteConfig) -> AsyncOpenAI:
        key = route.api_key.get_secret_value() if route.api_key else NO_KEY
        place = (route.base_url, key)
        if place not in self._open:
            self._open[place] = AsyncOpenAI(base_url=route.base_url, api_key=key, max_retries=0, timeout=PATIENCE)
        return self._open[place]

    async def close(self) -> None:
        while self._open:
            _, client = self._open.popitem()
            await client.close()
