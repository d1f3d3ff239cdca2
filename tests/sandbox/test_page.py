"""The sandbox's page in a real browser, with a real slack-bolt app behind it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from slack_app import connected
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from browser import CHROMIUM, Tab, browser
from frontdesk.sandbox.page import PageServer
from frontdesk.sandbox.slack import SlackServer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page is not tested")

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
    "[click](javascript:document.title='owned') <javascript:alert(1)|here> "
    '<https://evil.example/"onmouseover=x|fine> '
    "![pixel](https://evil.example/pixel.png) <iframe src=https://evil.example></iframe>"
)
CUSTOMER = "#customer .pane-foot textarea"
STAFF = "#staff .pane-foot textarea"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


NOTE = {
    "type": "modal",
    "callback_id": "note",
    "title": plain("Add a note"),
    "submit": plain("Save"),
    "close": plain("Cancel"),
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Only *staff* sees it."}},
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "priority",
            "label": plain("Priority"),
            "element": {
                "type": "static_select",
                "action_id": "choice",
                "options": [{"text": plain("Low"), "value": "low"}, {"text": plain("High"), "value": "high"}],
            },
        },
        {
            "type": "input",
            "block_id": "tags",
            "label": plain("Tags"),
            "element": {
                "type": "checkboxes",
                "action_id": "chosen",
                "options": [
                    {"text": plain("Refund"), "value": "refund"},
                    {"text": plain("Damage"), "value": "damage"},
                ],
            },
        },
        {
            "type": "input",
            "block_id": "team",
            "label": plain("Team"),
            "element": {
                "type": "radio_buttons",
                "action_id": "chosen",
                "options": [
                    {"text": plain("Shop"), "value": "shop"},
                    {"text": plain("Bank"), "value": "bank"},
                ],
            },
        },
    ],
}
CARD: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Ticket 12")},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Customer*\n<@UALICE>"}]},
    {
        "type": "actions",
        "elements": [button("claim", "Claim", value="12", style="primary"), button("note", "Add note")],
    },
]


@dataclass
class Desk:
    """What the tests' app heard, and how it holds a stream until a test lets it go on."""

    client: AsyncWebClient
    clicks: list[str] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


def behave(app: AsyncApp, desk: Desk) -> None:  # noqa: C901 - a list of listeners, each on its own
    client = desk.client

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None:
        if event.get("bot_id") or event.get("subtype") not in (None, "file_share"):
            return
        place: dict[str, Any] = {
            "channel": event["channel"],
            "thread_ts": event.get("thread_ts", event["ts"]),
        }
        if "person" in event["text"]:
            await client.chat_postMessage(channel="CSTAFF", text="Ticket 12", blocks=CARD)
        elif "hostile" in event["text"]:
            await client.chat_postMessage(**place, text=HOSTILE)
            await client.chat_postMessage(**place, markdown_text=HOSTILE)
        elif "stream" in event["text"]:
            await stream(place, event)

    async def stream(place: dict[str, Any], event: dict[str, Any]) -> None:
        await client.assistant_threads_setStatus(
            channel_id=place["channel"], thread_ts=place["thread_ts"], status="is thinking…"
        )
        await desk.go_on.wait()
        desk.go_on.clear()
        started = await client.chat_startStream(
            **place,
            recipient_team_id=event["team"],
            recipient_user_id=event["user"],
            markdown_text="It takes **three",
        )
        await desk.go_on.wait()
        ts = started["ts"]
        await client.chat_appendStream(channel=place["channel"], ts=ts, markdown_text=" days**, or one")
        feedback = {
            "type": "feedback_buttons",
            "action_id": "rate",
            "positive_button": {"text": plain("Helpful"), "value": "good"},
            "negative_button": {"text": plain("Not helpful"), "value": "bad"},
        }
        await client.chat_stopStream(
            channel=place["channel"],
            ts=ts,
            markdown_text=" with express.",
            blocks=[{"type": "context_actions", "elements": [feedback]}],
        )

    @app.action("rate")
    @app.action("claim")
    async def clicked(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        desk.clicks.append(f"{body['user']['id']} {body['actions'][0]['action_id']} {body['actions'][0]['value']}")
        if body["actions"][0]["action_id"] == "claim":
            await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Claimed by Sam")

    @app.action("note")
    async def open_note(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=NOTE)

    @app.view("note")
    async def save_note(ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if len(values["note"]["text"]["value"] or "") < 5:
            await ack(response_action="errors", errors={"note": "Write at least five letters"})
            return
        await ack()
        desk.notes.append(values)

    @app.command("/desk")
    async def command(ack: Any, command: dict[str, Any]) -> None:
        await ack(text=f"Queue for *{command['text']}* is empty")


@pytest.fixture
async def desk(slack: SlackServer, app: AsyncApp, client: AsyncWebClient) -> AsyncIterator[Desk]:
    desk = Desk(client)
    behave(app, desk)
    async with connected(slack, app):
        yield desk


@pytest.fixture
async def page(slack: SlackServer) -> AsyncIterator[PageServer]:
    async with PageServer(slack) as page:
        yield page


@pytest.fixture
async def tab(page: PageServer, desk: Desk) -> AsyncIterator[Tab]:
    """The page in a browser; whatever a test does, nothing may complain and nothing may leave the origin."""
    async with browser() as tab:
        await tab.size(1280, 800)
        await tab.go(page.url)
        await tab.shows("Live", "#connection")
        yield tab
        assert tab.complaints == []
        origin = urlsplit(page.url).netloc
        assert {urlsplit(url).netloc for url in tab.requests if not url.startswith("data:")} == {origin}


async def test_a_typed_message_appears_and_shift_enter_starts_a_line(tab: Tab, slack: SlackServer) -> None:
    await tab.type(CUSTOMER, "How long *does* it take?")
    await tab.press("Enter", shift=True)
    await tab.send("Input.insertText", text="I mean <shipping> & co")
    await tab.press("Enter")
    await tab.until("document.querySelector('#customer .message strong')?.textContent === 'does'")
    await tab.shows("I mean <shipping> & co", "#customer .message")
    assert await tab.see(f"document.querySelector('{CUSTOMER}').value") == ""
    [message] = slack.workspace.history("CSUPPORT")
    assert message.user == "UALICE"
    assert "&lt;shipping&gt; &amp; co" in message.text


async def test_hostile_text_becomes_neither_markup_nor_script(tab: Tab, slack: SlackServer) -> None:
    await tab.type(CUSTOMER, f"hostile {HOSTILE}", enter=True)
    await tab.until("document.querySelectorAll('#customer .message').length === 3")
    assert await tab.see("document.querySelectorAll('main img, main script, main iframe').length") == 0
    links = await tab.see("[...document.querySelectorAll('main .message a')].map((each) => [each.protocol, each.rel])")
    assert links
    assert all(protocol in ("http:", "https:") and "noopener" in rel for protocol, rel in links)
    attributes = await tab.see("[...document.querySelectorAll('main *')].flatMap((each) => each.getAttributeNames())")
    assert not [name for name in attributes if name.startswith("on")]
    assert await tab.see("document.title") != "owned"


async def test_a_crowd_mention_that_went_live_is_plain_to_see(tab: Tab, desk: Desk) -> None:
    await desk.client.chat_postMessage(channel="CSUPPORT", text="Hello <!channel> and <@UBOB>")
    await tab.until("document.querySelector('#customer .mention.crowd')?.textContent === '@channel'")
    await tab.until("document.querySelector('#customer .mention:not(.crowd)')?.textContent.startsWith('@Bob')")


async def test_a_streamed_reply_grows_live_and_takes_feedback(tab: Tab, desk: Desk) -> None:
    await tab.type(CUSTOMER, "please stream", enter=True)
    await tab.shows("is thinking…", "#customer")
    await tab.until("document.querySelector('#customer .status .stop')")
    desk.go_on.set()
    await tab.until("document.querySelector('#customer .message.streaming')?.innerText.includes('three')")
    await tab.until("!document.querySelector('#customer .status:not([hidden])')")
    desk.go_on.set()
    await tab.shows("three days, or one with express.", "#customer")
    await tab.until("!document.querySelector('.message.streaming')")
    assert await tab.see("document.querySelector('#customer .thread-body strong').textContent") == "three days"
    await tab.click("#customer .button", "Not helpful")
    await tab.until("document.querySelector('#customer [aria-pressed=true]')?.textContent === 'Not helpful'")
    assert desk.clicks == ["UALICE rate bad"]


async def test_the_stop_button_stops_a_stream(tab: Tab, desk: Desk, slack: SlackServer) -> None:
    await tab.type(CUSTOMER, "please stream", enter=True)
    await tab.shows("is thinking…", "#customer")
    desk.go_on.set()
    await tab.click("#customer .message.streaming .stop")
    await tab.until("!document.querySelector('.message.streaming')")
    await tab.shows("Stopped.", "#customer")


async def test_a_click_on_a_card_reaches_the_app(tab: Tab, desk: Desk) -> None:
    await tab.click("#customer .chip", "person")
    await tab.shows("Ticket 12", "#staff")
    await tab.click("#staff .button", "Claim")
    await tab.shows("Claimed by Sam", "#staff")
    assert desk.clicks == ["USAM claim 12"]


async def test_a_modal_opens_shows_an_error_and_submits(tab: Tab, desk: Desk) -> None:
    await tab.type(CUSTOMER, "a person please", enter=True)
    await tab.click("#staff .button", "Add note")
    await tab.shows("Only staff sees it.", "dialog")
    await tab.type("dialog textarea", "hm")
    await tab.choose("dialog select", "high")
    await tab.click("dialog label.choice", "Refund")
    await tab.click("dialog label.choice", "Bank")
    await tab.click("dialog button", "Save")
    await tab.shows("Write at least five letters", "dialog")
    assert await tab.see("document.activeElement.tagName") == "TEXTAREA"
    assert await tab.see("document.activeElement.value") == "hm"
    await tab.type("dialog textarea", "m, a good note")
    await tab.click("dialog button", "Save")
    await tab.until("!document.querySelector('dialog')")
    [values] = desk.notes
    assert "a good note" in values["note"]["text"]["value"]
    assert values["priority"]["choice"]["selected_option"]["value"] == "high"
    assert [each["value"] for each in values["tags"]["chosen"]["selected_options"]] == ["refund"]
    assert values["team"]["chosen"]["selected_option"]["value"] == "bank"


async def test_escape_closes_a_modal_for_the_app_too(tab: Tab, slack: SlackServer) -> None:
    await tab.type(CUSTOMER, "a person please", enter=True)
    await tab.click("#staff .button", "Add note")
    await tab.focus("dialog textarea")
    await tab.press("Escape")
    await tab.until("!document.querySelector('dialog')")
    await slack.workspace.until(lambda: not slack.workspace.views.get("USAM"))


async def test_a_file_is_attached(tab: Tab, slack: SlackServer, tmp_path: Path) -> None:
    file = tmp_path / "invoice <b>.txt"
    file.write_text("4711")
    await tab.attach("#customer .pane-foot input[type=file]", file)
    await tab.shows("invoice <b>.txt", "#customer .picked-files")
    await tab.type(CUSTOMER, "my invoice", enter=True)
    await tab.shows("invoice <b>.txt", "#customer .message .file")
    [message] = slack.workspace.history("CSUPPORT")
    assert [(each.name, each.content) for each in message.files] == [("invoice <b>.txt", b"4711")]


async def test_a_message_is_edited_and_deleted_by_its_author_only(tab: Tab, slack: SlackServer) -> None:
    await slack.workspace.say("UBOB", "CSUPPORT", "from Bob")
    await tab.type(CUSTOMER, "frist &amp; try", enter=True)
    await tab.shows("frist &amp; try", "#customer")
    tools = await tab.see("[...document.querySelectorAll('#customer .tool')].map((each) => each.textContent)")
    assert tools.count("Edit") == 1
    await tab.click("#customer .tool", "Edit")
    assert await tab.see("document.activeElement.value") == "frist &amp; try"
    await tab.see("document.activeElement.select()")
    await tab.send("Input.insertText", text="first try")
    await tab.press("Enter")
    await tab.until("document.querySelector('#customer .edited')")
    await tab.shows("first try", "#customer")
    await tab.click("#customer .tool", "Delete")
    await tab.shows("This message was deleted.", "#customer")
    assert "first try" not in [each.shown for each in slack.workspace.history("CSUPPORT") if not each.deleted]


async def test_a_reply_in_a_thread_stays_in_the_thread(tab: Tab, slack: SlackServer) -> None:
    await tab.type(CUSTOMER, "the root", enter=True)
    await tab.click("#customer .tool", "Reply")
    await tab.type("#customer .composer.small textarea", "the reply", enter=True)
    await tab.shows("the reply", "#customer .replies")
    [root] = slack.workspace.history("CSUPPORT")
    assert [each.text for each in slack.workspace.thread("CSUPPORT", root.ts)] == ["the root", "the reply"]


async def test_a_slash_command_answers_only_its_person(tab: Tab) -> None:
    await tab.type(STAFF, "/desk today", enter=True)
    await tab.shows("Queue for today is empty", "#staff .ephemeral")
    await tab.shows("only visible to you", "#staff .ephemeral")
    await tab.choose("#staff-person", "UDANA")
    await tab.until("!document.querySelector('#staff .ephemeral')")


async def test_a_direct_message_opens_and_is_written(tab: Tab, slack: SlackServer) -> None:
    await tab.choose("#customer-person", "UBOB")
    dm = await tab.see("document.querySelector('#customer-place').lastElementChild.value")
    await tab.choose("#customer-place", dm)
    await tab.type(CUSTOMER, "in private", enter=True)
    await tab.shows("in private", "#customer .message")
    assert [each.text for each in slack.workspace.history(slack.workspace.dm_with("UBOB").id)] == ["in private"]


async def test_what_was_said_before_is_there_after_a_reload(tab: Tab, slack: SlackServer) -> None:
    root = await slack.workspace.say("UALICE", "CSUPPORT", "before")
    await slack.workspace.say("UBOB", "CSUPPORT", "answer", thread_ts=root.ts)
    await tab.shows("answer", "#customer")
    await tab.send("Page.reload")
    await tab.shows("Live", "#connection")
    await tab.shows("answer", "#customer .replies")


@pytest.mark.parametrize("width", [390, 768, 1024])
async def test_nothing_scrolls_sideways(tab: Tab, slack: SlackServer, width: int) -> None:
    await tab.size(width, 800, touch=width < 500)
    await tab.type(CUSTOMER, "a person please, " + "w" * 300, enter=True)
    await tab.until("document.querySelector('#customer .message') && document.querySelector('#staff .message')")
    for view in ("staff", "trace", "customer"):
        await tab.see(f"document.querySelector('#tab-{view}').click()")
        assert await tab.see("document.documentElement.scrollWidth <= innerWidth"), view
        assert await tab.see(f"document.querySelector('#{view}').getBoundingClientRect().right <= innerWidth"), view


async def test_the_page_says_that_the_model_is_not_an_ai(tab: Tab) -> None:
    await tab.shows("Local sandbox. The model is a stand-in, not an AI.", "header")


async def test_the_trace_of_the_last_turn_is_shown_as_text(tab: Tab, page: PageServer) -> None:
    trace = {
        "outcome": "answered",
        "seconds": 1.5,
        "triage": {"category": "question", "confidence": 0.93, "reason": "<b>asks</b>", "needs_human": False},
        "rule": "greeting_first",
        "query": "shipping",
        "passages": [
            {"number": 1, "title": "Shipping", "score": 8.0, "coverage": 0.5, "used": True},
            {"number": 2, "title": "<img src=x>", "score": 4.0, "coverage": 0.1, "used": False},
        ],
        "steps": [{"task": "answer", "seconds": 1.2, "input_tokens": 900, "output_tokens": 50, "finish": "stop"}],
        "tools": [{"name": "order_status", "arguments": {"order": "4711"}, "seconds": 0.1, "result": "shipped"}],
    }

    async def latest(request: web.Request) -> web.Response:
        return web.json_response(trace)

    desk_http = web.Application()
    desk_http.router.add_get("/traces/latest", latest)
    runner = web.AppRunner(desk_http)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        page.trace_url = f"http://127.0.0.1:{runner.addresses[0][1]}/traces/latest"
        await tab.type(CUSTOMER, "hello", enter=True)
        for text in (
            "answered",
            "900 → 50 tokens",
            "greeting first",
            "<b>asks</b>",
            "93%",
            "✓ used",
            "<img src=x>",
            "4711",
        ):
            await tab.shows(text, "#trace")
        assert await tab.see("document.querySelectorAll('#trace .passages .used').length") == 1
        assert await tab.see("document.querySelectorAll('#trace .bar i')[1].style.width") == "50%"
        assert await tab.see("document.querySelector('#trace img')") is None
    finally:
        await runner.cleanup()


MARKDOWN = [
    (
        "**bold** *italic* ~~gone~~ `code`",
        "<p><strong>bold</strong> <em>italic</em> <s>gone</s> <code>code</code></p>",
    ),
    ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
    ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
    ("> quoted\n> twice", "<blockquote><p>quoted<br>twice</p></blockquote>"),
    ("```py\n<b> & **x**\n```", "<pre><code>&lt;b&gt; &amp; **x**</code></pre>"),
    ("a [1] b", "<p>a [1] b</p>"),
    ("[x](javascript:alert(1))", "<p>x (javascript:alert(1))</p>"),
    ("![p](https://evil.example/p.png)", "picture"),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "<tbody><tr><td>1</td><td>2</td></tr></tbody>"),
    ("\\*not italic\\*", "<p>*not italic*</p>"),
    ("see https://shop.example/a_b_c.", 'href="https://shop.example/a_b_c"'),
]
MRKDWN = [
    (
        "*bold* _italic_ ~gone~ `a*b*c`",
        "<p><strong>bold</strong> <em>italic</em> <s>gone</s> <code>a*b*c</code></p>",
    ),
    ("**not Slack**", "<p>**not Slack**</p>"),
    ("&lt;b&gt; &amp;amp;", "<p>&lt;b&gt; &amp;amp;</p>"),
    ("&gt; quoted", "<blockquote>quoted</blockquote>"),
    ("```a\n&lt;b&gt;```", "<pre><code>a\n&lt;b&gt;</code></pre>"),
    ("<https://shop.example/x|the shop>", ">the shop</a>"),
    ("<@UALICE>", '<span class="mention"><bdi>@Alice</bdi></span>'),
    (":eyes: :nothing_known:", "<p>👀 :nothing_known:</p>"),
]


@pytest.mark.parametrize(("language", "cases"), [("markdown", MARKDOWN), ("mrkdwn", MRKDWN)])
async def test_text_is_drawn_as_slack_draws_it(tab: Tab, language: str, cases: list[tuple[str, str]]) -> None:
    for source, wanted in cases:
        drawn = await tab.see(
            f"""import("/static/text.js").then((text) => {{
              const box = document.createElement("div");
              const names = {{person: () => "Alice", channel: () => "support"}};
              box.append(text.{language}({json.dumps(source)}, names));
              return box.innerHTML;
            }})"""
        )
        assert wanted in drawn, source


async def test_text_made_to_be_slow_is_drawn_at_once(tab: Tab) -> None:
    pieces = [
        "*",
        "_",
        "**a",
        "[",
        "[a](",
        "`",
        "<",
        "> ",
        "- ",
        "  - a\n",
        "|",
        "|-|\n",
        " ",
        "# ",
        "~~a ",
        "<@",
        "https://",
        "&gt;",
        "```\n",
    ]
    slowest = await tab.see(
        f"""import("/static/text.js").then((text) => Math.max(...{json.dumps(pieces)}
          .map((piece) => piece.repeat(12000 / piece.length))
          .flatMap((long) => [long, "# " + long + "x"].flatMap((source) =>
            [text.markdown, text.mrkdwn].map((draw) => {{
              const began = performance.now();
              draw(source, {{}});
              return performance.now() - began;
            }})))))"""
    )
    assert slowest < 2000


async def test_the_keyboard_keeps_its_place_when_a_clicked_message_changes(tab: Tab, desk: Desk) -> None:
    await tab.type(CUSTOMER, "a person please", enter=True)
    await tab.focus("#staff [data-action=claim]")
    await tab.press("Enter")
    await tab.shows("Claimed by Sam", "#staff")
    assert desk.clicks == ["USAM claim 12"]
    assert await tab.see("document.activeElement.classList.contains('message')")


async def test_every_control_has_a_name_to_read_out(tab: Tab) -> None:
    await tab.type(CUSTOMER, "a person please", enter=True)
    await tab.click("#staff .button", "Add note")
    await tab.until("document.querySelector('dialog')")
    assert await nameless(tab) == []
    await tab.click("dialog .button", "Cancel")
    await tab.until("!document.querySelector('dialog')")
    assert await nameless(tab) == []


async def nameless(tab: Tab) -> list[str]:
    tree = await tab.send("Accessibility.getFullAXTree")
    roles = ("button", "textbox", "combobox", "checkbox", "radio", "tab", "link")
    controls = [node for node in tree["nodes"] if not node["ignored"] and node["role"]["value"] in roles]
    assert len(controls) > 5
    return [node["role"]["value"] for node in controls if not node["name"]["value"].strip()]


async def test_a_reply_that_grows_stays_in_view(tab: Tab, desk: Desk) -> None:
    for number in range(12):
        await desk.client.chat_postMessage(channel="CSUPPORT", text=f"line {number}")
    await tab.shows("line 11", "#customer")
    await tab.type(CUSTOMER, "please stream", enter=True)
    await tab.shows("is thinking…", "#customer")
    desk.go_on.set()
    await tab.shows("three", "#customer .replies:not(:empty)")
    desk.go_on.set()
    await tab.shows("with express.", "#customer .replies:not(:empty)")
    await tab.until(
        "document.querySelector('#customer .feedback').getBoundingClientRect().bottom"
        " <= document.querySelector('#customer .threads').getBoundingClientRect().bottom"
    )


async def test_a_refusal_of_the_sandbox_is_said_and_keeps_the_typed_text(tab: Tab) -> None:
    await tab.type("#customer .pane-foot textarea", "/unknown thing", enter=True)
    await tab.until("document.querySelector('#alert').innerText.length > 0")
    assert await tab.see(f"document.querySelector({json.dumps(CUSTOMER)}).value") == "/unknown thing"
    # The browser itself logs the refused request.
    tab.complaints.clear()
