"""Whoever writes articles carelessly or with ill will publishes nothing internal and holds nothing up."""

import time
from pathlib import Path

import pytest

from frontdesk.adapters.library.articles import Skipped, find, read
from frontdesk.domain.knowledge import Article

SECRET = "The margin on lamps is forty percent."


def article(folder: Path, text: str) -> Article:
    (folder / "a.md").write_text(text, encoding="utf-8")
    [source] = find(folder)
    return read(source)


@pytest.mark.parametrize("before", ["\n", "\n\n", "  \n", "\ufeff", "\ufeff\n", "\r\n", "\t\n"], ids=repr)
def test_nothing_in_front_of_the_front_matter_makes_an_internal_article_public(tmp_path: Path, before: str) -> None:
    assert article(tmp_path, f"{before}---\naudience: staff\n---\n{SECRET}\n").audience == "staff"


@pytest.mark.parametrize(
    "text",
    [
        f"audience: staff\n\n{SECRET}\n",
        f"<!-- ours -->\n---\naudience: staff\n---\n{SECRET}\n",
        f"----\naudience: staff\n----\n{SECRET}\n",
        f"+++\naudience: staff\n+++\n{SECRET}\n",
        f"# Margins\n\n---\nAudience : staff\n---\n{SECRET}\n",
        f"> audience: staff\n\n{SECRET}\n",
        f"---\naudience: staff\n...\n{SECRET}\n",
        f"---\n# ours\naudience: staff\n{SECRET}\n",
        f"---\naudience: Staff\n---\n{SECRET}\n",
        f"---\naudience: internal\n---\n{SECRET}\n",
        f"---\naudience: [staff]\n---\n{SECRET}\n",
        f"---\naudience:\n---\n{SECRET}\n",
    ],
)
def test_an_article_that_says_who_may_read_it_in_a_way_we_cannot_read_is_not_published(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(Skipped):
        article(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "slack://channel",
        "https://help.shop.example@evil.example/",
        "https://help.shop.example:x@evil.example/",
        "https://evil.example|https://help.shop.example",
        "https://help.shop.example/> <!channel>",
        "https://help.shop.example\\\\@evil.example",
        "https://a b.example",
    ],
)
def test_an_address_that_is_no_plain_one_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Skipped):
        article(tmp_path, f"---\nurl: '{url}'\n---\nText.\n")


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{other}'] * 9)}]\n" for other, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "matter",
    [
        LAUGHS + "title: *i\n",
        "title: " + "1:00" + ":00" * 300_000 + "\n",
        "title: " + "9" * 900_000 + "\n",
        "title: 0x" + "f" * 900_000 + "\n",
        "[" * 100_000 + "\n",
        "? [" * 1000 + "\n",
        "a: b\n" * 150_000,
        "&a " * 100_000 + "\n",
        "!!python/object/apply:os.system ['true']\n",
        "title: !!python/name:os.system\n",
    ],
    ids=["laughs", "sexagesimal", "digits", "hex", "lists", "keys", "long", "anchors", "apply", "name"],
)
def test_a_bomb_in_the_front_matter_is_skipped_in_no_time(tmp_path: Path, matter: str) -> None:
    began = time.process_time()
    with pytest.raises(Skipped):
        article(tmp_path, f"---\n{matter}---\nText.\n")
    assert time.process_time() - began < 2.0


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text(SECRET, encoding="utf-8")
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "inside.md").symlink_to(outside)
    (folder / "..looks-odd.md").symlink_to("../secret.md")
    (folder / "folder.md").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop.md").symlink_to(folder / "loop.md")
    for source in find(folder):
        with pytest.raises(Skipped):
            read(source)
