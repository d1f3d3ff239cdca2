"""Nothing that strangers or the model do without end makes the Discord adapter slow or large."""

import time

import pytest

from frontdesk.adapters.discord import drafts

SIZE = 20_000
REASONABLE = 1.5


@pytest.mark.parametrize(
    "piece",
    ["> a ", "[a](b ", "`a ", "** a ", "~~ a ", "< a ", "[ a ", "| a ", "[a](", "``` ", "a ", "```\na\n", "[a](b` "],
)
def test_a_growing_reply_of_one_long_line_is_looked_at_in_no_time(piece: str) -> None:
    said, settled = "", 0
    began = time.process_time()
    for _ in range(20):
        said += piece * (SIZE // 20 // len(piece))
        settled = drafts.settled(said, settled)
        drafts.shown(said[:settled])
    assert time.process_time() - began < REASONABLE
