"""What staff mark as a note never leaves the staff side, whatever stands around it."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from frontdesk.core.configuration import DeskConfig
from frontdesk.core.relay import without_notes

MARKS = DeskConfig().note_marks
SECRET = "sesame"

BEFORE = st.text(alphabet=" \t*_~>`#•◦-–·\u200b\u2060\ufeff\u00a0", max_size=6)
"""What a client, a list or a habit puts before the words of a line."""
NUMBER = st.sampled_from(["", "", "", "1. ", "12) ", "(", "> 3. "])
MARK = st.sampled_from(MARKS).flatmap(
    lambda mark: st.sampled_from(
        [
            mark,
            mark.upper(),
            mark.title(),
            mark.replace(":", " :"),
            mark.replace(":", "："),
            mark.replace(":", "*:"),
            f"*{mark}*",
            f"_{mark}_",
        ]
    )
)
WORDS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
)
PLAIN = WORDS.filter(lambda line: not re.search(r"//|no|／|ｎ|ｏ|Ｎ|Ｏ", line, re.IGNORECASE))
"""Lines that cannot be taken for a note."""
NOTE = st.builds(
    lambda before, number, mark, words: before + number.strip("(") + mark + words, BEFORE, NUMBER, MARK, WORDS
)
BREAK = st.sampled_from(["\n", "\r\n", "\u2028", "\n\n", "\n \t\n"])


def joined(parts: list[str], breaks: list[str]) -> str:
    return "".join(part + end for part, end in zip(parts, breaks, strict=True))


MESSAGE = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.lists(st.one_of(PLAIN, NOTE), min_size=size, max_size=size), st.lists(BREAK, min_size=size, max_size=size)
    )
)


@given(MESSAGE, NOTE, BREAK, st.integers(0, 8))
@example((["It comes on Monday."], ["\n"]), "• // ", "\n", 1)
@example((["It comes on Monday."], ["\n"]), "*Note*: ", "\n", 0)
def test_no_marked_line_ever_passes(message: tuple[list[str], list[str]], note: str, end: str, place: int) -> None:
    parts, breaks = message
    parts, breaks = [*parts[:place], note + SECRET, *parts[place:]], [*breaks[:place], end, *breaks[place:]]

    assert SECRET not in without_notes(joined(parts, breaks), MARKS)


@given(NOTE, WORDS, MESSAGE)
def test_what_follows_a_note_up_to_the_next_empty_line_stays_too(
    note: str, words: str, message: tuple[list[str], list[str]]
) -> None:
    text = f"Good day.\n{note}\n{words}x{SECRET}\nand {SECRET}\n\n{joined(*message)}"

    assert SECRET not in without_notes(text, MARKS)


@given(NOTE, MESSAGE)
def test_a_message_that_begins_with_a_mark_is_a_note_as_a_whole(
    note: str, message: tuple[list[str], list[str]]
) -> None:
    assert without_notes(f"{note}\n\n{joined(*message)}", MARKS) == ""
    assert without_notes(f"\n  \n{note}\n\n{joined(*message)}", MARKS) == ""


@given(st.lists(PLAIN, max_size=8))
def test_a_message_without_a_mark_passes_whole(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert without_notes(text, MARKS) == text.strip()


@given(st.lists(PLAIN.filter(str.strip), min_size=1, max_size=4), NOTE, st.lists(PLAIN.filter(str.strip), max_size=4))
def test_words_before_a_note_and_behind_its_paragraph_pass(before: list[str], note: str, after: list[str]) -> None:
    text = "\n".join([*before, note, "", *after])

    assert without_notes(text, MARKS).split() == " ".join([*before, *after]).split()


@given(st.text(max_size=200), st.lists(st.text(max_size=6), max_size=4))
def test_marks_of_a_teams_own_are_kept_to(text: str, marks: list[str]) -> None:
    """Whatever they are made of: signs that look like Markdown, spaces, or nothing at all."""
    passed = without_notes(text, marks)

    assert all(line in text for line in passed.splitlines())
    if not any(mark.strip() for mark in marks):
        assert passed == "\n".join(text.splitlines()).strip()
    for mark in ("--", "#", "> ", "[[", "* "):
        assert without_notes(f"{mark} {SECRET}", [mark]) == ""
        assert without_notes(f"Good day.\n- {mark} {SECRET}", [mark]) == "Good day."
        assert without_notes("Good day.", [mark]) == "Good day."


def test_an_address_is_no_note() -> None:
    text = "See https://shop.example/returns\nand a//b, or http://x.example"

    assert without_notes(text, MARKS) == text
