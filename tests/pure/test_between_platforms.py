"""What is written on one platform arrives on the other with its code, links, lists and the names it mentions."""

import re
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from discord_reading import problems
from frontdesk.adapters.discord import markup
from frontdesk.adapters.discord import render as discord
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.slack import mrkdwn
from frontdesk.adapters.slack import render as slack
from frontdesk.domain.messages import Relay

IDS = CustomIds(b"token")
WORD = st.text("abcdefgäöü", min_size=1, max_size=8)
CODE = st.text("abc<>&*_~|#@ =()[]{}!-\\", min_size=1, max_size=20).map(str.strip).filter(bool)
LINES = st.lists(CODE, min_size=1, max_size=4)
URL = st.text("abc_~-", min_size=1, max_size=10).map(lambda path: f"https://shop.example/{path}x?a=1&b=2")


def carried_to_discord(text: str) -> str:
    said = mrkdwn.heard(text, "UDESK").text
    shown = discord.messages(Relay(name="Alice", markdown=said), IDS, webhook=True)
    assert problems(shown) == []
    return "\n".join(str(message["content"]) for message in shown)


def carried_to_slack(text: str) -> str:
    said = markup.heard(text, "1", names={"5": "Bob"}).text
    shown = slack.messages(Relay(name="Alice", markdown=said))
    return "\n".join(str(message["blocks"][0]["text"]) for message in shown)


def in_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)


def without_joiners(texts: Iterable[str]) -> list[str]:
    return [text.replace("\u2060", "") for text in texts]


@settings(max_examples=300)
@given(WORD, LINES, WORD)
def test_a_block_of_code_goes_from_slack_to_discord(before: str, lines: list[str], after: str) -> None:
    for block in ("```{}```", "```\n{}\n```"):
        carried = carried_to_discord(f"{before}\n{block.format(in_slack(chr(10).join(lines)))}\n{after}")
        assert blocks(carried) == ["\n".join(lines)]
        assert carried.startswith(before)
        assert carried.endswith(after)


@settings(max_examples=300)
@given(WORD, LINES, WORD, st.sampled_from(["", "py\n", "\n"]))
def test_a_block_of_code_goes_from_discord_to_slack(before: str, lines: list[str], after: str, opening: str) -> None:
    code = "\n".join(lines)
    carried = carried_to_slack(f"{before} ```{opening or chr(10)}{code}\n``` {after}")
    assert without_joiners(blocks(carried)) == [code]
    assert carried.startswith(before)
    assert carried.endswith(after)


@settings(max_examples=300)
@given(WORD, CODE.filter(lambda code: not code.endswith("\\")))
def test_a_span_of_code_goes_both_ways(word: str, code: str) -> None:
    assert f"`{code}`" in carried_to_discord(f"{word} `{in_slack(code)}` {word}")
    assert f"`{code}`" in carried_to_slack(f"{word} `{code}` {word}").replace("\u2060", "")


@settings(max_examples=300)
@given(WORD, URL)
def test_links_go_both_ways(label: str, url: str) -> None:
    assert carried_to_discord(f"see <{in_slack(url)}|{label}> and <{in_slack(url)}>") == (
        f"see {label} (<{url}>) and <{url}>"
    )
    for link in (f"[{label}]({url})", f"[{label}](<{url}>)"):
        assert carried_to_slack(f"see {link} and {url} and <{url}>") == f"see [{label}]({url}) and {url} and {url}"


@settings(max_examples=300)
@given(st.lists(WORD, min_size=1, max_size=6), st.sampled_from(["- ", "1. "]))
def test_lists_go_both_ways(items: list[str], mark: str) -> None:
    marks = [mark] * len(items) if mark == "- " else [f"{n}. " for n in range(1, len(items) + 1)]
    text = "\n".join(f"{mark}{item}\n{' ' * len(mark)}- {item}" for mark, item in zip(marks, items, strict=True))
    assert carried_to_discord(text) == text
    assert carried_to_slack(text) == text


def test_bullets_that_slack_types_stay_lines() -> None:
    assert carried_to_discord("• one\n• two") == "• one\n• two"


@settings(max_examples=200)
@given(WORD)
def test_emphasis_goes_both_ways(word: str) -> None:
    assert carried_to_discord(f"*{word}* _{word}_ ~{word}~") == f"**{word}** *{word}* ~~{word}~~"
    assert carried_to_slack(f"**{word}** *{word}* ~~{word}~~") == f"**{word}** *{word}* ~~{word}~~"


def test_who_is_mentioned_is_said_and_not_called() -> None:
    assert carried_to_discord("ask <@U123|bob> in <#C123|general>") == "ask @bob in #general"
    assert carried_to_slack("ask <@5> in <#7>") == "ask @Bob in #7"
    assert carried_to_discord("<!everyone> look") == "@\u2060everyone look"
    assert carried_to_slack("@everyone look") == "@\u2060everyone look"


def test_a_quote_ends_where_it_ended() -> None:
    assert carried_to_slack("> theirs\nmine") == "> theirs\n\nmine"
    assert carried_to_discord("&gt; theirs\n\nmine") == "> theirs\n\nmine"


def between_discords(text: str) -> str:
    said = markup.heard(text, "1", names={"5": "Bob"}).text
    [shown] = discord.messages(Relay(name="Alice", markdown=said), IDS, webhook=True)
    return str(shown["content"])


def test_from_discord_to_discord_what_was_written_is_what_is_shown() -> None:
    text = (
        "# Head\nHello **there** *you* ~~no~~ snake_case `a < b`\n> theirs\n\n- one\n  - two\n\n1. first\n2. second\n\n"
        "```py\nx = {'a': 1}\n```\nsee <https://shop.example/a_b>"
    )
    assert between_discords(text) == text
    assert between_discords("<@5> in <#7> <:party:1>") == "@Bob in #7 :party:"


@settings(max_examples=200)
@given(WORD, LINES, URL)
def test_from_discord_to_discord_code_and_addresses_stay(word: str, lines: list[str], url: str) -> None:
    code = "\n".join(lines)
    assert between_discords(f"{word}\n```\n{code}\n```\n<{url}>") == f"{word}\n```\n{code}\n```\n<{url}>"
