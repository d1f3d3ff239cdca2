"""Connections come and go; what people said does not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_desk import Notebook, Reception, SlackDesk, config, connected

from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.adapters.slack.app import SlackApp
from frontdesk.domain.errors import Misconfigured
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.faults import Fault


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def desk(slack: SlackServer) -> AsyncIterator[SlackDesk]:
    async with connected(slack) as desk:
        await slack.workspace.until(lambda: len(slack.sockets.sockets) == 2)
        yield desk


async def heard(desk: SlackDesk, *texts: str) -> None:
    await desk.slack.workspace.until(lambda: len({e.message.id for e in desk.reception.events}) == len(texts), 15)
    assert {e.message.text for e in desk.reception.events} == set(texts)
    assert desk.slack.delivery.unacknowledged == []


async def test_a_refresh_opens_the_new_connection_before_the_old_one_goes(desk: SlackDesk) -> None:
    slack, sockets = desk.slack, desk.app.sockets
    assert sockets is not None
    old = {socket.number for socket in slack.sockets.sockets}
    await slack.refresh_sockets()
    said = [f"line {n}" for n in range(20)]
    for line in said:
        await slack.workspace.say("UALICE", "CSUPPORT", line)
    await heard(desk, *said)
    await slack.workspace.until(lambda: not old & {socket.number for socket in slack.sockets.sockets})
    await slack.workspace.until(lambda: sockets.connected == 2)


async def test_a_cut_connection_is_replaced(desk: SlackDesk) -> None:
    slack = desk.slack
    await slack.cut_sockets()
    await slack.workspace.say("UALICE", "CSUPPORT", "still there?")
    await heard(desk, "still there?")


async def test_a_refused_address_is_never_tried_twice(desk: SlackDesk) -> None:
    slack = desk.slack
    slack.reject_next_tickets(3)
    await slack.cut_sockets()
    await slack.workspace.say("UALICE", "CSUPPORT", "hello?")
    await heard(desk, "hello?")
    assert slack.sockets.rejected_tickets == 3


async def test_a_connection_that_fell_silent_is_replaced(desk: SlackDesk) -> None:
    slack, sockets = desk.slack, desk.app.sockets
    assert sockets is not None
    sockets.ping_after, sockets.dead_after = 0.1, 0.3
    await slack.refresh_sockets()
    await slack.workspace.until(lambda: sockets.connected == 2)
    slack.freeze_sockets()
    await slack.workspace.until(lambda: "slack socket fell silent" in desk.notebook.lines)
    slack.thaw_sockets()
    await slack.workspace.say("UALICE", "CSUPPORT", "awake?")
    await heard(desk, "awake?")


async def test_every_acknowledgement_goes_back_on_the_connection_that_asked(desk: SlackDesk) -> None:
    slack = desk.slack
    slack.sockets.accept_acks_on_any_socket = False
    said = [f"line {n}" for n in range(10)]
    for line in said:
        await slack.workspace.say("UALICE", "CSUPPORT", line)
    await slack.refresh_sockets()
    await heard(desk, *said)


async def test_a_redelivery_has_the_same_names(desk: SlackDesk) -> None:
    desk.slack.faults.events(duplicate=1)
    await desk.slack.workspace.say("UALICE", "CSUPPORT", "once")
    await desk.slack.workspace.until(lambda: len(desk.reception.events) == 2)
    first, second = desk.reception.events
    assert first.ids == second.ids


async def test_a_payload_nobody_understands_is_set_aside_and_acknowledged(desk: SlackDesk) -> None:
    payloads: tuple[Any, ...] = (
        {"type": "event_callback", "event": None},
        {"type": "event_callback"},
        {"odd": True},
        [],
        "x",
    )
    for payload in payloads:
        ack = await desk.slack.sockets.deliver(
            "events_api", payload, answerable=False, attempt=0, reason="", timeout=3.0
        )
        assert ack.arrived
    assert len(desk.reception.aside) == 5
    await desk.slack.workspace.say("UALICE", "CSUPPORT", "still listening?")
    await heard(desk, "still listening?")


async def test_stopping_finishes_what_was_taken_and_closes(slack: SlackServer) -> None:
    async with connected(slack) as desk:
        await slack.workspace.say("UALICE", "CSUPPORT", "last words")
        await slack.workspace.until(lambda: desk.reception.events)
        await desk.app.stop_intake()
        assert await desk.app.ready() == "not listening"
        await slack.workspace.until(lambda: not slack.sockets.sockets)


async def test_an_unreachable_slack_is_tried_until_it_is_back(slack: SlackServer) -> None:
    slack.faults.on("apps.connections.open", Fault.server_error(503), Fault.dropped_before_receipt())
    async with connected(slack, sockets=1) as desk:
        await slack.workspace.say("UALICE", "CSUPPORT", "hello")
        await heard(desk, "hello")


async def connect_and_start(app: SlackApp) -> None:
    await app.connect()
    await app.start()


@pytest.mark.parametrize(
    ("changes", "setting"),
    [({"bot_token": "xoxb-wrong"}, "SLACK_BOT_TOKEN"), ({"app_token": "xapp-wrong"}, "SLACK_APP_TOKEN")],
)
async def test_a_wrong_token_is_one_line_that_names_it(
    slack: SlackServer, changes: dict[str, str], setting: str
) -> None:
    app = SlackApp(config(slack, **changes), Reception(), SystemClock(), Notebook())
    try:
        with pytest.raises(Misconfigured, match=setting) as caught:
            await connect_and_start(app)
        assert "\n" not in str(caught.value)
        assert "wrong" not in str(caught.value)
    finally:
        await app.stop()


async def test_slack_is_asked_who_we_are_once_whatever_the_environment_says(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    async with connected(slack) as desk:
        for line in ("one", "two", "three"):
            await slack.workspace.say("UALICE", "CSUPPORT", line)
        await heard(desk, "one", "two", "three")
        assert len(desk.calls("auth.test")) == 1


async def test_the_old_connection_stays_until_the_new_one_is_open(slack: SlackServer) -> None:
    async with connected(slack, sockets=1) as desk:
        tickets = len(desk.calls("apps.connections.open"))
        slack.reject_next_tickets(1)
        await slack.refresh_sockets()
        await slack.workspace.until(lambda: len(desk.calls("apps.connections.open")) == tickets + 2)
        assert slack.sockets.sockets
        await slack.workspace.until(lambda: slack.sockets.sockets[0].number > 1)


async def test_what_is_in_hand_is_acknowledged_on_the_connection_that_is_going(slack: SlackServer) -> None:
    slack.sockets.accept_acks_on_any_socket = False
    async with connected(slack, sockets=1) as desk:
        desk.reception.gate = asyncio.Event()
        await slack.workspace.say("UALICE", "CSUPPORT", "slowly")
        await slack.workspace.until(lambda: desk.reception.begun)
        await slack.refresh_sockets()
        await slack.workspace.until(lambda: len(slack.sockets.sockets) == 2)
        await slack.workspace.say("UALICE", "CSUPPORT", "more")
        await slack.workspace.until(lambda: desk.reception.begun == 2)
        desk.reception.gate.set()
        await slack.workspace.until(lambda: len(slack.sockets.sockets) == 1)
        await slack.workspace.until(lambda: len(slack.sockets.acks) == 2)
        assert {number for number, _ in slack.sockets.acks} == {1, 2}


async def test_a_check_says_what_works_and_what_does_not(slack: SlackServer) -> None:
    slack.app.scopes.discard("users:read")
    app = SlackApp(config(slack, staff_channel="CNOWHERE"), None, SystemClock(), Notebook())
    try:
        lines = dict(await app.check())
    finally:
        await app.close()
    assert lines["slack bot token"] is None
    assert lines["slack app token"] is None
    assert "users:read" in (lines["slack scopes"] or "")
    assert "channel_not_found" in (lines["slack staff channel"] or "")


async def test_stopping_at_any_moment_of_opening_ends(slack: SlackServer) -> None:
    for steps in range(60):
        app = SlackApp(config(slack), Reception(), SystemClock(), Notebook())
        await app.connect()
        await app.start()
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await app.stop()
