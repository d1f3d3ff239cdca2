"""Small facts that outlive the process: where a session stood, how often something was done, what is called what."""

from typing import Protocol


class Notebook(Protocol):
    """Every method raises Retry when the store cannot be reached."""

    async def put(self, name: str, text: str, seconds: float) -> None:
        """Write it down; forgotten after so many seconds."""
        ...

    async def get(self, name: str) -> str | None: ...

    async def forget(self, name: str) -> None: ...

    async def add(self, name: str, amount: int, seconds: float) -> int:
        """Add to a count and return it; the count begins anew so many seconds after it began."""
        ...
