"""Handing a conversation to people, and what they do with its ticket."""

from collections.abc import Sequence

from pydantic import ValidationError

from frontdesk.core.configuration import DeskConfig
from frontdesk.core.phrases import Phrases, phrases_for
from frontdesk.core.prompt import Summary, fitting, summary_prompt, summary_schema
from frontdesk.core.turn import Turn
from frontdesk.domain.conversations import Spoken
from frontdesk.domain.errors import ModelFailed, Retry, Undeliverable
from frontdesk.domain.events import ButtonPressed, MessageEdited
from frontdesk.domain.ids import Platform
from frontdesk.domain.messages import Line, Message, MessageRef, Relay, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.domain.transcript import (
    AssistantSaid,
    StaffSaid,
    TicketClaimed,
    TicketClosed,
    TicketOpened,
    TicketReopened,
)
from frontdesk.domain.turns import Failed, HandedOff, Relayed, Triage
from frontdesk.ports.chat import Chat
from frontdesk.ports.model import Model, ModelRequest
from frontdesk.ports.telemetry import Telemetry

_EARLIER = 6
_EARLIER_CHARACTERS = 1_500


class Handoff:
    """Opens, shows, reopens and closes tickets."""

    def __init__(self, config: DeskConfig, model: Model, telemetry: Telemetry) -> None:
        self._config = config
        self._model = model
        self._telemetry = telemetry

    async def open(
        self, turn: Turn, triage: Triage, why: str, burst: Sequence[Message], *, summarise: bool = True
    ) -> None:
        """Open a ticket, show it to staff, and only then tell the customer. Raises Retry or Fenced."""
        turn.settled = True
        if self.decided(turn) is None:
            await turn.conclude("handoff", [triage.model_dump(mode="json"), why])
        try:
            staff, place = self._staff(turn)
            shown, card = await self._ticket(turn, staff, place, triage, why, burst, summarise=summarise)
        except Undeliverable as error:
            self._telemetry.trouble("the staff channel does not take tickets", error)
            await self._nobody_there(turn, triage.language)
            return
        await turn.store.link(card_thread(card), turn.conversation.id)
        at, ticket = turn.now(), shown.ticket
        turn.record(TicketOpened(at=at, ticket=ticket, card=card, permalink=shown.permalink))
        wording = phrases_for(triage.language, self._config.phrases, self._config.default_language)
        said = await self._tell(turn, "told", wording.handed_off, ticket)
        await self._show_earlier(turn, staff, card, burst)
        for message in burst:
            await self.show_customer(turn, staff, card, message)
        turn.record(
            AssistantSaid(at=at, turn=turn.id, refs=said[0], markdown=said[1], answers=tuple(m.id for m in burst))
        )
        await turn.chat.show_state(turn.thread, "waiting")
        turn.outcome = HandedOff(ticket=ticket.number, why=why)

    def decided(self, turn: Turn) -> tuple[Triage, str] | None:
        """What an earlier try of this turn decided: its card may be there, so no model is asked again."""
        known = turn.result("handoff")
        return (Triage.model_validate(known[0]), str(known[1])) if known else None

    async def reopen(self, turn: Turn, burst: Sequence[Message]) -> None:
        """The customer wrote again after staff resolved: the same ticket is open again."""
        turn.record(TicketReopened(at=turn.now()))
        ticket = turn.conversation.ticket
        if ticket is None:
            return
        await self.line(turn, f"reopened:{burst[0].id}", "The customer wrote again.")
        for message in burst:
            if not await self.carry(turn, message):
                return
        await self.refresh_card(turn)
        said = await self._tell(turn, f"told:{burst[0].id}", self._wording(turn).reopened, ticket)
        turn.record(AssistantSaid(at=turn.now(), turn=turn.id, refs=said[0], markdown=said[1]))
        await turn.chat.show_state(turn.thread, "waiting")
        turn.outcome = HandedOff(ticket=ticket.number, why="reopened by a new message of the customer")

    async def carry(self, turn: Turn, message: Message) -> bool:
        """The customer's further words to the ticket's thread; a card that can no longer be reached is put up again.

        False when no staff channel takes them; then the customer was told. Raises Retry or Fenced.
        """
        card = turn.conversation.card
        if card is None:
            return False
        try:
            await self.show_customer(turn, turn.chats.on(card.thread.platform), card, message)
        except Undeliverable as error:
            self._telemetry.trouble("a card is out of reach and is put up again", error)
            try:
                staff, moved = await self._put_up_again(turn, message)
                await self.show_customer(turn, staff, moved, message)
            except Undeliverable as still:
                self._telemetry.trouble("the staff channel does not take tickets", still)
                language = turn.conversation.ticket.language if turn.conversation.ticket else ""
                await self._nobody_there(turn, language)
                return False
        return True

    async def _put_up_again(self, turn: Turn, message: Message) -> tuple[Chat, MessageRef]:
        """The same ticket on a new card, in the staff channel as it is configured now."""
        staff, place = self._staff(turn)
        shown = await self._shown(turn)
        if shown is None:
            raise Undeliverable("there is no ticket to show")
        refs = await turn.post(f"moved:{message.id}", staff, place, shown)
        await turn.store.link(card_thread(refs[0]), turn.conversation.id)
        turn.record(TicketOpened(at=turn.now(), ticket=shown.ticket, card=refs[0], permalink=shown.permalink))
        return staff, refs[0]

    async def _shown(self, turn: Turn) -> Card | None:
        """The ticket as staff are to see it now."""
        conversation = turn.conversation
        if conversation.ticket is None:
            return None
        return Card(
            ticket=conversation.ticket,
            customer=await self._customer(turn, ()),
            conversation=conversation.id,
            permalink=conversation.permalink,
        )

    async def show_customer(self, turn: Turn, staff: Chat, card: MessageRef, message: Message) -> None:
        """The customer's words, under the customer's name, in the ticket's thread."""
        author = await turn.chat.introduce(message.author)
        relay = Relay(
            name=author.name or "Customer",
            image=author.image,
            markdown=await turn.chat.named(message.text),
            attachments=message.attachments,
        )
        await turn.post(f"customer:{message.id}", staff, card_thread(card), relay)

    async def show_change(self, turn: Turn, event: MessageEdited) -> None:
        """What a message of the customer says now, under the customer's own name."""
        card = turn.conversation.card
        if card is None:
            return
        author = await turn.chat.introduce(event.message.author)
        now = await turn.chat.named(event.message.text)
        words = f"_(changed a message; it now says)_\n\n{now or '…'}"
        relay = Relay(name=author.name or "Customer", image=author.image, markdown=words)
        staff = turn.chats.on(card.thread.platform)
        try:
            await turn.post(f"edit:{event.order}", staff, card_thread(card), relay)
        except Undeliverable as error:
            self._telemetry.trouble("a change could not be shown to staff", error)

    async def _show_earlier(self, turn: Turn, staff: Chat, card: MessageRef, burst: Sequence[Message]) -> None:
        """What the customer wrote in this matter before a person was needed, as one message."""
        shown = {m.id for m in burst}
        earlier = [s for s in turn.conversation.present if s.speaker == "customer" and s.told and s.id not in shown]
        if not earlier:
            return
        author = await self._customer(turn, burst)
        words = [_clipped(s.text) for s in earlier[-_EARLIER:] if s.text]
        relay = Relay(
            name=author.name or "Customer",
            image=author.image,
            markdown=await turn.chat.named("\n\n".join(words)),
            attachments=tuple(a for s in earlier[-_EARLIER:] for a in s.attachments),
        )
        await turn.post("earlier", staff, card_thread(card), relay)

    async def pressed(self, turn: Turn, press: ButtonPressed) -> None:
        """A button of the card. Raises Retry."""
        staff = turn.chats.on(press.thread.platform)
        by = await staff.introduce(press.by)
        if not await staff.is_staff(press.by):
            await _whisper(staff, press.thread, press.by, "Only members of the staff channel can do this.")
            return
        ticket, card = turn.conversation.ticket, turn.conversation.card
        if ticket is None or card is None or card.id != press.message_id:
            await _whisper(staff, press.thread, press.by, "This card does not belong to a ticket; nothing was changed.")
            return
        if not ticket.is_open:
            await _whisper(staff, press.thread, press.by, "This ticket is closed already; nothing was changed.")
            await self.refresh_card(turn)
            return
        match press.action:
            case "claim":
                await self._claim(turn, staff, press, ticket, by)
            case "handback":
                await self._close(turn, staff, press, by)
            case "resolve":
                await self._close(turn, staff, press, by)
            case "ask_person" | "rate_up" | "rate_down":
                pass

    async def claimed_by_reply(self, turn: Turn, by: Person) -> None:
        """Who answers a queued ticket has claimed it."""
        ticket = turn.conversation.ticket
        if ticket and ticket.status == "queued":
            turn.record(TicketClaimed(at=turn.now(), by=by))

    async def refresh_card(self, turn: Turn) -> None:
        """Make the card say how the ticket stands now. A courtesy: the ticket itself is in the transcript."""
        card, shown = turn.conversation.card, await self._shown(turn)
        if card is None or shown is None:
            return
        try:
            await turn.chats.on(card.thread.platform).edit(card, shown)
        except (Retry, Undeliverable) as error:
            self._telemetry.trouble("a card could not be refreshed", error)

    async def _claim(self, turn: Turn, staff: Chat, press: ButtonPressed, ticket: Ticket, by: Person) -> None:
        if ticket.assignee is not None:
            words = (
                "You have this ticket already."
                if by.is_same(ticket.assignee)
                else f"{ticket.assignee.name} has it already."
            )
            await _whisper(staff, press.thread, press.by, words)
            return
        turn.record(TicketClaimed(at=turn.now(), by=by))
        await self.line(turn, f"claim:{press.order}", f"{by.name} has claimed this ticket.")
        await self.refresh_card(turn)

    async def _close(self, turn: Turn, staff: Chat, press: ButtonPressed, by: Person) -> None:
        how = "handed_back" if press.action == "handback" else "resolved"
        wording = self._wording(turn)
        words = (wording.handed_back if how == "handed_back" else wording.resolved).format(name=by.name)
        at = turn.now()
        if press.comment.strip():
            last = Relay(name=by.name or "Staff", image=by.image, markdown=press.comment.strip())
            told = await self._say(turn, f"words:{press.order}", last)
            message = Message(id=press.message_id, author=by, text=press.comment.strip(), order=press.order)
            said = StaffSaid(
                at=at, message=message, relayed=message.text, ref=told[0] if told else None, more=tuple(told[1:])
            )
            turn.record(said)
            await self.line(turn, f"said:{press.order}", f"{by.name} to the customer:\n\n{message.text}")
        refs = await self._say(turn, f"closed:{press.order}", Reply(markdown=words))
        turn.record(
            TicketClosed(at=at, by=by, how="handed_back" if how == "handed_back" else "resolved"),
            AssistantSaid(at=at, turn=turn.id, refs=refs, markdown=words),
        )
        what = "handed this back to the assistant" if how == "handed_back" else "resolved this ticket"
        await self.line(turn, f"line:{press.order}", f"{by.name} has {what}.")
        await self.refresh_card(turn)
        await turn.chat.show_state(turn.thread, "open" if how == "handed_back" else "resolved")
        turn.outcome = Relayed()

    async def line(self, turn: Turn, step: str, markdown: str) -> None:
        """A line for staff in the ticket's thread. Raises Retry."""
        card = turn.conversation.card
        if card is None:
            return
        try:
            await turn.post(step, turn.chats.on(card.thread.platform), card_thread(card), Line(markdown=markdown))
        except Undeliverable as error:
            self._telemetry.trouble("a line for staff could not be posted", error)

    async def _say(self, turn: Turn, step: str, content: Reply | Relay) -> tuple[MessageRef, ...]:
        """To the customer; staff are told when it cannot be delivered."""
        try:
            return await turn.post(step, turn.chat, turn.thread, content)
        except Undeliverable as error:
            self._telemetry.trouble("a customer could not be reached", error)
            await self.line(turn, f"undelivered:{step}", f"⚠️ The customer could not be reached: {error}")
            return ()

    async def _tell(self, turn: Turn, step: str, words: str, ticket: Ticket) -> tuple[tuple[MessageRef, ...], str]:
        markdown = words.format(number=ticket.number)
        return await self._say(turn, step, Reply(markdown=markdown)), markdown

    def _staff(self, turn: Turn) -> tuple[Chat, Thread]:
        """The platform and the channel where staff are. Raises Undeliverable when there is none."""
        key = self._config.speaking.staff_channel
        if not key:
            raise Undeliverable("no staff channel is configured")
        platform: Platform = "discord" if key.startswith("discord:") else "slack"
        staff = turn.chats.on(platform)
        return staff, Thread(platform=platform, community=staff.community, channel=key.partition(":")[2])

    async def _ticket(
        self,
        turn: Turn,
        staff: Chat,
        place: Thread,
        triage: Triage,
        why: str,
        burst: Sequence[Message],
        *,
        summarise: bool,
    ) -> tuple[Card, MessageRef]:
        number = await self._number(turn)
        permalink = await self._permalink(turn, burst)
        customer = await self._customer(turn, burst)
        summary = await self._summary(turn, burst, summarise=summarise)
        ticket = Ticket(
            number=number,
            why=why[:300],
            wants=summary.wants[:200],
            tried=tuple(line[:200] for line in summary.tried[:4]),
            category=triage.category,
            tier=triage.tier,
            priority=triage.priority,
            sentiment=triage.sentiment,
            confidence=triage.confidence,
            language=triage.language,
            opened_at=turn.now(),
            waiting_since=turn.now(),
        )
        card = Card(ticket=ticket, customer=customer, conversation=turn.conversation.id, permalink=permalink)
        refs = await turn.post("card", staff, place, card)
        return card, refs[0]

    async def _number(self, turn: Turn) -> int:
        known = turn.result("number")
        if known:
            return int(str(known[0]))
        number = await turn.store.next_ticket_number()
        await turn.conclude("number", [number])
        return number

    async def _customer(self, turn: Turn, burst: Sequence[Message]) -> Person:
        customer = turn.conversation.customer or (burst[0].author if burst else None)
        if customer is None:
            return Person(platform=turn.thread.platform, community=turn.thread.community, id="unknown", name="Unknown")
        return await turn.chat.introduce(customer)

    async def _permalink(self, turn: Turn, burst: Sequence[Message]) -> str | None:
        if not burst:
            return None
        return await turn.chat.permalink(MessageRef(thread=turn.thread, id=burst[0].id))

    async def _summary(self, turn: Turn, burst: Sequence[Message], *, summarise: bool) -> Summary:
        """From the model when it answers in time; else the customer's own first words and what was cited."""
        plain = plain_summary(turn.conversation.present, burst)
        if not summarise:
            return plain
        history = fitting(turn.conversation.present, self._config.prompt_characters // 2)
        question = "\n\n".join(m.text for m in burst)
        request = ModelRequest(
            task="summary",
            messages=summary_prompt(self._config, history, question),
            schema_=summary_schema(),
            temperature=0.0,
            max_output_tokens=400,
            first_token=8.0,
            between_tokens=8.0,
            total=12.0,
        )
        try:
            finished = await self._model.complete(request)
            turn.trace.step("summary", finished)
            return Summary.model_validate_json(finished.text)
        except (ModelFailed, ValidationError):
            turn.trace.happened("no summary from the model; the customer's own words are used")
            return plain

    def _wording(self, turn: Turn) -> Phrases:
        language = turn.conversation.ticket.language if turn.conversation.ticket else self._config.default_language
        return phrases_for(language, self._config.phrases, self._config.default_language)

    async def _nobody_there(self, turn: Turn, language: str) -> None:
        words = phrases_for(language, self._config.phrases, self._config.default_language).no_person
        refs = await self._say(turn, "nobody", Reply(markdown=words))
        turn.record(AssistantSaid(at=turn.now(), turn=turn.id, refs=refs, markdown=words))
        turn.outcome = Failed(why="the staff channel does not take tickets")


def card_thread(card: MessageRef) -> Thread:
    """The thread that hangs on the card."""
    return card.thread.model_copy(update={"root": card.id})


def _clipped(text: str) -> str:
    return text if len(text) <= _EARLIER_CHARACTERS else f"{text[: _EARLIER_CHARACTERS - 1]}…"


def plain_summary(history: Sequence[Spoken], burst: Sequence[Message]) -> Summary:
    """A summary without a model."""
    asked = [s.told for s in history if s.speaker == "customer" and s.told] + [m.text for m in burst if m.text]
    cited = dict.fromkeys(c.title for s in history if s.speaker == "assistant" for c in s.citations)
    wants = " ".join((asked[-1] if asked else "(no text)").split())
    return Summary(
        wants=wants if len(wants) <= 140 else f"{wants[:139]}…",
        tried=tuple(f"The assistant answered from “{title}”" for title in list(cited)[:4]),
    )


async def _whisper(chat: Chat, thread: Thread, person: Person, markdown: str) -> None:
    """Tell the person if they can be told; a private hint that gets lost changes nothing."""
    try:
        await chat.whisper(thread, person, markdown)
    except (Retry, Undeliverable):
        return
