"""Buttons, forms, commands and shortcuts through the real bolt, with Slack's deadlines."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(callback_id: str = "form", **more: Any) -> dict[str, Any]:
    options = [{"text": plain("Low"), "value": "low"}, {"text": plain("High"), "value": "high"}]
    select = {
        "type": "static_select",
        "action_id": "priority",
        "options": options,
        "initial_option": options[0],
    }
    note = {"type": "plain_text_input", "action_id": "note"}
    blocks = [
        {"type": "input", "block_id": "note", "label": plain("Note"), "element": note},
        {"type": "input", "block_id": "priority", "label": plain("Priority"), "element": select},
    ]
    view = {"type": "modal", "callback_id": callback_id, "title": plain("A form"), "submit": plain("Send")}
    return {**view, "blocks": blocks, **more}


@pytest.fixture
async def running(slack: SlackServer, app: AsyncApp, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """An app that opens a form on /desk."""

    @app.command("/desk")
    async def desk(ack: Any, command: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(notify_on_close=True))

    async with connected(slack, app):
        yield app


async def opened(slack: SlackServer) -> str:
    await slack.workspace.slash("USAM", "CSTAFF", "/desk")
    view = (await slack.workspace.until(lambda: slack.workspace.views.get("USAM")))[0]
    return str(view.id)


async def test_a_submitted_form_carries_values_and_closes(slack: SlackServer, running: AsyncApp) -> None:
    got: list[Any] = []

    @running.view("form")
    async def form(ack: Any, view: dict[str, Any]) -> None:
        got.append(view["state"]["values"])
        await ack()

    view_id = await opened(slack)
    await slack.workspace.submit_view("USAM", view_id, {"note": {"note": "urgent"}})
    assert got[0]["note"]["note"] == {"type": "plain_text_input", "value": "urgent"}
    assert got[0]["priority"]["priority"]["selected_option"]["value"] == "low"
    assert slack.workspace.views["USAM"] == []
    assert slack.violations == []


@pytest.mark.parametrize("action", ["errors", "update", "push", "clear"])
async def test_the_answer_to_a_form_is_followed(slack: SlackServer, running: AsyncApp, action: str) -> None:
    answers = {
        "errors": {"errors": {"note": "too short"}},
        "update": {"view": modal("second")},
        "push": {"view": modal("second")},
        "clear": {},
    }

    @running.view("form")
    async def form(ack: Any) -> None:
        await ack(response_action=action, **answers[action])

    view_id = await opened(slack)
    await slack.workspace.submit_view("USAM", view_id, {"note": {"note": "x"}})
    left = [(view.body["callback_id"], dict(view.errors)) for view in slack.workspace.views["USAM"]]
    assert (
        left
        == {
            "errors": [("form", {"note": "too short"})],
            "update": [("second", {})],
            "push": [("form", {}), ("second", {})],
            "clear": [],
        }[action]
    )


async def test_what_slack_itself_would_not_send_is_a_mistake_of_the_test(slack: SlackServer, running: AsyncApp) -> None:
    view_id = await opened(slack)
    with pytest.raises(ValueError, match="must be filled in"):
        await slack.workspace.submit_view("USAM", view_id, {})
    with pytest.raises(ValueError, match="no field"):
        await slack.workspace.submit_view("USAM", view_id, {"note": {"note": "x"}, "other": {"a": "b"}})


async def test_a_closed_form_tells_the_app_when_it_asked(slack: SlackServer, running: AsyncApp) -> None:
    closed: list[Any] = []

    @running.view_closed("form")
    async def gone(ack: Any, body: dict[str, Any]) -> None:
        closed.append(body["is_cleared"])
        await ack()

    await slack.workspace.close_view("USAM", await opened(slack))
    assert closed == [False]


async def test_a_trigger_opens_one_view_within_three_seconds(slack: SlackServer, client: AsyncWebClient) -> None:
    async def error_of(trigger: str) -> str:
        with pytest.raises(SlackApiError) as refused:
            await client.views_open(trigger_id=trigger, view=modal())
        return str(refused.value.response["error"])

    trigger = slack.workspace.new_trigger("USAM")
    await client.views_open(trigger_id=trigger, view=modal())
    assert await error_of(trigger) == "exchanged_trigger_id"
    late = slack.workspace.new_trigger("USAM")
    slack.advance(3.5)
    assert await error_of(late) == "expired_trigger_id"
    assert await error_of("made.up") == "invalid_trigger_id"


async def test_views_are_updated_by_hash_and_stacked_three_deep(slack: SlackServer, client: AsyncWebClient) -> None:
    def trigger() -> str:
        return slack.workspace.new_trigger("USAM")

    first = (await client.views_open(trigger_id=trigger(), view=modal()))["view"]
    changed = (await client.views_update(view_id=first["id"], hash=first["hash"], view=modal("new")))["view"]
    assert changed["callback_id"] == "new"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=first["id"], hash=first["hash"], view=modal())
    for _ in range(2):
        await client.views_push(trigger_id=trigger(), view=modal())
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=trigger(), view=modal())
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.views_open(trigger_id=trigger(), view=modal(title=plain("x" * 25)))
    await client.views_publish(user_id="UALICE", view={"type": "home", "blocks": []})
    assert slack.workspace.home["UALICE"].body["type"] == "home"


async def test_an_app_that_does_not_answer_fails_the_click(
    slack: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    ws = slack.workspace
    never = asyncio.Event()

    @app.action("slow")
    async def slow(ack: Any) -> None:
        await never.wait()

    async with connected(slack, app):
        button = {"type": "button", "action_id": "slow", "text": plain("Slow")}
        posted = await client.chat_postMessage(
            channel="CSTAFF", text="card", blocks=[{"type": "actions", "elements": [button]}]
        )
        slack.delivery.ack_seconds = 0.1
        ack = await ws.click("USAM", "CSTAFF", posted["ts"], "slow")
        assert not ack.arrived
        assert ws.failed_interactions[0]["actions"][0]["action_id"] == "slow"
        never.set()


async def test_feedback_buttons_selects_and_doubled_action_ids(
    slack: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    seen: list[Any] = []

    @app.action({"type": "block_actions"})
    @app.action("rate")
    async def rate(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        seen.append(action.get("value") or action["selected_option"]["value"])

    app.action("pick")(rate)
    feedback = {
        "type": "feedback_buttons",
        "action_id": "rate",
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    options = [{"text": plain(value), "value": value} for value in ("a", "b")]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    section = {"type": "section", "text": plain("Pick"), "accessory": select}
    blocks: list[dict[str, Any]] = [section, {"type": "context_actions", "elements": [feedback]}]
    async with connected(slack, app):
        posted = await client.chat_postMessage(channel="CSTAFF", text="card", blocks=blocks)
        for action_id, value in (("rate", "negative"), ("pick", "b")):
            await slack.workspace.click("USAM", "CSTAFF", posted["ts"], action_id, value)
        await slack.workspace.until(lambda: seen == ["down", "b"])
        with pytest.raises(ValueError, match="not among"):
            await slack.workspace.click("USAM", "CSTAFF", posted["ts"], "pick", "c")
        with pytest.raises(ValueError, match="no element"):
            await slack.workspace.click("USAM", "CSTAFF", posted["ts"], "other")


async def test_a_command_can_be_answered_at_once_or_later(slack: SlackServer, app: AsyncApp) -> None:
    ws = slack.workspace

    @app.command("/desk")
    async def desk(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack(text="at once", response_type="in_channel")
        await respond("later")

    async with connected(slack, app):
        await ws.slash("USAM", "CSTAFF", "/desk", "queue")
        await ws.until(lambda: ws.ephemerals)
    assert [one.text for one in ws.history("CSTAFF")] == ["at once"]
    assert [(one.text, one.seen_by) for one in ws.ephemerals] == [("later", "USAM")]


async def test_a_response_url_changes_what_was_clicked_five_times_at_most(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    ws = slack.workspace
    await client.chat_postEphemeral(channel="CSTAFF", user="USAM", text="card")
    await client.chat_postMessage(channel="CSTAFF", text="for all")
    for message in (ws.ephemerals[0], ws.history("CSTAFF")[0]):
        url = ws.response_urls.new("USAM", "CSTAFF", message)
        async with aiohttp.ClientSession() as session:
            statuses = []
            for number in range(6):
                async with session.post(url, json={"text": f"n{number}", "replace_original": True}) as answer:
                    statuses.append(answer.status)
        assert statuses == [200] * 5 + [404]
    assert (ws.ephemerals[0].text, ws.history("CSTAFF")[0].text) == ("n4", "n4")
    async with aiohttp.ClientSession() as session:
        for message in (ws.ephemerals[0], ws.history("CSTAFF")[0]):
            url = ws.response_urls.new("USAM", "CSTAFF", message)
            async with session.post(url, json={"delete_original": True}) as answer:
                assert answer.status == 200
    assert (ws.ephemerals, ws.history("CSTAFF")) == ([], [])


async def test_shortcuts_bring_the_message_along(slack: SlackServer, app: AsyncApp) -> None:
    seen: list[Any] = []

    @app.shortcut("hand_over")
    async def hand_over(ack: Any, shortcut: dict[str, Any]) -> None:
        seen.append(shortcut["message"]["text"] if "message" in shortcut else None)
        await ack()

    async with connected(slack, app):
        said = await slack.workspace.say("UALICE", "CSUPPORT", "help")
        await slack.workspace.shortcut("USAM", "hand_over", channel="CSUPPORT", ts=said.ts)
        await slack.workspace.shortcut("USAM", "hand_over")
    assert seen == ["help", None]
