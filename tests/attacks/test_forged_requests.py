"""Whoever cannot sign a request gets nothing done, and nothing kept."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from contracts.slack_desk import SlackDesk, connected
from frontdesk.sandbox.slack import SlackServer

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EVENT = {
    "type": "event_callback",
    "team_id": "TDESK",
    "event_id": "Ev1",
    "event": {"type": "message", "channel": "CSUPPORT", "user": "UALICE", "text": "hi", "ts": "1700000000.000100"},
}


@pytest.fixture
async def desk() -> AsyncIterator[SlackDesk]:
    async with (
        SlackServer() as slack,
        connected(slack, app_token=None, signing_secret=SecretStr(SECRET)) as connected_desk,
    ):
        yield connected_desk


@pytest.fixture
async def address(desk: SlackDesk) -> AsyncIterator[str]:
    application = web.Application(client_max_size=4 * 1024 * 1024)
    application.router.add_post("/slack/events", desk.app.http_handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


def signed(body: bytes, at: str) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={digest}",
    }


async def status(session: aiohttp.ClientSession, address: str, body: bytes, headers: Mapping[str, str]) -> int:
    async with session.post(address, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Request-Timestamp": "now", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "١٧٠٠", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "{now}", "X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": ""},
        {},
    ],
)
async def test_a_broken_signature_is_refused_and_nothing_of_the_request_is_kept(
    desk: SlackDesk, address: str, headers: dict[str, str]
) -> None:
    headers = {name: value.replace("{now}", str(int(time.time()))) for name, value in headers.items()}
    async with aiohttp.ClientSession() as session:
        answer = await status(
            session, address, json.dumps(EVENT).encode(), {"Content-Type": "application/json", **headers}
        )
    assert answer == 401
    assert desk.reception.aside == []
    assert desk.reception.events == []


async def test_of_two_thousand_mutated_requests_none_is_accepted(desk: SlackDesk, address: str) -> None:
    chance = random.Random(7)
    body = json.dumps(EVENT).encode()
    async with aiohttp.ClientSession() as session:
        now = str(int(time.time()))
        assert await status(session, address, body, signed(body, now)) == 200
        for _ in range(2000):
            headers = signed(body, now)
            changed: Any = bytearray(body)
            match chance.randrange(4):
                case 0:
                    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
                case 1:
                    headers = signed(body, str(int(now) - chance.randrange(400, 10_000)))
                case 2:
                    mark = headers["X-Slack-Signature"]
                    place = chance.randrange(len(mark))
                    headers["X-Slack-Signature"] = mark[:place] + chance.choice("xyz-") + mark[place + 1 :]
                case _:
                    headers["X-Slack-Request-Timestamp"] = str(int(now) + chance.randrange(1, 200))
            assert await status(session, address, bytes(changed), headers) in (400, 401)
    assert len(desk.reception.events) == 1
    assert desk.reception.aside == []
