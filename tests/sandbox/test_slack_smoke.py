"""One conversation from question to button, driven by the real slack-bolt."""

from typing import Any

from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


async def test_a_bolt_app_answers_streams_edits_and_hears_a_click(
    slack: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    ws = slack.workspace

    @app.event("message")
    async def answer(event: dict[str, Any], say: Any) -> None:
        if event.get("bot_id") or event.get("subtype"):
            return
        stream = await client.chat_stream(
            channel=event["channel"],
            thread_ts=event["ts"],
            recipient_team_id=event["team"],
            recipient_user_id=event["user"],
        )
        await stream.append(markdown_text="You can **return** ")
        await stream.stop(markdown_text="it within 30 days.")
        button = {
            "type": "button",
            "action_id": "claim",
            "value": "7",
            "text": {"type": "plain_text", "text": "Claim"},
        }
        await say(text="A card", thread_ts=event["ts"], blocks=[{"type": "actions", "elements": [button]}])

    @app.action("claim")
    async def claim(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"claimed {body['actions'][0]['value']}",
        )
        await respond(text="thanks", replace_original=False)

    async with connected(slack, app):
        question = await ws.say("UALICE", "CSUPPORT", "How do I return a lamp?")
        thread = await ws.until(lambda: len(found := ws.thread("CSUPPORT", question.ts)) == 3 and found)
        assert [one.shown for one in thread] == [
            "How do I return a lamp?",
            "You can **return** it within 30 days.",
            "Claim",
        ]
        ack = await ws.click("USAM", "CSUPPORT", thread[2].ts, "claim")
        assert ack.arrived
        await ws.until(lambda: ws.ephemerals)
        card = ws.message("CSUPPORT", thread[2].ts)
        assert card is not None
        assert card.shown == "claimed 7"
        assert card.edited
        await ws.edit("UALICE", "CSUPPORT", question.ts, "How do I return a chair?")
        await ws.delete("UALICE", "CSUPPORT", question.ts)
    assert slack.violations == []
