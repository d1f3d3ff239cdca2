"""A shelf in memory that keeps the contract of `ports.library.Shelf` and counts what is asked of it."""

from collections.abc import Sequence

from frontdesk.domain.knowledge import Article


class MemoryShelf:
    def __init__(self) -> None:
        self.editions: dict[str, Sequence[Article]] = {}
        self.present: str | None = None
        self.reads = 0
        self.writes = 0

    async def version(self) -> str | None:
        return self.present

    async def read(self, version: str) -> Sequence[Article] | None:
        self.reads += 1
        return self.editions.get(version)

    async def replace(self, version: str, articles: Sequence[Article]) -> None:
        self.writes += 1
        self.editions = {version: tuple(articles)}
        self.present = version
