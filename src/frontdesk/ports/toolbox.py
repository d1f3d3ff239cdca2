"""What the assistant may call besides speaking."""

from collections.abc import Sequence
from typing import Protocol

from frontdesk.domain.people import Person
from frontdesk.ports.model import ToolCall, ToolOffer


class Toolbox(Protocol):
    def offers(self) -> Sequence[ToolOffer]: ...

    async def call(self, call: ToolCall, customer: Person) -> str:
        """The tool's result as text for the model, acting for this customer; a failure is a text too."""
        ...
