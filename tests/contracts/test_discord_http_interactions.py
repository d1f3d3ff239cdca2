"""Interactions that come over HTTP are proven to be Discord's, and answered by the same router."""

import asyncio
import copy
import io
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from nacl.signing import SigningKey

from contracts.discord_interacting import Desk, interacting, over_http, payloads, until
from frontdesk.adapters.discord.http import MOST_BYTES, STALE
from frontdesk.domain.messages import Thread
from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SAM, STAFF, SUPPORT

CONVERSATION = f"discord:1100000000000000100:{SUPPORT}:1299999999999999999"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with DiscordServer() as discord, interacting(discord) as desk:
        yield desk


@dataclass
class Endpoint:
    """Where anybody may post what they like."""

    url: str
    session: aiohttp.ClientSession
    key: SigningKey

    async def post(self, body: bytes, *, at: float | None = None, **changes: Any) -> tuple[int, Any]:
        stamp = str(int(time.time() if at is None else at))
        headers = {
            "Content-Type": "application/json",
            "X-Signature-Timestamp": stamp,
            "X-Signature-Ed25519": self.key.sign(stamp.encode() + body).signature.hex(),
        }
        headers |= changes
        headers = {name: value for name, value in headers.items() if value is not None}
        async with self.session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.text()


@pytest.fixture
async def endpoint(desk: Desk) -> AsyncIterator[Endpoint]:
    async with over_http(desk) as url, aiohttp.ClientSession() as session:
        yield Endpoint(url, session, desk.discord.app.signing_key)


async def test_discord_accepts_the_address(desk: Desk, endpoint: Endpoint) -> None:
    """It sends a PING, and one with a wrong signature."""
    assert await desk.discord.verify_interactions_url()


async def test_a_press_over_http_is_stored_and_answered_in_the_response(desk: Desk, endpoint: Endpoint) -> None:
    claim = desk.ids.button("claim", CONVERSATION)
    message = await desk.post(STAFF, "Ticket", claim)

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert (ack.arrived, ack.kind) == (True, 6)
    assert [event.action for event in desk.reception.events] == ["claim"]
    assert desk.discord.calls("POST", CALLBACK) == []


async def test_a_question_over_http_hangs_on_the_message_that_shows_it(desk: Desk, endpoint: Endpoint) -> None:
    ack = await desk.discord.guild.slash(ALICE, SUPPORT, "ask", None, {"question": "How long?"})

    assert (ack.arrived, ack.kind) == (True, 4)
    await until(lambda: len(desk.reception.events) == 1)
    (shown,) = desk.discord.guild.messages(SUPPORT)
    assert desk.reception.events[0].thread == Thread(
        platform="discord", community=desk.discord.guild_id, channel=SUPPORT, root=shown.id
    )


async def test_a_command_over_http_is_answered_to_one_person(desk: Desk, endpoint: Endpoint) -> None:
    await desk.discord.guild.slash(SAM, STAFF, "desk", "help")

    await desk.discord.guild.until(lambda: any("Nobody" in words for words in desk.private_words(SAM)))


async def test_a_form_over_http_opens_and_comes_back(desk: Desk, endpoint: Endpoint) -> None:
    resolve = desk.ids.button("resolve", CONVERSATION)
    message = await desk.post(STAFF, "Ticket", resolve)

    ack = await desk.discord.guild.press(SAM, STAFF, message, resolve)
    await desk.discord.guild.submit(SAM, ack.modal or "", {"comment": "Bye"})

    assert [(event.action, event.comment) for event in desk.reception.events] == [("resolve", "Bye")]


async def test_a_slow_store_over_http_is_told_of_afterwards(desk: Desk, endpoint: Endpoint) -> None:
    desk.reception.gate = asyncio.Event()
    claim = desk.ids.button("claim", CONVERSATION)
    message = await desk.post(STAFF, "Ticket", claim)

    ack = await desk.discord.guild.press(SAM, STAFF, message, claim)

    assert ack.kind == 4
    desk.reception.gate.set()
    await desk.discord.guild.until(lambda: any(words.startswith("Done") for words in desk.private_words(SAM)))


PING = b'{"id":"1","application_id":"2","token":"t","type":1,"version":1}'


async def test_only_discord_is_answered(desk: Desk, endpoint: Endpoint) -> None:
    stranger = SigningKey.generate().sign(b"x").signature.hex()
    stamp = str(int(time.time()))
    of_another_body = endpoint.key.sign(stamp.encode() + PING + b" ").signature.hex()
    for changes in (
        {"X-Signature-Ed25519": None},
        {"X-Signature-Ed25519": ""},
        {"X-Signature-Ed25519": "zz" * 64},
        {"X-Signature-Ed25519": "00" * 64},
        {"X-Signature-Ed25519": "00" * 63},
        {"X-Signature-Ed25519": stranger},
        {"X-Signature-Ed25519": of_another_body},
        {"X-Signature-Timestamp": None},
        {"X-Signature-Timestamp": ""},
        {"X-Signature-Timestamp": "-1"},
        {"X-Signature-Timestamp": "1e9"},
        {"X-Signature-Timestamp": "9" * 400},
        {"X-Signature-Timestamp": str(int(time.time()) + 1)},
    ):
        assert (await endpoint.post(PING, **changes))[0] == 401, changes
    assert (await endpoint.post(PING))[0] == 200
    assert desk.reception.events == []
    assert desk.reception.aside == []


@pytest.mark.parametrize("off", [-STALE - 5, STALE + 5])
async def test_an_old_request_is_not_taken_again(endpoint: Endpoint, off: float) -> None:
    assert (await endpoint.post(PING, at=time.time() + off))[0] == 401


async def test_a_replayed_press_is_the_same_press(desk: Desk, endpoint: Endpoint) -> None:
    claim = desk.ids.button("claim", CONVERSATION)
    message = await desk.post(STAFF, "Ticket", claim)
    desk.discord.deliver_interactions_to(None)
    await desk.discord.guild.press(SAM, STAFF, message, claim)

    body = json.dumps(payloads(desk.discord)[-1]).encode()
    assert (await endpoint.post(body))[0] == 200
    assert (await endpoint.post(body))[0] == 200

    assert len({event.ids for event in desk.reception.events}) == 1


async def test_what_is_no_interaction_is_refused(endpoint: Endpoint) -> None:
    for body in (
        b"",
        b"x",
        b"[]",
        b"null",
        b"7",
        b"{}",
        b'{"type":"1"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type":null}',
    ):
        assert (await endpoint.post(body))[0] == 400, body[:20]


async def test_a_body_longer_than_any_interaction_is_not_read(endpoint: Endpoint) -> None:

    async def without_length() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    for data in (io.BytesIO(b" " * (MOST_BYTES + 1)), without_length()):
        async with endpoint.session.post(endpoint.url, data=data) as response:
            assert response.status == 413


OTHERS = (None, True, -1, 10**30, "", "x", [], [None], {}, "9" * 40)


def spoilt(whole: Any) -> Iterator[Any]:
    """The payload with each field in it dropped, and with something else in its place."""
    steps = list(whole) if isinstance(whole, dict) else range(len(whole)) if isinstance(whole, list) else ()
    for step in steps:
        without = copy.copy(whole)
        del without[step]
        yield without
        for other in OTHERS:
            changed = copy.copy(whole)
            changed[step] = other
            yield changed
        for inner in spoilt(whole[step]):
            changed = copy.copy(whole)
            changed[step] = inner
            yield changed


async def test_whatever_is_spoilt_in_a_payload_whoever_acted_gets_an_answer(desk: Desk) -> None:
    """With every field dropped or of another kind; nobody can be answered without an id, a token and a type."""
    discord, guild = desk.discord, desk.discord.guild
    discord.enforce_limits = False
    resolve = desk.ids.button("resolve", CONVERSATION)
    message = await desk.post(STAFF, "Ticket", resolve)
    said = await guild.say(ALICE, SUPPORT, "Hm?")
    pressed = await guild.press(SAM, STAFF, message, resolve)
    await guild.submit(SAM, pressed.modal or "", {"comment": "Bye"})
    await guild.menu(SAM, SUPPORT, said.id, "Ask the desk")
    await guild.autocomplete(SAM, SUPPORT, "ask", None, "question", "re")
    cases = 0
    for whole in payloads(discord):
        for case in spoilt(whole):
            cases += 1
            body = await desk.interactions.answer(case)
            if all(case.get(name) == whole[name] for name in ("id", "token", "type")):
                assert body is not None, case
                assert body["type"] in (4, 5, 6, 8, 9)
    assert cases > 2_000
    await guild.press(SAM, STAFF, message, resolve)
    assert guild.modal_of(SAM) is not None
