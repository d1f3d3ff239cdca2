"""Streamed messages: what they need, how long they live, and how they end."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import Chunk, MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import Message, SlackServer


@pytest.fixture
async def question(slack: SlackServer) -> Message:
    return await slack.workspace.say("UALICE", "CSUPPORT", "How long does shipping take?")


async def started(client: AsyncWebClient, question: Message, text: str = "Two ") -> str:
    answer = await client.chat_startStream(
        channel="CSUPPORT",
        thread_ts=question.ts,
        recipient_team_id="TDESK",
        recipient_user_id="UALICE",
        markdown_text=text,
    )
    return str(answer["ts"])


async def error_of(call: Awaitable[object]) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_stream_grows_and_is_echoed_as_the_apps_own_message(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    ts = await started(client, question)
    await client.chat_appendStream(channel="CSUPPORT", ts=ts, markdown_text="to five ")
    growing = slack.workspace.message("CSUPPORT", ts)
    assert growing is not None
    assert (growing.streaming, growing.shown) == ("streaming", "Two to five ")
    answer = await client.chat_stopStream(channel="CSUPPORT", ts=ts, markdown_text="days.", session_status="active")
    assert answer["message"]["text"] == "Two to five days."
    done = slack.workspace.message("CSUPPORT", ts)
    assert done is not None
    assert (done.streaming, done.markdown, done.thread_ts) == ("stopped", "Two to five days.", question.ts)
    assert slack.workspace.sessions["CSUPPORT", question.ts].status == "active"
    assert [payload["event"].get("bot_id") for payload in slack.delivery.sent][:2] == [None, "BDESK"]
    assert slack.violations == []


async def test_a_stream_in_a_channel_needs_its_recipient_and_one_in_a_dm_does_not(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    start = client.chat_startStream
    assert await error_of(start(channel="CSUPPORT", thread_ts=question.ts)) == "missing_recipient_team_id"
    assert (
        await error_of(start(channel="CSUPPORT", thread_ts=question.ts, recipient_team_id="TDESK"))
        == "missing_recipient_user_id"
    )
    said = await slack.workspace.say_dm("UALICE", "hello")
    assert (await start(channel=said.channel, thread_ts=said.ts))["ok"]


async def test_a_stream_expires_after_five_minutes(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    ts = await started(client, question)
    slack.advance(299)
    await client.chat_appendStream(channel="CSUPPORT", ts=ts, markdown_text="more")
    slack.advance(2)
    for late in (client.chat_appendStream, client.chat_stopStream):
        assert await error_of(late(channel="CSUPPORT", ts=ts, markdown_text="x")) == "message_not_in_streaming_state"
    left = slack.workspace.message("CSUPPORT", ts)
    assert left is not None
    assert left.streaming == "expired"
    await client.chat_update(channel="CSUPPORT", ts=ts, markdown_text="the whole answer")
    assert slack.workspace.thread("CSUPPORT", question.ts)[-1].shown == "the whole answer"


async def test_idle_time_can_count_instead(slack: SlackServer, client: AsyncWebClient, question: Message) -> None:
    slack.app.stream_limit_counts_idle_time = True
    ts = await started(client, question)
    for _ in range(3):
        slack.advance(200)
        await client.chat_appendStream(channel="CSUPPORT", ts=ts, markdown_text="more")


async def test_an_open_stream_cannot_be_updated(client: AsyncWebClient, question: Message) -> None:
    ts = await started(client, question)
    assert await error_of(client.chat_update(channel="CSUPPORT", ts=ts, text="x")) == "streaming_state_conflict"


async def test_the_stop_button_ends_the_stream_and_tells_the_app(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    ts = await started(client, question)
    await slack.workspace.stop("UALICE", "CSUPPORT", question.ts)
    assert await error_of(client.chat_appendStream(channel="CSUPPORT", ts=ts, markdown_text="x")) == "stopped_by_user"
    assert await error_of(client.chat_stopStream(channel="CSUPPORT", ts=ts)) == "message_not_in_streaming_state"
    told = slack.delivery.sent[-1]["event"]
    assert (told["type"], told["thread_ts"], told["user"]) == ("agent_session_stopped", question.ts, "UALICE")
    assert told["streaming_message_ts"] == [ts]


async def test_chunks_of_every_kind_are_shown(slack: SlackServer, client: AsyncWebClient, question: Message) -> None:
    ts = await started(client, question, text="")
    await client.chat_appendStream(
        channel="CSUPPORT",
        ts=ts,
        chunks=[
            TaskUpdateChunk(id="1", title="Looking it up", status="in_progress"),
            PlanUpdateChunk(title="Plan"),
        ],
    )
    done = TaskUpdateChunk(id="1", title="Looking it up", status="complete", output="found")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "a block"}}
    chunks: list[Chunk | dict[str, Any]] = [
        done,
        MarkdownTextChunk(text="Five days"),
        {"type": "blocks", "blocks": [section]},
    ]
    await client.chat_stopStream(channel="CSUPPORT", ts=ts, chunks=chunks)
    message = slack.workspace.message("CSUPPORT", ts)
    assert message is not None
    assert [task["status"] for task in message.tasks] == ["complete"]
    assert message.shown == "Plan\nFive days\nLooking it up found\na block"
    bad = [{"type": "task_update", "id": "1", "title": "x", "status": "sleeping"}]
    again = await started(client, question)
    assert await error_of(client.chat_appendStream(channel="CSUPPORT", ts=again, chunks=bad)) == "invalid_chunks"


async def test_more_than_twelve_thousand_characters_at_once_are_refused(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    ts = await started(client, question)
    append = client.chat_appendStream
    assert await error_of(append(channel="CSUPPORT", ts=ts, markdown_text="x" * 12_001)) == "msg_too_long"
    assert slack.violations


async def test_a_workspace_may_stream_in_direct_messages_only(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    slack.app.streams_in_channels = False
    assert await error_of(started(client, question)) == "channel_type_not_supported"


async def test_starting_is_rate_limited_more_tightly_than_appending(
    slack: SlackServer, client: AsyncWebClient, question: Message
) -> None:
    slack.tier_generosity = 1.0
    streams = [await started(client, question) for _ in range(20)]
    with pytest.raises(SlackApiError) as refused:
        await started(client, question)
    assert refused.value.response.status_code == 429
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 60
    assert slack.violations == ["chat.startStream: over its rate tier"]
    slack.advance(61)
    assert await started(client, question) not in streams


async def test_the_sdks_own_stream_helper_works_in_a_dm(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.workspace.say_dm("UALICE", "hello")
    stream = await client.chat_stream(channel=said.channel, thread_ts=said.ts)
    for _ in range(4):
        await stream.append(markdown_text="x" * 100)
    await stream.stop(markdown_text="!")
    assert slack.workspace.thread(said.channel, said.ts)[-1].markdown == "x" * 400 + "!"
