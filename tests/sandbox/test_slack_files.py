"""Files both ways: the three-step upload, and downloads that want the token."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from frontdesk.sandbox.slack import SlackServer


async def test_an_uploaded_file_lands_in_its_thread(slack: SlackServer, client: AsyncWebClient) -> None:
    ws = slack.workspace
    root = await ws.say("UALICE", "CSUPPORT", "send me the manual")
    await client.files_upload_v2(
        channel="CSUPPORT",
        thread_ts=root.ts,
        content=b"%PDF manual",
        filename="manual.pdf",
        title="Manual",
        initial_comment="here",
    )
    shared = ws.thread("CSUPPORT", root.ts)[-1]
    assert (shared.text, shared.subtype) == ("here", "file_share")
    assert [(file.name, file.title, file.content) for file in shared.files] == [
        ("manual.pdf", "Manual", b"%PDF manual")
    ]
    assert slack.violations == []


async def test_an_upload_without_bytes_or_of_another_length_is_refused(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    announced = await client.files_getUploadURLExternal(filename="a.txt", length=5)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": announced["file_id"]}])
    async with aiohttp.ClientSession() as session:
        async with session.post(announced["upload_url"], data=b"too long") as answer:
            assert answer.status == 400
        form = aiohttp.FormData()
        form.add_field("file", b"right", filename="a.txt")
        async with session.post(announced["upload_url"], data=form) as answer:
            assert answer.status == 200
    await client.files_completeUploadExternal(files=[{"id": announced["file_id"]}])
    assert slack.workspace.files[announced["file_id"]].content == b"right"


async def test_a_download_without_the_token_is_a_login_page_that_looks_fine(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    said = await slack.workspace.say("UALICE", "CSUPPORT", "look", files=[("a.png", b"\x89PNG", "image/png")])
    event: dict[str, Any] = slack.delivery.sent[0]["event"]
    assert event["subtype"] == "file_share"
    url = event["files"][0]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
            assert (answer.content_type, await answer.read()) == ("image/png", b"\x89PNG")
        slack.app.scopes.discard("files:read")
        async with session.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
            assert answer.content_type == "text/html"
        slack.app.scopes.add("files:read")
    found = await client.files_info(file=said.files[0].id)
    assert found["file"]["mimetype"] == "image/png"


async def test_a_strangers_file_has_to_be_looked_up(slack: SlackServer, client: AsyncWebClient) -> None:
    await slack.workspace.say("UCAROL", "CSHARED", "look", files=[("a.txt", b"hi", "text/plain")])
    file = slack.delivery.sent[0]["event"]["files"][0]
    assert file["file_access"] == "check_file_info"
    assert "url_private" not in file
    assert (await client.files_info(file=file["id"]))["file"]["name"] == "a.txt"
