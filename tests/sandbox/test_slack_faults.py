"""Faults on demand, as the real SDK meets them."""

from typing import Any

import aiohttp
import pytest
from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import Fault, SlackServer


def texts(slack: SlackServer) -> list[str]:
    return [one.text for one in slack.workspace.history("CSUPPORT")]


async def test_a_rate_limit_names_the_pause_and_has_no_effect(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.faults.on("chat.postMessage", Fault.rate_limited(7))
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="CSUPPORT", text="one")
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "7")
    assert texts(slack) == []
    await client.chat_postMessage(channel="CSUPPORT", text="two")
    assert texts(slack) == ["two"]
    assert slack.violations == []


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault.server_error(503), []),
        (Fault.dropped_before_receipt(), []),
        (Fault.dropped_after_receipt(), ["one"]),
        (Fault.html(), []),
        (Fault.api_error("is_archived"), []),
    ],
)
async def test_other_faults_do_what_they_say(
    slack: SlackServer, client: AsyncWebClient, fault: Fault, posted: list[str]
) -> None:
    slack.faults.on("chat.postMessage", fault)
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await client.chat_postMessage(channel="CSUPPORT", text="one")
    assert texts(slack) == posted
    assert len(slack.calls("chat.postMessage")) == 1


async def test_the_sdks_own_retry_doubles_a_message(slack: SlackServer) -> None:
    """The reason why the desk sends without the SDK's retries."""
    slack.faults.on("chat.postMessage", Fault.dropped_after_receipt())
    careless = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    await careless.chat_postMessage(channel="CSUPPORT", text="one")
    assert texts(slack) == ["one", "one"]


async def test_a_late_message_is_missing_from_replies_for_a_while(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "root")
    slack.faults.on("chat.postMessage", Fault.late(30))
    await client.chat_postMessage(channel="CSUPPORT", thread_ts=root.ts, text="late")
    assert len((await client.conversations_replies(channel="CSUPPORT", ts=root.ts))["messages"]) == 1
    slack.advance(31)
    assert len((await client.conversations_replies(channel="CSUPPORT", ts=root.ts))["messages"]) == 2


async def test_a_slow_answer_waits_for_the_clock(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.faults.on("*", Fault.slow(0.05), times=2)
    await client.auth_test()
    await client.auth_test()
    assert slack.faults.take("auth.test") is None


async def test_events_are_doubled_reordered_lost_and_held(slack: SlackServer, app: AsyncApp) -> None:
    heard: list[tuple[str, str]] = []

    @app.event("message")
    async def hear(event: dict[str, Any], body: dict[str, Any]) -> None:
        heard.append((event["text"], body["event_id"]))

    async def say(*said: str) -> None:
        for text in said:
            await slack.workspace.say("UALICE", "CSUPPORT", text)

    def heard_texts() -> list[str]:
        return [text for text, _ in heard]

    async with connected(slack, app):
        slack.faults.events(duplicate=1)
        await say("twice")
        await slack.workspace.until(lambda: heard_texts() == ["twice", "twice"])
        assert heard[0][1] == heard[1][1]
        slack.faults.events(reorder=3)
        await say("a", "b", "c")
        await slack.workspace.until(lambda: heard_texts()[2:] == ["c", "b", "a"])
        slack.faults.events(lose=1)
        await say("lost", "kept")
        await slack.workspace.until(lambda: heard_texts()[5:] == ["kept"])
        slack.faults.events(hold=True)
        await say("held")
        assert heard_texts()[6:] == []
        slack.faults.events(hold=False)
        await slack.workspace.until(lambda: heard_texts()[6:] == ["held"])
        slack.delivery.redeliver(slack.delivery.sent[-1])
        await slack.workspace.until(lambda: heard_texts()[6:] == ["held", "held"])
