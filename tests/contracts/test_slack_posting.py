"""What the desk says stands in Slack once, can be found again, and pings nobody."""

from collections.abc import AsyncIterator

import pytest
from slack_desk import SlackDesk, connected

from frontdesk.domain.errors import Ambiguous, Retry, Undeliverable
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Attachment, Button, Line, Relay, Reply
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.slack import SlackServer
from frontdesk.sandbox.slack.faults import Fault

ALICE = Person(platform="slack", community="TDESK", id="UALICE", name="Alice")
SAM = Person(platform="slack", community="TDESK", id="USAM", name="Sam")
CARD = Card(
    ticket=Ticket(number=7, why="A refund", wants="<!channel> money back", opened_at=1_700_000_000.0),
    customer=ALICE,
    conversation="slack:TDESK:CSUPPORT:1.2",
)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def desk(slack: SlackServer) -> AsyncIterator[SlackDesk]:
    async with connected(slack) as desk:
        yield desk


async def test_a_reply_stands_in_the_thread_with_its_sources(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    asked = await ws.say("UALICE", "CSUPPORT", "returns?")
    thread = desk.thread("CSUPPORT", asked.ts)
    reply = Reply(
        markdown="Within **30 days** [1].",
        citations=(Citation(number=1, title="Returns", article="returns", url="https://shop.example/returns"),),
        buttons=(Button(action="ask_person", label="Talk to a person"),),
        rateable=True,
    )
    [ref] = await desk.chat.post(thread, reply, "m1")
    posted = ws.thread("CSUPPORT", asked.ts)[1]
    assert posted.ts == ref.id
    assert "Within **30 days** [1]." in posted.shown
    assert "Sources" in posted.shown
    assert "https://shop.example/returns" in posted.live_links
    assert await desk.chat.find(thread, "m1") == (ref,)
    assert await desk.chat.find(thread, "m2") == ()


async def test_a_long_reply_is_split_and_found_in_order(desk: SlackDesk) -> None:
    asked = await desk.slack.workspace.say("UALICE", "CSUPPORT", "all of it")
    thread = desk.thread("CSUPPORT", asked.ts)
    refs = await desk.chat.post(thread, Reply(markdown="Word after word. " * 1500), "long")
    assert len(refs) == 3
    assert await desk.chat.find(thread, "long") == refs


async def test_an_edit_shows_the_new_content(desk: SlackDesk) -> None:
    [ref] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    claimed = CARD.model_copy(update={"ticket": CARD.ticket.model_copy(update={"status": "claimed", "assignee": SAM})})
    await desk.chat.edit(ref, claimed)
    shown = desk.slack.workspace.message("CSTAFF", ref.id)
    assert "Claimed by Sam" in shown.shown
    assert shown.live_mentions == ()


async def test_a_relay_carries_the_persons_name_and_file(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    await ws.say("UALICE", "CSUPPORT", "see", files=[("lamp.png", b"\x89PNG1234", "image/png")])
    await ws.until(lambda: desk.reception.events)
    [attachment] = desk.reception.events[0].message.attachments
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    thread = desk.thread("CSTAFF", card.id)
    relay = Relay(name="Alice <!here>", markdown="see the picture", attachments=(attachment,))
    await desk.chat.post(thread, relay, "relay")
    _, words, file = await ws.until(lambda: len(found := ws.thread("CSTAFF", card.id)) == 3 and found)
    assert words.username == "Alice !here"
    assert words.shown == "see the picture"
    assert [f.content for f in file.files] == [b"\x89PNG1234"]


async def test_a_file_from_a_foreign_host_is_named_and_the_token_stays_here(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    thread = desk.thread("CSTAFF", card.id)
    evil = Attachment(id="F1", name="passwords.txt", url="https://files.slack.com.evil.example/x")
    await desk.chat.post(thread, Relay(name="Alice", markdown="look", attachments=(evil,)), "relay")
    assert "passwords.txt" in ws.thread("CSTAFF", card.id)[1].shown


async def test_a_line_is_small_print(desk: SlackDesk) -> None:
    [ref] = await desk.chat.post(desk.thread("CSTAFF"), Line(markdown="**Sam** claimed <@UALICE> & co"), "line")
    shown = desk.slack.workspace.message("CSTAFF", ref.id)
    assert shown.shown == "*Sam* claimed <@UALICE> & co"
    assert shown.live_mentions == ()


async def test_a_rate_limit_is_a_retry_with_its_time(desk: SlackDesk) -> None:
    desk.slack.faults.on("chat.postMessage", Fault.rate_limited(7))
    with pytest.raises(Retry) as caught:
        await desk.chat.post(desk.thread(), Reply(markdown="x"), "m")
    assert caught.value.after == 7


@pytest.mark.parametrize(
    "fault",
    [Fault.server_error(503), Fault.dropped_after_receipt(), Fault.html(), Fault.api_error("fatal_error")],
    ids=["503", "dropped", "html", "fatal_error"],
)
async def test_a_post_whose_answer_is_lost_is_ambiguous_and_never_sent_twice(desk: SlackDesk, fault: Fault) -> None:
    desk.slack.faults.on("chat.postMessage", fault)
    with pytest.raises(Ambiguous):
        await desk.chat.post(desk.thread(), Reply(markdown="x"), "m")
    assert len(desk.calls("chat.postMessage")) == 1


async def test_an_edit_whose_answer_is_lost_is_repeated(desk: SlackDesk) -> None:
    [ref] = await desk.chat.post(desk.thread(), Reply(markdown="x"), "m")
    desk.slack.faults.on("chat.update", Fault.server_error(503), Fault.dropped_after_receipt())
    await desk.chat.edit(ref, Reply(markdown="y"))
    assert desk.slack.workspace.message("CSUPPORT", ref.id).shown == "y"


async def test_a_channel_that_is_not_there_is_undeliverable(desk: SlackDesk) -> None:
    with pytest.raises(Undeliverable):
        await desk.chat.post(desk.thread("CNOWHERE"), Reply(markdown="x"), "m")


async def test_staff_are_the_members_of_the_staff_channel(desk: SlackDesk) -> None:
    assert await desk.chat.is_staff(SAM)
    assert not await desk.chat.is_staff(ALICE)
    stranger = SAM.model_copy(update={"community": "TACME"})
    assert not await desk.chat.is_staff(stranger)
    assert len(desk.calls("conversations.members")) == 1


async def test_a_person_is_introduced_once(desk: SlackDesk) -> None:
    nameless = ALICE.model_copy(update={"name": ""})
    known = await desk.chat.introduce(nameless)
    assert known.name
    assert await desk.chat.introduce(nameless) == known
    assert len(desk.calls("users.info")) == 1


async def test_a_whisper_and_a_permalink(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    asked = await ws.say("UALICE", "CSUPPORT", "hi")
    thread = desk.thread("CSUPPORT", asked.ts)
    await desk.chat.whisper(thread, ALICE, "only **you**")
    assert "only **you**" in ws.ephemerals[0].shown
    [ref] = await desk.chat.post(thread, Reply(markdown="x"), "m")
    assert (await desk.chat.permalink(ref) or "").startswith("http")


async def test_no_call_lets_slack_link_names_or_fetch_previews(desk: SlackDesk) -> None:
    asked = await desk.slack.workspace.say("UALICE", "CSUPPORT", "hi")
    thread = desk.thread("CSUPPORT", asked.ts)
    [ref] = await desk.chat.post(thread, Reply(markdown="x"), "m")
    await desk.chat.edit(ref, Reply(markdown="y"))
    await desk.chat.whisper(thread, ALICE, "z")
    for method in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
        [call] = desk.calls(method)
        assert (call["link_names"], call["parse"]) == (False, "none")
    [post] = desk.calls("chat.postMessage")
    assert (post["unfurl_links"], post["unfurl_media"]) == (False, False)


async def test_what_creates_is_never_repeated_however_long_one_would_wait(desk: SlackDesk) -> None:
    desk.slack.faults.on("chat.postMessage", Fault.rate_limited(0.1))
    with pytest.raises(Retry):
        await desk.chat._api.call("chat.postMessage", within=5.0, channel="CSUPPORT", text="x")
    assert len(desk.calls("chat.postMessage")) == 1


async def test_a_file_too_many_does_not_lose_the_words(desk: SlackDesk) -> None:
    ws = desk.slack.workspace
    await ws.say("UALICE", "CSUPPORT", "see", files=[("lamp.png", b"\x89PNG1234", "image/png")])
    await ws.until(lambda: desk.reception.events)
    [attachment] = desk.reception.events[0].message.attachments
    [card] = await desk.chat.post(desk.thread("CSTAFF"), CARD, "card")
    thread = desk.thread("CSTAFF", card.id)
    desk.slack.faults.on("files.completeUploadExternal", Fault.api_error("file_type_not_allowed"))
    [ref] = await desk.chat.post(thread, Relay(name="Alice", markdown="look", attachments=(attachment,)), "r")
    shown = ws.message("CSTAFF", ref.id).shown
    assert "look" in shown
    assert "lamp.png" in shown
