"""Starts the local Slack, the stand-in model and the page together."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from frontdesk.sandbox.model import ModelServer
from frontdesk.sandbox.page import PageServer
from frontdesk.sandbox.slack import SlackServer


class Sandbox:
    """`async with Sandbox() as box:` gives `box.slack`, `box.model` and `box.page_url`."""

    def __init__(self, port: int = 0, trace_url: str | None = None) -> None:
        self.slack = SlackServer()
        self.model = ModelServer()
        self._page = PageServer(self.slack, port=port, trace_url=trace_url)
        self._running = AsyncExitStack()

    @property
    def page_url(self) -> str:
        return self._page.url

    @property
    def trace_url(self) -> str | None:
        """Where the desk tells of its last turns; may be set once the desk is up."""
        return self._page.trace_url

    @trace_url.setter
    def trace_url(self, url: str | None) -> None:
        self._page.trace_url = url

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            for server in (self.slack, self.model, self._page):
                await starting.enter_async_context(server)
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
