"""What the desk says reads well on Discord, and nothing hostile in it becomes live."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discord_reading import masked_links, problems, quiet_links
from frontdesk.adapters.discord import escaping, formatting, render
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Attachment, Button, Content, Line, Relay, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.splitting import utf16
from frontdesk.domain.tickets import Card, Ticket

IDS = CustomIds(b"token")
CONVERSATION = "discord:1234567890123456789:1234567890123456780:1234567890123456781"
SAM = Person(platform="discord", community="discord", id="11", name="Sam")
HOSTILE = [
    "@everyone", "@here", "<@123456789012345678>", "<@!123456789012345678>", "<@&123456789012345678>",
    "<#123456789012345678>", "<:x:123456789012345678>", "<a:x:123456789012345678>",
    "</desk queue:123456789012345678>", "<t:1700000000:f>", "<id:browse>", "<https://evil.example>",
    "<mailto:a@evil.example>", "<a@evil.example>", "https://evil.example/a_b", "HTTPS://EVIL.example",
    "xhttps://evil.example", "steam://run/1", "discord.gg/abc", "https://discord.gg/abc", "discord.com/invite/abc",
    "[a](https://evil.example)", "[", "](", "](https://evil.example)", ")", "(", "]", "<", ">", "@", "\\", "\\<",
    "\\[", "\\`", "`", "``", "```", "````", "~~~", "\n", "\n\n", "\r", "\u2028", "\u0000", "|", "||", "*", "**",
    "_", "__", "# ", "> ", ">>> ", "- ", "-# ", "1. ", "    ", "| a |\n|---|\n", "&lt;", "<b>",
    "[x]: https://evil.example\n", "[x]", "![i](https://evil.example/i.png)", "word", " ", "\u2060", "\ue001",
    "://",
]  # fmt: skip
ATTACKS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=14).map("".join)


def ticket(**changes: Any) -> Ticket:
    fields: dict[str, Any] = {"number": 7, "why": "A refund", "wants": "Money back", "opened_at": 1_700_000_000.0}
    return Ticket(**fields | changes)


def card(**changes: Any) -> Card:
    person = Person(platform="discord", community="discord", id="12", name="Alice")
    return Card(ticket=ticket(**changes), customer=person, conversation=CONVERSATION)


def labels(message: dict[str, Any]) -> list[list[str]]:
    return [[button["label"] for button in row["components"]] for row in message["components"]]


def content_of(markdown: str) -> str:
    [message] = render.messages(Reply(markdown=markdown), IDS)
    return str(message["content"])


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
        assert problems(render.messages(content, IDS)) == []
    assert problems([render.words(text)]) == []


@settings(max_examples=700, deadline=None)
@given(ATTACKS)
def test_the_words_of_a_person_never_hide_where_a_link_goes(text: str) -> None:
    for message in render.messages(Relay(name="Eve", markdown=text), IDS, webhook=True):
        assert masked_links(message["content"]) == []


@settings(max_examples=300, deadline=None)
@given(ATTACKS.map(lambda text: text * 90))
def test_what_is_long_and_hostile_is_still_dead_in_every_part(text: str) -> None:
    assert [found for found in problems(render.messages(Reply(markdown=text), IDS)) if found == "too long"] == []
    for message in render.messages(Reply(markdown=text), IDS):
        assert message["content"].count("\n```") + message["content"].startswith("```") in range(0, 10_000, 2)


def test_code_stays_as_it_is() -> None:
    text = "Use `a < b && c` or\n```cpp\nstd::vector<std::string> v; // <@1> a & b\n```"
    assert content_of(text) == text


def test_backticks_in_code_are_kept() -> None:
    assert content_of("`` a`b ``") == "``a`b``"
    assert content_of("~~~\n```\n~~~") == "```\n``\u2060`\n```"
    assert content_of("~~~\n`````<@1>\n~~~") == "```\n``\u2060``\u2060`<@1>\n```"


def test_a_span_of_code_keeps_what_is_no_mention() -> None:
    assert content_of("`npm i @here/maps` `vector<a:b>`") == "`npm i @here/maps` `vector<a:b>`"
    assert content_of("`<@1> @here`") == "`<\u2060@1> @\u2060here`"


def test_what_is_left_of_an_address_makes_nothing_with_its_neighbours() -> None:
    assert content_of("\\<<id:browse>>") == "<\u2060id:browse>"


def test_an_open_fence_is_closed() -> None:
    """A stream shows the beginning before the end is known."""
    assert content_of("Look:\n```py\nx = 1") == "Look:\n```py\nx = 1\n```"


def test_links_show_no_preview() -> None:
    text = "[here](https://shop.example/?a=1&b=2), https://shop.example/a_b_(c)."
    assert content_of(text) == "[here](<https://shop.example/?a=1&b=2>), <https://shop.example/a_b_(c)>."
    assert quiet_links(content_of(text))[-1] == "https://shop.example/a_b_(c)"


def test_a_label_that_names_another_host_is_dropped() -> None:
    assert content_of("[https://bank.example](https://evil.example/x)") == "<https://evil.example/x>"


def test_a_persons_link_shows_its_address() -> None:
    [message] = render.messages(Relay(name="Eve", markdown="[your bill](https://shop.example)"), IDS, webhook=True)
    assert message["content"] == "your bill (<https://shop.example>)"


def test_what_discord_has_is_written_its_way() -> None:
    text = "# One\n## Two\n### Three\n#### Four\n__bold__ _it_ ~~no~~ ||secret|| a || b || c\n-# small\n> said\n> - x"
    assert content_of(text).split("\n") == [
        *("# One", "## Two", "### Three", "**Four**"),
        "**bold** *it* ~~no~~ ||secret|| a \\|\\| b \\|\\| c",
        *("-# small", "> said", "> - x"),
    ]


def test_lists_keep_numbers_and_depth() -> None:
    text = "3. three\n   - deep\n     - deeper\n4. four\n\n   ```\n   code\n   ```\n5. five"
    assert content_of(text) == "3. three\n   - deep\n     - deeper\n4. four\n```\ncode\n```\n5. five"


def test_a_narrow_table_is_aligned_as_code() -> None:
    table = "| item | price |\n|---|---:|\n| lamp | 10 |\n| 机 | 1,000 |"
    assert content_of(table) == "```\nitem  price\n----  -----\nlamp     10\n机    1,000\n```"


def test_a_table_with_links_or_long_words_is_a_list() -> None:
    table = "| plan | more |\n|---|---|\n| Basic | [page](https://shop.example) |"
    assert content_of(table) == "- **Basic**\n  - more: [page](<https://shop.example>)"


def test_a_long_table_repeats_its_header_in_every_part() -> None:
    table = "| item | price |\n|---|---|\n" + "| a lamp of some kind | 10 |\n" * 200
    parts = render.messages(Reply(markdown=table), IDS)
    assert len(parts) > 2
    for part in parts:
        assert part["content"].startswith("```\nitem ")
        assert part["content"].endswith("```")


@pytest.mark.parametrize(
    "text",
    ["snake_case stays", "2 &lt; 3 &amp; x", "as [1] and [2] say (see below)", "C:\\Users\\x", "a < b > c", "#1042"],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert content_of(text) == text


def test_sources_stand_below_in_the_language_of_the_reply() -> None:
    sources = (
        Citation(number=1, title="Returns_and *more*", article="a", url="https://shop.example/r"),
        Citation(number=2, title="Nowhere", article="b"),
    )
    [message] = render.messages(Reply(markdown="Yes [1].", citations=sources, language="de"), IDS)
    assert message["content"] == (
        "Yes [1].\n-# Quellen: [1] [Returns_and \\*more\\*](<https://shop.example/r>) [2] Nowhere"
    )


def test_buttons_and_thumbs_stand_below_the_last_part_only() -> None:
    reply = Reply(
        markdown="word " * 1000,
        buttons=(Button(action="ask_person", label="A person", style="primary"),),
        rateable=True,
        language="fr",
    )
    *firsts, last = render.messages(reply, IDS)
    assert len(firsts) == 2
    assert all(message["components"] == [] for message in firsts)
    assert labels(last) == [["A person"], ["Utile", "Pas utile"]]
    pressed = IDS.read(last["components"][1]["components"][1]["custom_id"])
    assert pressed is not None
    assert pressed.action == "rate_down"


def test_no_more_buttons_than_discord_takes_and_none_twice() -> None:
    buttons = tuple(Button(action="ask_person", label="x" * 200, value=str(n % 40)) for n in range(80))
    [message] = render.messages(Reply(markdown="x", buttons=buttons), IDS)
    names = [button["custom_id"] for row in message["components"] for button in row["components"]]
    assert len(names) == len(set(names)) == 25
    assert {len(row) for row in labels(message)} == {5}


def test_a_card_says_what_staff_need() -> None:
    shown = card(waiting_since=1_700_000_000.0, tried=("Looked at *returns*", "Asked"), confidence=0.5)
    [opened] = render.messages(shown.model_copy(update={"permalink": "https://discord.com/channels/1/2/3"}), IDS)
    assert opened["content"].split("\n") == [
        "### #7 · Waiting · normal · Money back",
        "**Customer:** Alice · [open thread](<https://discord.com/channels/1/2/3>)",
        "**Wants:** Money back",
        "**Why a person:** A refund",
        "**Tried:**",
        "- Looked at \\*returns\\*",
        "- Asked",
        "-# category other · tier 3 · priority normal · mood neutral · language en · confidence 50%",
        "-# Nobody has claimed it · waiting since <t:1700000000:f>",
    ]
    assert labels(opened) == [["Claim", "Hand back", "Resolve"]]
    values = {IDS.read(button["custom_id"]).value for button in opened["components"][0]["components"]}  # type: ignore[union-attr]
    assert values == {CONVERSATION}


def test_a_claimed_card_says_who_holds_it_and_a_closed_one_who_closed_it() -> None:
    [claimed] = render.messages(card(status="claimed", assignee=SAM), IDS)
    assert labels(claimed)[0][0] == "Claimed by Sam"
    [closed] = render.messages(card(status="resolved", closed_by=SAM, closed_how="handed_back"), IDS)
    assert closed["content"].endswith("-# Handed back by Sam")
    assert closed["components"] == []


def test_a_card_of_nothing_but_marks_still_fits() -> None:
    full = card(wants="*" * 900, why="👩‍🚀" * 900, tried=("`" * 900,) * 9, assignee=SAM, status="claimed")
    [message] = render.messages(full, IDS)
    assert utf16(message["content"]) <= 2000
    assert "Claimed by Sam" in message["content"]


def test_a_relay_carries_the_name_in_front_or_by_webhook() -> None:
    relay = Relay(name="Alice *x*", image="https://cdn.example/a.png", markdown="hello\nthere")
    [plain] = render.messages(relay, IDS)
    assert plain["content"] == "**Alice \\*x\\***\nhello\nthere"
    [voiced] = render.messages(relay, IDS, webhook=True)
    assert (voiced["content"], voiced["username"]) == ("hello\nthere", "Alice x")
    assert voiced["avatar_url"] == "https://cdn.example/a.png"
    assert "username" not in plain


def test_a_relay_of_files_alone_names_them() -> None:
    relay = Relay(name="A", markdown="", attachments=(Attachment(id="1", name="__init__.py"),))
    assert render.messages(relay, IDS, webhook=True)[0]["content"] == "\\_\\_init\\_\\_.py"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Discord Fan", "Dis-cord Fan"),
        ("dis\u200bcord", "dis-cord"),
        ("CLYDE", "CLY-DE"),
        ("everyone", "everyone (person)"),
        ("@here", "here (person)"),
        ("```", "Somebody"),
        ("", "Somebody"),
        ("Zoë 🎉", "Zoë 🎉"),
    ],
)
def test_a_name_is_one_that_discord_takes(name: str, shown: str) -> None:
    assert escaping.name(name) == shown


@given(st.lists(st.sampled_from(["discord", "clyde", "dis", "cord", "cly", "de", "@", "#", ":", "`", "-"]) | st.text()))
def test_no_name_holds_what_discord_refuses(pieces: list[str]) -> None:
    name = escaping.name("".join(pieces))
    assert 1 <= len(name) <= 80
    assert utf16(name) <= 160
    assert not re.search(r"discord|clyde|[@#:]|```", name, re.IGNORECASE)
    assert name.casefold() not in ("everyone", "here")


def test_a_line_is_small_and_one_message() -> None:
    [line] = render.messages(Line(markdown="**Sam** claimed it"), IDS)
    assert line["content"] == "-# **Sam** claimed it"
    [long] = render.messages(Line(markdown="word " * 5000), IDS)
    assert utf16(long["content"]) <= 2000


def test_words_for_one_person_are_marked_so() -> None:
    assert render.words("**x**")["flags"] == 4 | 64
    assert utf16(render.words("word " * 5000)["content"]) <= 2000


@pytest.mark.parametrize("action", ["resolve", "rate_down"])
def test_a_form_remembers_what_it_is_for(action: Any) -> None:
    press = ButtonPressed(
        thread=Thread(platform="discord", community="1", channel="2", root="3"),
        ids=("x",), order=1, action=action, value=CONVERSATION, by=SAM, message_id="1234567890123456789",
    )  # fmt: skip
    form = render.modal(action, press, IDS)
    read = IDS.read(form["custom_id"])
    assert read is not None
    assert (read.kind, read.action, read.value) == ("form", action, CONVERSATION)
    assert read.message == "1234567890123456789"
    assert len(form["title"]) <= 45
    assert len(form["components"][0]["label"]) <= 45


def test_who_was_answered_in_german_is_asked_in_german_what_was_missing() -> None:
    (message,) = render.messages(Reply(markdown="Ja.", language="de-AT", rateable=True), IDS)
    button = IDS.read(message["components"][0]["components"][1]["custom_id"])
    assert button is not None
    press = ButtonPressed(
        thread=Thread(platform="discord", community="1", channel="2", root="3"),
        ids=("x",), order=1, action="rate_down", value=button.value, by=SAM, message_id="1234567890123456789",
    )  # fmt: skip
    assert render.modal("rate_down", press, IDS)["title"] == "Danke"


@settings(max_examples=300, deadline=None)
@given(ATTACKS)
def test_a_text_that_grows_never_fails(text: str) -> None:
    for end in range(0, len(text), 7):
        formatting.markdown(text[:end])
