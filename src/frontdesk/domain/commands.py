"""The commands that people can give after a slash or from a menu, the same words on every platform."""

from typing import Literal

from frontdesk.domain.value import Value


class Subcommand(Value):
    name: str
    description: str


class Argument(Value):
    """What stands behind a command, in free words."""

    name: str
    description: str
    most: int = 2000
    """Characters."""
    suggests: bool = False
    """The desk offers words while somebody types."""


class SlashCommand(Value):
    name: str
    """Without its slash."""
    description: str
    subcommands: tuple[Subcommand, ...] = ()
    argument: Argument | None = None
    places: tuple[Literal["community", "direct"], ...] = ("community", "direct")
    """Where it can be given."""

    @property
    def usage(self) -> str:
        return " | ".join(subcommand.name for subcommand in self.subcommands)


class MenuCommand(Value):
    """Given by pointing at a message."""

    name: str


DESK = SlashCommand(
    name="desk",
    description="The support desk: who is waiting, and help",
    subcommands=(
        Subcommand(name="queue", description="tickets that are open, oldest first"),
        Subcommand(name="help", description="this list"),
    ),
    places=("community",),
)
ASK = SlashCommand(
    name="ask",
    description="Ask the desk a question",
    argument=Argument(name="question", description="What you want to know", suggests=True),
)
ASK_ABOUT = MenuCommand(name="Ask the desk")
