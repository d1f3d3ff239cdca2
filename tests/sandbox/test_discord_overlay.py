"""What Discord refuses though its specification does not say so."""

from typing import Any

import pytest
from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import SUPPORT

V2 = 1 << 15


def button(custom_id: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "x", "custom_id": custom_id, **more}


def row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def select(count: int) -> dict[str, Any]:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "select", "options": options}


REFUSED: dict[str, dict[str, Any]] = {
    "content over 2000": {"content": "x" * 2001},
    "eleven embeds": {"embeds": [{"title": "x"}] * 11},
    "embeds over 6000 together": {"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]},
    "an embed's title over 256": {"embeds": [{"title": "x" * 257}]},
    "26 fields": {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]},
    "a field's value over 1024": {"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]},
    "a custom id over 100": {"components": [row(button("x" * 101))]},
    "an empty custom id": {"components": [row(button(""))]},
    "a custom id twice": {"components": [row(button("a"), button("a"))]},
    "no custom id": {"components": [row({"type": 2, "style": 1, "label": "x"})]},
    "a label over 80": {"components": [row(button(label="x" * 81))]},
    "six buttons in a row": {"components": [row(*(button(str(number)) for number in range(6)))]},
    "six rows": {"components": [row(button(str(number))) for number in range(6)]},
    "a button beside a select": {"components": [row(button(), select(1))]},
    "26 options": {"components": [row(select(26))]},
    "a link with a custom id": {"components": [row(button(style=5, url="https://example.com"))]},
    "a button outside a row": {"components": [button()]},
    "components v2 without the flag": {"components": [text("hello")]},
    "components v2 with content": {"content": "x", "flags": V2, "components": [text("hello")]},
    "components v2 with embeds": {"embeds": [{"title": "x"}], "flags": V2, "components": [text("hello")]},
    "v2 text over 4000 together": {"flags": V2, "components": [text("x" * 2001), text("x" * 2000)]},
    "41 components": {"flags": V2, "components": [text("x")] * 41},
    "a section without accessory": {"flags": V2, "components": [{"type": 9, "components": [text("x")]}]},
    "a text input in a message": {"components": [row({"type": 4, "custom_id": "x", "style": 1, "label": "x"})]},
    "a nonce over 25": {"content": "x", "nonce": "n" * 26},
    "users allowed twice over": {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
async def test_a_wrong_message_is_refused_and_noted(discord: DiscordServer, rest: Client, body: dict[str, Any]) -> None:
    reply = await rest("POST", f"/channels/{SUPPORT}/messages", body)
    assert (reply.status, reply.code) == (400, 50035)
    assert discord.violations
    assert discord.guild.messages(SUPPORT) == []


ALLOWED: dict[str, dict[str, Any]] = {
    "content of 2000": {"content": "x" * 2000},
    "embeds of 6000": {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3000}]},
    "a custom id of 100": {"components": [row(button("x" * 100))]},
    "25 options": {"components": [row(select(25))]},
    "a link": {"components": [row({"type": 2, "style": 5, "label": "x", "url": "https://example.com"})]},
    "v2 text of 4000": {"flags": V2, "components": [text("x" * 2000), text("x" * 2000)]},
    "40 components": {"flags": V2, "components": [text("x")] * 40},
    "a silent message without embeds": {"content": "x", "flags": 4 | 1 << 12},
}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED)
async def test_what_just_fits_is_taken(discord: DiscordServer, rest: Client, body: dict[str, Any]) -> None:
    assert (await rest("POST", f"/channels/{SUPPORT}/messages", body)).status == 200
    assert discord.violations == []


@pytest.mark.parametrize("body", [{}, {"content": "  "}, {"content": "", "embeds": []}])
async def test_an_empty_message_is_refused(discord: DiscordServer, rest: Client, body: dict[str, Any]) -> None:
    reply = await rest("POST", f"/channels/{SUPPORT}/messages", body)
    assert (reply.status, reply.code) == (400, 50006)


async def test_an_unknown_property_is_noted_though_it_has_no_effect(discord: DiscordServer, rest: Client) -> None:
    assert (await rest("POST", f"/channels/{SUPPORT}/messages", {"content": "x", "colour": 1})).status == 200
    assert any("colour" in one for one in discord.violations)


async def test_components_v2_cannot_be_taken_back(discord: DiscordServer, rest: Client) -> None:
    said = await rest("POST", f"/channels/{SUPPORT}/messages", {"flags": V2, "components": [text("x")]})
    path = f"/channels/{SUPPORT}/messages/{said.body['id']}"
    assert (await rest("PATCH", path, {"flags": 0})).code == 50035
    assert (await rest("PATCH", path, {"content": "x"})).code == 50035
    assert (await rest("PATCH", path, {"components": [text("y")]})).status == 200
    assert discord.guild.messages(SUPPORT)[0].shown == "y"


COMMANDS: dict[str, list[dict[str, Any]]] = {
    "a name in capitals": [{"name": "Desk", "description": "x"}],
    "no description": [{"name": "desk"}],
    "a description over 100": [{"name": "desk", "description": "x" * 101}],
    "a name twice": [{"name": "desk", "description": "x"}] * 2,
    "an optional option first": [
        {
            "name": "desk",
            "description": "x",
            "options": [
                {"type": 3, "name": "a", "description": "x"},
                {"type": 3, "name": "b", "description": "x", "required": True},
            ],
        }
    ],
    "26 choices": [
        {
            "name": "desk",
            "description": "x",
            "options": [
                {
                    "type": 3,
                    "name": "a",
                    "description": "x",
                    "choices": [{"name": str(number), "value": str(number)} for number in range(26)],
                }
            ],
        }
    ],
    "16 menus": [{"name": str(number), "type": 3} for number in range(16)],
    "over 8000 characters": [
        {
            "name": "desk",
            "description": "x",
            "options": [
                {
                    "type": 3,
                    "name": f"a{place}",
                    "description": "x" * 100,
                    "choices": [{"name": f"{number:0100d}", "value": f"{number:0100d}"} for number in range(25)],
                }
                for place in range(2)
            ],
        }
    ],
}


@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS)
async def test_wrong_commands_are_refused(discord: DiscordServer, rest: Client, commands: list[dict[str, Any]]) -> None:
    reply = await rest("PUT", f"/applications/{discord.application_id}/commands", commands)
    assert (reply.status, reply.code) == (400, 50035)
    assert discord.guild.commands == {}
