"""Buttons and forms, over sockets and over signed HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_desk import SlackDesk, connected

from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.messages import Reply
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.faults import Fault

ALICE = Person(platform="slack", community="TDESK", id="UALICE", name="Alice")
CARD = Card(
    ticket=Ticket(number=7, why="A refund", wants="Money back", opened_at=1_700_000_000.0),
    customer=ALICE,
    conversation="slack:TDESK:CSUPPORT:1.2",
)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture(params=["sockets", "http"])
async def desk(slack: SlackServer, request: pytest.FixtureRequest) -> AsyncIterator[SlackDesk]:
    if request.param == "sockets":
        async with connected(slack) as desk:
            yield desk
        return
    async with connected(slack, app_token=None, signing_secret=slack.signing_secret) as desk, served(desk) as url:
        slack.deliver_over_http(url)
        yield desk


def served(desk: SlackDesk) -> "Served":
    return Served(desk)


class Served:
    """`/slack/events` on this machine."""

    def __init__(self, desk: SlackDesk) -> None:
        application = web.Application()
        application.router.add_post("/slack/events", desk.app.http_handler)
        self._runner = web.AppRunner(application)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/slack/events"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def pressed(desk: SlackDesk) -> ButtonPressed:
    await desk.slack.workspace.until(lambda: desk.reception.events)
    [event] = desk.reception.events
    assert isinstance(event, ButtonPressed)
    return event


async def test_claim_carries_the_conversation(desk: SlackDesk) -> None:
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    ack = await desk.slack.workspace.click("USAM", "CSTAFF", card.id, "fd:claim")
    event = await pressed(desk)
    assert ack.arrived
    assert (event.action, event.value, event.by.id) == ("claim", CARD.conversation, "USAM")
    assert event.thread == desk.thread("CSTAFF", card.id)
    assert event.message_id == card.id


async def test_resolve_asks_for_closing_words(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    await ws.click("USAM", "CSTAFF", card.id, "fd:resolve")
    [view] = await ws.until(lambda: [view for views in ws.views.values() for view in views])
    assert desk.reception.events == []
    await ws.submit_view("USAM", view.id, {"fd:comment": {"comment": "All done!"}})
    event = await pressed(desk)
    assert (event.action, event.value, event.comment) == ("resolve", CARD.conversation, "All done!")
    assert event.message_id == card.id


async def test_resolve_counts_even_when_the_form_cannot_be_opened(desk: SlackDesk) -> None:
    desk.slack.faults.on("views.open", Fault.server_error(500))
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    await desk.slack.workspace.click("USAM", "CSTAFF", card.id, "fd:resolve")
    assert (await pressed(desk)).action == "resolve"


async def test_thumbs_down_asks_what_was_missing_and_counts_once(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    asked = await ws.say_dm("UALICE", "how?")
    await ws.until(lambda: desk.reception.events)
    desk.reception.events.clear()
    [ref] = await desk.chat.post(desk.thread(asked.channel, asked.ts), Reply(markdown="so", rateable=True), "m")
    await ws.click("UALICE", asked.channel, ref.id, "fd:rate", "down:en")
    [view] = await ws.until(lambda: [view for views in ws.views.values() for view in views])
    await ws.close_view("UALICE", view.id)
    event = await pressed(desk)
    assert (event.action, event.comment, event.message_id) == ("rate_down", "", ref.id)
    assert event.thread.root == asked.ts


async def test_thumbs_up_needs_no_form(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    asked = await ws.say_dm("UALICE", "how?")
    await ws.until(lambda: desk.reception.events)
    desk.reception.events.clear()
    [ref] = await desk.chat.post(desk.thread(asked.channel, asked.ts), Reply(markdown="so", rateable=True), "m")
    await ws.click("UALICE", asked.channel, ref.id, "fd:rate", "up:en")
    assert (await pressed(desk)).action == "rate_up"


async def test_a_message_and_a_command_arrive(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    await ws.say("UALICE", "CSUPPORT", "hello")
    await ws.until(lambda: desk.reception.events)
    await ws.slash("USAM", "CSTAFF", "/desk", "help")
    await ws.until(lambda: ws.ephemerals)
    assert desk.reception.commands[0][1] == "help"


async def test_a_membership_that_ends_is_noticed_at_once(desk: SlackDesk) -> None:
    sam = Person(platform="slack", community="TDESK", id="USAM")
    assert await desk.chat.is_staff(sam)
    await desk.slack.workspace.leave("USAM", "CSTAFF")
    await desk.slack.workspace.until(lambda: desk.slack.delivery.sent)
    await desk.slack.workspace.until(lambda: desk.chat._staff is None)
    assert not await desk.chat.is_staff(sam)


async def test_only_slack_itself_is_heard_over_http(slack: SlackServer) -> None:
    async with connected(slack, app_token=None, signing_secret="another secret") as desk, served(desk) as url:
        slack.deliver_over_http(url)
        slack.delivery.retry_delays = ()
        await slack.workspace.say("UALICE", "CSUPPORT", "forged")
        await slack.workspace.until(lambda: slack.delivery.unacknowledged)
        assert desk.reception.events == []


async def test_the_address_proves_itself_and_refuses_nonsense(slack: SlackServer) -> None:
    async with connected(slack, app_token=None, signing_secret=slack.signing_secret) as desk, served(desk) as url:
        slack.deliver_over_http(url)
        assert await slack.verify_url()
        async with aiohttp.ClientSession() as session, session.post(url, data="{not json") as response:
            assert response.status in (400, 401)
        assert desk.reception.aside == []


async def test_http_is_closed_without_a_signing_secret(slack: SlackServer) -> None:
    async with connected(slack) as desk, served(desk) as url, aiohttp.ClientSession() as session:
        answer = await session.post(url, json={"type": "x"})
        assert answer.status == 404
