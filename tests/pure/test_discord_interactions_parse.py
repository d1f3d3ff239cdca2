"""What people press, choose and type on Discord becomes what the desk is to do."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import Identity
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.interactions_parse import (
    Asked,
    Command,
    Completion,
    Declined,
    Parsed,
    Pointed,
    Pressed,
    Submitted,
    Unknown,
    parse,
    read_envelope,
)
from frontdesk.adapters.discord.snowflakes import order
from frontdesk.domain.errors import Unreadable
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.messages import Thread

DESK = Identity(user="11", application="12")
IDS = CustomIds(b"secret")
GUILD, SUPPORT, STAFF, FORUM, THREAD, DM = "100", "301", "302", "303", "304", "305"
ALICE = {"id": "201", "username": "alice", "global_name": "Alice Martin"}
AT = "1300000000000000000"
CONVERSATION = "discord:100:301:1299999999999999999"


def read(payload: Any) -> Parsed:
    return parse(payload, DESK, IDS, STAFF, str.strip)[1]


def interaction(kind: int, data: dict[str, Any], *, channel: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": AT,
        "application_id": "12",
        "token": "a-token",
        "type": kind,
        "guild_id": GUILD,
        "channel": channel or {"id": SUPPORT, "type": 0},
        "member": {"user": ALICE, "nick": None},
        "data": data,
        **more,
    }


def in_thread(parent: str = SUPPORT) -> dict[str, Any]:
    return {"id": THREAD, "type": 11, "parent_id": parent}


def in_private() -> dict[str, Any]:
    return {"channel": {"id": DM, "type": 1}, "guild_id": None, "member": None, "user": ALICE}


def press(custom_id: str, **more: Any) -> dict[str, Any]:
    return interaction(3, {"custom_id": custom_id, "component_type": 2}, **{"message": {"id": "777"}, **more})


def submission(custom_id: str, said: Any = "Bye", **more: Any) -> dict[str, Any]:
    field = {"type": 4, "custom_id": "comment", "value": said}
    return interaction(5, {"custom_id": custom_id, "components": [{"type": 18, "component": field}]}, **more)


def ask(question: Any = "How long?", **more: Any) -> dict[str, Any]:
    return interaction(
        2, {"name": "ask", "type": 1, "options": [{"name": "question", "type": 3, "value": question}]}, **more
    )


def menu(target: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    whole = {"id": "888", "type": 0, "content": "Where is my parcel?", "author": {"id": "202", "username": "bob"}}
    found = {**whole, **(target or {})}
    data = {"name": "Ask the desk", "type": 3, "target_id": "888", "resolved": {"messages": {"888": found}}}
    return interaction(2, data, **more)


def thread(channel: str = SUPPORT, root: str | None = None, **more: Any) -> Thread:
    return Thread(platform="discord", community=GUILD, channel=channel, root=root).model_copy(update=more)


def test_a_press_says_who_pressed_what_where() -> None:
    parsed = read(press(IDS.button("claim", CONVERSATION), channel={"id": STAFF, "type": 0}))

    assert isinstance(parsed, Pressed)
    assert parsed.form is None
    assert parsed.event == ButtonPressed(
        thread=thread(STAFF, "777"),
        ids=(f"discord:interaction:{AT}",),
        order=order(AT),
        action="claim",
        value=CONVERSATION,
        by=parsed.event.by,
        message_id="777",
    )
    assert (parsed.event.by.key, parsed.event.by.name) == ("discord:discord:201", "Alice Martin")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"channel": in_thread()}, thread(SUPPORT, THREAD)),
        ({"channel": in_thread(FORUM)}, thread(FORUM, THREAD)),
        (in_private(), thread(DM, None, community="@me", direct=True)),
    ],
)
def test_a_press_in_a_thread_belongs_to_its_channel(where: dict[str, Any], expected: Thread) -> None:
    parsed = read(press(IDS.button("ask_person", CONVERSATION), **where))

    assert isinstance(parsed, Pressed)
    assert parsed.event.thread == expected


@pytest.mark.parametrize(
    ("action", "channel", "form"),
    [
        ("resolve", {"id": STAFF, "type": 0}, "resolve"),
        ("resolve", {"id": THREAD, "type": 11, "parent_id": STAFF}, "resolve"),
        ("resolve", {"id": SUPPORT, "type": 0}, None),
        ("rate_down", in_thread(), "rate_down"),
        ("rate_up", in_thread(), None),
        ("handback", {"id": STAFF, "type": 0}, None),
    ],
)
def test_only_resolving_at_a_card_and_thumbs_down_open_a_form(action: Any, channel: Any, form: str | None) -> None:
    parsed = read(press(IDS.button(action, CONVERSATION), channel=channel))

    assert isinstance(parsed, Pressed)
    assert parsed.form == form


def test_a_form_says_again_what_its_button_was_for() -> None:
    opened = read(press(IDS.button("rate_down", "down"), channel=in_thread()))
    assert isinstance(opened, Pressed)

    custom_id = render.modal("rate_down", opened.event, IDS)["custom_id"]
    parsed = read(submission(custom_id, "  The islands  ", channel=in_thread()))

    assert isinstance(parsed, Submitted)
    event = parsed.event
    assert (event.action, event.message_id, event.value, event.comment) == ("rate_down", "777", "down", "The islands")
    assert event.thread == opened.event.thread


@pytest.mark.parametrize("said", [None, 7, ["x"], ""])
def test_a_form_without_words_is_a_form_all_the_same(said: Any) -> None:
    parsed = read(submission(IDS.form("resolve", CONVERSATION, "777"), said))

    assert isinstance(parsed, Submitted)
    assert parsed.event.comment == ""


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "fd1bc",
        "claim",
        IDS.button("claim", CONVERSATION)[:-1],
        CustomIds(b"other").button("claim", CONVERSATION),
        IDS.form("resolve", CONVERSATION, "777"),
    ],
)
def test_a_button_that_is_not_ours_is_unknown(custom_id: str) -> None:
    assert read(press(custom_id)) == Unknown(what="button")


def test_a_select_with_the_name_of_a_button_is_unknown() -> None:
    payload = interaction(
        3, {"custom_id": IDS.button("claim", CONVERSATION), "component_type": 3}, message={"id": "777"}
    )
    assert read(payload) == Unknown(what="button")


def test_a_button_is_no_form() -> None:
    assert read(submission(IDS.button("resolve", CONVERSATION))) == Unknown(what="form")


def test_commands_are_read_as_they_are_typed() -> None:
    assert read(interaction(2, {"name": "desk", "options": [{"name": "queue", "type": 1}]})) == Command(
        name="desk", text="queue"
    )
    assert read(interaction(2, {"name": "nuke"})) == Unknown(what="command")
    assert read(ask(" Why? ")) == Asked(question="Why?")
    assert read(ask("  ")) == Declined(why="empty")


@pytest.mark.parametrize("payload", [ask(channel=in_thread(STAFF)), menu(channel={"id": STAFF, "type": 0})])
def test_nobody_asks_the_desk_where_staff_speak_to_customers(payload: dict[str, Any]) -> None:
    assert read(payload) == Declined(why="staff")


def test_where_no_thread_can_be_nobody_asks() -> None:
    assert read(ask(channel={"id": "9", "type": 2})) == Declined(why="no threads")


@pytest.mark.parametrize(("permissions", "seen"), [("1024", True), ("2048", False), ("x", True), (None, True)])
def test_where_the_desk_sees_nothing_it_cannot_answer(permissions: str | None, seen: bool) -> None:
    assert isinstance(read(ask(app_permissions=permissions)), Asked if seen else Declined)


def test_the_menu_asks_for_whoever_wrote_the_message() -> None:
    parsed = read(menu())

    assert isinstance(parsed, Pointed)
    event = parsed.event
    assert event.addressed
    assert event.thread == thread(SUPPORT, "888")
    assert event.ids == ("discord:888:pointed", f"discord:interaction:{AT}")
    assert (event.message.id, event.message.author.id, event.message.text) == ("888", "202", "Where is my parcel?")
    assert event.message.order == order("888")


def test_the_menu_in_a_thread_asks_in_that_conversation() -> None:
    parsed = read(menu(channel=in_thread()))

    assert isinstance(parsed, Pointed)
    assert parsed.event.thread == thread(SUPPORT, THREAD)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"author": {"id": DESK.user, "bot": True}}, "own"),
        ({"author": {"id": "5", "bot": True}}, "not a person"),
        ({"webhook_id": "6"}, "not a person"),
        ({"type": 18}, "not a person"),
        ({"content": "  "}, "empty"),
    ],
)
def test_the_menu_on_what_no_person_wrote_is_declined(target: dict[str, Any], why: str) -> None:
    parsed = read(menu(target))

    assert isinstance(parsed, Declined)
    assert parsed.why == why


def test_a_file_without_words_can_be_asked_about() -> None:
    file = {"id": "4", "filename": "a.png", "content_type": "image/png", "size": 3, "url": "https://cdn/a.png"}
    parsed = read(menu({"content": "", "attachments": [file]}))

    assert isinstance(parsed, Pointed)
    assert [a.name for a in parsed.event.message.attachments] == ["a.png"]


def test_what_is_being_typed_is_found_in_a_subcommand_too() -> None:
    leaf = {"name": "q", "type": 3, "value": "shi", "focused": True}
    assert read(interaction(4, {"name": "ask", "options": [leaf]})) == Completion(typed="shi")
    nested = {"name": "x", "type": 1, "options": [leaf]}
    assert read(interaction(4, {"name": "desk", "options": [nested]})) == Completion(typed="shi")


def test_a_place_where_the_desk_is_not_cannot_be_read() -> None:
    with pytest.raises(Unreadable):
        read(ask(channel={"id": "9", "type": 1}, context=2, guild_id=None))
    with pytest.raises(Unreadable):
        read(ask(channel={"id": "9", "type": 3}, guild_id=None))


WHOLE = {
    "press": press(IDS.button("rate_down", CONVERSATION), channel=in_thread()),
    "form": submission(IDS.form("resolve", CONVERSATION, "777"), message={"id": "777"}),
    "ask": ask(),
    "menu": menu({"attachments": [{"id": "4", "filename": "a.png", "size": 3, "url": "https://cdn/a.png"}]}),
    "desk": interaction(2, {"name": "desk", "options": [{"name": "queue", "type": 1}]}),
    "completion": interaction(4, {"name": "ask", "options": [{"name": "question", "type": 3, "focused": True}]}),
    "private": ask(**in_private()),
}
OTHERS = (None, True, -1, 3.5, 10**30, "", "x", "\ud800", [], [[]], [None], {}, {"id": {}}, "9" * 40)


def spoilt(whole: Any) -> Iterator[Any]:
    """The payload with each field in it dropped, and with something else in its place."""
    steps = list(whole) if isinstance(whole, dict) else range(len(whole)) if isinstance(whole, list) else ()
    for step in steps:
        without = copy.copy(whole)
        del without[step]
        yield without
        for other in OTHERS:
            changed = copy.copy(whole)
            changed[step] = other
            yield changed
        for inner in spoilt(whole[step]):
            changed = copy.copy(whole)
            changed[step] = inner
            yield changed


@pytest.mark.parametrize("name", WHOLE)
def test_no_payload_surprises_the_reader(name: str) -> None:
    cases = list(spoilt(WHOLE[name]))
    assert len(cases) > 100
    for case in cases:
        try:
            read_envelope(case)
            read(case)
        except Unreadable:
            continue


@pytest.mark.parametrize("payload", [None, [], "x", 7, {}, {"id": AT}, {"id": "x", "token": "t", "type": 2}])
def test_what_nobody_can_be_told_of_cannot_be_read(payload: Any) -> None:
    with pytest.raises(Unreadable):
        read_envelope(payload)


def test_later_ids_come_later() -> None:
    ids = [str(int(AT) + step) for step in (0, 1, 4_194_304, 4_194_305, 10**15)]
    orders = [order(one) for one in ids]
    assert orders == sorted(orders)
    assert order("175928847299117063") // 1000 == 1_462_015_105_796
