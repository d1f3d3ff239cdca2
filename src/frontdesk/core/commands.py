"""What staff may ask with a slash command; each answer is for the person who asked only."""

from frontdesk.domain.commands import DESK
from frontdesk.domain.messages import Thread
from frontdesk.domain.people import Person
from frontdesk.domain.wording import as_words
from frontdesk.ports.chat import Chats
from frontdesk.ports.clock import Clock
from frontdesk.ports.store import Records

HELP = "\n".join(
    ["**Commands of the desk**", *(f"`{each.name}`".ljust(9) + each.description for each in DESK.subcommands)]
)


class Commands:
    """Answers `/desk …`."""

    def __init__(self, records: Records, chats: Chats, clock: Clock) -> None:
        self._records = records
        self._chats = chats
        self._clock = clock

    async def answer(self, text: str, person: Person, thread: Thread) -> str:
        """Markdown for the person who asked. Raises Retry."""
        if not await self._chats.on(thread.platform).is_staff(person):
            return "Only members of the staff channel can use this command."
        verb = text.split(maxsplit=1)[0].lower() if text.split() else "help"
        match verb:
            case "queue":
                return await self._queue()
            case "help":
                return HELP
            case _:
                return f"There is no command `{verb[:30].replace('`', '')}`.\n\n{HELP}"

    async def _queue(self) -> str:
        tickets = await self._records.open_tickets()
        if not tickets:
            return "No ticket is open."
        now = self._clock.now()
        lines = [f"**#{t.number}** {as_words(t.summary)} · open for {_span(now - t.opened_at)}" for t in tickets]
        return "\n".join(lines)


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"
