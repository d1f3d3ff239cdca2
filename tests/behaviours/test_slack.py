"""What holds on Slack alone; the manifest says why."""

from collections.abc import Callable

from behaviours.conftest import Open, over_http
from behaviours.growing import an_answer_grows
from behaviours.slack_world import SHARED, SlackSide
from behaviours.world import ALICE, CAROL, People, World, behaviour

SHIPPING = "How long does shipping take?"
RETURN = "How can I return a bag?"


def slack_of(people: People) -> SlackSide:
    assert isinstance(people.customers, SlackSide)
    return people.customers


@behaviour("intake.redelivered_once", only="slack")
async def test_an_event_whose_acknowledgement_was_lost_is_answered_once(world: World) -> None:
    slack_of(world).lose_acknowledgement()
    talk = await world.ask(SHIPPING)
    await talk.reply()

    await slack_of(world).acknowledged_once_more()
    await world.another_is_answered()

    assert len(talk.replies()) == 1
    assert len(await world.turns_ended(1, talk.conversation)) == 1


@behaviour("intake.messages_tab")
async def test_opening_the_messages_tab_offers_suggested_questions(world: World) -> None:
    slack = slack_of(world)
    await slack.open_messages_tab(ALICE)

    offered = await world.until(lambda: slack.offered(ALICE))

    assert offered == list(world.settings.desk.suggestions)
    answered = await world.ask_directly(offered[0])
    await answered.reply()
    assert slack.disliked() == []


@behaviour("intake.slack_connect")
async def test_a_customer_of_another_organisation_is_answered(world: World) -> None:
    talk = await world.ask(f"{world.mention} {SHIPPING}", who=CAROL, where=SHARED)
    first = await talk.reply()

    await talk.say(RETURN)
    await talk.reply(2)

    assert "[1]" in first.shown
    assert len(talk.replies()) == 2


@behaviour("intake.slack_connect")
async def test_a_customer_of_another_organisation_can_change_the_question(world: World) -> None:
    talk = await world.ask(f"{world.mention} {SHIPPING}", who=CAROL, where=SHARED)
    await talk.reply()

    await talk.edit(talk.first, f"{world.mention} {RETURN}")

    await talk.reply(2, containing="You changed your message")


@behaviour("intake.slack_connect")
async def test_a_file_of_another_organisation_is_known_by_its_name(world: World) -> None:
    file = ("parcel-label.png", b"\x89PNG", "image/png")
    talk = await world.ask(f"{world.mention} {SHIPPING}", who=CAROL, where=SHARED, files=[file])

    await talk.reply()

    assert "parcel-label.png" in world.told("answer")[-1].question


@behaviour("intake.http_mode", only="slack")
async def test_a_request_that_could_not_be_stored_is_brought_again(people: People, open_desk: Open) -> None:
    world = await over_http(people, open_desk)
    await world.tell_store("CONFIG", "SET", "maxmemory", 1)
    try:
        talk = await world.ask(SHIPPING)
        await world.until_not_stored(2)
    finally:
        await world.tell_store("CONFIG", "SET", "maxmemory", 0)

    await world.customers.bring_again()
    await talk.reply()


@behaviour("answer.streams", only="slack")
async def test_the_answer_is_visible_while_it_is_written_by_edits(
    open_desk: Open, desk_file: Callable[[str], str]
) -> None:
    await an_answer_grows(await open_desk(FRONTDESK_CONFIG=desk_file('[slack]\nnative_streaming = "never"\n')))
