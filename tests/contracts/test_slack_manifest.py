"""The manifest asks for what the adapter needs, and for nothing else."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from frontdesk.adapters.slack.api import METHODS
from frontdesk.adapters.slack.manifest import SCOPES, manifest
from frontdesk.adapters.slack.parse import EVENTS

ROOT = Path(__file__).parents[2]
SPECS = Path(os.environ.get("FRONTDESK_SPECS", ROOT.parent / "shared" / "specs")) / "slack"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the platform's specs are not at hand")

WITHOUT_METHOD_OR_EVENT = {"chat:write.customize", "commands"}
"""Scopes of arguments (`username`, `icon_url`) and of the slash command."""


def scopes_of(method: str) -> set[str]:
    spec = json.loads((SPECS / "methods" / f"{method}.json").read_text())
    return set(spec["scope"].get("bot") or ())


def scopes_of_events() -> dict[str, set[str]]:
    events = json.loads((SPECS / "events.json").read_text())
    return {
        event["name"]: {s.replace(".", ":") if ":" not in s else s for s in event.get("scopes", ())} for event in events
    }


def test_the_committed_manifest_is_the_generated_one() -> None:
    assert json.loads((ROOT / "manifests" / "slack.json").read_text()) == manifest()


@needs_specs
def test_slacks_own_schema_accepts_it() -> None:
    schema = json.loads((SPECS / "manifest.schema.2.0.0.json").read_text())
    jsonschema.Draft7Validator(schema).validate(manifest())
    jsonschema.Draft7Validator(schema).validate(manifest(url="https://desk.example/slack/events"))


@needs_specs
def test_every_method_that_is_called_has_its_scope() -> None:
    for method, call in METHODS.items():
        wanted = scopes_of(method)
        assert call.app_token or not wanted or wanted & set(SCOPES), method


@needs_specs
def test_every_event_that_is_heard_has_its_scope() -> None:
    known = scopes_of_events()
    for event in EVENTS:
        assert not known[event] or known[event] & set(SCOPES), event


@needs_specs
def test_every_scope_is_needed() -> None:
    by_event = scopes_of_events()
    needed = set().union(*(scopes_of(method) for method in METHODS), *(by_event[event] for event in EVENTS))
    assert set(SCOPES) - needed == WITHOUT_METHOD_OR_EVENT


def test_what_is_subscribed_is_what_is_heard() -> None:
    assert manifest()["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


def test_a_name_of_ones_own() -> None:
    assert manifest("Helpful")["features"]["bot_user"]["display_name"] == "Helpful"
