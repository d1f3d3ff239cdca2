"""What people do in Slack reaches the desk: once it is stored, and as the desk's own events."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_desk import SlackDesk, connected

from frontdesk.domain.events import MessageDeleted, MessageEdited, MessagePosted, StopRequested
from frontdesk.domain.messages import Reply
from frontdesk.sandbox.slack import SlackServer


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def desk(slack: SlackServer) -> AsyncIterator[SlackDesk]:
    async with connected(slack) as desk:
        yield desk


async def events(desk: SlackDesk, count: int = 1) -> list[Any]:
    await desk.slack.workspace.until(lambda: len(desk.reception.events) >= count)
    return desk.reception.events


async def test_a_message_in_a_channel_becomes_an_event_of_its_own_thread(desk: SlackDesk) -> None:
    said = await desk.slack.workspace.say("UALICE", "CSUPPORT", "How do I *return* a lamp?")
    [event] = await events(desk)
    assert isinstance(event, MessagePosted)
    assert event.thread == desk.thread("CSUPPORT", said.ts)
    assert event.message.text == "How do I **return** a lamp?"
    assert event.message.author.key == "slack:TDESK:UALICE"
    assert f"slack:TDESK:CSUPPORT:{said.ts}" in event.ids
    assert not event.addressed


async def test_a_mention_is_one_fact_under_two_notices(desk: SlackDesk) -> None:
    said = await desk.slack.workspace.say("UALICE", "CGENERAL", "<@UDESK> help me")
    first, second = (await events(desk, 2))[:2]
    name = f"slack:TDESK:CGENERAL:{said.ts}"
    assert name in first.ids
    assert name in second.ids
    assert first.addressed
    assert second.addressed
    assert first.message.text == "help me"
    assert sorted([first.complete, second.complete]) == [False, True]


async def test_a_direct_message_is_direct_and_its_own_thread(desk: SlackDesk) -> None:
    said = await desk.slack.workspace.say_dm("UALICE", "hello")
    [event] = await events(desk)
    assert event.thread.direct
    assert event.thread.root == said.ts


async def test_an_edit_and_a_deletion_arrive_as_such(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    said = await ws.say("UALICE", "CSUPPORT", "wher is it")
    await events(desk)
    await ws.edit("UALICE", "CSUPPORT", said.ts, "where is it")
    await events(desk, 2)
    await ws.delete("UALICE", "CSUPPORT", said.ts)
    _, edited, deleted = await events(desk, 3)
    assert isinstance(edited, MessageEdited)
    assert edited.message.text == "where is it"
    assert edited.message.id == said.ts
    assert isinstance(deleted, MessageDeleted)
    assert deleted.message_id == said.ts
    assert deleted.thread == edited.thread


async def test_a_stranger_from_slack_connect_keeps_their_own_community(desk: SlackDesk) -> None:
    stranger = next(p for p in desk.slack.workspace.people.values() if p.is_stranger)
    await desk.slack.workspace.say(stranger.id, "CSHARED", "Hi from outside")
    [event] = await events(desk)
    assert event.thread.community == "TDESK"
    assert event.message.author.community == stranger.is_stranger


async def test_a_file_comes_with_its_message(desk: SlackDesk) -> None:
    await desk.slack.workspace.say("UALICE", "CSUPPORT", "see", files=[("lamp.png", b"\x89PNG....", "image/png")])
    [event] = await events(desk)
    [attachment] = event.message.attachments
    assert (attachment.name, attachment.media_type, attachment.size) == ("lamp.png", "image/png", 8)


async def test_what_the_desk_itself_posts_is_not_heard(desk: SlackDesk) -> None:
    await desk.chat.post(desk.thread(), Reply(markdown="hello"), "m1")
    await desk.slack.workspace.say("UALICE", "CSUPPORT", "and now?")
    [event] = await events(desk)
    assert event.message.text == "and now?"
    await desk.slack.workspace.until(lambda: "slack_ignored own echo" in desk.notebook.lines)


async def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(desk: SlackDesk) -> None:
    desk.reception.refuse = 1
    desk.slack.delivery.ack_seconds = 0.2
    await desk.slack.workspace.say("UALICE", "CSUPPORT", "keep this")
    [event] = await events(desk)
    assert event.message.text == "keep this"
    assert desk.reception.refused == 1
    assert desk.slack.delivery.unacknowledged == []


async def test_stop_is_heard(desk: SlackDesk) -> None:
    said = await desk.slack.workspace.say_dm("UALICE", "tell me everything")
    await events(desk)
    await desk.slack.workspace.stop("UALICE", said.channel, said.ts)
    stopped = (await events(desk, 2))[1]
    assert isinstance(stopped, StopRequested)
    assert stopped.thread.root == said.ts
    assert stopped.by.id == "UALICE"


async def test_opening_the_messages_tab_offers_questions(desk: SlackDesk) -> None:
    await desk.slack.workspace.open_messages_tab("UALICE")
    await desk.slack.workspace.until(lambda: desk.calls("assistant.threads.setSuggestedPrompts"))
    assert desk.reception.seen[0][0].id == "UALICE"


async def test_the_slash_command_is_answered_to_the_person_alone(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    await ws.slash("USAM", "CSTAFF", "/desk", "queue")
    await ws.until(lambda: ws.ephemerals)
    name, text, person, _ = desk.reception.commands[0]
    assert (name, text, person.id) == ("desk", "queue", "USAM")
    assert "Nobody" in ws.ephemerals[0].shown
