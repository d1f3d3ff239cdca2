"""Signed HTTP deliveries: what bolt accepts, and what Slack does when an answer fails to come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_app import served
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


async def test_bolt_accepts_the_signature_and_the_challenge(slack: SlackServer, app: AsyncApp) -> None:
    heard = []

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    @app.command("/desk")
    async def desk(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"{command['text']} of {command['user_id']}")

    async with served(slack, app):
        assert await slack.verify_url()
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await slack.workspace.until(lambda: heard == ["hello"])
        ack = await slack.workspace.slash("USAM", "CSTAFF", "/desk", "queue")
        assert ack.arrived
        assert [one.text for one in slack.workspace.ephemerals] == ["queue of USAM"]


async def test_a_wrong_secret_is_not_believed(slack: SlackServer, app: AsyncApp) -> None:
    async with served(slack, app):
        slack.app.signing_secret = "another"
        assert not await slack.verify_url()


async def test_a_click_and_a_modal_work_over_http(slack: SlackServer, app: AsyncApp, client: AsyncWebClient) -> None:
    ws = slack.workspace

    @app.action("ask")
    async def ask(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        text = {"type": "plain_text", "text": "Name"}
        element = {"type": "plain_text_input", "action_id": "name"}
        blocks = [{"type": "input", "block_id": "who", "label": text, "element": element}]
        view = {"type": "modal", "callback_id": "who", "title": text, "submit": text, "blocks": blocks}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("who")
    async def who(ack: Any, view: dict[str, Any]) -> None:
        name = view["state"]["values"]["who"]["name"]["value"]
        await ack(response_action="errors", errors={"who": f"not {name}"})

    async with served(slack, app):
        button = {"type": "button", "action_id": "ask", "text": {"type": "plain_text", "text": "Ask"}}
        blocks = [{"type": "actions", "elements": [button]}]
        posted = await client.chat_postMessage(channel="CSTAFF", text="card", blocks=blocks)
        await ws.click("USAM", "CSTAFF", posted["ts"], "ask")
        view = (await ws.until(lambda: ws.views.get("USAM")))[0]
        await ws.submit_view("USAM", view.id, {"who": {"name": "Bob"}})
        assert ws.views["USAM"][0].errors == {"who": "not Bob"}


class Listener:
    """An endpoint that answers as told and remembers the headers of what came."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.hold: asyncio.Event | None = None
        self.came: list[Any] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.came.append((await request.json(), request.headers))
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.status, headers=self.headers)

    def retries(self) -> list[tuple[str | None, str | None]]:
        return [(headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")) for _, headers in self.came]


@asynccontextmanager
async def listening(slack: SlackServer) -> AsyncIterator[Listener]:
    listener = Listener()
    server = web.Application()
    server.router.add_post("/events", listener.handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/events")
    try:
        yield listener
    finally:
        await runner.cleanup()


async def test_a_failed_delivery_is_repeated_with_number_and_reason(slack: SlackServer) -> None:
    async with listening(slack) as listener:
        listener.status = 500
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await slack.workspace.until(lambda: len(listener.came) == 2)
        listener.status = 200
        slack.advance(61)
        await slack.workspace.until(lambda: len(listener.came) == 3)
        assert listener.retries() == [(None, None), ("1", "http_error"), ("2", "http_error")]
        assert len({body["event_id"] for body, _ in listener.came}) == 1


async def test_a_slow_answer_counts_as_none(slack: SlackServer) -> None:
    async with listening(slack) as listener:
        listener.hold = asyncio.Event()
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await slack.workspace.until(lambda: len(listener.came) == 1)
        slack.advance(3.1)
        await slack.workspace.until(lambda: len(listener.came) == 2)
        assert listener.retries()[1] == ("1", "http_timeout")
        listener.hold.set()


async def test_no_retry_is_respected(slack: SlackServer) -> None:
    async with listening(slack) as listener:
        listener.status, listener.headers = 500, {"X-Slack-No-Retry": "1"}
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await slack.workspace.until(lambda: len(listener.came) == 1)
        await slack.workspace.say("UALICE", "CSUPPORT", "another")
        await slack.workspace.until(lambda: len(listener.came) == 2)
        assert len({body["event_id"] for body, _ in listener.came}) == 2


async def test_nobody_at_the_address_is_a_failed_connection(slack: SlackServer) -> None:
    slack.delivery.retry_delays = ()
    slack.deliver_over_http("http://127.0.0.1:9/nobody")
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    await slack.workspace.until(lambda: slack.delivery.unacknowledged)
