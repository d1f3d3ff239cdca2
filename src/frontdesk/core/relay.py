"""Words between a customer and staff while staff hold the conversation; notes never cross."""

import re
import unicodedata
from collections.abc import Sequence

from frontdesk.core.configuration import DeskConfig
from frontdesk.core.handoff import Handoff
from frontdesk.core.turn import Turn
from frontdesk.domain.errors import Undeliverable
from frontdesk.domain.events import CustomerLeft, MessageDeleted, MessageEdited, MessagePosted
from frontdesk.domain.messages import Message, Relay
from frontdesk.domain.transcript import CustomerDeleted, CustomerEdited, StaffNoted, StaffSaid
from frontdesk.domain.turns import KeptSilent, Relayed
from frontdesk.ports.telemetry import Telemetry

_TAKEN_BACK = "(taken back)"


class Crossing:
    """Carries each message to the other side once."""

    def __init__(self, config: DeskConfig, handoff: Handoff, telemetry: Telemetry) -> None:
        self._config = config
        self._handoff = handoff
        self._telemetry = telemetry

    async def to_staff(self, turn: Turn, message: Message) -> None:
        """The customer's further words, in the ticket's thread."""
        if await self._handoff.carry(turn, message):
            await self._handoff.refresh_card(turn)
            turn.outcome = Relayed()

    async def edited(self, turn: Turn, event: MessageEdited) -> None:
        turn.record(CustomerEdited(at=turn.now(), message_id=event.message.id, text=event.message.text))
        await self._handoff.show_change(turn, event)
        turn.outcome = Relayed()

    async def deleted(self, turn: Turn, event: MessageDeleted) -> None:
        turn.record(CustomerDeleted(at=turn.now(), message_id=event.message_id))
        await self._handoff.line(turn, f"delete:{event.message_id}", "The customer deleted one of the messages above.")
        turn.outcome = Relayed()

    async def to_customer(self, turn: Turn, event: MessagePosted) -> None:
        """A message from the ticket's thread: to the customer, unless it is a note or the ticket is closed."""
        staff = turn.chats.on(event.thread.platform)
        if not await staff.is_staff(event.message.author):
            turn.outcome = KeptSilent(why="written in the ticket's thread by somebody who is not staff")
            return
        author = await staff.introduce(event.message.author)
        message = event.message.model_copy(update={"author": author})
        words = without_notes(message.text, self._config.note_marks)
        if not words and (message.text.strip() or not message.attachments):
            turn.record(StaffNoted(at=turn.now(), message=message))
            turn.outcome = KeptSilent(why="a note for staff")
            return
        ticket = turn.conversation.ticket
        if ticket is None or not ticket.is_open:
            await self._handoff.line(
                turn, f"closed:{message.id}", "Not sent: this ticket is closed. The customer's next message reopens it."
            )
            turn.record(StaffNoted(at=turn.now(), message=message))
            turn.outcome = KeptSilent(why="the ticket is closed")
            return
        await self._deliver(turn, message, await staff.named(words))

    async def staff_deleted(self, turn: Turn, event: MessageDeleted) -> None:
        """What staff take back is taken back for the customer too; that something stood there stays to be seen."""
        said = next((e for e in reversed(turn.conversation.relayed) if e.source == event.message_id), None)
        if said is None or said.ref is None:
            turn.outcome = KeptSilent(why="staff deleted something the customer never saw")
            return
        name = said.author.name if said.author else ""
        gone = Relay(name=name or "Staff", markdown=_TAKEN_BACK)
        try:
            await turn.chat.edit(said.ref, gone, said.more, without_files=said.with_files)
        except Undeliverable:
            await self._handoff.line(
                turn,
                f"undeletable:{event.message_id}",
                "⚠️ The customer still sees the message you deleted: it can no longer be changed.",
            )
        turn.outcome = Relayed()

    async def left(self, turn: Turn, event: CustomerLeft) -> None:
        """Staff should not wait for somebody who is gone."""
        words = "🚪 The customer has left the server. What you write here reaches them only if they come back."
        await self._handoff.line(turn, f"left:{event.order}", words)
        turn.outcome = turn.outcome or KeptSilent(why="the customer left the server")

    async def unreadable(self, turn: Turn, event: MessagePosted) -> None:
        """Staff wrote something that the platform keeps from us."""
        words = "⚠️ Not sent: I cannot see what you wrote. Mention me in it, or reply to one of my messages."
        await self._handoff.line(turn, f"unreadable:{event.message.id}", words)

    async def _deliver(self, turn: Turn, message: Message, words: str) -> None:
        author = message.author
        relay = Relay(name=author.name or "Staff", image=author.image, markdown=words, attachments=message.attachments)
        try:
            refs = await turn.post(f"staff:{message.id}", turn.chat, turn.thread, relay)
        except Undeliverable as error:
            self._telemetry.trouble("a customer could not be reached", error)
            await self._handoff.line(
                turn, f"undelivered:{message.id}", f"⚠️ Not delivered: the customer cannot be reached ({error})."
            )
            turn.record(StaffSaid(at=turn.now(), message=message, relayed=words, ref=None))
            turn.outcome = Relayed()
            return
        await self._handoff.claimed_by_reply(turn, author)
        said = StaffSaid(
            at=turn.now(), message=message, relayed=words, ref=refs[0] if refs else None, more=tuple(refs[1:])
        )
        turn.record(said)
        await self._handoff.refresh_card(turn)
        turn.outcome = Relayed()

    async def staff_edited(self, turn: Turn, event: MessageEdited) -> None:
        """A corrected reply of staff is corrected for the customer too."""
        said = next((e for e in reversed(turn.conversation.relayed) if e.source == event.message.id), None)
        if said is None or said.ref is None:
            turn.outcome = KeptSilent(why="an edit of something the customer never saw")
            return
        staff = turn.chats.on(event.thread.platform)
        if not await staff.is_staff(event.message.author):
            turn.outcome = KeptSilent(why="changed in the ticket's thread by somebody who is not staff")
            return
        author = await staff.introduce(event.message.author)
        kept = await staff.named(without_notes(event.message.text, self._config.note_marks))
        is_note = not kept and bool(event.message.text.strip())
        corrected = Relay(name=author.name or "Staff", image=author.image, markdown=kept or _TAKEN_BACK)
        no_files = said.with_files and (is_note or not event.message.attachments)
        if not kept and not is_note and event.message.attachments:
            corrected = corrected.model_copy(update={"markdown": "…"})  # only the words are gone
        try:
            await turn.chat.edit(said.ref, corrected, said.more, without_files=no_files)
        except Undeliverable:
            await self._handoff.line(
                turn,
                f"uneditable:{event.order}",
                "⚠️ The customer still sees the old wording: it can no longer be changed.",
            )
        turn.outcome = Relayed()


def without_notes(text: str, marks: Sequence[str]) -> str:
    """What of a staff message may reach the customer.

    A message that begins with a mark is a note as a whole; elsewhere a marked line is left out, and so is all that
    follows it up to the next empty line.
    """
    kept: list[str] = []
    in_note = False
    for number, line in enumerate(text.splitlines()):
        if _is_marked(line, marks):
            if number == 0 or not any(part.strip() for part in kept):
                return ""
            in_note = True
        elif not line.strip():
            in_note = False
        if not in_note:
            kept.append(line)
    return "\n".join(kept).strip()


_MARKUP = re.compile(r"(?:[\s*_~>`#|•◦▪‣·–—-]|\d{1,3}[.)](?=\s))*")
_EMPHASIS = re.compile(r"[*_~`]")
_GAP = re.compile(r"(?<!\s)\s+(?=:)")


def _is_marked(line: str, marks: Sequence[str]) -> bool:
    """Whether a line begins with a mark, however it is indented, listed, quoted, emphasised or typed."""
    plain = _plain(line)
    wanted = tuple(mark for mark in map(_plain, marks) if mark)
    return any(_begins(form, wanted) for form in (plain, _EMPHASIS.sub("", plain)))


def _begins(line: str, marks: tuple[str, ...]) -> bool:
    """Also behind the list sign or quote sign, or within them: a mark may be made of such signs itself."""
    markup = _MARKUP.match(line)
    return any(line.startswith(marks, start) for start in range(markup.end() + 1 if markup else 1))


def _plain(text: str) -> str:
    visible = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cc", "Cf"))
    return _GAP.sub("", "".join(visible)).strip().casefold()
