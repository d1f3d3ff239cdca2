"""The whole sandbox and the control API its page uses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox import Sandbox
from frontdesk.sandbox.discord.example import ALICE, HELP, STAFF, SUPPORT
from frontdesk.sandbox.page import Platform


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox() as box:
        yield box


@pytest.fixture
async def page(box: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=box.page_url) as session:
        yield session


async def post(page: aiohttp.ClientSession, act: str, **args: Any) -> dict[str, Any]:
    async with page.post(f"sandbox/{act}", json=args) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_everything_starts_on_its_own_port(box: Sandbox) -> None:
    urls = (box.slack.api_url, box.discord.api_url, box.model.base_url, box.page_url)
    assert len({url.split(":")[2].split("/")[0] for url in urls}) == 4


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_only_the_platforms_asked_for_are_started(platform: Platform) -> None:
    async with Sandbox(platforms=[platform]) as box, aiohttp.ClientSession(base_url=box.page_url) as page:
        started = {"slack": box.slack.app.base_url, "discord": box.discord.app.base_url}
        assert [name for name, url in started.items() if url] == [platform]
        async with page.get("sandbox/about") as answer:
            assert await answer.json() == {"platforms": [platform], "staff_on": platform, "model": {"stand_in": True}}
        for name, path in (("slack", "sandbox/state"), ("discord", "sandbox/discord/state")):
            async with page.get(path) as answer:
                assert answer.status == (200 if name == platform else 404)


async def test_the_page_is_told_where_the_staff_channel_is(box: Sandbox, page: aiohttp.ClientSession) -> None:
    async def staff_on() -> str:
        async with page.get("sandbox/about") as answer:
            return str((await answer.json())["staff_on"])

    assert await staff_on() == "slack"
    box.staff_on = "discord"
    assert await staff_on() == "discord"


async def test_what_is_said_on_discord_is_in_its_state_and_in_its_changes(
    box: Sandbox, page: aiohttp.ClientSession
) -> None:
    async with page.ws_connect("sandbox/discord/changes") as changes:
        said = await post(page, "discord/say", user=ALICE, channel=SUPPORT, text="hello")
        frame = json.loads(await changes.receive_str(timeout=2))
        assert (frame["kind"], frame["id"], frame["content"]) == ("message", said["id"], "hello")
        await post(page, "discord/edit", user=ALICE, channel=SUPPORT, id=said["id"], text="hello again")
        assert json.loads(await changes.receive_str(timeout=2))["kind"] == "changed"
    thread = await post(page, "discord/thread", user=ALICE, channel=SUPPORT, id=said["id"], name="a thread")
    await post(page, "discord/react", user=ALICE, channel=SUPPORT, id=said["id"])
    opened = await post(page, "discord/post", user=ALICE, channel=HELP, title="Lamp", text="broken")
    async with page.get("sandbox/discord/state") as answer:
        state = await answer.json()
    [message] = [one for one in state["messages"][SUPPORT] if one["written"]]
    assert (message["content"], message["reactions"]) == ("hello again", {"👍": [ALICE]})
    threads = {one["id"]: one for one in state["channels"] if one["parent"]}
    assert set(threads) == {thread["id"], opened["id"]}
    assert ALICE in threads[thread["id"]]["seen_by"]
    refused = await post(page, "discord/say", user=ALICE, channel=STAFF, text="let me in")
    assert refused["ok"] is False
    assert "does not see" in refused["error"]
    await post(page, "discord/delete", user=ALICE, channel=SUPPORT, id=said["id"])
    assert box.discord.guild.messages(SUPPORT) == []


async def test_another_site_may_not_act_on_discord_either(page: aiohttp.ClientSession) -> None:
    evil = {"Origin": "https://evil.example"}
    async with page.post("sandbox/discord/say", json={}, headers=evil) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await page.ws_connect("sandbox/discord/changes", headers=evil)


async def test_what_is_said_on_the_page_is_in_the_state_and_in_the_changes(
    box: Sandbox, page: aiohttp.ClientSession
) -> None:
    async with page.ws_connect("sandbox/changes") as changes:
        said = await post(page, "say", user="UALICE", channel="CSUPPORT", text="hello")
        frame = json.loads(await changes.receive_str(timeout=2))
        assert (frame["kind"], frame["ts"], frame["text"]) == ("message", said["ts"], "hello")
        await post(page, "edit", user="UALICE", channel="CSUPPORT", ts=said["ts"], text="hello again")
        assert json.loads(await changes.receive_str(timeout=2))["kind"] == "changed"
        await post(page, "react", user="UBOB", channel="CSUPPORT", ts=said["ts"], name="eyes")
    async with page.get("sandbox/state") as answer:
        state = await answer.json()
    assert state["messages"]["CSUPPORT"][0]["shown"] == "hello again"
    assert state["messages"]["CSUPPORT"][0]["reactions"] == {"eyes": ["UBOB"]}
    assert {person["id"] for person in state["people"]} >= {"UALICE", "USAM"}
    await post(page, "delete", user="UALICE", channel="CSUPPORT", ts=said["ts"])
    assert box.slack.workspace.history("CSUPPORT") == []


async def test_a_file_comes_in_as_a_form(box: Sandbox, page: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData({"user": "UALICE", "channel": "dm", "text": "look"})
    form.add_field("file", b"hi", filename="a.txt", content_type="text/plain")
    async with page.post("sandbox/say", data=form) as answer:
        said = await answer.json()
    message = box.slack.workspace.message(said["channel"], said["ts"])
    assert message is not None
    assert [(file.name, file.content) for file in message.files] == [("a.txt", b"hi")]
    async with page.get(f"sandbox/file/{message.files[0].id}") as answer:
        assert await answer.read() == b"hi"


async def test_buttons_and_forms_work_from_the_page(box: Sandbox, page: aiohttp.ClientSession) -> None:
    text = {"type": "plain_text", "text": "Ask"}
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=box.slack.bot_token, base_url=box.slack.api_url, session=session)
        app = AsyncApp(client=client, request_verification_enabled=False)

        @app.action("ask")
        async def ask(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            element = {"type": "plain_text_input", "action_id": "name"}
            blocks = [{"type": "input", "block_id": "who", "label": text, "element": element}]
            view = {"type": "modal", "callback_id": "who", "title": text, "submit": text, "blocks": blocks}
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.view("who")
        async def who(ack: Any) -> None:
            await ack(response_action="errors", errors={"who": "nobody"})

        async with connected(box.slack, app):
            blocks = [{"type": "actions", "elements": [{"type": "button", "action_id": "ask", "text": text}]}]
            card = await client.chat_postMessage(channel="CSTAFF", text="card", blocks=blocks)
            clicked = await post(page, "click", user="USAM", channel="CSTAFF", ts=card["ts"], action_id="ask")
            assert clicked == {"ok": True}
            view = (await box.slack.workspace.until(lambda: box.slack.workspace.views.get("USAM")))[0]
            form = {"user": "USAM", "view_id": view.id}
            sent = await post(page, "submit_view", **form, values={"who": {"name": "Bob"}})
            assert sent == {"ok": True, "errors": {"who": "nobody"}}
            assert await post(page, "close_view", **form) == {"ok": True}


async def test_an_impossible_act_is_explained(page: aiohttp.ClientSession) -> None:
    answer = await post(page, "say", user="UCAROL", channel="CSUPPORT", text="hello")
    assert answer["ok"] is False
    assert "cannot write there" in answer["error"]


async def test_another_site_in_the_browser_may_not_act(box: Sandbox, page: aiohttp.ClientSession) -> None:
    for path in ("sandbox/say", "sandbox/slash"):
        async with page.post(path, json={}, headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await page.ws_connect("sandbox/changes", headers={"Origin": "https://evil.example"})
    own = {"Origin": box.page_url.rstrip("/")}
    async with page.post("sandbox/open_messages_tab", json={"user": "UALICE"}, headers=own) as answer:
        assert (await answer.json())["ok"]


async def test_only_static_files_are_served(page: aiohttp.ClientSession) -> None:
    for path in ("static/nothing.js", "static/..%2Fpage.py", "static/%2e%2e%2fsandbox.py", "static/index.py"):
        async with page.get(path) as answer:
            assert answer.status == 404


async def test_the_trace_comes_from_the_desk_or_is_empty(box: Sandbox, page: aiohttp.ClientSession) -> None:
    async def trace() -> Any:
        async with page.get("sandbox/trace") as answer:
            return await answer.json()

    assert await trace() == {}
    box.trace_url = "http://127.0.0.1:9/traces/latest"
    assert await trace() == {}

    async def latest(request: web.Request) -> web.Response:
        return web.json_response({"turn": "1"})

    desk = web.Application()
    desk.router.add_get("/traces/latest", latest)
    runner = web.AppRunner(desk)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    box.trace_url = f"http://127.0.0.1:{runner.addresses[0][1]}/traces/latest"
    assert await trace() == {"turn": "1"}
    await runner.cleanup()
