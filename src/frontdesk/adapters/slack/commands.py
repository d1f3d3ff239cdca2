"""The words staff can type after a slash, and what the manifest says of them."""

from frontdesk.domain.value import Value


class SlashCommand(Value):
    name: str
    description: str
    usage: str
    subcommands: tuple[str, ...]


DESK = SlashCommand(
    name="/desk",
    description="The support desk: who is waiting, and help",
    usage="queue | help",
    subcommands=("queue", "help"),
)
COMMANDS = (DESK,)
