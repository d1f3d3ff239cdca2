"""What Discord is told of the desk suits its own specification, and asks for nothing that is not used."""

import json
import os
import subprocess
import sys
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import jsonschema
import pytest

from frontdesk.adapters.discord import render
from frontdesk.adapters.discord.api import intents
from frontdesk.adapters.discord.commands import commands
from frontdesk.adapters.discord.custom_ids import CustomIds
from frontdesk.adapters.discord.manifest import INTENTS, OPTIONAL_PERMISSIONS, PERMISSIONS, PRIVILEGED, manifest
from frontdesk.adapters.discord.permissions import Permission
from frontdesk.adapters.slack.manifest import manifest as slack_manifest
from frontdesk.domain.commands import DESK
from frontdesk.domain.events import ButtonPressed
from frontdesk.domain.knowledge import Citation
from frontdesk.domain.messages import Button, Content, Line, Relay, Reply, Thread
from frontdesk.domain.people import Person
from frontdesk.domain.tickets import Card, Ticket
from frontdesk.sandbox.discord import example
from frontdesk.sandbox.discord.permissions import bits

ROOT = Path(__file__).parents[2]
SPEC = Path(os.environ.get("FRONTDESK_SPECS", ROOT.parent / "shared" / "specs")) / "discord" / "openapi.json"
needs_spec = pytest.mark.skipif(not SPEC.is_file(), reason="the platform's specification is not at hand")

IDS = CustomIds(b"token")
CONVERSATION = "discord:1234567890123456789:1234567890123456780:1234567890123456781"
ALICE = Person(platform="discord", community="discord", id="12", name="Alice")
TICKET = Ticket(number=7, why="A refund", wants="Money back", opened_at=1_700_000_000.0)
CONTENTS: list[Content] = [
    Reply(
        markdown="Yes [1].",
        citations=(Citation(number=1, title="Returns", article="a", url="https://shop.example"),),
        buttons=(Button(action="ask_person", label="A person", style="primary"),),
        rateable=True,
    ),
    Reply(markdown="word " * 1000),
    Relay(name="Alice", markdown="hello", image="https://cdn.example/a.png"),
    Line(markdown="**Sam** claimed it"),
    Card(ticket=TICKET, customer=ALICE, conversation=CONVERSATION),
]


def complaints(schema: str, value: object) -> list[str]:
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    whole = {"$ref": f"#/components/schemas/{schema}", "components": spec["components"]}
    return [error.message[:300] for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]


def properties(schema: str) -> set[str]:
    return set(json.loads(SPEC.read_text(encoding="utf-8"))["components"]["schemas"][schema]["properties"])


def size(command: dict[str, Any]) -> int:
    """Discord counts names, descriptions and values of a command and of all below it."""
    own = len(command.get("name", "")) + len(command.get("description", "")) + len(str(command.get("value", "")))
    return own + sum(map(size, [*command.get("options", ()), *command.get("choices", ())]))


def test_the_committed_manifest_is_the_generated_one() -> None:
    assert json.loads((ROOT / "manifests" / "discord.json").read_text(encoding="utf-8")) == manifest()


def test_the_module_prints_it() -> None:
    command = [sys.executable, "-m", "frontdesk.adapters.discord.manifest"]
    printed = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, check=True, timeout=60
    )
    assert json.loads(printed.stdout) == manifest()


@needs_spec
@pytest.mark.parametrize("command", commands(), ids=lambda command: command["name"])
def test_discords_own_specification_accepts_each_command(command: dict[str, Any]) -> None:
    assert complaints("ApplicationCommandUpdateRequest", command) == []
    assert set(command) <= properties("ApplicationCommandUpdateRequest")


def test_the_commands_keep_within_the_limits_that_only_the_documentation_tells() -> None:
    kinds = [command["type"] for command in commands()]
    assert kinds.count(1) <= 100
    assert kinds.count(3) <= 5
    for command in commands():
        assert size(command) <= 8000
        assert command["type"] != 1 or (command["name"] == command["name"].lower() and " " not in command["name"])
        assert command["type"] == 1 or "description" not in command
        assert len(command.get("options", ())) <= 25


def test_both_platforms_offer_the_same_words() -> None:
    [slack] = slack_manifest()["features"]["slash_commands"]
    [desk] = [command for command in commands() if command["name"] == "desk"]
    assert slack["command"] == f"/{desk['name']}"
    assert slack["description"] == desk["description"] == DESK.description
    assert slack["usage_hint"].split(" | ") == [option["name"] for option in desk["options"]]


def test_the_invitation_asks_for_what_is_listed() -> None:
    asked = parse_qs(urlsplit(manifest(application_id="42")["invite"]).query)
    granted = reduce(or_, PERMISSIONS)
    assert asked == {"client_id": ["42"], "scope": ["bot applications.commands"], "permissions": [str(int(granted))]}
    assert manifest()["permissions"]["integer"] == str(int(granted))
    assert not granted & (Permission.ADMINISTRATOR | Permission.MENTION_EVERYONE)
    assert not granted & reduce(or_, OPTIONAL_PERMISSIONS)


def test_permissions_have_discords_own_values() -> None:
    for permission in Permission:
        assert int(permission) == getattr(discord.Permissions, str(permission.name).lower()).flag, permission


def test_the_intents_are_those_that_the_gateway_asks_for() -> None:
    assert manifest()["intents"]["integer"] == intents(message_content=True).value
    without = sum(bit for name, (bit, _) in INTENTS.items() if name not in PRIVILEGED)
    assert without == intents(message_content=False).value


@needs_spec
@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: str(content.kind))
def test_discords_own_specification_accepts_each_message(content: Content) -> None:
    for message in render.messages(content, IDS):
        assert complaints("MessageCreateRequest", message) == []
        assert complaints("MessageEditRequestPartial", message) == []
        assert set(message) <= properties("MessageCreateRequest")
    for message in render.messages(content, IDS, webhook=True):
        assert complaints("IncomingWebhookRequestPartial", message) == []
        assert set(message) <= properties("IncomingWebhookRequestPartial")


@needs_spec
@pytest.mark.parametrize("action", ["resolve", "rate_down"])
def test_discords_own_specification_accepts_each_form(action: Any) -> None:
    press = ButtonPressed(
        thread=Thread(platform="discord", community="1", channel="2", root="3"),
        ids=("x",), order=1, action=action, value=CONVERSATION, by=ALICE, message_id="1234567890123456789",
    )  # fmt: skip
    assert complaints("ModalInteractionCallbackRequestData", render.modal(action, press, IDS)) == []


def test_the_local_discord_grants_what_the_invitation_asks_for_and_no_more() -> None:
    assert bits(example.BOT_MAY) == int(reduce(or_, PERMISSIONS, Permission(0)))
