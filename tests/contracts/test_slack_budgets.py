"""The desk stays below Slack's limits, and says less often rather than less."""

from collections.abc import AsyncIterator

import pytest
from slack_desk import Notebook, Reception, SlackDesk, config, connected

from frontdesk.adapters.slack.app import SlackApp
from frontdesk.adapters.slack.budgets import Budget, Budgets
from frontdesk.domain.errors import Retry
from frontdesk.domain.messages import Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.faults import Fault

ALICE = Person(platform="slack", community="TDESK", id="UALICE", name="Alice")
TEXT = "You can return it within thirty days, and we pay for the parcel.\n"


class HandClock:
    """Time that moves when somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


def test_a_budget_never_gives_more_than_its_limit_in_any_window() -> None:
    clock = HandClock()
    budget = Budget(clock, 20)
    taken: list[float] = []
    for _ in range(2000):
        if budget.take():
            taken.append(clock.time)
        clock.time += 0.37
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= 20
    assert len(taken) > 200


async def test_a_budget_waits_as_long_as_slack_asked() -> None:
    clock = HandClock()
    budget = Budget(clock, 5)
    budget.close_for(30)
    assert not budget.take()
    began = clock.time
    await budget.acquire()
    assert clock.time - began >= 30


def test_a_channel_gets_five_messages_in_five_seconds_and_others_are_not_held_up() -> None:
    budgets = Budgets(HandClock())
    assert sum(budgets.post("C1").take() for _ in range(9)) == 5
    assert budgets.post("C2").take()


async def asked(desk: SlackDesk) -> Thread:
    message = await desk.slack.workspace.say_dm("UALICE", "how?")
    return desk.thread(message.channel, message.ts)


async def whole(desk: SlackDesk, thread: Thread, marker: str) -> None:
    stream = desk.chat.stream(thread, ALICE, marker)
    await stream.append(TEXT)
    await desk.slack.workspace.until(
        lambda: stream._flushed > stream._started or stream.refs or stream._mode == "waiting"
    )
    await stream.append(TEXT)
    await stream.finish(Reply(markdown=TEXT * 2))
    [ref] = await desk.chat.find(thread, marker)
    shown = desk.slack.workspace.message(thread.channel, ref.id)
    assert shown is not None
    assert shown.shown == TEXT * 2


async def test_without_a_start_left_a_message_is_edited_and_without_that_it_is_posted_once(slack: SlackServer) -> None:
    async with connected(slack) as desk:
        budgets = desk.chat._budgets
        budgets.start_stream.close_for(60)
        await whole(desk, await asked(desk), "edited")
        assert not desk.calls("chat.startStream")
        assert desk.calls("chat.update")
        edits = len(desk.calls("chat.update"))
        budgets.update.close_for(60)
        posts = len(desk.calls("chat.postMessage"))
        await whole(desk, await asked(desk), "posted")
        assert len(desk.calls("chat.postMessage")) == posts + 1
        assert len(desk.calls("chat.update")) == edits


async def test_many_replies_at_once_stay_below_the_tiers(slack: SlackServer) -> None:
    slack.enforce_tiers = True
    slack.tier_generosity = 1.0
    async with connected(slack) as desk:
        streams = []
        for number in range(24):
            thread = await asked(desk)
            stream = desk.chat.stream(thread, ALICE, f"m{number}")
            await stream.append(TEXT)
            streams.append(stream)
        await slack.workspace.until(lambda: sum(bool(s.refs) for s in streams) >= 20)
        assert len(desk.calls("chat.startStream")) <= 20
        assert not [line for line in desk.notebook.lines if "Retry" in line]


async def test_a_stream_is_renewed_before_slack_ends_it(slack: SlackServer) -> None:
    clock = HandClock()
    app = SlackApp(config(slack), Reception(), clock, Notebook())
    try:
        chat = await app.connect()
        desk = SlackDesk(slack, app, chat, Reception(), Notebook())
        thread = await asked(desk)
        stream = chat.stream(thread, ALICE, "m")
        await stream.append(TEXT)
        await slack.workspace.until(lambda: stream.refs)
        clock.time += 271
        slack.advance(271)
        await stream.append(TEXT)
        await slack.workspace.until(lambda: desk.calls("chat.stopStream"))
        clock.time += 60
        slack.advance(60)
        await stream.append(TEXT)
        await slack.workspace.until(lambda: desk.calls("chat.update"))
        refs = await stream.finish(Reply(markdown=TEXT * 4))
        assert len(refs) == 1
        assert slack.workspace.thread(thread.channel, thread.root)[1].shown == TEXT * 4
        assert slack.violations == []
    finally:
        await app.stop()


async def test_a_stream_that_slack_ended_goes_on_as_an_edited_message(slack: SlackServer) -> None:
    async with connected(slack) as desk:
        thread = await asked(desk)
        stream = desk.chat.stream(thread, ALICE, "m")
        await stream.append(TEXT)
        await slack.workspace.until(lambda: stream.refs)
        slack.advance(301)
        await stream.append(TEXT)
        await slack.workspace.until(lambda: desk.calls("chat.update"))
        await stream.finish(Reply(markdown=TEXT * 3))
        assert [m.shown for m in slack.workspace.thread(thread.channel, thread.root)[1:]] == [TEXT * 3]


async def test_a_refused_start_is_not_repeated_before_its_time(slack: SlackServer) -> None:
    async with connected(slack) as desk:
        slack.faults.on("chat.startStream", Fault.rate_limited(30))
        thread = await asked(desk)
        stream = desk.chat.stream(thread, ALICE, "m")
        await stream.append(TEXT)
        await slack.workspace.until(lambda: desk.calls("chat.startStream"))
        await stream.append(TEXT)
        await stream.finish(Reply(markdown=TEXT * 2))
        assert len(desk.calls("chat.startStream")) == 1
        assert [m.shown for m in slack.workspace.thread(thread.channel, thread.root)[1:]] == [TEXT * 2]


async def test_a_post_that_would_wait_too_long_gives_its_turn_back(slack: SlackServer) -> None:
    async with connected(slack) as desk:
        desk.chat._budgets.post("CSUPPORT").close_for(30)
        with pytest.raises(Retry) as caught:
            await desk.chat.post(desk.thread(), Reply(markdown="x"), "m")
        assert 25 < caught.value.after <= 30
        assert not desk.calls("chat.postMessage")
