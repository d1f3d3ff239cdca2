"""The owned model: whatever it writes, in whatever pieces, nothing but our own addresses and given sources is shown."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from frontdesk.core.guards import Grounding, Links, cited_numbers, safe_markdown
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Citation

OURS = "help.shop.example"
LINKS = Links({OURS, "shop.example"})
GIVEN = {
    1: Citation(number=1, title="Returns", article=ArticleId("returns"), url=f"https://{OURS}/returns"),
    2: Citation(number=2, title="Shipping", article=ArticleId("shipping")),
}
FOREIGN = "evil.test"
"""The attacker's own host; every form of it must go."""

_PLATFORM_LINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.-]*:[^<>\n]*)>")
_ADDRESS = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*://|\bwww\.|(?<=[(<\"'])//)[^\s<>()\[\]\"'`|]+", re.IGNORECASE)
_parser = MarkdownIt("commonmark").enable(["strikethrough", "table"])


def live(text: str) -> Iterator[str]:
    """Every address that Markdown or a platform would make of this text."""
    for block in _parser.parse(text):
        for token in block.children or ():
            yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)
    yield from (found.split("|", 1)[0] for found in _PLATFORM_LINK.findall(text))
    yield from (found.rstrip(".,;:!?*_~") for found in _ADDRESS.findall(text))


def foreign(text: str) -> list[str]:
    return [address for address in live(text) if not LINKS.allows(address)]


ATTACKS = (
    "[click]({u})",
    "![x]({u})",
    "[click](<{u}>)",
    '[click]({u} "title")',
    "[a [b] c]({u})",
    "[a\nb]({u})",
    "[click]( {u} )",
    "[click](\n{u}\n)",
    "[x][1]\n\n[1]: {u}",
    "[x]\n\n[x]: <{u}>",
    "[x][]\n\n[x]:\n{u}",
    "> [x]: {u}\n\n[x]",
    "- [x]: {u}\n\n[x]",
    "<{u}>",
    "<{u}|label>",
    "<{u}|>",
    "{u}",
    "({u})",
    '"{u}"',
    "**{u}**",
    "`{u}`",
    "[{u}]({u})",
    "[shop.example]({u})",
    "[https://help.shop.example]({u})",
    "[![x]({u})](https://help.shop.example/)",
    "[![x](https://help.shop.example/a.png)]({u})",
    "[a](https://help.shop.example)({u})",
    "[]({u})",
    "[ ]({u})",
    "\\[click]({u})",
    "[click\\]]({u})",
    "[click]\\({u})",
    "[a](<https://help.shop.example> {u})",
    "x{u}",
    "x.{u}",
    "/{u}",
    "@{u}",
    "]({u})",
    "[x](((({u}))))",
    "[x]({u}))",
    "[x](a(b){u})",
    "| a |\n|---|\n| {u} |",
    "# {u}",
    "```\n{u}\n```",
    '<a href="{u}">x</a>',
    "<img src={u}>",
    "see {u}.",
    "{u}, and",
    "<think>{u}</think>{u}",
    "<think>x</think>[a]({u})",
    "[cl\u200bick]({u})",
    "[click]\u200b({u})",
    "[{n}]({u})",
    "[1]({u})",
    "[1][{u}]",
    "[1]: {u}",
    "a [1]: {u}",
    "[x](&#104;ttps://evil.test)",
    "[x](https&colon;//evil.test)",
    "[x](//evil.test/a)",
    "[x](\\\\evil.test)",
    "[x](/\\evil.test)",
    "{u}[1]",
    "[1]{u}",
    "_{u}_",
    "~~{u}~~",
    "*[x]({u})*",
    "[*x*]({u})",
    "[`]`]({u})",
    "[x]({u}",
    "[x](<{u}",
    "<{u}",
    "[<{u}>](a)",
    "[a](javascript:alert(1))",
    "[a](data:text/html,x)",
    "[a](mailto:x@evil.test)",
    "<mailto:x@evil.test>",
    "<slack://evil.test>",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](https://help.shop.example@evil.test/)",
    "https://help.shop.example@evil.test/",
    "[a](https://help.shop.example.evil.test)",
    "https://help.shop.example.evil.test/x",
    "https:\\\\evil.test",
    "[a](https:evil.test)",
    "[a](https:/evil.test)",
    "[a](http:\\\\evil.test)",
    "evil.test",
    "www.evil.test",
    "EVIL.TEST/x",
    "x@evil.test",
    "evil.test:8080/x",
    "[a](evil.test)",
)
URLS = (
    "https://evil.test",
    "http://evil.test/a?b=c#d",
    "HTTPS://EVIL.TEST/",
    "https://evil.test/(a)",
    "https://evil.test:443/x",
    "www.evil.test",
    "evil.test",
    "evil.test/path",
    "//evil.test",
    "https://evil.test/[1]",
    "ftp://evil.test",
    "https://a:b@evil.test",
    "https://help.shop.example@evil.test",
    "https://xn--evl-tma.test",
    "https://éevil.test",
    "http://1.2.3.4/evil.test",
    "https://evil。test",
)
ATTACK = st.builds(
    lambda form, url, number: form.replace("{u}", url).replace("{n}", str(number)),
    st.sampled_from(ATTACKS),
    st.sampled_from(URLS),
    st.integers(0, 4),
)
PIECE = st.one_of(
    ATTACK,
    st.sampled_from(
        [
            "Returns take 30 days",
            " [1]",
            " [2]",
            " [1, 2]",
            " [7]",
            "[",
            "]",
            "(",
            ")",
            "<",
            ">",
            "!",
            "`",
            "\n",
            "\n\n",
            " ",
            "*",
            "://",
            "https",
            "|",
            "\\",
            f"https://{OURS}/returns",
            f"[Returns](https://{OURS}/returns)",
            f"<https://{OURS}/a>",
            "config.py",
            "z.B. so",
            "1.5 kg",
            "<think>",
            "</think>",
            "NO_ANSWER",
        ]
    ),
    st.text(max_size=12),
)
TEXT = st.lists(PIECE, min_size=1, max_size=8).map("".join)


def test_what_these_tests_call_live_is_what_a_parser_makes_live() -> None:
    """The judge is judged: plain attacks are seen, our own links are not held against the text."""
    for attack in (
        "[a](https://evil.test)",
        "<https://evil.test|x>",
        "www.evil.test",
        "see https://evil.test/x",
        "![a](//evil.test)",
    ):
        assert foreign(attack), attack
    assert foreign(f"[Returns](https://{OURS}/returns), https://{OURS}/a and config.py, z.B. 1.5 kg") == []


@settings(max_examples=2500)
@given(TEXT)
def test_no_foreign_address_survives(text: str) -> None:
    safe = safe_markdown(text, LINKS)

    assert foreign(safe) == []


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("form", ATTACKS)
def test_each_known_attack_is_taken_out(form: str, url: str) -> None:
    text = "Returns take 30 days [1]. " + form.replace("{u}", url).replace("{n}", "3")

    safe = Grounding(GIVEN, LINKS).safe(text)

    assert foreign(safe) == []


@pytest.mark.parametrize("form", [form for form in ATTACKS if "evil" in form])
def test_the_foreign_host_itself_is_gone_where_it_could_be_followed(form: str) -> None:
    assert foreign(safe_markdown(form, LINKS)) == []


@settings(max_examples=1000)
@given(TEXT)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    """Making safe twice changes nothing: nothing that was taken out leaves a new address behind."""
    once = safe_markdown(text, LINKS)

    assert foreign(safe_markdown(once, LINKS)) == []


@st.composite
def streamed(draw: st.DrawFn) -> list[str]:
    """A text that opens the gate, in deltas cut anywhere."""
    text = draw(st.sampled_from(["", "Returns take 30 days [1]. ", "Yes [2]\n\n"])) + draw(TEXT)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def fed(deltas: list[str]) -> tuple[str, Grounding]:
    guard = Grounding(GIVEN, LINKS)
    shown = ""
    for delta in deltas:
        shown += guard.feed(delta)
        assert foreign(shown) == []
        assert set(cited_numbers(shown)) <= set(GIVEN)
    return shown, guard


@settings(max_examples=2500)
@given(streamed())
@example(["Yes [1]. See [here](https://ev", "il.test) "])
def test_nothing_foreign_is_visible_at_any_moment_of_a_stream(deltas: list[str]) -> None:
    fed(deltas)


@pytest.mark.parametrize(
    "url", ["https://evil.test/a", "www.evil.test", "evil.test/path", "https://help.shop.example@evil.test"]
)
@pytest.mark.parametrize("form", ATTACKS)
def test_a_link_cut_at_every_position_is_never_visible(form: str, url: str) -> None:
    text = f"Returns take 30 days [1]. {form.replace('{u}', url).replace('{n}', '3')} and more."
    for cut in range(len(text)):
        fed([text[:cut], text[cut:]])
    fed(list(text))


HONEST = st.lists(
    st.sampled_from(
        [
            "Returns take 30 days",
            "It weighs 1.5 kg.",
            " [1]",
            " [2]",
            ". ",
            ", ",
            "\n",
            "\n\n- ",
            "**bold** ",
            f"[Returns](https://{OURS}/returns) ",
            f"https://{OURS}/a ",
            "z.B. so ",
            "`config.py` ",
            " (see below) ",
            "a < b ",
            "x [optional] y ",
            "50 % off! ",
            " [9]",
        ]
    ),
    min_size=1,
    max_size=12,
).map("".join)


@settings(max_examples=2000)
@given(HONEST, st.data())
def test_what_was_shown_of_an_honest_answer_is_the_beginning_of_the_whole(text: str, data: st.DataObject) -> None:
    text = f"Yes [1]. {text}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    shown, guard = fed([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)])

    assert guard.safe(text).startswith(shown)


def test_an_honest_answer_is_shown_while_it_grows() -> None:
    guard = Grounding(GIVEN, LINKS)
    seen = [
        guard.feed(word)
        for word in [
            "Returns",
            "take",
            "thirty",
            "days",
            "[1]",
            "from",
            "the",
            "day",
            "of",
            "purchase,",
            "whatever",
            "the",
            "reason",
            ".",
        ]
    ]
    spaced = Grounding(GIVEN, LINKS)
    parts = [
        spaced.feed(f"{word} ")
        for word in [
            "Returns",
            "take",
            "thirty",
            "days",
            "[1]",
            "from",
            "the",
            "day",
            "of",
            "purchase",
            ",",
            "always",
            ".",
        ]
    ]

    assert len(seen) == 14
    assert len([part for part in parts if part]) >= 7


@settings(max_examples=500)
@given(st.lists(st.text(max_size=20), max_size=6))
def test_without_a_given_source_nothing_is_ever_shown(deltas: list[str]) -> None:
    guard = Grounding({}, LINKS)

    assert "".join(guard.feed(delta) for delta in [*deltas, " [1] "]) == ""


@settings(max_examples=500)
@given(TEXT)
def test_only_given_sources_are_cited(text: str) -> None:
    assert set(cited_numbers(Grounding(GIVEN, LINKS).safe(text))) <= set(GIVEN)


@pytest.mark.parametrize(
    "text",
    [
        f"See [Returns](https://{OURS}/returns) [1].",
        f"It is at https://{OURS}/a?b=c#d, in `config.py`.",
        "Nur Mo.–Fr., z.B. um 9.30 Uhr. It weighs 1.5 kg.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "1. First\n2. Second [2]\n\n> quoted\n\n```\ncode <b>\n```",
    ],
)
def test_an_honest_text_is_left_alone(text: str) -> None:
    assert Grounding(GIVEN, LINKS).safe(text) == text
