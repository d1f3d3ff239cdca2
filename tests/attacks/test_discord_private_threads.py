"""Where private threads are configured, no answer is read by anybody but the customer it is for."""

from collections.abc import Callable

import pytest

from behaviours.conftest import Open
from behaviours.discord_world import PEOPLE, PLACES, DiscordSide
from behaviours.world import ALICE, BOB, SUPPORT, World
from frontdesk.sandbox.discord.faults import Fault

SHIPPING = "How long does shipping take?"
PRIVATE = '[discord]\nthreads = "private"\n'

DeskFile = Callable[[str], str]


@pytest.fixture
def platform() -> str:
    return "discord"


def discord_of(world: World) -> DiscordSide:
    assert isinstance(world.customers, DiscordSide)
    return world.customers


def said_in_public(world: World) -> list[str]:
    """What the desk has said where everybody in the channel can read it."""
    side = discord_of(world)
    places = [one.id for one in side.guild.channels.values() if one.kind in ("text", "public_thread")]
    open_to_all = [place for place in places if place != PLACES["staff"]]
    return [m.shown for place in open_to_all for m in side.guild.messages(place) if side.by_desk(m)]


async def test_a_public_thread_that_somebody_opens_on_a_question_catches_no_answer(
    open_desk: Open, desk_file: DeskFile
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(PRIVATE))
    side = discord_of(world)
    talk = await world.ask(SHIPPING, who=ALICE)
    await side.guild.open_thread(PEOPLE[BOB], PLACES[SUPPORT], "Just curious", on=talk.first)

    await world.turns_ended(1, talk.conversation)

    assert said_in_public(world) == []
    [private] = [one for one in side.guild.channels.values() if one.kind == "private_thread"]
    assert any("working days" in m.shown for m in side.guild.messages(private.id))
    assert PEOPLE[BOB] not in private.members


async def test_a_command_in_a_public_channel_is_not_answered_in_somebody_elses_thread(
    open_desk: Open, desk_file: DeskFile
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(PRIVATE))
    side = discord_of(world)
    await side.guild.slash(PEOPLE[ALICE], PLACES[SUPPORT], "ask", None, {"question": SHIPPING})
    await world.until(lambda: [m for m in side.guild.messages(PLACES[SUPPORT]) if side.by_desk(m)])
    [shown] = [m for m in side.guild.messages(PLACES[SUPPORT]) if side.by_desk(m)]
    await side.guild.open_thread(PEOPLE[BOB], PLACES[SUPPORT], "Just curious", on=shown.id)

    await world.turns_ended(1)

    assert [words for words in said_in_public(world) if "asks the desk something" not in words] == []


@pytest.mark.parametrize("code", [160006, 50013])
async def test_an_answer_for_which_no_private_thread_can_be_opened_is_not_given_in_public(
    open_desk: Open, desk_file: DeskFile, code: int
) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(PRIVATE))
    side = discord_of(world)
    side.discord.faults.on("POST", "/channels/{channel_id}/threads", Fault.api_error(403, code), times=50)

    talk = await world.ask(SHIPPING)

    await world.turns_ended(1, talk.conversation, timeout=40)
    assert not any("working days" in words for words in said_in_public(world))
    assert any("directly" in words for words in said_in_public(world))


async def test_a_question_in_a_public_thread_is_answered_there(open_desk: Open, desk_file: DeskFile) -> None:
    world = await open_desk(FRONTDESK_CONFIG=desk_file(PRIVATE))
    side = discord_of(world)
    chat = await side.guild.say(PEOPLE[BOB], PLACES["general"], "Lovely weather")
    thread = await side.guild.open_thread(PEOPLE[BOB], PLACES["general"], "Weather", on=chat.id)

    await side.guild.say(PEOPLE[ALICE], thread.id, f"{world.mention} {SHIPPING}")

    await world.until(lambda: [m for m in side.guild.messages(thread.id) if "working days" in m.shown])
