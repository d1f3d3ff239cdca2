"""The table of methods says what the reference of the Web API says."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from frontdesk.sandbox.slack.app import EVENT_SCOPES
from frontdesk.sandbox.slack.methods import METHODS, Method

ROOT = Path(__file__).resolve().parents[2]
# A worktree may lie one level deeper than the repository itself.
PLACES = (ROOT.parent / "shared" / "specs", ROOT.parent.parent / "shared" / "specs")
NAMED = os.environ.get("FRONTDESK_SPECS")
SPECS = (Path(NAMED) if NAMED else next((place for place in PLACES if place.is_dir()), PLACES[0])) / "slack"

pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="the platform's specs are not at hand")

EVERY_METHOD = pytest.mark.parametrize("name", sorted(METHODS))


def spec(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SPECS / "methods" / f"{name}.json").read_text())
    return found


@EVERY_METHOD
def test_every_argument_is_in_the_reference(name: str) -> None:
    assert set(METHODS[name].args) == set(spec(name)["args"]["properties"])


@EVERY_METHOD
def test_the_same_arguments_are_required(name: str) -> None:
    assert set(METHODS[name].required) == set(spec(name)["args"].get("required", ()))


@EVERY_METHOD
def test_the_same_scopes_open_a_method(name: str) -> None:
    assert set(METHODS[name].scopes) == set(spec(name)["scope"].get("bot", ()))


@EVERY_METHOD
def test_a_method_is_in_the_same_rate_tier(name: str) -> None:
    assert METHODS[name].tier == spec(name)["rate_limits"]


@EVERY_METHOD
def test_json_bodies_are_read_where_the_reference_says_so(name: str) -> None:
    assert METHODS[name].json == bool(spec(name).get("json_input_supported"))


@EVERY_METHOD
def test_what_the_reference_lacks_is_really_lacking(name: str) -> None:
    """When the reference catches up, the exception has to go."""
    assert not set(METHODS[name].newer) & set(spec(name)["args"]["properties"])
    assert set(METHODS[name].instead) <= set(METHODS[name].required)


def test_every_event_is_in_the_reference_with_its_scopes() -> None:
    events = json.loads((SPECS / "events.json").read_text())
    known = {event["name"]: event.get("scopes", []) for event in events}
    # Both are mistakes of the reference: an event it lacks and a scope with a dot.
    known |= {"channel_archive": ["channels:read"], "app_mention": ["app_mentions:read"]}
    assert {name: set(scopes) for name, scopes in EVENT_SCOPES.items()} == {
        name: set(known.get(name, ["unknown"])) for name in EVENT_SCOPES
    }


def test_a_wrong_table_would_be_noticed() -> None:
    wrong = Method(required=("token",), args={"token": "string", "chanel": "string"})
    assert set(wrong.args) != set(spec("chat.postMessage")["args"]["properties"])
