"""Starts the local platforms, the stand-in model and the page together."""

from collections.abc import Collection
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.model import ModelServer
from frontdesk.sandbox.page import PageServer, Platform
from frontdesk.sandbox.slack import SlackServer

PLATFORMS: tuple[Platform, ...] = ("slack", "discord")


class Sandbox:
    """`async with Sandbox() as box:` gives `box.slack`, `box.discord`, `box.model` and `box.page_url`.

    Only the platforms asked for are started; `staff_on` says on which of them the page shows the staff channel.
    """

    def __init__(
        self,
        port: int = 0,
        trace_url: str | None = None,
        *,
        platforms: Collection[Platform] = PLATFORMS,
        staff_on: Platform | None = None,
    ) -> None:
        self.slack = SlackServer()
        self.discord = DiscordServer()
        self.model = ModelServer()
        self._started = [
            server for name, server in (("slack", self.slack), ("discord", self.discord)) if name in platforms
        ]
        self._page = PageServer(
            self.slack if "slack" in platforms else None,
            self.discord if "discord" in platforms else None,
            port=port,
            trace_url=trace_url,
            staff_on=staff_on,
        )
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

    @property
    def staff_on(self) -> Platform | None:
        """The platform whose staff channel the page shows first."""
        return self._page.staff_on

    @staff_on.setter
    def staff_on(self, platform: Platform | None) -> None:
        self._page.staff_on = platform

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            for server in (*self._started, self.model, self._page):
                await starting.enter_async_context(server)
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
