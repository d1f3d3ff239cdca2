"""No text of a customer, of the model or of an article keeps the process busy so that others wait."""

import gc
import random
import time
from collections.abc import Callable, Iterator

import pytest

from frontdesk.adapters.discord import formatting, markup
from frontdesk.adapters.discord import render as discord_render
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.library import passages, words
from frontdesk.adapters.slack import escaping, mrkdwn, render
from frontdesk.core import guards, relay, rules
from frontdesk.domain import splitting
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.messages import Line, Relay

SIZE = 40_000
"""What Slack takes for one message."""
REASONABLE = 1.5
"""Seconds of this process's own time, wide enough for a slow machine; the attacks below took from 2 to 30."""

PATTERNS = (
    "[", "](", "[a](", "[a](x ", "[a]( ", "<", "<a:", "`", ">", "> ", "*", " *a", "_a", "**a ", "&a;", "&", "a.", "a.b",
    "a-", "http://", "www.", "@", "a@", "a+", "|", "|-", "|a|\n|-|\n", "\n", "- ", "- a\n",
    "!?", " ", "\t", "[1]", "[1,", "[1 ", "<think>",
    "![", "~", "\\", "want ", "talk to a ", "mit einem ", "0", "漢", "```\n", "<http://a|", "[x]: y\n", "[a][", "``x` ",
    "a`b``c",
    "é", "\u200b", "\u2060", "thanks ", "k thx ", "note :", "a\u0301",
)  # fmt: skip
RUNS = " ".join("`" * length for length in range(1, 282))
NOISE = "".join(random.Random(1).choice("[]()<>`*_~!&;:/.@|# \na1") for _ in range(SIZE))
TEXTS = {**{pattern: pattern * (SIZE // len(pattern)) for pattern in PATTERNS}, "runs": RUNS, "noise": NOISE}
LINKS = guards.Links({"help.example"})


def grown(text: str) -> None:
    guard = guards.Grounding({}, LINKS)
    for at in range(0, len(text), 2000):
        guard.feed(text[at : at + 2000])
    guard.safe(text)


READERS: dict[str, Callable[[str], object]] = {
    "Slack's markup": lambda text: mrkdwn.heard(text, "UDESK"),
    "hard rules": lambda text: rules.match_rule(text, rules.DEFAULT_RULES),
    "frustration": lambda text: rules.is_frustrated([text] * 12, rules.Frustration()),
    "thanks": rules.says_nothing_new,
    "links of the model": lambda text: guards.safe_markdown(text, LINKS),
    "a growing answer": grown,
    "citations": lambda text: guards.keep_citations(text, {}),
    "notes": lambda text: relay.without_notes(text, ("//", "note:")),
    "words": lambda text: list(words.words(text)),
    "escaping": escaping.markdown,
    "splitting": lambda text: splitting.split(text, 2000, splitting.utf16),
    "a relayed message": lambda text: render.messages(Relay(name=text, markdown=text)),
    "a line for staff": lambda text: render.messages(Line(markdown=text)),
    "Discord's markup": lambda text: markup.heard(text, "1"),
    "Discord's Markdown": formatting.markdown,
    "a message relayed to Discord": lambda text: discord_render.messages(
        Relay(name=text, markdown=text), CustomIds(b"")
    ),
    "an article": lambda text: list(passages.split(ArticleId("a"), "t", None, text)),
}


@pytest.fixture(autouse=True)
def as_in_a_running_desk() -> Iterator[None]:
    """Which freezes what it has loaded: the collector goes through what the text makes, not through all the tests."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("reader", READERS)
def test_the_longest_message_is_read_in_no_time(reader: str) -> None:
    slow = {}
    for name, text in TEXTS.items():
        began = time.process_time()
        READERS[reader](text)
        if (taken := time.process_time() - began) > REASONABLE:
            slow[name] = round(taken, 2)
    assert slow == {}
