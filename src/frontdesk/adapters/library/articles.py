"""Reads Markdown files into articles; a file that cannot be used is skipped with a plain reason."""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from frontdesk.adapters.library.language import detected
from frontdesk.adapters.library.passages import first_heading, split
from frontdesk.domain.errors import Misconfigured
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Audience

ENDINGS: Final = (".md", ".markdown")
MOST_BYTES: Final = 1_000_000
_FRONT_MATTER: Final = re.compile(r"\A\s*^---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_MOST_FRONT_MATTER: Final = 5_000
"""Characters; YAML can be written to take minutes or to grow a thousandfold."""
_SAYS_WHO_MAY_READ: Final = re.compile(r"^[\s>#*-]*audience\s*:", re.MULTILINE | re.IGNORECASE)


class Skipped(Exception):
    """The file cannot be used; the text says why."""


def _words(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _code(value: object) -> object:
    """`de-AT` and `DE` are `de`. YAML 1.1 reads an unquoted `no` as false."""
    if value is False:
        return "no"
    return re.split("[-_]", value.strip())[0].casefold() if isinstance(value, str) else value


class FrontMatter(BaseModel):
    """What an author may say about an article above its text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Annotated[str | None, BeforeValidator(_words)] = None
    url: str | None = None
    audience: Audience = "public"
    language: Annotated[str | None, BeforeValidator(_code)] = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that may hold an article."""

    id: ArticleId
    name: str
    """As reports spell it: the path below the folder."""
    path: Path
    root: Path


def find(place: Path) -> Sequence[Source]:
    """The Markdown files below a folder, or the one file itself. Raises Misconfigured."""
    if place.is_file():
        return (Source(ArticleId(place.stem), place.name, place, place.resolve().parent),)
    if not place.is_dir():
        raise Misconfigured(f"FRONTDESK_KNOWLEDGE: there is no file or folder {place}")
    root = place.resolve()
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or not name.casefold().endswith(ENDINGS):
                continue
            path = Path(folder, name)
            below = path.relative_to(root)
            found.append(Source(ArticleId(below.with_suffix("").as_posix()), below.as_posix(), path, root))
    return found


def read(source: Source) -> Article:
    """The article in a file. Raises Skipped."""
    data = _bytes(source)
    text = _text(data)
    facts, body = _front_matter(text)
    if not body.strip():
        raise Skipped("the article is empty")
    title = (facts.title or first_heading(body) or source.path.stem.replace("-", " ").replace("_", " ")).strip()
    article = ArticleId(source.id)
    passages = tuple(split(article, title, facts.url, body))
    if not passages:
        raise Skipped("the article has headings but no text")
    return Article(
        id=article,
        title=title,
        url=facts.url,
        audience=facts.audience,
        language=facts.language or detected(f"{title}\n{body}"[:5000]),
        digest=hashlib.sha256(data).hexdigest(),
        passages=passages,
    )


def _bytes(source: Source) -> bytes:
    try:
        if not source.path.resolve(strict=True).is_relative_to(source.root):
            raise Skipped("a link that leads out of the folder")
        if not source.path.is_file():
            raise Skipped("not a plain file")
        with source.path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself, before Python 3.13
        reason = error.strerror if isinstance(error, OSError) else None
        raise Skipped(f"cannot be read: {reason or 'a broken link'}") from error
    if len(data) > MOST_BYTES:
        raise Skipped("larger than 1 MB")
    return data


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Skipped(f"not UTF-8 (byte {error.start})") from error
    if "\0" in text:
        raise Skipped("not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(text: str) -> tuple[FrontMatter, str]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        if re.match(r"---[ \t]*\n[ \t]*\w+:", text):
            raise Skipped("the front matter does not end: a line --- is missing")
        if _SAYS_WHO_MAY_READ.search(text[:_MOST_FRONT_MATTER]):
            raise Skipped("it says who may read it, but not in front matter: that begins with a line ---")
        return FrontMatter(), text
    if len(match[1]) > _MOST_FRONT_MATTER:
        raise Skipped("the front matter is longer than 5,000 characters")
    try:
        facts = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that does not exist
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f" in line {line + 2}"
        raise Skipped(f"the front matter is not YAML{where}") from error
    if facts is None:
        return FrontMatter(), text[match.end() :]
    if not isinstance(facts, dict):
        raise Skipped("the front matter is not a list of names and values")
    return _checked(facts), text[match.end() :]


def _checked(facts: dict[object, object]) -> FrontMatter:
    try:
        matter = FrontMatter.model_validate({str(name).casefold(): value for name, value in facts.items()})
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        raise Skipped(f"the front matter's {wrong} is not understood{_ALLOWED.get(wrong, '')}") from error
    if matter.url is not None and not re.match(r"https?://[^\s/]", matter.url):
        raise Skipped("the front matter's url does not begin with http:// or https://")
    if matter.url is not None and re.search(r"[\s<>|\\]|^https?://[^/?#]*@", matter.url):
        raise Skipped("the front matter's url is not a plain address")
    if matter.language is not None and not re.fullmatch("[a-z]{2}", matter.language):
        raise Skipped("the front matter's language is not a code of two letters such as en")
    return matter


_ALLOWED: Final = {"audience": ": public or staff", "language": ": a code such as en", "title": ": a line of text"}
