"""No promise is forgotten: whoever waits is brought to mind again."""

from collections.abc import Callable

from behaviours.conftest import Open
from behaviours.world import BOB, STAFF, World, behaviour

SOON = "[desk]\nremind_minutes = 0.02\n"


def reminders(world: World) -> list[str]:
    """What stands in the staff channel itself and is no card."""
    return [m.shown for m in world.staff.channel(STAFF) if "has been waiting" in m.shown]


@behaviour("handoff.reminder")
async def test_staff_are_reminded_of_a_customer_who_waits(open_desk: Open, desk_file: Callable[[str], str]) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(SOON))
    talk = await world.ask("I want to talk to a person")
    await talk.reply_with("#1")

    await world.until(lambda: len(reminders(world)) >= 2)

    assert "Ticket #1" in reminders(world)[0]
    assert "nobody has claimed it" in reminders(world)[0]


@behaviour("handoff.reminder")
async def test_nobody_is_reminded_once_staff_have_answered(open_desk: Open, desk_file: Callable[[str], str]) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file("[desk]\nremind_minutes = 0.05\n"))
    first = await world.ask("I want to talk to a person")
    card = await world.card()
    await card.write("I am here.")
    await first.reply_with("I am here.")
    second = await world.ask("I want to talk to a person too", who=BOB)
    await second.reply_with("#2")

    await world.until(lambda: reminders(world))

    assert all("#2" in words for words in reminders(world))
