"""A folder of Markdown becomes articles and passages; what cannot be used is skipped with a reason."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.adapters.library import articles
from frontdesk.adapters.library.passages import split
from frontdesk.adapters.library.words import Stems, is_filler, words
from frontdesk.domain.errors import Misconfigured
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article


def read(path: Path) -> Article:
    (source,) = articles.find(path)
    return articles.read(source)


def why_skipped(path: Path) -> str:
    with pytest.raises(articles.Skipped) as skipped:
        read(path)
    return str(skipped.value)


def written(folder: Path, text: str | bytes, name: str = "a.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_front_matter_says_what_an_article_is(tmp_path: Path) -> None:
    facts = "title: Returns\nurl: https://x.example/r\naudience: staff\nlanguage: DE-at\nauthor: me"
    article = read(written(tmp_path, f"---\n{facts}\n---\nThirty days.\n"))
    assert (article.title, article.url) == ("Returns", "https://x.example/r")
    assert (article.audience, article.language) == ("staff", "de")
    assert [p.text for p in article.passages] == ["Thirty days."]
    assert article.passages[0].url == "https://x.example/r"


def test_without_front_matter_the_first_heading_is_the_title_and_the_language_is_detected(tmp_path: Path) -> None:
    article = read(written(tmp_path, "# Rückgabe\n\nSie können die Tasche innerhalb von dreißig Tagen zurückgeben.\n"))
    assert (article.title, article.language, article.audience) == ("Rückgabe", "de", "public")


def test_without_a_heading_the_file_name_is_the_title(tmp_path: Path) -> None:
    assert read(written(tmp_path, "Thirty days.", "how-to_return.md")).title == "how to return"


def test_an_article_is_named_by_its_path_below_the_folder(tmp_path: Path) -> None:
    written(tmp_path, "Text.", "en/b.markdown")
    written(tmp_path, "Text.", "a.md")
    written(tmp_path, "Text.", ".git/c.md")
    written(tmp_path, "Text.", "d.txt")
    assert [source.id for source in articles.find(tmp_path)] == ["a", "en/b"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    article = read(written(tmp_path, b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\nText.\r\n"))
    assert (article.title, article.passages[0].text) == ("A", "Text.")


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    assert read(written(tmp_path, "---\n\nText.\n")).passages[0].text.endswith("Text.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("---\ntitle: A\n---\n", "empty"),
        ("# Only\n\n## Headings\n", "no text"),
        ("---\ntitle: [\n---\nText.", "not YAML in line"),
        ("---\n- a\n---\nText.", "not a list of names"),
        ("---\nwhen: 2024-99-99\ntitle: [x]\n---\nText.", "not YAML"),
        ("---\ntitle: [x]\n---\nText.", "title is not understood"),
        ("---\ntitle: A\nText without an end.", "does not end"),
        ("---\naudience: vips\n---\nText.", "audience is not understood: public or staff"),
        ("---\nlanguage: klingon\n---\nText.", "code of two letters"),
        ("---\nurl: javascript:alert(1)\n---\nText.", "http"),
        ("---\nurl: /relative\n---\nText.", "http"),
        (b"caf\xe9", "not UTF-8 (byte 3)"),
        (b"a\0b", "not a text file"),
        ("x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_skipped_with_a_plain_reason(
    tmp_path: Path, text: str | bytes, reason: str
) -> None:
    assert reason in why_skipped(written(tmp_path, text))


def test_a_link_out_of_the_folder_is_skipped(tmp_path: Path) -> None:
    secret = written(tmp_path, "Secret.", "outside/secret.md")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.md").symlink_to(secret)
    assert "leads out" in why_skipped(inside)


def test_links_that_lead_nowhere_or_in_circles_and_folders_named_like_files_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "nowhere.md").symlink_to(tmp_path / "gone.md")
    (tmp_path / "circle.md").symlink_to(tmp_path / "circle.md")
    (tmp_path / "folder.md").mkdir()
    found = articles.find(tmp_path)
    assert [source.name for source in found] == ["circle.md", "nowhere.md"]
    for source in found:
        with pytest.raises(articles.Skipped, match="cannot be read"):
            articles.read(source)


def test_a_place_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="FRONTDESK_KNOWLEDGE"):
        articles.find(tmp_path / "gone")


# --- passages ---


def passages(markdown: str, title: str = "Shipping") -> list[tuple[str, str]]:
    return [(p.title, p.text) for p in split(ArticleId("a"), title, None, markdown)]


LONG = " ".join(["It takes three days."] * 40)


def test_a_passage_knows_the_headings_it_stands_under() -> None:
    markdown = f"# Shipping\n\n{LONG}\n\n## Abroad\n\n### Islands\n\n{LONG}\n\n## At home\n\n{LONG}\n"
    titles = [title for title, _ in passages(markdown)]
    assert titles == ["Shipping", "Shipping › Abroad › Islands", "Shipping › At home"]


def test_a_passage_over_several_small_sections_has_only_their_common_heading() -> None:
    assert [title for title, _ in passages("# Shipping\n\n## One\n\nA.\n\n## Two\n\nB.\n")] == ["Shipping"]


def test_a_sign_in_code_is_no_heading() -> None:
    assert [title for title, _ in passages("```\n# not a heading\n```\n\nText.\n")] == ["Shipping"]


@given(st.text(alphabet=st.sampled_from("#`-* \n\tabcäöü一二三😀>|[]()!1."), max_size=3000))
def test_no_text_is_lost_or_invented_by_splitting(markdown: str) -> None:
    for _, text in passages(markdown):
        assert len(text) <= 1200
        assert text in markdown


# --- words ---


def test_runs_without_gaps_become_pairs_of_characters() -> None:
    assert list(words("返金について")) == ["返金", "金に", "につ", "つい", "いて"]
    assert list(words("ＡＢＣ の 42")) == ["abc", "の", "42"]


def test_words_are_folded_and_lose_their_endings() -> None:
    stems = Stems()
    assert stems.of("returns", "en") == stems.of("returning", "en")
    assert stems.of("rückgaben", "de") == stems.of("rückgabe", "de")
    assert stems.of("returns", "") == "returns"
    assert is_filler("the", "en")
    assert not is_filler("the", "de")


@given(st.text())
def test_any_text_has_words_or_none(text: str) -> None:
    assert all(words(text))
