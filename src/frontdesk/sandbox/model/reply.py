"""What one request is answered with, before it is put on the wire."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    text: str | tuple[str, ...] = ""
    """A tuple is sent as exactly these deltas."""
    tool_calls: tuple[ToolCall, ...] = ()
    chunk: int | None = None
    """Words in each delta; None leaves it to the server."""
    delay: float | None = None
    """Seconds between deltas; None leaves it to the server."""

    @property
    def whole(self) -> str:
        return self.text if isinstance(self.text, str) else "".join(self.text)
