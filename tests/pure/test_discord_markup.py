"""What people write on Discord is heard in plain Markdown, and says who it calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.adapters.discord.markup import heard

OWN = "100000000000000001"
ROLE = "100000000000000002"
NAMES = {"5": "Bob", "7": "general", "9": "mods"}


@pytest.mark.parametrize(
    ("discord", "markdown"),
    [
        ("ask <@5> or <@!5> in <#7>", "ask @Bob or @Bob in #general"),
        ("<@6> and <#8>", "@6 and #8"),
        ("<@&9> please", "@mods please"),
        ("nice <:party:123> <a:dance:456>!", "nice :party: :dance:!"),
        ("use </desk queue:123>", "use /desk queue"),
        ("at <t:1700000000:f>, on <t:1700000000:D>", "at 2023-11-14 22:13 UTC, on 2023-11-14"),
        ("at <t:9999999999999:f>", "at 9999999999999"),
        ("see <https://shop.example/a>", "see https://shop.example/a"),
        ("[page](<https://shop.example/a_(b)>)", "[page](https://shop.example/a_%28b%29)"),
        ("[page](https://shop.example)", "[page](https://shop.example)"),
        ("||secret|| and a || b", "secret and a || b"),
        ("-# small\nbig", "small\nbig"),
        ("> quoted\nmy words", "> quoted\n\nmy words"),
        (">>> quoted\nto the end", "> quoted\n> to the end"),
        (">no quote", "\\>no quote"),
        ("~~~\nno fence", "\\~\\~\\~\nno fence"),
        ("run ```py\nx = 1\n``` now", "run\n```py\nx = 1\n```\nnow"),
        ("```x <@5>```", "```\nx <@5>\n```"),
        ("`<@5>` and ``a`b``", "`<@5>` and ``a`b``"),
        ("**b** *i* __u__ ~~s~~\n- a\n  - b\n# head", "**b** *i* __u__ ~~s~~\n- a\n  - b\n# head"),
    ],
)
def test_markup_becomes_markdown(discord: str, markdown: str) -> None:
    assert heard(discord, OWN, names=NAMES).text == markdown


@pytest.mark.parametrize("mention", [f"<@{OWN}>", f"<@!{OWN}>", f"<@&{ROLE}>"])
def test_the_desks_own_mention_addresses_it_and_is_taken_out(mention: str) -> None:
    words = heard(f"hey {mention} where is my order?", OWN, own_roles={ROLE})
    assert words == ("hey where is my order?", True, False)


def test_a_mention_of_somebody_else_is_one() -> None:
    assert heard("<@5> look", OWN).mentions_others
    assert heard(f"<@&{ROLE}> look", OWN).mentions_others
    assert not heard("<@5> look", OWN).addressed


def test_a_mention_in_code_calls_nobody() -> None:
    assert heard(f"`<@{OWN}>` ```\n<@5>\n```", OWN) == (f"`<@{OWN}>`\n```\n<@5>\n```", False, False)


def test_a_crowd_that_is_called_upon_includes_the_desk() -> None:
    assert not heard("@everyone help", OWN).mentions_others


@given(st.text(st.sampled_from("a1 \n\t-#*_!\\()@:/.é"), max_size=60))
def test_a_text_without_markup_is_heard_like_one_with(text: str) -> None:
    assert heard(text, OWN).text == heard(f"{text}\n<@{OWN}>", OWN).text
