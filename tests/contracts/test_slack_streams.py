"""A reply grows in front of the customer and ends as exactly what was meant."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_desk import SlackDesk, connected

from frontdesk.domain.messages import Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.faults import Fault

ALICE = Person(platform="slack", community="TDESK", id="UALICE", name="Alice")
TEXT = "You can return it within **thirty days**, and we pay for the parcel. See [the page](https://shop.example/r).\n"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def desk(slack: SlackServer) -> AsyncIterator[SlackDesk]:
    async with connected(slack) as desk:
        yield desk


async def asked(desk: SlackDesk) -> Thread:
    message = await desk.slack.workspace.say_dm("UALICE", "how?")
    return desk.thread(message.channel, message.ts)


async def stands(desk: SlackDesk, thread: Thread, text: str) -> None:
    """The thread shows exactly one message of ours, with this text."""
    messages = desk.slack.workspace.thread(thread.channel, thread.root)[1:]
    assert [one.shown for one in messages] == [text]
    assert messages[0].streaming in (None, "stopped", "stopped_by_user", "expired")
    assert messages[0].metadata["event_payload"]["marker"] == "m"


async def test_a_reply_is_streamed_and_ends_as_meant(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await ws.until(lambda: stream.refs)
    assert ws.thread(thread.channel, thread.root)[1].streaming == "streaming"
    for _ in range(3):
        await stream.append(TEXT)
    refs = await stream.finish(Reply(markdown=TEXT * 4))
    assert refs == stream.refs
    await stands(desk, thread, TEXT * 4)
    assert desk.calls("chat.update") == []


async def test_a_reply_that_ends_differently_is_put_right(desk: SlackDesk) -> None:
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await desk.slack.workspace.until(lambda: stream.refs)
    await stream.finish(Reply(markdown="No, sorry."))
    await stands(desk, thread, "No, sorry.")


async def test_nothing_is_visible_without_an_append(desk: SlackDesk) -> None:
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    assert await stream.cut("stopped") == ()
    await desk.chat.stream(thread, ALICE, "m").finish(Reply(markdown="At once."))
    await stands(desk, thread, "At once.")


async def test_where_slack_does_not_stream_a_message_is_edited(desk: SlackDesk) -> None:
    desk.slack.faults.on("chat.startStream", Fault.api_error("channel_type_not_supported"))
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await desk.slack.workspace.until(lambda: stream.refs)
    await stream.append(TEXT)
    await stream.finish(Reply(markdown=TEXT * 2))
    await stands(desk, thread, TEXT * 2)
    other = desk.chat.stream(thread, ALICE, "other")
    await other.append(TEXT)
    await desk.slack.workspace.until(lambda: other.refs)
    await other.finish(Reply(markdown=TEXT))
    assert len(desk.calls("chat.startStream")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.api_error("message_not_in_streaming_state"),
        Fault.rate_limited(1),
        Fault.server_error(503),
        Fault.dropped_after_receipt(),
        Fault.dropped_before_receipt(),
    ],
    ids=["expired", "rate limited", "503", "dropped after", "dropped before"],
)
async def test_a_failed_flush_loses_and_doubles_nothing(desk: SlackDesk, fault: Fault) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await ws.until(lambda: stream.refs)
    desk.slack.faults.on("chat.appendStream", fault)
    await stream.append(TEXT)
    await ws.until(lambda: desk.calls("chat.appendStream"))
    await stream.append(TEXT)
    await stream.finish(Reply(markdown=TEXT * 3))
    await stands(desk, thread, TEXT * 3)


async def test_stop_ends_the_stream_and_the_cut_is_said(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await ws.until(lambda: stream.refs)
    await ws.stop("UALICE", thread.channel, thread.root)
    await stream.append(TEXT)
    await ws.until(lambda: len(desk.reception.events) == 2)
    refs = await stream.cut("_Stopped._")
    assert refs == stream.refs
    shown = ws.thread(thread.channel, thread.root)[1].shown
    assert shown.endswith("_Stopped._")
    assert "thirty days" in shown


async def test_a_stream_somebody_left_open_is_found_and_finished_by_an_edit(desk: SlackDesk) -> None:
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await desk.slack.workspace.until(lambda: stream.refs)
    [left] = await desk.chat.find(thread, "m")
    await desk.chat.edit(left, Reply(markdown="The whole answer."))
    assert desk.slack.workspace.thread(thread.channel, thread.root)[1].shown == "The whole answer."


async def test_a_reply_longer_than_a_message_goes_on_in_the_next(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    long = TEXT * 150
    for start in range(0, len(long), 2000):
        await stream.append(long[start : start + 2000])
    await ws.until(lambda: stream.refs)
    refs = await stream.finish(Reply(markdown=long))
    assert len(refs) == 2
    assert "".join(one.shown for one in ws.thread(thread.channel, thread.root)[1:]) == long
    assert await desk.chat.find(thread, "m") == refs


async def test_the_session_is_processing_while_the_assistant_works(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    await desk.chat.status(thread, "is thinking…")
    assert ws.sessions[thread.channel, thread.root].status == "processing"
    await desk.chat.stream(thread, ALICE, "m").finish(Reply(markdown="Done."))
    await ws.until(lambda: ws.sessions[thread.channel, thread.root].status == "active")


async def test_an_abandoned_reply_changes_nothing_any_more(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    thread = await asked(desk)
    stream = desk.chat.stream(thread, ALICE, "m")
    await stream.append(TEXT)
    await ws.until(lambda: stream.refs)
    before = len(desk.slack.requests)

    await stream.append(TEXT)
    stream.abandon()
    await stream.append(TEXT)
    other = desk.chat.stream(await asked(desk), ALICE, "n")
    await other.append(TEXT)
    await other.append(TEXT)
    await other.finish(Reply(markdown=TEXT * 2))

    assert [request.args.get("ts") for request in desk.slack.requests[before:]].count(stream.refs[0].id) == 0
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("slack stream")] == []
