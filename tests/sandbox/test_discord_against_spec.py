"""The specification is a judge that notices, and every route of the local Discord is one that it knows."""

import pytest
from discord_client import Client

import discord_spec
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import SUPPORT
from frontdesk.sandbox.discord.rest import ROUTES

spec = discord_spec.load()
pytestmark = pytest.mark.skipif(spec is None, reason="the platform's specs are not at hand")


@pytest.mark.parametrize(("method", "template"), ROUTES)
def test_every_route_is_in_the_specification(method: str, template: str) -> None:
    assert spec is not None
    assert spec.knows(method, template)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"content": 7}, "content"),
        ({"content": "x", "embeds": [{"title": "x", "colour": 1}]}, "embeds.colour"),
        ({"content": "x", "message_reference": {"message_id": "not an id"}}, "message_reference"),
    ],
)
async def test_a_request_that_does_not_suit_is_noticed(
    discord: DiscordServer, rest: Client, body: dict[str, object], word: str
) -> None:
    await rest("POST", f"/channels/{SUPPORT}/messages", body)
    assert any(word in one for one in discord.violations)


async def test_an_unknown_query_parameter_is_noticed(discord: DiscordServer, rest: Client) -> None:
    await rest("GET", f"/channels/{SUPPORT}/messages", newest="1")
    assert discord.violations == [
        "GET /channels/{channel_id}/messages: unknown query parameter newest",
    ]


async def test_an_answer_that_does_not_suit_is_noticed(discord: DiscordServer, rest: Client) -> None:
    discord.guild.wire.me = lambda: {"id": "1"}  # type: ignore[method-assign]
    await rest("GET", "/users/@me")
    assert any("answer" in one for one in discord.violations)


def test_an_event_that_does_not_suit_is_noticed() -> None:
    assert spec is not None
    assert spec.wrong_with_event("MESSAGE_CREATE", {"id": "1"})
