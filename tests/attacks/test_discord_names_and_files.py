"""Names of people, threads and files, chosen with ill will: the words arrive, and nobody is imitated."""

from itertools import pairwise
from typing import Any

import pytest

from behaviours.conftest import Open
from behaviours.discord_world import PLACES, QUEUE, SPEAK, THREAD, DiscordSide
from behaviours.world import People, World
from contracts.discord_interacting import interacting
from frontdesk.adapters.discord import escaping
from frontdesk.adapters.discord.files import Files, file_name
from frontdesk.adapters.discord.tries import Try, matching, print_of
from frontdesk.adapters.ops.clock import SystemClock
from frontdesk.domain.messages import Attachment
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import SUPPORT
from frontdesk.sandbox.discord.faults import Fault

PERSON = "I want to talk to a person about order 1042"
DISCORD = pytest.mark.parametrize("platform", ["discord"])


@pytest.mark.parametrize(
    "name",
    ["frontdesk", "Front Desk", "FRONTDESK ", "front\u200bdesk", "ｆｒｏｎｔｄｅｓｋ", "front-desk.", "fróntdesk"],
)
def test_nobody_speaks_to_staff_under_the_desks_own_name(name: str) -> None:
    shown = escaping.name(name, taken=("frontdesk",))
    assert shown.endswith("(person)")


@pytest.mark.parametrize(
    "name", ["@everyone", "EVERYONE", "here", "e\u200bveryone", "ｅｖｅｒｙｏｎｅ", "System  Message"]
)
def test_nobody_is_called_like_a_crowd(name: str) -> None:
    assert escaping.name(name).endswith("(person)")


@pytest.mark.parametrize(
    "name", ["discord", "DISCORD staff", "dis\u00adcord", "Clyde", "clyde\u200b", "dİscord", "d\u200di\u200dscord"]
)
def test_no_name_is_one_that_discord_keeps_for_itself(name: str) -> None:
    shown = escaping.name(name).casefold()
    assert "discord" not in shown
    assert "clyde" not in shown


@DISCORD
async def test_words_arrive_although_discord_refuses_the_name_of_who_wrote_them(world: World) -> None:
    side = world.customers
    assert isinstance(side, DiscordSide)
    side.discord.faults.on(*SPEAK, Fault.api_error(400, 50035), times=20)

    await world.ask(PERSON)
    card = await world.card()

    spoken = await card.until_in_thread("order 1042", timeout=8)
    assert "Alice" in spoken.shown


@DISCORD
async def test_a_question_is_answered_although_discord_refuses_its_words_as_a_name(world: World) -> None:
    side = world.customers
    assert isinstance(side, DiscordSide)
    side.discord.faults.on(*THREAD, Fault.api_error(400, 50035), times=1)

    talk = await world.ask("How long does shipping take?")

    await talk.reply(containing="Sources", timeout=10)


@DISCORD
async def test_a_ticket_is_posted_although_discord_refuses_its_words_as_a_name(people: People, open_desk: Open) -> None:
    world = await open_desk(FRONTDESK_STAFF_CHANNEL=people.staff.key(QUEUE))
    side = world.customers
    assert isinstance(side, DiscordSide)
    side.discord.faults.on("POST", "/channels/{channel_id}/threads", Fault.api_error(400, 50035), times=1)

    await world.ask(PERSON)

    await world.until(lambda: side.guild.threads(PLACES[QUEUE]), timeout=10)


HOSTILE = [
    'a"; name="payload_json"\r\nContent-Type: application/json\r\n\r\n{"content": "@everyone"}.png',
    "photo\u202egnp.exe",
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "a" * 3000 + ".png",
    "[x](https://evil.example).png",
    "\x00\x01\x02",
    "",
    "...",
    "<@1100000000000000001>.txt",
]


@pytest.mark.parametrize("name", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_the_name_of_a_file_is_nothing_but_a_name(name: str) -> None:
    shown = file_name(name)
    assert 1 <= len(shown) <= 120
    assert not set(shown) & set('\r\n\t\0/\\"<>|:\u202e`')
    assert shown.strip(".")
    if name.endswith(".png"):
        assert shown.endswith(".png")


async def test_a_file_with_a_hostile_name_is_sent_along_and_adds_nothing_to_the_request() -> None:
    async def fetch(attachment: Attachment) -> bytes:
        return attachment.id.encode()

    files = [
        Attachment(id=f"file {n}", name=name, media_type="image/png\r\nX-Evil: 1") for n, name in enumerate(HOSTILE)
    ]
    async with DiscordServer() as discord, interacting(discord) as desk:
        brought, lost = await Files(desk.api, SystemClock(), fetch).bring(files)
        await desk.api.call(
            "POST",
            "/channels/{channel_id}/messages",
            channel_id=SUPPORT,
            body={"content": "Look at this", "allowed_mentions": {"parse": []}},
            files=brought,
        )
        [message] = discord.guild.messages(SUPPORT)
    assert lost == ()
    assert message.content == "Look at this"
    assert [file.content for file in message.attachments] == [f"file {n}".encode() for n in range(len(HOSTILE))]


def posted(content: str, *sizes: int) -> dict[str, Any]:
    """A message as Discord tells of it; it calls every pasted picture `image.png`."""
    return {
        "id": str(len(content)),
        "content": content,
        "attachments": [{"size": s, "filename": "image.png"} for s in sizes],
    }


def test_a_picture_that_was_lost_is_not_taken_for_another_of_the_same_name() -> None:
    tried = Try(at=0.0, parts=(print_of({"content": "image.png"}, [2048]),))
    assert matching(tried, [posted("image.png", 1024)]) == []
    assert matching(tried, [posted("image.png", 2048)]) == ["9"]


def test_no_two_of_what_may_be_posted_are_taken_for_each_other() -> None:
    different = [posted("a"), posted("a", 1), posted("a", 2), posted("a", 1, 2), posted("a", 2, 1), posted("b")]
    prints = sorted(print_of(one) for one in different)
    assert all(one != other for one, other in pairwise(prints))
