"""What the desk says reads well in Slack, and nothing hostile in it becomes live."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.adapters.slack import escaping, render
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Button, Content, Line, Relay, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.slack import markup

SAM = Person(platform="slack", community="T1", id="USAM", name="Sam")
HOSTILE = [
    "<!channel>", "<!here>", "<!everyone>", "<@U012AB3CD>", "<#C012AB3CD>", "<!subteam^S012AB3CD>", "<!date^1^x|y>",
    "<https://evil.example|https://bank.example>", "@channel", "@here", "&lt;!channel&gt;", "&#60;!here&#62;",
    "\\<!here>", "```", "`", "``", "~~~", "\n", "\r", "\u2028", "\x00", "<", ">", "&", "|", "[", "](", ")", "!", "*",
    "  ", "> ", "- ",
    "<!chan\u2060nel>", "<\n!here>", "word", "[a](https://shop.example)", "| a |\n|---|\n", "<br>", "<U012AB3CD>",
]  # fmt: skip
ATTACKS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=14).map("".join)


def ticket(**changes: Any) -> Ticket:
    fields: dict[str, Any] = {"number": 7, "why": "A refund", "wants": "Money back", "opened_at": 1_700_000_000.0}
    return Ticket(**fields | changes)


def card(**changes: Any) -> Card:
    person = Person(platform="slack", community="T1", id="UALICE", name="Alice")
    return Card(ticket=ticket(**changes), customer=person, conversation="slack:T1:C1:1.2")


def live(content: Content) -> list[str]:
    """The pings and disguised links that Slack would make of it."""
    found = []
    for arguments in render.messages(content):
        pieces = [("mrkdwn", arguments["text"]), *markup.texts(arguments["blocks"])]
        for kind, text in pieces:
            if kind != "plain_text":
                found += markup.pings(text, words_ping=True)
                found += [link for link in markup.links(text, markdown=False) if "evil" in link and "|" in text]
        found += [arguments["username"]] if "<" in arguments.get("username", "") else []
    return found


@settings(max_examples=1500, deadline=None)
@given(ATTACKS)
def test_nothing_hostile_becomes_live(text: str) -> None:
    person = SAM.model_copy(update={"name": text})
    contents: list[Content] = [
        Reply(markdown=text, citations=(Citation(number=1, title=text, article="a", url="https://shop.example"),)),
        Relay(name=text, markdown=text),
        Line(markdown=text),
        card(wants=text, why=text, tried=(text,), assignee=person, status="claimed"),
    ]
    for content in contents:
        pings = [one for one in live(content) if "evil" not in one]
        assert pings == []


@settings(max_examples=500, deadline=None)
@given(ATTACKS, ATTACKS)
def test_what_was_escaped_stays_escaped_when_lines_follow(first: str, then: str) -> None:
    """A stream shows the beginning before the end is known."""
    text = f"{first}\n"
    assert escaping.markdown(text + then).startswith(escaping.markdown(text))


def test_code_stays_readable() -> None:
    code = "Use `a < b && c` or\n```cpp\nstd::vector<std::string> v; // a & b < c\n```"
    assert escaping.markdown(code) == code


def test_code_that_holds_a_mention_is_broken_invisibly() -> None:
    assert escaping.markdown("`<!channel>`") == "`<\u2060!channel>`"


def test_addresses_keep_their_ampersands() -> None:
    text = "[here](https://shop.example/?a=1&b=2) and https://shop.example/?a=1&b=2"
    assert escaping.markdown(text) == text


def test_a_label_that_names_another_host_is_dropped() -> None:
    assert escaping.markdown("[https://bank.example](https://evil.example/x)") == "https://evil.example/x"
    assert escaping.markdown("[https://shop.example](https://shop.example/x)").startswith("[")


def test_a_picture_is_a_link_that_nobody_loads() -> None:
    assert escaping.markdown("![x](https://evil.example/?q=secret)") == "[x](https://evil.example/?q=secret)"


def test_a_line_becomes_mrkdwn() -> None:
    text = "**Sam** _took_ ~~it~~ [over](https://shop.example) `x`\n- one\n- two"
    assert escaping.mrkdwn_from(text) == "*Sam* _took_ ~it~ <https://shop.example|over> `x`\n• one\n• two"


@pytest.mark.parametrize(
    ("language", "label"), [("de", "Quellen"), ("fr", "Sources"), ("es", "Fuentes"), ("ja", "Sources")]
)
def test_sources_are_labelled_in_the_language_of_the_reply(language: str, label: str) -> None:
    reply = Reply(
        markdown="x",
        language=language,
        citations=(Citation(number=1, title="A", article="a", url="https://s.example"),),
    )
    [message] = render.reply(reply)
    assert message["blocks"][1]["elements"][0]["text"] == f"*{label}:* [1] <https://s.example|A>"


def test_buttons_and_thumbs_stand_below_the_last_part_only() -> None:
    reply = Reply(
        markdown="word " * 5000,
        buttons=(Button(action="ask_person", label="A person", value="v", style="primary"),),
        rateable=True,
    )
    *firsts, last = render.reply(reply)
    assert all(len(message["blocks"]) == 1 for message in firsts)
    _, actions, thumbs = last["blocks"]
    assert actions["elements"][0]["action_id"] == "fd:ask_person"
    assert actions["elements"][0]["value"] == "v"
    assert thumbs["elements"][0]["negative_button"]["value"] == "down:en"


def test_an_open_card_has_buttons_and_a_closed_one_says_who_closed_it() -> None:
    [opened] = render.messages(card(waiting_since=1_700_000_000.0))
    actions = opened["blocks"][-1]
    assert [button["action_id"] for button in actions["elements"]] == ["fd:claim", "fd:handback", "fd:resolve"]
    assert {button["value"] for button in actions["elements"]} == {"slack:T1:C1:1.2"}
    assert "<!date^1700000000^" in json.dumps(opened)
    [closed] = render.messages(card(status="resolved", closed_by=SAM, closed_how="handed_back"))
    assert "Handed back by Sam" in json.dumps(closed)
    assert not any(block["type"] == "actions" for block in closed["blocks"])


def test_a_claimed_card_says_on_the_button_who_holds_it() -> None:
    [claimed] = render.messages(card(status="claimed", assignee=SAM))
    assert claimed["blocks"][-1]["elements"][0]["text"]["text"] == "Claimed by Sam"


def test_a_form_remembers_what_it_is_for() -> None:
    press = ButtonPressed(
        thread=Thread(platform="slack", community="T1", channel="CSTAFF", root="1.2"),
        ids=("x",),
        order=1,
        action="resolve",
        value="slack:T1:C1:1.2",
        by=SAM,
        message_id="1.2",
    )
    view = render.form("resolve", press)
    assert json.loads(view["private_metadata"])["value"] == "slack:T1:C1:1.2"
    assert len(view["private_metadata"]) <= 3000
    assert len(view["title"]["text"]) <= 24


def test_metadata_says_only_the_marker() -> None:
    marked = render.marked({"text": "x"}, "m", 2)
    assert marked["metadata"] == {"event_type": "frontdesk", "event_payload": {"marker": "m", "part": 2}}


def test_what_somebody_wrote_escaped_is_shown_as_they_wrote_it() -> None:
    assert escaping.markdown("&lt;!channel&gt; &amp; AT&T") == "&amp;lt;!channel&amp;gt; &amp;amp; AT&T"
