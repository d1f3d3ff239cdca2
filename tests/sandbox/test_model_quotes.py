"""Whatever the articles and the question look like, an answer holds only what the articles say."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.sandbox.model.answer import NO_ANSWER, answer
from frontdesk.sandbox.model.prompt import Passage, Prompt
from frontdesk.sandbox.model.triage import triage

LINES = st.sampled_from(
    [
        "# Returns",
        "You can return a bag. It takes 3 days:",
        "1. Pack the bag.",
        "2. Send the bag",
        "   - nested bag",
        "- a bag",
        "| Bag | Price |",
        "|---|---|",
        "| Kettle | 5 EUR |",
        "```",
        "bag --return",
        "> quoted bag",
        "<b>bag</b>",
        "",
        "Is it a bag? Yes, e.g. this one.",
    ]
)
TEXTS = st.lists(LINES, max_size=14).map("\n".join) | st.text(max_size=200)


def asked(question: str, texts: list[str]) -> Prompt:
    passages = tuple(Passage(str(n), "Returning a bag", text) for n, text in enumerate(texts, 1))
    return Prompt("answer", (), passages, question, (), ())


@settings(max_examples=150, deadline=None)
@given(
    question=st.sampled_from(["How do I return a bag?", "price of a bag", "bag"]) | st.text(),
    texts=st.lists(TEXTS),
)
def test_each_word_of_an_answer_stands_in_the_passages(question: str, texts: list[str]) -> None:
    reply = answer(asked(question, texts)).whole
    if reply == NO_ANSWER or reply.startswith("QUESTION: "):
        return
    assert "[" in reply
    said = re.findall(r"\w+", re.sub(r" \[\d+\]|^\d+\. ", "", reply, flags=re.MULTILINE))
    assert set(said) <= set(re.findall(r"\w+", " ".join(texts)))


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_message_is_sorted(text: str) -> None:
    assert triage(asked(text, []))["tier"] in (1, 2, 3)
