"""Real slack-bolt apps for the tests: connected over Socket Mode, or as an HTTP server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from frontdesk.sandbox.slack import SlackServer


@asynccontextmanager
async def connected(slack: SlackServer, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app listening over Socket Mode."""
    before = len(slack.sockets.sockets)
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.workspace.until(lambda: len(slack.sockets.sockets) > before)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def served(slack: SlackServer, app: AsyncApp) -> AsyncIterator[str]:
    """The app listening for signed HTTP; gives its address."""
    runner = web.AppRunner(app.web_app(path="/slack/events"), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    slack.deliver_over_http(url)
    try:
        yield url
    finally:
        slack.deliver_over_http(None)
        await runner.cleanup()
