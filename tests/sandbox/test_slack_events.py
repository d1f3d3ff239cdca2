"""What the app is told about people's acts, and what it is not told."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


def told(slack: SlackServer) -> list[dict[str, Any]]:
    return [payload["event"] for payload in slack.delivery.sent]


async def test_a_mention_is_told_twice_with_one_ts(slack: SlackServer) -> None:
    said = await slack.workspace.say("UALICE", "CGENERAL", f"<@{slack.bot_user_id}> help")
    message, mention = told(slack)
    assert (message["type"], mention["type"]) == ("message", "app_mention")
    assert message["ts"] == mention["ts"] == said.ts
    assert message["event_ts"] == said.ts
    assert message["client_msg_id"] == mention["client_msg_id"]
    ids = [payload["event_id"] for payload in slack.delivery.sent]
    assert len(set(ids)) == 2


async def test_an_event_says_where_it_belongs(slack: SlackServer) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "root")
    await slack.workspace.say("UBOB", "CSUPPORT", "reply", thread_ts=root.ts)
    payload = slack.delivery.sent[1]
    assert payload["team_id"] == slack.team_id
    assert payload["authorizations"][0]["user_id"] == slack.bot_user_id
    event = payload["event"]
    assert (event["channel_type"], event["thread_ts"], event["parent_user_id"]) == (
        "channel",
        root.ts,
        "UALICE",
    )


@pytest.mark.parametrize(("channel", "kind"), [("CSUPPORT", "channel"), ("CSTAFF", "group"), ("dm", "im")])
async def test_the_kind_of_channel_is_told(slack: SlackServer, channel: str, kind: str) -> None:
    place = slack.workspace.dm_with("USAM").id if channel == "dm" else channel
    await slack.workspace.say("USAM", place, "hello")
    assert told(slack)[0]["channel_type"] == kind


async def test_edits_and_deletions_carry_before_and_after(slack: SlackServer) -> None:
    said = await slack.workspace.say("UALICE", "CSUPPORT", "frist")
    await slack.workspace.edit("UALICE", "CSUPPORT", said.ts, "first")
    await slack.workspace.delete("UALICE", "CSUPPORT", said.ts)
    _, edited, deleted = told(slack)
    assert (edited["subtype"], edited["message"]["text"], edited["previous_message"]["text"]) == (
        "message_changed",
        "first",
        "frist",
    )
    assert edited["message"]["edited"]["user"] == "UALICE"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)


async def test_a_stranger_is_told_with_their_own_team(slack: SlackServer) -> None:
    await slack.workspace.say("UCAROL", "CSHARED", "hello")
    payload = slack.delivery.sent[0]
    assert payload["is_ext_shared_channel"]
    assert payload["event"]["user_team"] == payload["event"]["source_team"] == "TACME"
    assert payload["authorizations"][0]["team_id"] == slack.team_id


async def test_the_app_hears_nothing_from_where_it_is_not(slack: SlackServer) -> None:
    ws = slack.workspace
    await ws.say("UALICE", "CRANDOM", f"<@{slack.bot_user_id}> psst")
    assert told(slack) == []
    await ws.join(slack.bot_user_id, "CRANDOM")
    await ws.say("UALICE", "CRANDOM", "now")
    assert [event["type"] for event in told(slack)] == ["member_joined_channel", "message", "message"]
    assert told(slack)[1]["subtype"] == "channel_join"
    with pytest.raises(ValueError, match="cannot write there"):
        await ws.say("UCAROL", "CSUPPORT", "let me in")


async def test_without_subscription_or_scope_nothing_comes(slack: SlackServer) -> None:
    slack.app.events.discard("message.im")
    slack.app.scopes.discard("channels:history")
    await slack.workspace.say_dm("UALICE", "hello")
    await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    assert told(slack) == []


async def test_the_other_acts_have_their_events(slack: SlackServer) -> None:
    ws = slack.workspace
    said = await ws.say_dm("UALICE", "hello")
    await ws.open_messages_tab("UALICE")
    await ws.react("UALICE", said.channel, said.ts, "eyes")
    await ws.react("UALICE", said.channel, said.ts, "eyes", remove=True)
    await ws.archive("USAM", "CGENERAL")
    assert [event["type"] for event in told(slack)] == [
        "message",
        "app_home_opened",
        "reaction_added",
        "reaction_removed",
        "channel_archive",
    ]
    assert told(slack)[1]["tab"] == "messages"


async def test_a_reply_can_be_broadcast(slack: SlackServer) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "root")
    await slack.workspace.say("UALICE", "CSUPPORT", "all hear", thread_ts=root.ts, broadcast=True)
    assert told(slack)[1]["subtype"] == "thread_broadcast"
    assert [one.text for one in slack.workspace.history("CSUPPORT")] == ["root", "all hear"]


async def test_the_feed_tells_of_every_change(slack: SlackServer) -> None:
    feed = slack.workspace.changes()
    said = await slack.workspace.say("UALICE", "CSUPPORT", "hello")
    frame = await anext(feed)
    assert (frame["kind"], frame["ts"], frame["shown"]) == ("message", said.ts, "hello")
    await slack.workspace.delete("UALICE", "CSUPPORT", said.ts)
    assert (await anext(feed))["kind"] == "deleted"


async def test_a_deleted_root_with_replies_becomes_a_tombstone(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "root")
    await slack.workspace.say("UBOB", "CSUPPORT", "reply", thread_ts=root.ts)
    await slack.workspace.delete("UALICE", "CSUPPORT", root.ts)
    last = told(slack)[-1]
    assert (last["subtype"], last["message"]["subtype"]) == ("message_changed", "tombstone")
    replies = await client.conversations_replies(channel="CSUPPORT", ts=root.ts)
    assert [message["text"] for message in replies["messages"]] == ["This message was deleted.", "reply"]


async def test_a_preview_is_a_change_without_an_edit(slack: SlackServer) -> None:
    said = await slack.workspace.say("UALICE", "CSUPPORT", "see <https://example.com>")
    await slack.workspace.unfurl("CSUPPORT", said.ts, "Example")
    last = told(slack)[-1]
    assert last["subtype"] == "message_changed"
    assert "edited" not in last["message"]
    assert last["message"]["text"] == last["previous_message"]["text"]


async def test_other_apps_are_heard_with_their_own_id(slack: SlackServer) -> None:
    await slack.workspace.say_as_other_app("CSUPPORT", "deployed")
    assert (told(slack)[0]["bot_id"], told(slack)[0]["subtype"], "user" in told(slack)[0]) == (
        "BOTHER",
        "bot_message",
        False,
    )
