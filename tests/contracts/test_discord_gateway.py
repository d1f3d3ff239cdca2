"""Connections come and go, payloads may make no sense, processes die; what people said does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.discord_desk import Desk, QuickClock, Reception, connected
from contracts.discord_interacting import Notes, config
from contracts.hand_clock import HandClock
from contracts.slack_desk import Notebook as Log
from frontdesk.adapters.discord.app import DiscordApp
from frontdesk.adapters.discord.budget import IdentifyBudget, pause_before_identify
from frontdesk.adapters.discord.gateway import Session
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.errors import Misconfigured
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, BOB, BOT_ROLE, GENERAL, HELP, RANDOM, SUPPORT
from frontdesk.sandbox.discord.faults import Fault

DAY = 86_400


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        server.gateway.enforce_concurrency = False  # the desk's clock is quicker than the server's
        yield server


@pytest.fixture
async def desk(discord: DiscordServer) -> AsyncIterator[Desk]:
    async with connected(discord) as desk:
        yield desk


async def away(discord: DiscordServer) -> None:
    await discord.gateway.until(lambda: not discord.gateway.connections)


# payloads


@pytest.mark.parametrize(
    "payload",
    [
        "not json",
        "[" * 50_000,
        [],
        7,
        {"op": 0, "t": "MESSAGE_CREATE"},
        {"op": 0, "t": ["MESSAGE_CREATE"], "s": 3, "d": {}},
        {"op": 0, "t": "MESSAGE_CREATE", "s": "three", "d": {"id": 1}},
        {"op": 0, "t": "READY", "s": None, "d": None},
        {"op": 0, "t": "READY", "s": None, "d": {"session_id": 5, "resume_gateway_url": "x"}},
        {"op": 0, "t": "RESUMED", "s": None, "d": None},
        {"op": 0, "t": "GUILD_CREATE", "s": None, "d": {"channels": 5}},
        {"op": 0, "t": "INTERACTION_CREATE", "s": None, "d": "x"},
        {"op": 10, "d": None},
    ],
)
async def test_a_payload_that_makes_no_sense_is_set_aside_and_the_next_message_heard(desk: Desk, payload: Any) -> None:
    desk.discord.gateway.send_raw(payload)
    await desk.until(lambda: desk.reception.aside)
    assert "discord_unreadable" in desk.log.lines
    await desk.discord.guild.say(ALICE, SUPPORT, "still there?")
    await desk.heard("still there?")
    assert len(desk.discord.gateway.sessions) == 1
    assert desk.discord.gateway.closes == desk.discord.gateway.left == []


async def test_an_event_that_nobody_can_read_does_not_hold_the_sequence_up(desk: Desk) -> None:
    desk.discord.gateway.inject("MESSAGE_CREATE", {"id": "x"})
    await desk.discord.guild.say(ALICE, SUPPORT, "one")
    await desk.heard("one")
    session = desk.discord.gateway.sessions[0]
    await desk.until(lambda: desk.app.gateways[0].handled == session.sequence)


# the same process resumes


async def cut(discord: DiscordServer) -> None:
    discord.gateway.cut()


async def op_7(discord: DiscordServer) -> None:
    discord.gateway.reconnect()


async def op_9_resumable(discord: DiscordServer) -> None:
    discord.gateway.invalidate(resumable=True)


def closed_with(code: int) -> Any:
    async def close(discord: DiscordServer) -> None:
        discord.gateway.close_with(code)

    return close


TROUBLES = [cut, op_7, op_9_resumable, *(closed_with(code) for code in (1000, 1001, 1011, 4000, 4001, 4002, 4008))]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_was_said_while_the_connection_was_away_is_heard_once(desk: Desk, trouble: Any) -> None:
    discord = desk.discord
    await discord.guild.say(ALICE, SUPPORT, "before")
    await desk.heard("before")
    await trouble(discord)
    await away(discord)
    await discord.guild.say(ALICE, SUPPORT, "meanwhile")
    await discord.guild.say_dm(BOB, "and directly")
    await desk.heard("before", "meanwhile", "and directly")
    assert len(discord.gateway.identifies) == 1
    assert len(discord.gateway.resumes) == 1


async def test_a_session_whose_own_address_is_no_good_is_resumed_elsewhere(discord: DiscordServer) -> None:
    discord.gateway.url = "ws://127.0.0.1:9/nobody"
    async with connected(discord) as desk:
        discord.gateway.cut()
        await away(discord)
        await discord.guild.say(ALICE, SUPPORT, "meanwhile")
        await desk.heard("meanwhile")
        assert len(discord.gateway.identifies) == 1


async def test_a_loop_of_invalid_sessions_is_tried_ever_more_slowly(discord: DiscordServer) -> None:
    """The SDK alone makes hundreds of tries in a second of this."""
    clock = QuickClock(200)
    async with connected(discord, clock=clock) as desk:
        tries = []

        def refuse() -> None:
            for connection in discord.gateway.connections:
                if connection.session is None and connection.number not in tries and connection.heard:
                    tries.append(connection.number)
                    discord.gateway._put(connection, json.dumps({"op": 9, "d": True, "s": None, "t": None}))

        heard = discord.gateway._resume
        discord.gateway._resume = lambda connection, data: refuse()  # type: ignore[method-assign]
        discord.gateway.cut()
        began = clock.elapsed()
        await desk.until(lambda: len(tries) == 6)
        assert clock.elapsed() - began > 0.25 * sum((1, 2, 4, 8, 16))
        discord.gateway._resume = heard  # type: ignore[method-assign]
        await discord.guild.say(ALICE, SUPPORT, "after all")
        await desk.heard("after all")
        assert len(discord.gateway.identifies) == 1


async def test_a_connection_that_fell_silent_is_replaced(discord: DiscordServer) -> None:
    async with connected(discord) as desk:
        desk.app._api.client._connection.heartbeat_timeout = 0.3
        discord.gateway.heartbeat_seconds = 0.1
        discord.gateway.cut()
        await desk.until(lambda: len(discord.gateway.resumes) == 1 and desk.app.gateways[0].connected)
        discord.gateway.freeze()
        await desk.until(lambda: not desk.app.gateways[0].connected)
        discord.gateway.thaw()
        await discord.guild.say(ALICE, SUPPORT, "awake?")
        await desk.heard("awake?")


async def test_the_desk_answers_when_it_is_asked_for_a_heartbeat(desk: Desk) -> None:
    [connection] = desk.discord.gateway.connections
    before = connection.heartbeats
    desk.discord.gateway.ask_for_heartbeat()
    await desk.discord.gateway.until(lambda: connection.heartbeats > before)


# another process resumes


async def test_another_process_resumes_where_a_killed_one_stopped(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
        await first.until(lambda: "discord:session" in " ".join(notes.kept))
        await first.until(lambda: saved(notes).sequence == discord.gateway.sessions[0].sequence)
        await first.kill()
    await away(discord)
    await discord.guild.say(ALICE, SUPPORT, "two")
    async with connected(discord, notes=notes) as second:
        await discord.guild.say(ALICE, SUPPORT, "three")
        await second.heard("two", "three")
    assert len(discord.gateway.identifies) == 1
    assert len(discord.gateway.sessions) == 1


async def test_a_server_that_is_not_named_is_not_listened_to(discord: DiscordServer) -> None:
    async with connected(discord, servers=("1",)) as desk:
        await discord.guild.say(ALICE, SUPPORT, "at your expense")
        await discord.guild.say_dm(ALICE, "hello")
        await desk.heard("hello")


async def test_who_asks_in_a_server_that_is_not_named_is_told_so(discord: DiscordServer) -> None:
    async with connected(discord, servers=("1",)) as desk:
        ack = await discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "Who pays for this?"})
        assert ack.data is not None
        assert "not at work in this server" in ack.data["content"]
        assert desk.reception.events == []


async def test_a_server_that_is_named_is_listened_to(discord: DiscordServer) -> None:
    async with connected(discord, servers=(discord.guild_id,)) as desk:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await desk.heard("one")


async def test_a_resumed_session_knows_the_desk_by_its_own_role_too(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
    async with connected(discord, notes=notes) as second:
        await discord.guild.say(ALICE, SUPPORT, f"<@&{BOT_ROLE}> two")
        await second.heard("two")
        assert [event.addressed for event in second.reception.events] == [True]
    assert len(discord.gateway.identifies) == 1


def saved(notes: Notes) -> Session:
    [text] = [text for name, text in notes.kept.items() if name.startswith("discord:session:")]
    return Session.model_validate_json(text)


async def test_a_clean_stop_leaves_the_session_to_the_next_process(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
    assert discord.gateway.left == [4000]
    await discord.guild.say(ALICE, SUPPORT, "two")
    async with connected(discord, notes=notes) as second:
        await second.heard("two")
    assert len(discord.gateway.identifies) == 1


async def test_what_was_heard_but_not_stored_comes_again_to_the_next_process(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
        await first.until(lambda: saved(notes).sequence == discord.gateway.sessions[0].sequence)
        first.reception.refuse = 1000
        await discord.guild.say(ALICE, SUPPORT, "two")
        await first.until(lambda: first.reception.refused)
        # Another channel goes on, and must not count for this one.
        first.reception.refuse = 0
        first.reception.gate = asyncio.Event()
        await discord.guild.say_dm(BOB, "three")
        await first.until(lambda: first.reception.begun > 2)
        first.reception.gate = None
        await first.kill()
    async with connected(discord, notes=notes) as second:
        await second.heard("two", "three")
    assert len(discord.gateway.identifies) == 1


async def test_a_store_that_is_away_for_a_while_loses_nothing(desk: Desk) -> None:
    desk.reception.refuse = 4
    for number in range(3):
        await desk.discord.guild.say(ALICE, SUPPORT, f"line {number}")
    await desk.heard("line 0", "line 1", "line 2")
    assert desk.reception.texts == ["line 0", "line 1", "line 2"]
    assert desk.reception.refused == 4


async def test_a_heartbeat_tells_only_of_what_is_stored(discord: DiscordServer) -> None:
    discord.gateway.heartbeat_seconds = 0.05
    async with connected(discord) as desk:
        session = discord.gateway.sessions[0]
        await desk.until(lambda: session.acknowledged == session.sequence)
        before = session.sequence
        desk.reception.gate = asyncio.Event()
        await discord.guild.say(ALICE, SUPPORT, "one")
        [connection] = discord.gateway.connections
        beats = connection.heartbeats
        await discord.gateway.until(lambda: connection.heartbeats > beats + 2)
        assert session.acknowledged == before
        desk.reception.gate.set()
        await discord.gateway.until(lambda: session.acknowledged == session.sequence)


async def test_a_notebook_that_is_away_does_not_cost_the_session(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
    app = DiscordApp(config(discord, channels=(SUPPORT,)), reception := Reception(), notes, QuickClock(), Log())
    try:
        await app.connect()
        notes.away = True
        starting = asyncio.create_task(app.start())
        await discord.guild.until(lambda: len(app.gateways) == 1)
        await discord.guild.say(ALICE, SUPPORT, "two")
        notes.away = False
        await starting
        await discord.guild.until(lambda: reception.texts == ["two"])
    finally:
        await app.stop()
    assert len(discord.gateway.identifies) == 1


# a session is lost


async def lost_by_op_9(discord: DiscordServer) -> None:
    discord.gateway.invalidate()


async def lost_by_age(discord: DiscordServer) -> None:
    discord.gateway.expire_sessions()


LOSSES = [lost_by_op_9, lost_by_age, *(closed_with(code) for code in (4007, 4009))]


@pytest.mark.parametrize("loss", LOSSES)
async def test_what_was_written_while_no_session_was_is_read_from_the_channels_once(
    discord: DiscordServer, loss: Any
) -> None:
    guild = discord.guild
    async with connected(discord, channels=(SUPPORT, HELP)) as desk:
        question = await guild.say(ALICE, SUPPORT, "a question")
        thread = await guild.open_thread(ALICE, SUPPORT, "its thread", on=question.id)
        post = await guild.create_post(BOB, HELP, "Old post", "of old")
        await guild.say_dm(BOB, "hello")
        await desk.heard("a question", "Old post\n\nof old", "hello")
        desk.reception.events.clear()
        await loss(discord)
        await away(discord)
        await guild.say(ALICE, SUPPORT, "in the channel")
        await guild.say(ALICE, thread.id, "in the thread")
        await guild.say(BOB, post.id, "in the post")
        await guild.create_post(ALICE, HELP, "New post", "of today")
        await guild.say_dm(BOB, "in private", files=[("a.txt", b"x", "text/plain")])
        await desk.heard("in the channel", "in the thread", "in the post", "New post\n\nof today", "in private")
        by_text = {event.message.text: event for event in desk.reception.events}
        assert by_text["in the thread"].thread == desk.thread(question.id)
        assert by_text["in the post"].thread == desk.thread(post.id, HELP)
        assert by_text["in private"].thread.direct
        assert [file.name for file in by_text["in private"].message.attachments] == ["a.txt"]
        await guild.say(ALICE, SUPPORT, "and on")
        await desk.until(lambda: "and on" in desk.reception.texts)
    assert len(discord.gateway.identifies) == 2


async def test_who_mentioned_the_desk_elsewhere_meanwhile_is_heard_and_what_is_hidden_is_not_asked_for(
    desk: Desk,
) -> None:
    guild = desk.discord.guild
    desk.discord.gateway.invalidate()
    await away(desk.discord)
    await guild.say(ALICE, GENERAL, f"<@{desk.discord.bot_user_id}> hello?")
    await guild.say(ALICE, RANDOM, "among us")
    await desk.heard("hello?")
    assert [event.addressed for event in desk.reception.events] == [True]
    assert not [request for request in desk.discord.requests if request.status in (401, 403)]


async def test_a_new_process_reads_what_was_written_when_the_session_is_too_old(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
        await first.until(lambda: any(name.startswith("discord:heard") for name in notes.kept))
        await first.kill()
    discord.gateway.expire_sessions()
    for number in range(250):
        await discord.guild.say(ALICE, SUPPORT, f"line {number}")
    async with connected(discord, notes=notes) as second:
        await second.until(lambda: len(second.reception.events) >= 250)
        lines = [text for text in second.reception.texts if text != "one"]
        assert lines == [f"line {number}" for number in range(250)]


async def test_a_crash_while_channels_are_read_does_not_lose_the_rest(discord: DiscordServer) -> None:
    notes = Notes()
    async with connected(discord, notes=notes) as first:
        await discord.guild.say(ALICE, SUPPORT, "one")
        await first.heard("one")
        first.reception.gate = asyncio.Event()
        discord.gateway.invalidate()
        await away(discord)
        await discord.guild.say(ALICE, SUPPORT, "two")
        await first.until(lambda: first.reception.begun == 2)
        await first.until(lambda: any(discord.gateway.sessions[1].id in text for text in notes.kept.values()))
        await first.kill()
    async with connected(discord, notes=notes) as second:
        await second.until(lambda: "two" in second.reception.texts)
    assert len(discord.gateway.identifies) == 2


async def test_a_store_that_is_away_while_channels_are_read_loses_nothing(desk: Desk) -> None:
    discord = desk.discord
    discord.gateway.invalidate()
    await away(discord)
    desk.reception.refuse = 3
    await discord.guild.say(ALICE, SUPPORT, "one")
    await discord.guild.say(ALICE, SUPPORT, "two")
    await desk.heard("one", "two")


async def test_a_channel_that_may_not_be_read_keeps_no_other_from_being_read(discord: DiscordServer) -> None:
    async with connected(discord, channels=("*",)) as desk:
        discord.gateway.invalidate()
        await away(discord)
        await discord.guild.say(ALICE, SUPPORT, "one")
        await discord.guild.say(ALICE, GENERAL, "two")
        discord.faults.on("GET", "/channels/{channel_id}/messages", Fault.api_error(403, 50001))
        await desk.until(lambda: "discord_not_caught_up 50001" in desk.log.lines and desk.reception.events)
        assert desk.reception.texts in (["one"], ["two"])


async def test_a_desk_that_never_listened_before_reads_nothing_of_the_past(discord: DiscordServer) -> None:
    await discord.guild.say(ALICE, SUPPORT, "long ago")
    async with connected(discord) as desk:
        await discord.guild.say(ALICE, SUPPORT, "now")
        await desk.heard("now")


# the budget of IDENTIFYs


def test_a_crash_loop_of_a_day_stays_far_below_the_budget() -> None:
    times: list[float] = []
    now = 0.0
    while now < DAY:
        pause = pause_before_identify(times, now)
        now += pause
        times.append(now)
        now += 0.1
    assert len(times) < 100


@given(st.lists(st.floats(0.0, 3600.0), max_size=120), st.sampled_from([1, 2, 5]))
def test_no_pattern_of_crashes_spends_much_in_a_day(lives: list[float], shards: int) -> None:
    times: list[float] = []
    now = 1e9
    for life in lives * 10:
        now += pause_before_identify(times, now, shards=shards)
        times.append(now)
        now += life
        assert len([at for at in times if at > now - DAY]) < 100 * shards


def test_a_desk_that_starts_again_now_and_then_waits_for_nothing() -> None:
    assert pause_before_identify([1e9], 1e9 + 5) == 0
    assert pause_before_identify([1e9 + 600 * n for n in range(9)], 1e9 + 5400) == 0
    assert pause_before_identify([], 1e9, left=50) == 0
    assert pause_before_identify([1e9], 1e9 + 10, left=50) == 1790


async def test_a_loop_of_processes_that_die_at_once_is_slowed_down_by_the_notebook(
    discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, clock, log = Notes(), HandClock(), Log()
    app = DiscordApp(config(discord), None, notes, clock, log)

    async def told(self: IdentifyBudget) -> dict[str, Any]:  # the real route has a limit of its own
        return discord.gateway.info()

    monkeypatch.setattr(IdentifyBudget, "_told", told)
    try:
        await app.connect()
        began, times = clock.now(), list[float]()
        waits: list[str | None] = []
        while clock.now() - began < DAY:
            budget = IdentifyBudget(app._api, notes, clock, log)  # as every new process has
            await clock.run(budget.spend(waits.append))
            times.append(clock.now())
        assert 40 < len(times) < 100
        assert any(why and "too often" in why for why in waits)
        assert waits[-1] is None
    finally:
        await app.close()


async def test_a_budget_that_somebody_else_used_up_is_waited_for(discord: DiscordServer) -> None:
    discord.gateway.identifies = [discord.clock.now()] * 1000
    app = DiscordApp(config(discord), Reception(), Notes(), SystemClock(), Log())
    try:
        await app.connect()
        starting = asyncio.create_task(app.start())
        await discord.guild.until(lambda: app.gateways and app.gateways[0].waiting_for)
        assert await app.ready() == "connected too often today; waiting before the next try"
        assert len(discord.gateway.identifies) == 1000
    finally:
        await app.stop()
        await starting


# what cannot be mended here


@pytest.mark.parametrize(
    ("code", "setting"),
    [(4004, "DISCORD_TOKEN"), (4014, "message_content"), (4011, "shards"), (4013, "frontdesk"), (4010, "shard_ids")],
)
async def test_what_the_operator_must_mend_is_one_line(discord: DiscordServer, code: int, setting: str) -> None:
    app = DiscordApp(config(discord), Reception(), Notes(), QuickClock(), log := Log())
    discord.gateway._identify = lambda connection, data: discord.gateway._close_soon(connection, code)  # type: ignore[method-assign]
    try:
        await app.connect()
        with pytest.raises(Misconfigured, match=setting) as caught:
            await app.start()
        assert "\n" not in str(caught.value)
        assert discord.token not in str(caught.value)
        assert await app.ready() == str(caught.value)
        assert any(setting in line for line in log.lines)
    finally:
        await app.stop()


async def test_an_intent_that_is_not_switched_on_is_one_line_at_the_start(discord: DiscordServer) -> None:
    discord.gateway.enabled_intents = set()
    app = DiscordApp(config(discord), Reception(), Notes(), QuickClock(), Log())
    try:
        await app.connect()
        with pytest.raises(Misconfigured, match="Message Content intent"):
            await app.start()
    finally:
        await app.stop()


async def test_a_token_revoked_while_we_listen_is_said_where_the_operator_looks(desk: Desk) -> None:
    desk.discord.revoke_token()
    await desk.until(lambda: not desk.app.gateways[0].connected and desk.app.gateways[0].waiting_for)
    assert "DISCORD_TOKEN" in (await desk.app.ready() or "")


# shards


async def test_two_shards_hear_each_its_own(discord: DiscordServer) -> None:
    notes = Notes()
    discord.gateway.shards_needed = 2
    async with connected(discord, shards=2, notes=notes) as desk:
        assert sorted(session.shard for session in discord.gateway.sessions) == [(0, 2), (1, 2)]
        await discord.guild.say(ALICE, SUPPORT, "to one")
        await discord.guild.say_dm(BOB, "to the first")
        await desk.heard("to one", "to the first")
        discord.gateway.invalidate()
        await away(discord)
        await discord.guild.say(ALICE, SUPPORT, "missed")
        await discord.guild.say_dm(BOB, "missed too")
        await desk.heard("to one", "to the first", "missed", "missed too", timeout=20)
    assert len(discord.gateway.identifies) == 4


async def test_each_of_two_processes_keeps_a_shard_of_its_own(discord: DiscordServer) -> None:
    notes = Notes()
    async with (
        connected(discord, shards=2, shard_ids=(0,), notes=notes) as first,
        connected(discord, shards=2, shard_ids=(1,), notes=notes) as second,
    ):
        await discord.guild.say(ALICE, SUPPORT, "in the server")
        await discord.guild.say_dm(BOB, "directly")
        await first.until(lambda: len(first.reception.events) + len(second.reception.events) == 2)
        assert "directly" in first.reception.texts
    names = [name for name in notes.kept if name.startswith("discord:session:")]
    assert len(names) == 2


# stopping


async def test_stopping_at_any_moment_of_opening_ends(discord: DiscordServer) -> None:
    discord.enforce_limits = False
    for steps in range(0, 300, 5):
        app = DiscordApp(config(discord), Reception(), Notes(), QuickClock(), Log())
        await app.connect()
        starting = asyncio.create_task(app.start())
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await app.stop()
            await starting
    await discord.gateway.until(lambda: not discord.gateway.connections)


async def test_stopping_finishes_what_was_taken(discord: DiscordServer) -> None:
    async with connected(discord) as desk:
        desk.reception.gate = asyncio.Event()
        await discord.guild.say(ALICE, SUPPORT, "last words")
        await desk.until(lambda: desk.reception.begun)
        stopping = asyncio.create_task(desk.app.stop_intake())
        await discord.gateway.until(lambda: not discord.gateway.connections)
        assert await desk.app.ready() == "not listening"
        desk.reception.gate.set()
        await stopping
        assert desk.reception.texts == ["last words"]
