"""A conversation is a fold over its transcript: who holds it, what was said in it, how its ticket stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.domain.conversations import Conversation
from frontdesk.domain.ids import ArticleId, TurnId
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Attachment, Message, MessageRef, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Ticket
from frontdesk.domain.transcript import (
    ENTRY,
    AssistantSaid,
    CustomerDeleted,
    CustomerEdited,
    CustomerSaid,
    Entry,
    MatterStarted,
    OtherSaid,
    Rated,
    StaffNoted,
    StaffSaid,
    TicketClaimed,
    TicketClosed,
    TicketOpened,
    TicketReopened,
    TurnEnded,
)
from frontdesk.domain.turns import Answered

THREAD = Thread(platform="slack", community="T1", channel="C1", root="1.0")
CARD = MessageRef(thread=Thread(platform="slack", community="T1", channel="CSTAFF"), id="9.0")
ANN, BOB, SAM, DANA = (
    Person(platform="slack", community="T1", id=name, name=name) for name in ("ANN", "BOB", "SAM", "DANA")
)
SHOT = Attachment(id="F1", name="shot.png")


def message(name: str, text: str, by: Person = ANN, files: tuple[Attachment, ...] = ()) -> Message:
    return Message(id=name, author=by, text=text, attachments=files, order=int(float(name) * 1_000_000))


def said(name: str, text: str, at: float = 1.0, files: tuple[Attachment, ...] = ()) -> CustomerSaid:
    return CustomerSaid(at=at, message=message(name, text, files=files))


def answered(name: str, text: str, answers: tuple[str, ...] = ()) -> AssistantSaid:
    source = Citation(number=1, title="Returns", article=ArticleId("returns"))
    return AssistantSaid(
        at=2.0,
        turn=TurnId("t"),
        refs=(MessageRef(thread=THREAD, id=name),),
        markdown=text,
        answers=answers,
        citations=(source,),
    )


def staff_said(name: str, text: str, at: float = 5.0, *, delivered: bool = True) -> StaffSaid:
    ref = MessageRef(thread=THREAD, id=f"{name}1") if delivered else None
    return StaffSaid(at=at, message=message(name, text, by=SAM), relayed=text, ref=ref)


def opened(number: int = 1, at: float = 3.0) -> TicketOpened:
    ticket = Ticket(number=number, why="asked", wants="a person", opened_at=at, waiting_since=at)
    return TicketOpened(at=at, ticket=ticket, card=CARD, permalink="https://x.example/1")


def folded(*entries: Entry) -> Conversation:
    return Conversation(id=THREAD.conversation, thread=THREAD).after(entries)


def ticket_of(conversation: Conversation) -> Ticket:
    assert conversation.ticket is not None
    return conversation.ticket


def words(conversation: Conversation) -> list[tuple[str, str]]:
    return [(spoken.speaker, spoken.text) for spoken in conversation.spoken]


def test_the_first_who_writes_is_the_customer_and_stays_it() -> None:
    conversation = folded(OtherSaid(at=0.5, message=message("0.5", "me?", by=BOB)), said("1.0", "hello"))

    assert conversation.customer == ANN
    assert conversation.after([CustomerSaid(at=2, message=message("2.0", "hi", by=BOB))]).customer == ANN


def test_everything_said_stands_in_order_with_its_speaker() -> None:
    conversation = folded(said("1.0", "q"), answered("2.0", "a", ("1.0",)), opened(), staff_said("4.0", "s"))

    assert words(conversation) == [("customer", "q"), ("assistant", "a"), ("staff", "s")]


def test_a_message_recorded_again_stands_once_with_its_newest_words() -> None:
    conversation = folded(said("1.0", "old"), said("2.0", "second"), said("1.0", "new"))

    assert words(conversation) == [("customer", "new"), ("customer", "second")]


def test_an_edit_changes_what_was_said() -> None:
    conversation = folded(said("1.0", "old"), CustomerEdited(at=2, message_id="1.0", text="new"))

    assert words(conversation) == [("customer", "new")]


def test_an_edit_of_something_unknown_changes_nothing() -> None:
    assert words(folded(said("1.0", "old"), CustomerEdited(at=2, message_id="7.0", text="new"))) == [
        ("customer", "old")
    ]


def test_deleted_words_and_files_are_gone() -> None:
    conversation = folded(said("1.0", "secret", files=(SHOT,)), CustomerDeleted(at=2, message_id="1.0"))

    assert "secret" not in conversation.model_dump_json()
    assert "shot.png" not in conversation.model_dump_json()


def test_files_are_told_by_name_and_kept() -> None:
    (spoken,) = folded(said("1.0", "look", files=(SHOT,))).spoken

    assert spoken.text == "look"
    assert spoken.told == "look\n[attached: shot.png]"
    assert spoken.attachments == (SHOT,)


def test_a_reply_is_found_by_what_it_answers() -> None:
    conversation = folded(said("1.0", "q"), said("1.5", "and?"), answered("2.0", "a", ("1.0", "1.5")))

    reply = conversation.reply_to("1.5")
    assert reply is not None
    assert reply.id == "2.0"
    assert conversation.reply_to("2.0") is None


@pytest.mark.parametrize(
    "entry",
    [
        StaffNoted(at=4, message=message("4.0", "note", by=SAM)),
        TurnEnded(at=4, turn=TurnId("t"), outcome=Answered()),
    ],
)
def test_what_only_is_recorded_changes_nothing_but_the_count(entry: Entry) -> None:
    before = folded(said("1.0", "q"), opened())

    assert before.after([entry]) == before.model_copy(update={"entries": before.entries + 1})


def test_of_each_reply_the_last_rating_holds() -> None:
    conversation = folded(
        said("1.0", "q"),
        Rated(at=4, by=ANN, score="up", message_id="2.0"),
        Rated(at=5, by=ANN, score="up", message_id="3.0"),
        Rated(at=6, by=ANN, score="down", message_id="2.0", comment="No"),
    )

    assert [(rated.message_id, rated.score, rated.comment) for rated in conversation.rated] == [
        ("3.0", "up", ""),
        ("2.0", "down", "No"),
    ]
    assert conversation.rating_of("4.0") is None


def test_an_open_ticket_gives_the_conversation_to_staff() -> None:
    conversation = folded(said("1.0", "q"), opened())

    assert (conversation.holder, conversation.card, ticket_of(conversation).status) == ("staff", CARD, "queued")


def test_a_claim_names_who_has_it() -> None:
    ticket = ticket_of(folded(opened(), TicketClaimed(at=4, by=SAM)))

    assert (ticket.status, ticket.assignee) == ("claimed", SAM)


def test_the_customer_waits_until_staff_answer_and_from_the_next_message_on() -> None:
    conversation = folded(said("1.0", "q"), opened(at=3.0))
    assert ticket_of(conversation).waiting_since == 3.0

    conversation = conversation.after([said("4.0", "hello?", at=4.0)])
    assert ticket_of(conversation).waiting_since == 3.0

    conversation = conversation.after([staff_said("5.0", "yes", at=5.0)])
    assert ticket_of(conversation).waiting_since is None

    conversation = conversation.after([said("6.0", "and?", at=6.0), said("7.0", "??", at=7.0)])
    assert ticket_of(conversation).waiting_since == 6.0


def test_words_that_never_arrived_were_not_said_and_the_customer_still_waits() -> None:
    conversation = folded(said("1.0", "q"), opened(at=3.0), staff_said("5.0", "lost", delivered=False))

    assert words(conversation) == [("customer", "q")]
    assert ticket_of(conversation).waiting_since == 3.0


@pytest.mark.parametrize("how", ["resolved", "handed_back"])
def test_a_closed_ticket_gives_the_conversation_back(how: str) -> None:
    closed = TicketClosed(at=8, by=SAM, how="resolved" if how == "resolved" else "handed_back")
    conversation = folded(said("1.0", "q"), opened(), closed)

    ticket = ticket_of(conversation)
    assert (conversation.holder, conversation.closed_at) == ("assistant", 8)
    assert (ticket.is_open, ticket.closed_by, ticket.closed_how, ticket.waiting_since) == (False, SAM, how, None)


def test_a_reopened_ticket_is_the_same_one_with_the_same_person() -> None:
    close = TicketClosed(at=8, by=DANA, how="resolved")
    conversation = folded(opened(), TicketClaimed(at=4, by=SAM), close, TicketReopened(at=9))

    ticket = ticket_of(conversation)
    assert (conversation.holder, conversation.closed_at) == ("staff", None)
    assert (ticket.number, ticket.status, ticket.assignee, ticket.waiting_since) == (1, "claimed", SAM, 9)
    assert (ticket.closed_by, ticket.closed_how) == (None, "")
    assert ticket_of(folded(opened(), close, TicketReopened(at=9))).status == "queued"


def test_a_new_ticket_takes_the_place_of_a_closed_one() -> None:
    conversation = folded(
        opened(1), TicketClaimed(at=4, by=SAM), TicketClosed(at=5, by=SAM, how="handed_back"), opened(2, at=6)
    )

    ticket = ticket_of(conversation)
    assert (ticket.number, ticket.status, ticket.assignee, conversation.closed_at) == (2, "queued", None, None)


def test_a_new_matter_leaves_the_old_words_behind() -> None:
    conversation = folded(said("1.0", "old"), MatterStarted(at=2), said("3.0", "new"))

    assert [spoken.text for spoken in conversation.present] == ["new"]
    assert len(conversation.spoken) == 2


def test_an_old_message_recorded_again_does_not_move_the_border_of_the_matter() -> None:
    matter = (said("1.0", "old"), said("1.5", "older"), MatterStarted(at=2), said("3.0", "new"))

    assert [spoken.text for spoken in folded(*matter, said("1.0", "old again")).present] == ["new"]


ENTRIES = st.lists(
    st.sampled_from(
        [
            said("1.0", "q"),
            said("2.0", "more", at=2),
            said("3.0", "file", files=(SHOT,)),
            CustomerEdited(at=3, message_id="1.0", text="new"),
            CustomerDeleted(at=4, message_id="2.0"),
            OtherSaid(at=4, message=message("4.0", "me too", by=BOB)),
            answered("5.0", "a", ("1.0",)),
            opened(1),
            opened(2),
            TicketClaimed(at=6, by=SAM),
            TicketClaimed(at=6, by=DANA),
            TicketClosed(at=7, by=SAM, how="resolved"),
            TicketClosed(at=7, by=SAM, how="handed_back"),
            TicketReopened(at=8),
            staff_said("9.0", "s"),
            staff_said("9.5", "lost", delivered=False),
            StaffNoted(at=9, message=message("9.9", "note", by=SAM)),
            MatterStarted(at=10),
            Rated(at=11, by=ANN, score="down", message_id="5.0"),
            TurnEnded(at=12, turn=TurnId("t"), outcome=Answered()),
        ]
    ),
    max_size=30,
)


@given(ENTRIES, st.integers(0, 30))
def test_a_fold_in_two_steps_is_the_fold_in_one(entries: list[Entry], cut: int) -> None:
    assert folded(*entries[:cut]).after(entries[cut:]) == folded(*entries)


@given(ENTRIES)
def test_entries_read_back_from_json_fold_to_the_same(entries: list[Entry]) -> None:
    read = [ENTRY.validate_json(ENTRY.dump_json(entry)) for entry in entries]

    assert folded(*read) == folded(*entries)


def possible(entries: list[Entry]) -> list[Entry]:
    """Without what the desk never records: acts on a ticket that is not there, or not open."""
    kept: list[Entry] = []
    for entry in entries:
        ticket = folded(*kept).ticket
        is_open = ticket is not None and ticket.is_open
        match entry:
            case TicketClaimed() | TicketClosed() | StaffSaid():
                fits = is_open
            case TicketOpened():
                fits = not is_open
            case TicketReopened():
                fits = ticket is not None and not is_open
            case _:
                fits = True
        kept += [entry] if fits else []
    return kept


@given(ENTRIES.map(possible))
def test_what_holds_of_every_conversation(entries: list[Entry]) -> None:
    conversation = folded(*entries)

    assert conversation.entries == len(entries)
    assert 0 <= conversation.matter_from <= len(conversation.spoken)
    assert len({s.id for s in conversation.spoken if s.speaker == "customer"}) == len(
        [s for s in conversation.spoken if s.speaker == "customer"]
    )
    if conversation.ticket is None:
        assert conversation.card is None
    else:
        assert conversation.ticket.is_open == (conversation.holder == "staff")
        assert conversation.ticket.is_open or conversation.ticket.waiting_since is None
