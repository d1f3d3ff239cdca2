"""Long Markdown becomes parts that each read well and together say everything."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.domain.splitting import split, utf16

WORDS = st.sampled_from(
    [
        *("word", "**bold**", "`code span`", "[a link](https://shop.example/a/b)", "- item", "| a | b |", "|---|---|"),
        *("```", "```python", "~~~", "&amp;", "x" * 90, "", " ", "\n", "\n\n", "a | b\n--|--\n1 | 2\n", "`", "\u2028"),
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=30), max_size=120).map(
    lambda pieces: "".join(p + ("\n" if i % 3 == 0 else " ") for i, p in enumerate(pieces))
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS, st.integers(min_value=200, max_value=600))
def test_the_parts_together_are_the_text_and_each_fits(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(part.text for part in parts) == text
    assert max(len(part.markdown) for part in parts) <= limit


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(min_value=300, max_value=600))
def test_no_part_ends_inside_a_fence(text: str, limit: int) -> None:
    *firsts, _ = split(text, limit)
    for part in firsts:
        assert fence_at_the_end(part.markdown) == ""


def fence_at_the_end(text: str) -> str:
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)$", line)
        if mark and fence and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        elif mark and not fence and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
    return fence


def test_a_short_text_stays_whole() -> None:
    assert [part.markdown for part in split("short", 100)] == ["short"]


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    text = "```python\n" + "x = 1\n" * 60 + "```\n"
    parts = split(text, 200)
    assert len(parts) > 1
    for part in parts:
        assert part.markdown.startswith("```python\n")
        assert part.markdown.rstrip("\n").endswith("```")


def test_a_table_repeats_its_header() -> None:
    header = "| item | price |\n|---|---|\n"
    parts = split(header + "| lamp | 10 |\n" * 60, 300)
    assert len(parts) > 2
    for part in parts:
        assert part.markdown.startswith(header)


def test_a_link_is_never_cut() -> None:
    link = "[the page about returns](https://shop.example/returns/in/detail)"
    for part in split(" ".join(["word"] * 20 + [link, "more"] * 20), 200):
        assert part.markdown.count("[") == part.markdown.count("](") == part.markdown.count(")")


def test_paragraphs_are_kept_together_where_that_is_possible() -> None:
    paragraph = "one two three four. " * 5 + "\n\n"
    for part in split(paragraph * 10, 350):
        assert part.text.startswith("one two")


def test_without_a_space_the_cut_still_goes_around_links_and_entities() -> None:
    for whole in ("[page](https://shop.example/returns)", "&amp;"):
        for padding in range(40):
            text = "x" * padding + whole * 60
            parts = split(text, 200)
            assert all(part.text.lstrip("x").startswith(whole) for part in parts)
            assert "".join(part.text for part in parts) == text


@settings(max_examples=500, deadline=None)
@given(
    st.lists(WORDS | st.text(max_size=30) | st.just("👩‍🚀🎉" * 40), max_size=80).map(" ".join), st.integers(300, 600)
)
def test_characters_outside_the_basic_plane_count_twice_where_the_platform_counts_so(text: str, limit: int) -> None:
    parts = split(text, limit, utf16)
    assert "".join(part.text for part in parts) == text
    assert max(utf16(part.markdown) for part in parts) <= limit


def test_a_list_goes_on_with_whole_items_and_its_own_numbers() -> None:
    text = "".join(f"{number}. step number {number} of the way\n   - a detail\n" for number in range(1, 41))
    for part in split(text, 300):
        assert re.match(r"\d+\. step|   - a detail", part.markdown)
        assert part.markdown.endswith("\n")


def test_an_address_in_angle_brackets_is_never_cut() -> None:
    whole = "[page](<https://shop.example/a(b)>)<https://shop.example/c>\\*"
    for padding in range(40):
        parts = split("x" * padding + whole * 30, 200)
        for piece in ("[page](<https://shop.example/a(b)>)", "<https://shop.example/c>", "\\*"):
            assert sum(part.text.count(piece) for part in parts) == 30
