"""Puts a folder of articles on the shelf and reports what changed."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from frontdesk.adapters.library import articles as files
from frontdesk.domain.errors import Misconfigured
from frontdesk.domain.knowledge import Article, IngestReport
from frontdesk.ports.library import Shelf

MAKING: Final = "1"
"""Changes when the same files would give other passages, so that they are read anew."""

Progress = Callable[[int, int], None]
"""Files read so far, files in all."""


async def ingest(
    place: Path, shelf: Shelf, *, progress: Progress | None = None, allow_empty: bool = False
) -> IngestReport:
    """Make the articles below `place` the present edition; nothing is written when nothing changed.

    Raises Misconfigured when there is nothing usable, rather than empty the library, unless `allow_empty`.
    """
    found, skipped = await _read_all(place, progress)
    if not found and not allow_empty:
        raise _nothing_in(place, skipped)
    version = _version(found)
    present = await shelf.version()
    before = (await shelf.read(present) if present is not None else None) or ()
    if version != present:
        await shelf.replace(version, found)
    return _report(version, before, found, skipped)


async def usable(place: Path) -> int:
    """How many articles below `place` can be used. Raises Misconfigured when there is none."""
    found, skipped = await _read_all(place, None)
    if not found:
        raise _nothing_in(place, skipped)
    return len(found)


def _nothing_in(place: Path, skipped: Sequence[tuple[str, str]]) -> Misconfigured:
    reasons = "; ".join(f"{name}: {why}" for name, why in skipped[:3]) or "articles are files ending in .md"
    return Misconfigured(f"FRONTDESK_KNOWLEDGE: no usable article in {place} ({reasons})")


async def _read_all(place: Path, progress: Progress | None) -> tuple[list[Article], list[tuple[str, str]]]:
    sources = await asyncio.to_thread(files.find, place)
    found: list[Article] = []
    skipped: list[tuple[str, str]] = []
    titles: dict[tuple[str, str], str] = {}
    taken: dict[str, str] = {}
    for done, source in enumerate(sources, start=1):
        try:
            article = await asyncio.to_thread(files.read, source)
            if source.id in taken:
                raise files.Skipped(f"same name as {taken[source.id]}")  # noqa: TRY301 - skipped like the rest
            title = (article.title.casefold(), article.language)
            if title in titles:
                raise files.Skipped(f"same title as {titles[title]}")  # noqa: TRY301
        except files.Skipped as why:
            skipped.append((source.name, str(why)))
        else:
            taken[source.id] = titles[title] = source.name
            found.append(article)
        if progress:
            progress(done, len(sources))
    return found, skipped


def _version(articles: Sequence[Article]) -> str:
    told = "\n".join([MAKING, *sorted(f"{article.id}\0{article.digest}" for article in articles)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _report(
    version: str, before: Sequence[Article], now: Sequence[Article], skipped: Sequence[tuple[str, str]]
) -> IngestReport:
    old = {article.id: article.digest for article in before}
    new = {article.id: article.digest for article in now}
    kept = old.keys() & new.keys()
    changed = sorted(name for name in kept if old[name] != new[name])
    return IngestReport(
        version=version,
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(changed),
        removed=tuple(sorted(old.keys() - new.keys())),
        unchanged=len(kept) - len(changed),
        skipped=tuple(skipped),
        passages=sum(len(article.passages) for article in now),
    )
