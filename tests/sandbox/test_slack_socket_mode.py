"""Socket Mode as Slack does it: one receiver for each envelope, redelivery, refresh, cuts, tickets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


class Wire:
    """A bare socket of an app, without any SDK."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def envelope(self, kind: str = "events_api", within: float = 2.0) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while True:
                frame: dict[str, Any] = json.loads(await self.ws.receive_str())
                if frame["type"] == kind:
                    return frame

    async def ack(self, envelope: dict[str, Any], payload: Any = None) -> None:
        await self.ws.send_json({"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})})


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def plug_in(slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession) -> Wire:
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    return Wire(await session.ws_connect(url))


async def test_hello_tells_how_many_sockets_there_are(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    wires = [await plug_in(slack, client, session) for _ in range(2)]
    hellos = [await wire.envelope("hello") for wire in wires]
    assert [hello["num_connections"] for hello in hellos] == [1, 2]
    assert hellos[0]["debug_info"]["approximate_connection_time"] > 0


async def test_a_ticket_works_once_and_for_a_short_time(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    async def refused(url: str) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(url)
        return refusal.value.status

    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    first = await session.ws_connect(url)
    assert await refused(url) == 408
    stale = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    slack.advance(60)
    assert await refused(stale) == 408
    slack.reject_next_tickets(1)
    assert await refused((await client.apps_connections_open(app_token=slack.app_token))["url"]) == 408
    await plug_in(slack, client, session)
    await first.close()


async def test_each_envelope_goes_to_exactly_one_socket(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    wires = [await plug_in(slack, client, session) for _ in range(2)]
    for wire in wires:
        await wire.envelope("hello")
    for number in range(6):
        await slack.workspace.say("UALICE", "CSUPPORT", str(number))
    seen = []
    for wire in wires:
        for _ in range(3):
            envelope = await wire.envelope()
            await wire.ack(envelope)
            seen.append(envelope["payload"]["event"]["text"])
    assert sorted(seen) == ["0", "1", "2", "3", "4", "5"]
    await slack.workspace.until(lambda: len(slack.sockets.acks) == 6)


async def test_an_event_without_ack_comes_again_with_the_same_id(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    wire = await plug_in(slack, client, session)
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    first = await wire.envelope()
    slack.advance(3.1)
    second = await wire.envelope()
    await wire.ack(second)
    assert (first["retry_attempt"], second["retry_attempt"], second["retry_reason"]) == (0, 1, "timeout")
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert first["envelope_id"] != second["envelope_id"]
    await slack.workspace.until(lambda: slack.sockets.acks)
    slack.advance(600)
    await slack.workspace.say("UALICE", "CSUPPORT", "next")
    assert (await wire.envelope())["payload"]["event"]["text"] == "next"


async def test_an_event_is_given_up_after_the_last_redelivery(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    slack.delivery.retry_delays = (0.0,)
    wire = await plug_in(slack, client, session)
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    for _ in range(2):
        await wire.envelope()
        slack.advance(3.1)
    await slack.workspace.until(lambda: len(slack.delivery.unacknowledged) == 1)


async def test_an_event_waits_for_the_first_socket(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    await slack.workspace.say("UALICE", "CSUPPORT", "early")
    wire = await plug_in(slack, client, session)
    assert (await wire.envelope())["payload"]["event"]["text"] == "early"


async def test_the_eleventh_socket_is_one_too_many(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    wires = [await plug_in(slack, client, session) for _ in range(11)]
    assert (await wires[-1].envelope("disconnect"))["reason"] == "too_many_websockets"
    assert len(slack.sockets.sockets) == 10


async def test_after_a_refresh_the_old_socket_gets_nothing_and_is_closed(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    old = await plug_in(slack, client, session)
    await slack.workspace.until(lambda: slack.sockets.sockets)
    await slack.refresh_sockets()
    assert (await old.envelope("disconnect"))["reason"] == "refresh_requested"
    new = await plug_in(slack, client, session)
    for _ in range(4):
        await slack.workspace.say("UALICE", "CSUPPORT", "to the new one")
        await new.ack(await new.envelope())
    slack.advance(11)
    assert (await old.ws.receive(timeout=2)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


@pytest.mark.parametrize("accepted", [True, False])
async def test_an_ack_on_another_socket_counts_only_if_slack_is_so_kind(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession, accepted: bool
) -> None:
    slack.sockets.accept_acks_on_any_socket = accepted
    slack.delivery.retry_delays = ()
    first = await plug_in(slack, client, session)
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    envelope = await first.envelope()
    second = await plug_in(slack, client, session)
    await second.ack(envelope)
    await slack.workspace.until(lambda: slack.sockets.acks)
    slack.advance(3.1)
    given_up = slack.delivery.unacknowledged
    await slack.workspace.until(lambda: bool(given_up) is not accepted)


async def test_a_frozen_socket_neither_sends_nor_answers(
    slack: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    wire = Wire(await session.ws_connect(url, autoping=False))
    await wire.envelope("hello")
    slack.freeze_sockets()
    await wire.ws.ping(b"there?")
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    with pytest.raises(TimeoutError):
        await wire.ws.receive(timeout=0.2)
    slack.thaw_sockets()
    kinds = {(await wire.ws.receive(timeout=2)).type for _ in range(2)}
    assert kinds == {aiohttp.WSMsgType.PONG, aiohttp.WSMsgType.TEXT}


async def test_bolt_survives_a_refresh_and_a_cut(slack: SlackServer, app: AsyncApp) -> None:
    heard = []

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    async with connected(slack, app):
        await slack.workspace.say("UALICE", "CSUPPORT", "one")
        await slack.refresh_sockets()
        await slack.workspace.say("UALICE", "CSUPPORT", "two")
        await slack.workspace.until(lambda: heard == ["one", "two"])
        await slack.cut_sockets()
        await slack.workspace.say("UALICE", "CSUPPORT", "three")
        await slack.workspace.until(lambda: "three" in heard)


async def test_bolt_hears_of_redeliveries_in_its_headers(slack: SlackServer, app: AsyncApp) -> None:
    heard = []

    @app.event("message")
    async def hear(request: Any, body: dict[str, Any]) -> None:
        heard.append((body["event_id"], request.headers["x-slack-retry-num"][0]))

    slack.faults.events(redeliver=1)
    async with connected(slack, app):
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await slack.workspace.until(lambda: len(heard) == 1)
        slack.advance(3.1)
        await slack.workspace.until(lambda: len(heard) == 2)
    assert heard[0][0] == heard[1][0]
    assert [retry for _, retry in heard] == ["0", "1"]
