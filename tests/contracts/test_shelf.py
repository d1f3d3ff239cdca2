"""What a shelf of articles promises to every process that reads it."""

import asyncio

import pytest

from contracts.redis_servers import OpenConnection
from frontdesk.adapters.redis.shelf import RedisShelf
from frontdesk.domain.ids import ArticleId
from frontdesk.domain.knowledge import Article, Passage
from frontdesk.ports.library import Shelf


def article(name: str, text: str = "Boots keep feet dry.") -> Article:
    passage = Passage(article=ArticleId(name), title=name, text=text)
    return Article(id=ArticleId(name), title=name, digest="0" * 64, passages=(passage,))


@pytest.fixture
async def shelf(open_connection: OpenConnection) -> Shelf:
    return RedisShelf(await open_connection())


async def test_a_new_shelf_is_empty(shelf: Shelf) -> None:
    assert await shelf.version() is None
    assert await shelf.read("v1") is None


async def test_an_edition_is_read_as_it_was_put(shelf: Shelf) -> None:
    articles = [article(f"a/{number:03}") for number in range(250)]
    await shelf.replace("v1", articles)
    assert await shelf.version() == "v1"
    assert await shelf.read("v1") == articles


async def test_the_edition_before_stays_for_its_readers(shelf: Shelf) -> None:
    await shelf.replace("v1", [article("one")])
    await shelf.replace("v2", [article("two")])
    assert await shelf.version() == "v2"
    assert await shelf.read("v1") == [article("one")]
    await shelf.replace("v1", [article("one")])
    assert await shelf.read("v1") == [article("one")]


async def test_an_edition_without_articles_is_still_an_edition(shelf: Shelf) -> None:
    await shelf.replace("v1", [])
    assert await shelf.read("v1") == []


async def test_a_reader_never_sees_half_an_edition(shelf: Shelf) -> None:
    sizes = {f"v{size}": size for size in (100, 300, 500)}
    written = asyncio.Event()

    async def write() -> None:
        for version, size in sizes.items():
            await shelf.replace(version, [article(f"{number}") for number in range(size)])
        written.set()

    async def read() -> None:
        while not written.is_set():
            version = await shelf.version()
            if version:
                assert len(await shelf.read(version) or ()) == sizes[version]

    async with asyncio.timeout(10):
        await asyncio.gather(write(), read())
