"""Discord's published OpenAPI specification as a judge of every exchange with the local Discord."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from frontdesk.sandbox.discord.events import Event
from frontdesk.sandbox.discord.values import Request

ROOT = Path(__file__).resolve().parents[1]
# A worktree may lie one level deeper than the repository itself.
PLACES = (ROOT.parent / "shared" / "specs", ROOT.parent.parent / "shared" / "specs")
NAMED = os.environ.get("FRONTDESK_SPECS")
SPECS = (Path(NAMED) if NAMED else next((place for place in PLACES if place.is_dir()), PLACES[0])) / "discord"

URN = "urn:discord"
SMALLEST_SNOWFLAKE = 10**15
TOLERATED_QUERY = {"use_nested_fields"}
"""Sent by the most used library with forum posts; undocumented and harmless."""
TOLERATED_BODY = ("tts", "message.tts", "type", "nsfw", "embeds.flags", "message.embeds.flags", "data.embeds.flags")
"""`nsfw` of commands is documented elsewhere; the others do nothing, and the most used library sends them."""
EVENTS = {
    "MESSAGE_CREATE": "MessageResponse",
    "MESSAGE_UPDATE": "MessageResponse",
    "THREAD_CREATE": "ThreadResponse",
    "THREAD_UPDATE": "ThreadResponse",
    "CHANNEL_CREATE": "GuildChannelResponse",
    "CHANNEL_UPDATE": "GuildChannelResponse",
    "CHANNEL_DELETE": "GuildChannelResponse",
    "GUILD_MEMBER_ADD": "GuildMemberResponse",
    "GUILD_MEMBER_UPDATE": "GuildMemberResponse",
}
"""The specification describes no events, but what most of them carry; the API answers with the same."""

Json = Any


class Spec:
    """The whole specification; `wrong_with` tells what does not suit it."""

    def __init__(self, whole: Json) -> None:
        self._whole = whole
        registry: Registry[Json] = Registry()
        self._registry = registry.with_resource(URN, Resource(whole, DRAFT202012))
        self._operations = {
            (method.upper(), _plain(template)): (template, method)
            for template, path in whole["paths"].items()
            for method in path
            if method != "parameters"
        }
        self._validators: dict[str, Draft202012Validator] = {}

    def knows(self, method: str, template: str) -> bool:
        return (method, _plain(template)) in self._operations

    def wrong_with(self, exchange: Request) -> list[str]:
        """What is wrong with this request and with its answer."""
        where = f"{exchange.method} {exchange.template}"
        found = self._operations.get((exchange.method, _plain(exchange.template)))
        if found is None:
            return [f"{where}: the specification has no such route"]
        template, method = found
        operation = self._whole["paths"][template][method]
        pointer = f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}"
        faults = [
            *self._query_faults(exchange, template, operation),
            *self._request_faults(exchange, operation, pointer),
            *self._answer_faults(exchange, operation, pointer),
        ]
        return [f"{where}: {fault}" for fault in faults]

    def wrong_with_event(self, name: str, data: Json) -> list[str]:
        """What is wrong with a gateway event, as far as the API has the same thing; other events suit."""
        schema = EVENTS.get(name)
        if schema is None:
            return []
        error = self._mismatch(f"/components/schemas/{schema}", data)
        return [f"event {name}: {error}"] if error else []

    def _query_faults(self, exchange: Request, template: str, operation: Json) -> Iterator[str]:
        declared = [*operation.get("parameters", ()), *self._whole["paths"][template].get("parameters", ())]
        known = {one["name"] for one in declared if one["in"] == "query"} | TOLERATED_QUERY
        for name in exchange.query:
            if name not in known:
                yield f"unknown query parameter {name}"

    def _request_faults(self, exchange: Request, operation: Json, pointer: str) -> Iterator[str]:
        body = operation.get("requestBody")
        if body is None:
            if exchange.json not in (None, {}):
                yield f"a body where none belongs: {str(exchange.json)[:100]}"
            return
        if exchange.json is None and not body.get("required"):
            return
        given = _with_text_ids({} if exchange.json is None else exchange.json)
        kind = "application/json"
        if kind not in body["content"]:
            return
        place = f"{pointer}/requestBody/content/{kind.replace('/', '~1')}/schema"
        if error := self._mismatch(place, given):
            yield f"request: {error}"
        schema = body["content"][kind]["schema"]
        for name in self._unknown(schema, given):
            if name not in TOLERATED_BODY:
                yield f"request: unknown property {name}"

    def _answer_faults(self, exchange: Request, operation: Json, pointer: str) -> Iterator[str]:
        if exchange.status == 429 and exchange.answer is None:
            return
        responses = operation["responses"]
        status = str(exchange.status)
        key = status if status in responses else f"{status[0]}XX"
        if key not in responses:
            yield f"answer: {status} is not among {list(responses)}"
            return
        place = f"{pointer}/responses/{key}"
        response = responses[key]
        if "$ref" in response:
            place = response["$ref"][1:]
            response = self._whole["components"]["responses"][place.rsplit("/", 1)[1]]
        content = response.get("content", {}).get("application/json")
        if content is None:
            if exchange.answer is not None:
                yield f"answer: a body where {status} has none"
            return
        answer = exchange.answer
        if exchange.status >= 400 and isinstance(answer, dict):
            # Codes of single fields are words on the real Discord; the specification says numbers.
            answer = {key: value for key, value in answer.items() if key != "errors"}
        if error := self._mismatch(f"{place}/content/application~1json/schema", answer):
            yield f"answer: {error}"

    def _mismatch(self, pointer: str, value: Json) -> str | None:
        validator = self._validators.get(pointer)
        if validator is None:
            validator = Draft202012Validator({"$ref": f"{URN}#{pointer}"}, registry=self._registry)
            self._validators[pointer] = validator
        error = best_match(validator.iter_errors(value))
        if error is None:
            return None
        path = ".".join(str(step) for step in error.absolute_path)
        return f"{path or 'the whole'}: {error.message[:300]}"

    # property names that no branch of the schema knows

    def _unknown(self, schema: Json, value: Json, path: str = "") -> Iterator[str]:
        if isinstance(value, list):
            items = [one["items"] for one in self._branches(schema) if isinstance(one.get("items"), dict)]
            for one in value:
                yield from self._unknown({"anyOf": items}, one, path)
        elif isinstance(value, dict):
            branches = list(self._branches(schema))
            if any(one.get("additionalProperties") for one in branches):
                return
            for name, inner in value.items():
                fitting = [one["properties"][name] for one in branches if name in one.get("properties", ())]
                if not fitting:
                    yield f"{path}{name}"
                    continue
                yield from self._unknown({"anyOf": fitting}, inner, f"{path}{name}.")

    def _branches(self, schema: Json) -> Iterator[Json]:
        if "$ref" in schema:
            yield from self._branches(self._whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
            return
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(word, ()):
                yield from self._branches(one)


def _plain(template: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", template)


def _with_text_ids(value: Json) -> Json:
    """The API takes ids as numbers too; the specification does not say so."""
    if isinstance(value, dict):
        whole = {key: _with_text_ids(one) for key, one in value.items()}
        for name in ("default_member_permissions", "allow", "deny"):
            if isinstance(value.get(name), str | int):
                # The other way round: documented as text, numbers in the specification.
                whole[name] = int(value[name])
        for one in whole.get("attachments") or ():
            one["id"] = str(one.get("id", ""))
        return whole
    if isinstance(value, list):
        return [_with_text_ids(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= SMALLEST_SNOWFLAKE:
        return str(value)
    return value


@cache
def load() -> Spec | None:
    """The specification, where it is at hand."""
    file = SPECS / "openapi.json"
    return Spec(json.loads(file.read_text())) if file.is_file() else None


def judge(exchange: Request) -> list[str]:
    """What is wrong with an exchange; nothing where the specification is not at hand."""
    spec = load()
    return [] if spec is None else spec.wrong_with(exchange)


def faults_of_events(events: Iterable[Event]) -> list[str]:
    """What is wrong with the events that a server sent."""
    spec = load()
    return [] if spec is None else [fault for one in events for fault in spec.wrong_with_event(one.name, one.data)]
