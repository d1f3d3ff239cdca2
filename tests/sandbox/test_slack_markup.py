"""Which pings and links of a message are live, so that tests can say that nothing hostile is."""

from collections.abc import Callable

import pytest

from frontdesk.sandbox.slack import Message


def text(written: str) -> Message:
    return Message(ts="1.0", channel="C", text=written)


def markdown(written: str) -> Message:
    return Message(ts="1.0", channel="C", markdown_text=written)


@pytest.mark.parametrize("make", [text, markdown])
@pytest.mark.parametrize(
    "written",
    ["<!channel>", "<!here|here>", "<!everyone>", "<@U123>", "<@W1|bob>", "<!subteam^S1>", "``` <@U1>"],
)
def test_a_ping_is_live(make: Callable[[str], Message], written: str) -> None:
    assert len(make(f"hello {written}!").live_mentions) == 1


@pytest.mark.parametrize("make", [text, markdown])
@pytest.mark.parametrize(
    "written",
    ["&lt;!channel&gt;", "`<!channel>`", "```\n<@U123>\n```", "@channel", "@U123", "<!date^1^x|y>", "<#C1>"],
)
def test_a_dead_ping_is_not(make: Callable[[str], Message], written: str) -> None:
    assert make(f"hello {written}!").live_mentions == ()


def test_a_bare_word_pings_only_when_asked_for() -> None:
    assert Message(ts="1.0", channel="C", text="@channel", words_ping=True).live_mentions == ("<!channel>",)


@pytest.mark.parametrize(
    ("message", "links"),
    [
        (text("see <https://a.example/x?a=1&amp;b=2|here>."), ("https://a.example/x?a=1&b=2",)),
        (text("see https://a.example/x, now"), ("https://a.example/x",)),
        (text("write to <mailto:a@b.example>"), ("mailto:a@b.example",)),
        (text("`https://a.example`"), ()),
        (text("[label](evil.example)"), ()),
        (markdown("[label](https://a.example 'title')"), ("https://a.example",)),
        (markdown("[label](//evil.example)"), ("//evil.example",)),
        (markdown("![pixel](https://evil.example/?q=secret)"), ("https://evil.example/?q=secret",)),
        (markdown("[label][1]\n\n[1]: slack://open"), ("slack://open",)),
        (markdown("`[label](https://a.example)`"), ()),
        (markdown("a hxxps://evil.example"), ()),
    ],
)
def test_links_are_found_where_slack_makes_them(message: Message, links: tuple[str, ...]) -> None:
    assert message.live_links == links


def test_blocks_are_looked_through() -> None:
    button = {
        "type": "button",
        "url": "https://b.example",
        "text": {"type": "plain_text", "text": "<!channel>"},
    }
    user = {"type": "user", "user_id": "U1"}
    link = {"type": "link", "url": "https://c.example", "text": "safe.example"}
    dead = {"type": "text", "text": "<!here> https://d.example"}
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [user, link, dead]}]}
    blocks = (
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "<!here> <https://a.example|x>"},
            "accessory": button,
        },
        {"type": "markdown", "text": "<@U2> [l](https://e.example)"},
        {"type": "header", "text": {"type": "plain_text", "text": "<!everyone>"}},
        rich,
    )
    message = Message(ts="1.0", channel="C", text="fallback", blocks=blocks)
    assert message.live_mentions == ("<!here>", "<@U2>", "<@U1>")
    assert set(message.live_links) == {f"https://{letter}.example" for letter in "abce"}
    assert "safe.example" in message.shown
    assert "fallback" not in message.shown


def test_what_a_person_reads_has_no_escapes() -> None:
    assert text("1 &lt; 2 &amp; 3").shown == "1 < 2 & 3"
