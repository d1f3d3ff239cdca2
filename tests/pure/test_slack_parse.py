"""Slack's payloads become the desk's events, and no payload is a surprise."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.adapters.slack.api import Identity
from frontdesk.adapters.slack.mrkdwn import heard
from frontdesk.adapters.slack.parse import FORM, FormAsked, Ignored, Opened, StaffMoved, parse, parse_command
from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import ButtonPressed, MessageDeleted, MessageEdited, MessagePosted

DESK = Identity(team="T1", user="UDESK", bot="BDESK", app="A1")
Json = dict[str, Any]


def read(payload: object) -> object:
    return parse(payload, DESK, "CSTAFF", 1_700_000_000.0)


def event(**fields: Any) -> Json:
    message = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "1700000000.000100"}
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": message | fields}


def change(before: Json | None, after: Json, **fields: Any) -> Json:
    return event(subtype="message_changed", message=after, previous_message=before, ts="1700000009.000900", **fields)


def press(**fields: Any) -> Json:
    return {
        "type": "block_actions",
        "user": {"id": "USAM", "username": "sam", "team_id": "T1"},
        "container": {"type": "message", "channel_id": "CSTAFF", "message_ts": "1700000000.000100"},
        "trigger_id": "t.1",
        "actions": [{"action_id": "fd:claim", "value": "slack:T1:C1:1.2", "action_ts": "1700000003.000000"}],
    } | fields


def test_a_message_keeps_its_names_and_order() -> None:
    parsed = read(event(text="hi", client_msg_id="c-1"))
    assert isinstance(parsed, MessagePosted)
    assert parsed.ids == ("slack:T1:C1:1700000000.000100", "slack:T1:Ev1", "slack:T1:c-1")
    assert parsed.order == 1_700_000_000_000_100
    assert parsed.thread.conversation == "slack:T1:C1:1700000000.000100"


def test_a_reply_in_a_thread_belongs_to_the_thread() -> None:
    parsed = read(event(text="hi", thread_ts="1600000000.000001", subtype="thread_broadcast"))
    assert isinstance(parsed, MessagePosted)
    assert parsed.thread.root == "1600000000.000001"


def test_a_mention_notice_is_incomplete_unless_it_has_the_files() -> None:
    mention = read(event(type="app_mention", text="<@UDESK> hi"))
    with_file = read(event(type="app_mention", text="<@UDESK> hi", files=[{"id": "F1"}]))
    assert isinstance(mention, MessagePosted)
    assert isinstance(with_file, MessagePosted)
    assert (mention.addressed, mention.complete) == (True, False)
    assert with_file.complete


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_id": "BOTHER"},
        {"app_id": "AOTHER"},
        {"bot_id": "BDESK", "user": "UDESK"},
        {"user": "UDESK"},
        {"subtype": "bot_message", "user": None},
        {"subtype": "channel_join"},
        {"subtype": "something_new"},
        {"user": None},
        {"channel_type": "app_home"},
    ],
)
def test_what_no_person_wrote_is_ignored(fields: Json) -> None:
    assert isinstance(read(event(text="hi", **fields)), Ignored)


def test_a_stranger_keeps_their_community() -> None:
    parsed = read(event(text="hi", user_team="T9", team="T1"))
    assert isinstance(parsed, MessagePosted)
    assert parsed.message.author.community == "T9"
    assert parsed.thread.community == "T1"


def test_an_edit_is_an_edit_only_when_the_words_changed() -> None:
    before = {"user": "U1", "ts": "1.000001", "text": "wher", "thread_ts": "0.000001"}
    after = before | {"text": "where", "edited": {"user": "U1", "ts": "9.000000"}}
    parsed = read(change(before, after))
    assert isinstance(parsed, MessageEdited)
    assert parsed.thread.root == "0.000001"
    assert parsed.message.id == "1.000001"
    assert isinstance(read(change(before, before | {"attachments": [{}]})), Ignored)
    assert isinstance(read(change(before | {"bot_id": "BDESK"}, after | {"bot_id": "BDESK"})), Ignored)


def test_an_edit_does_not_share_a_name_with_the_message_it_edits() -> None:
    posted = read(event(text="wher", client_msg_id="c-1"))
    before = {"user": "U1", "ts": "1700000000.000100", "text": "wher", "client_msg_id": "c-1"}
    edited = read(change(before, before | {"text": "where"}) | {"event_id": "Ev2"})
    assert isinstance(posted, MessagePosted)
    assert isinstance(edited, MessageEdited)
    assert not set(posted.ids) & set(edited.ids)


def test_a_deletion_says_of_what_and_where() -> None:
    before = {"user": "U1", "ts": "1.000001", "text": "x", "thread_ts": "0.000001"}
    parsed = read(event(subtype="message_deleted", deleted_ts="1.000001", previous_message=before))
    assert isinstance(parsed, MessageDeleted)
    assert (parsed.message_id, parsed.thread.root) == ("1.000001", "0.000001")


def test_a_root_with_replies_that_is_deleted_arrives_as_a_tombstone() -> None:
    before = {"user": "U1", "ts": "1.000001", "text": "x"}
    after = {"user": "USLACKBOT", "ts": "1.000001", "subtype": "tombstone", "text": "This message was deleted."}
    assert isinstance(read(change(before, after)), MessageDeleted)
    assert isinstance(read(change(before | {"user": "UDESK"}, after)), Ignored)


def test_a_pressed_button_says_who_pressed_what_where() -> None:
    parsed = read(press())
    assert isinstance(parsed, ButtonPressed)
    assert (parsed.action, parsed.value, parsed.by.key) == ("claim", "slack:T1:C1:1.2", "slack:T1:USAM")
    assert parsed.message_id == "1700000000.000100"
    assert parsed.order == 1_700_000_003_000_000
    again = read(press())
    assert isinstance(again, ButtonPressed)
    assert again.ids == parsed.ids


def test_resolve_asks_for_words_in_the_staff_channel_only() -> None:
    resolve = [{"action_id": "fd:resolve", "value": "x", "action_ts": "1.000000"}]
    assert isinstance(read(press(actions=resolve)), FormAsked)
    elsewhere = {"channel_id": "C1", "message_ts": "1.000001", "thread_ts": "1.000000"}
    assert isinstance(read(press(actions=resolve, container=elsewhere)), ButtonPressed)


def test_thumbs_are_ratings() -> None:
    up = read(press(actions=[{"action_id": "fd:rate", "value": "up", "type": "feedback_buttons"}]))
    down = read(press(actions=[{"action_id": "fd:rate", "value": "down", "type": "feedback_buttons"}]))
    assert isinstance(up, ButtonPressed)
    assert up.action == "rate_up"
    assert isinstance(down, FormAsked)
    assert down.press.action == "rate_down"


def submission(kind: str = "view_submission", **kept: Any) -> Json:
    about = {"action": "resolve", "value": "v", "channel": "CSTAFF", "root": "1.2", "message": "1.2"} | kept
    state = {"values": {"fd:comment": {"comment": {"type": "plain_text_input", "value": " Bye! "}}}}
    view = {"id": "V1", "callback_id": FORM, "private_metadata": json.dumps(about), "state": state}
    return {"type": kind, "user": {"id": "USAM"}, "view": view}


def test_a_form_is_the_button_with_a_comment() -> None:
    parsed = read(submission())
    assert isinstance(parsed, ButtonPressed)
    assert (parsed.action, parsed.comment, parsed.thread.channel) == ("resolve", "Bye!", "CSTAFF")


def test_a_closed_form_still_rates_but_does_not_resolve() -> None:
    assert isinstance(read(submission("view_closed")), Ignored)
    rated = read(submission("view_closed", action="rate_down"))
    assert isinstance(rated, ButtonPressed)
    assert rated.comment == ""


def test_other_events() -> None:
    opened = read(event(type="app_home_opened", tab="messages", channel="D1"))
    assert isinstance(opened, Opened)
    assert opened.thread.direct
    assert isinstance(read(event(type="app_home_opened", tab="home", channel="D1")), Ignored)
    assert isinstance(read(event(type="member_left_channel")), StaffMoved)
    assert isinstance(read(event(type="star_added")), Ignored)


def test_a_command_is_the_words_behind_it() -> None:
    asked = parse_command(
        {"command": "/desk", "text": " queue ", "user_id": "USAM", "channel_id": "CSTAFF", "team_id": "T1"}, DESK
    )
    assert (asked.name, asked.text, asked.person.id) == ("desk", "queue", "USAM")


@pytest.mark.parametrize(
    ("slack", "markdown"),
    [
        ("*bold* and ~gone~ and _so_", "**bold** and ~~gone~~ and _so_"),
        ("2*3*4 and a ~ b", "2*3*4 and a ~ b"),
        ("<https://a.example|here> <https://b.example>", "[here](https://a.example) https://b.example"),
        ("&lt;b&gt; &amp; <#C1|general>", "<b> & #general"),
        ("`*x* <https://a.example>` ok", "`*x* https://a.example` ok"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<@UDESK> hello  <@UDESK>", "hello"),
        ("<!date^1^{date}|yesterday>", "yesterday"),
    ],
)
def test_slacks_markup_becomes_markdown(slack: str, markdown: str) -> None:
    assert heard(slack, "UDESK").text == markdown


def test_a_whole_channel_that_is_called_upon_includes_the_desk() -> None:
    assert heard("<!here> I want to talk to a person", "UDESK").mentions_others is False


@pytest.mark.parametrize("text", ["<@U2> look", "<!subteam^S1|@ops> look"])
def test_others_are_mentioned(text: str) -> None:
    words = heard(text, "UDESK")
    assert words.mentions_others
    assert not words.addressed
    assert words.text.startswith("@")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["event", "event_id", "type", "user", "actions", "container", "view", "channel", "message"]
INNER = ["text", "ts", "channel", "user", "subtype", "message", "previous_message", "files", "edited", "thread_ts"]


@settings(max_examples=1500, deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(KEYS), JSON), st.sampled_from(KEYS), st.sampled_from(INNER), JSON)
def test_any_payload_is_read_or_called_unreadable(junk: Any, key: str, inner: str, value: Any) -> None:
    message = {"user": "U1", "ts": "1.000001", "text": "x"}
    payloads = [
        junk,
        event(text="x") | {key: value},
        event(**{"text": "x", inner: value}),
        change(message, message | {"text": "y"}) | {key: value},
        press() | {key: value},
        submission() | {key: value},
        {**submission(), "view": {**submission()["view"], "private_metadata": json.dumps(value)}},
        event(subtype="message_deleted", deleted_ts="1.000001", **{inner: value} if inner != "subtype" else {}),
    ]
    for payload in payloads:
        with suppress(Unreadable):
            read(payload)
