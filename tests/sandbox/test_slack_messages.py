"""Posting and changing messages within Slack's limits, and what happens outside them."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


async def refused(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as refusal:
        await call
    answer: dict[str, Any] = refusal.value.response.data
    return answer


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


async def test_a_message_can_be_posted_changed_and_deleted(slack: SlackServer, client: AsyncWebClient) -> None:
    ws = slack.workspace
    posted = await client.chat_postMessage(channel="CSUPPORT", text="one")
    await client.chat_update(channel="CSUPPORT", ts=posted["ts"], text="two")
    message = ws.message("CSUPPORT", posted["ts"])
    assert message is not None
    assert (message.text, bool(message.edited), message.user, message.bot_id) == (
        "two",
        True,
        "UDESK",
        "BDESK",
    )
    await client.chat_delete(channel="CSUPPORT", ts=posted["ts"])
    assert ws.history("CSUPPORT") == []
    subtypes = [payload["event"].get("subtype") for payload in slack.delivery.sent]
    assert subtypes == [None, "message_changed", "message_deleted"]
    assert (await refused(client.chat_update(channel="CSUPPORT", ts=posted["ts"], text="x")))["error"] == (
        "message_not_found"
    )


async def test_only_own_messages_can_be_changed(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.workspace.say("UALICE", "CSUPPORT", "mine")
    assert (await refused(client.chat_update(channel="CSUPPORT", ts=said.ts, text="x")))["error"] == (
        "cant_update_message"
    )
    assert (await refused(client.chat_delete(channel="CSUPPORT", ts=said.ts)))["error"] == "cant_delete_message"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({}, "no_text"),
        ({"markdown_text": "a", "text": "b"}, "markdown_text_conflict"),
        ({"markdown_text": "a", "blocks": [section("b")]}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "t", "blocks": [section("b")] * 51}, "invalid_blocks"),
        ({"text": "t", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"text": "t", "blocks": [section("x" * 2700)] * 5}, "msg_blocks_too_long"),
        ({"text": "t", "blocks": [{"type": "markdown", "text": "x" * 6001}] * 2}, "msg_blocks_too_long"),
        ({"text": "t", "blocks": [section("")]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "sektion"}]}, "invalid_blocks"),
        ({"text": "t", "blocks": '[{"type"'}, "invalid_blocks_format"),
        ({"text": "t", "blocks": [section("a", block_id="x"), section("b", block_id="x")]}, "invalid_blocks"),
        (
            {"text": "t", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"text": "t", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        (
            {"text": "t", "metadata": {"event_type": "a", "event_payload": {"a": "x" * 20_000}}},
            "metadata_too_large",
        ),
        ({"text": "t", "channel": "CNOWHERE"}, "channel_not_found"),
        ({"text": "t", "channel": "CRANDOM"}, "not_in_channel"),
    ],
)
async def test_what_slack_refuses_is_refused(client: AsyncWebClient, args: dict[str, Any], error: str) -> None:
    call = client.api_call("chat.postMessage", json={"channel": "CSUPPORT", **args})
    assert (await refused(call))["error"] == error


async def test_a_button_with_a_long_label_is_refused_with_the_place(slack: SlackServer, client: AsyncWebClient) -> None:
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}
    blocks = [section("fine"), {"type": "actions", "elements": [button]}]
    answer = await refused(client.chat_postMessage(channel="CSUPPORT", text="t", blocks=blocks))
    assert "json-pointer:/blocks/1" in answer["response_metadata"]["messages"][0]
    assert "button text" in slack.violations[0]


async def test_a_long_text_is_cut_with_a_warning(slack: SlackServer, client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel="CSUPPORT", text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(slack.workspace.history("CSUPPORT")[0].text) == 40_000


async def test_a_form_and_a_json_body_mean_the_same(slack: SlackServer) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    url = f"{slack.api_url}chat.postMessage"
    async with aiohttp.ClientSession() as session:
        form = {
            "channel": "CSUPPORT",
            "text": "t",
            "unfurl_links": "false",
            "blocks": '[{"type": "divider"}]',
        }
        async with session.post(url, data=form, headers=headers) as answer:
            assert (await answer.json())["ok"]
        async with session.post(url, data={**form, "token": slack.bot_token}) as answer:
            assert (await answer.json())["ok"]
        body = {"channel": "CSUPPORT", "text": "t", "unfurl_links": False, "blocks": [{"type": "divider"}]}
        async with session.post(url, json=body, headers=headers) as answer:
            assert (await answer.json())["ok"]
        async with session.post(f"{slack.api_url}users.info", json={"user": "UALICE"}, headers=headers) as answer:
            assert (await answer.json())["error"] == "invalid_arguments"
    assert [one.blocks[0]["type"] for one in slack.workspace.history("CSUPPORT")] == ["divider"] * 3


async def test_metadata_comes_back_only_when_asked_for(slack: SlackServer, client: AsyncWebClient) -> None:
    metadata = {"event_type": "reply", "event_payload": {"id": "7"}}
    root = await client.chat_postMessage(channel="CSUPPORT", text="t", metadata=metadata)
    await client.chat_postMessage(channel="CSUPPORT", thread_ts=root["ts"], text="reply")
    plain = await client.conversations_replies(channel="CSUPPORT", ts=root["ts"])
    assert [("metadata" in message, message.get("reply_count")) for message in plain["messages"]] == [
        (False, 1),
        (False, None),
    ]
    full = await client.conversations_history(channel="CSUPPORT", include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata


async def test_pages_of_history_are_followed_by_their_cursor(slack: SlackServer, client: AsyncWebClient) -> None:
    for number in range(5):
        await slack.workspace.say("UALICE", "CSUPPORT", str(number))
    first = await client.conversations_history(channel="CSUPPORT", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel="CSUPPORT", limit=3, cursor=cursor)
    seen = [message["text"] for page in (first, second) for message in page["messages"]]
    assert seen == ["4", "3", "2", "1", "0"]


async def test_an_ephemeral_message_is_seen_by_one_person(slack: SlackServer, client: AsyncWebClient) -> None:
    await client.chat_postEphemeral(channel="CSUPPORT", user="UALICE", text="psst")
    assert [(one.seen_by, one.shown) for one in slack.workspace.ephemerals] == [("UALICE", "psst")]
    assert slack.workspace.history("CSUPPORT") == []
    answer = await refused(client.chat_postEphemeral(channel="CSUPPORT", user="UCAROL", text="psst"))
    assert answer["error"] == "user_not_in_channel"


async def test_posting_under_a_customers_name_needs_its_scope(slack: SlackServer, client: AsyncWebClient) -> None:
    await client.chat_postMessage(
        channel="CSTAFF", text="hello", username="Alice", icon_url="https://example.com/a.png"
    )
    assert slack.workspace.history("CSTAFF")[0].username == "Alice"
    slack.app.scopes.discard("chat:write.customize")
    answer = await refused(client.chat_postMessage(channel="CSTAFF", text="hello", username="Alice"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write.customize")


async def test_tokens_and_scopes_are_checked(slack: SlackServer, client: AsyncWebClient) -> None:
    assert (await refused(client.auth_test(token="xoxb-wrong")))["error"] == "invalid_auth"
    assert (await refused(client.auth_test(token=slack.app_token)))["error"] == "not_allowed_token_type"
    assert (await refused(client.apps_connections_open(app_token=slack.bot_token)))["error"] == "not_allowed_token_type"
    slack.app.scopes.discard("groups:history")
    assert (await client.conversations_history(channel="CSUPPORT"))["ok"]
    answer = await refused(client.conversations_history(channel="CSTAFF"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:history")
    slack.revoke_token()
    assert (await refused(client.auth_test()))["error"] == "token_revoked"


async def test_the_unknown_is_refused_or_noted(slack: SlackServer, client: AsyncWebClient) -> None:
    assert (await refused(client.api_call("chat.scheduleMessage", json={"channel": "C"})))["error"] == "unknown_method"
    await client.api_call("chat.postMessage", json={"channel": "CSUPPORT", "text": "t", "thread": "1"})
    assert (await refused(client.api_call("chat.getPermalink", params={"channel": "CSUPPORT"})))["error"] == (
        "invalid_arguments"
    )
    assert slack.violations == [
        "chat.scheduleMessage: unknown_method chat.scheduleMessage",
        "chat.postMessage: unknown argument thread",
        "chat.getPermalink: invalid_arguments [ERROR] missing required field: message_ts",
    ]


async def test_a_reply_to_nothing_or_to_a_reply_is_noted(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "root")
    reply = await client.chat_postMessage(channel="CSUPPORT", thread_ts=root.ts, text="reply")
    assert slack.violations == []
    await client.chat_postMessage(channel="CSUPPORT", thread_ts=reply["ts"], text="lost")
    await client.chat_postMessage(channel="CSUPPORT", thread_ts="1.000001", text="lost")
    assert len(slack.violations) == 2


async def test_looking_around_shows_what_real_slack_shows(slack: SlackServer, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == slack.bot_user_id
    assert (await client.users_info(user="UDANA"))["user"]["tz"] == "America/New_York"
    stranger = (await client.users_info(user="UCAROL"))["user"]
    assert (stranger["is_stranger"], stranger["team_id"], "tz" in stranger) == (True, "TACME", False)
    assert (await client.conversations_info(channel="CSTAFF"))["channel"]["is_private"]
    assert (await client.conversations_members(channel="CSTAFF"))["members"] == ["USAM", "UDANA", "UDESK"]
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert {channel["name"] for channel in listed["channels"]} >= {"support", "desk-staff", "random"}
    opened = await client.conversations_open(users="UALICE")
    assert (await client.conversations_info(channel=opened["channel"]["id"]))["channel"]["user"] == "UALICE"
    link = (await client.chat_getPermalink(channel="CSUPPORT", message_ts=(await posted(client))))["permalink"]
    assert "/archives/CSUPPORT/p" in link


async def posted(client: AsyncWebClient) -> str:
    return str((await client.chat_postMessage(channel="CSUPPORT", text="t"))["ts"])


async def test_a_reaction_is_added_once_and_can_be_taken_away(slack: SlackServer, client: AsyncWebClient) -> None:
    ts = await posted(client)
    await client.reactions_add(channel="CSUPPORT", timestamp=ts, name="eyes")
    again = await refused(client.reactions_add(channel="CSUPPORT", timestamp=ts, name="eyes"))
    assert again["error"] == "already_reacted"
    await client.reactions_remove(channel="CSUPPORT", timestamp=ts, name="eyes")
    gone = await refused(client.reactions_remove(channel="CSUPPORT", timestamp=ts, name="eyes"))
    assert gone["error"] == "no_reaction"


async def test_status_sessions_and_prompts_are_kept(slack: SlackServer, client: AsyncWebClient) -> None:
    ws = slack.workspace
    said = await ws.say_dm("UALICE", "hello")
    place: dict[str, Any] = {"channel_id": said.channel, "thread_ts": said.ts}
    await client.assistant_threads_setStatus(status="is thinking", loading_messages=["Reading"], **place)
    assert ws.status[said.channel, said.ts] == "is thinking"
    await client.chat_postMessage(channel=said.channel, thread_ts=said.ts, text="done")
    assert ws.status == {}
    await client.assistant_threads_setStatus(**place, status="is thinking")
    slack.advance(121)
    assert ws.status == {}
    answer = await client.api_call("agents.sessions.setStatus", json={**place, "status": "processing", "title": "Hi"})
    assert (answer["status"], answer["title"]) == ("processing", "Hi")
    await client.api_call("agents.sessions.rename", json={**place, "title": "Shipping"})
    assert ws.sessions[said.channel, said.ts].title == "Shipping"
    await client.assistant_threads_setSuggestedPrompts(**place, prompts=[{"title": "a", "message": "b"}])
    assert ws.prompts[said.channel, said.ts] == [{"title": "a", "message": "b"}]
    slack.app.agent_features = False
    refusal = await refused(client.api_call("agents.sessions.setStatus", json={**place, "status": "closed"}))
    assert refusal["error"] == "feature_disabled"


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("agents.sessions.setStatus", {"channel_id": "CSUPPORT", "status": "active"}, "thread_ts_required"),
        (
            "agents.sessions.setStatus",
            {"channel_id": "CSUPPORT", "thread_ts": "1.0", "status": "asleep"},
            "invalid_status",
        ),
        (
            "agents.sessions.rename",
            {"channel_id": "CSUPPORT", "thread_ts": "1.0", "title": "t"},
            "session_not_found",
        ),
        (
            "assistant.threads.setStatus",
            {"channel_id": "CSUPPORT", "thread_ts": "1.0", "status": "s"},
            "invalid_thread_ts",
        ),
        (
            "assistant.threads.setSuggestedPrompts",
            {"channel_id": "CSUPPORT", "prompts": []},
            "channel_not_found",
        ),
    ],
)
async def test_sessions_and_status_belong_to_a_thread(
    client: AsyncWebClient, method: str, args: dict[str, Any], error: str
) -> None:
    assert (await refused(client.api_call(method, json=args)))["error"] == error


async def test_an_app_deaf_to_the_stop_button_is_warned(slack: SlackServer, client: AsyncWebClient) -> None:
    said = await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    call = {"channel_id": "CSUPPORT", "thread_ts": said.ts, "status": "processing"}
    assert "warning" not in await client.api_call("agents.sessions.setStatus", json=call)
    slack.app.events.discard("agent_session_stopped")
    answer = await client.api_call("agents.sessions.setStatus", json=call)
    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"


async def test_the_same_client_msg_id_can_prevent_a_double(slack: SlackServer, client: AsyncWebClient) -> None:
    post = {"channel": "CSUPPORT", "text": "t", "client_msg_id": "8f0e4a52-5d5c-4d2c-8b3c-3f1d8f0b6a11"}
    await client.api_call("chat.postMessage", json=post)
    await client.api_call("chat.postMessage", json=post)
    assert len(slack.workspace.history("CSUPPORT")) == 2
    slack.app.client_msg_id_prevents_doubles = True
    assert (await client.api_call("chat.postMessage", json=post))["is_duplicate"]
    assert len(slack.workspace.history("CSUPPORT")) == 2


async def test_one_method_can_be_given_another_limit(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.limit("conversations.replies", per_minute=1)
    ts = await posted(client)
    await client.conversations_replies(channel="CSUPPORT", ts=ts)
    assert (await refused(client.conversations_replies(channel="CSUPPORT", ts=ts)))["error"] == "ratelimited"
    slack.enforce_tiers = False
    await client.conversations_replies(channel="CSUPPORT", ts=ts)


async def test_waiting_in_vain_shows_the_channels(slack: SlackServer) -> None:
    await slack.workspace.say("UALICE", "CSUPPORT", "is anybody there?")
    with pytest.raises(TimeoutError, match="alice: is anybody there"):
        await slack.workspace.until(lambda: False, timeout=0.05)
