"""Files on the local Discord: uploads, signed links that expire, and limits."""

from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, SUPPORT

HERE = f"/channels/{SUPPORT}/messages"


async def test_an_uploaded_file_is_downloaded_by_its_link(discord: DiscordServer, rest: Client) -> None:
    body = {"content": "see", "attachments": [{"id": 0, "description": "a lamp", "filename": "lamp.txt"}]}
    reply = await rest.upload("POST", HERE, body, ("lamp.txt", b"light", "text/plain"))
    (attachment,) = reply.body["attachments"]
    assert (attachment["filename"], attachment["size"], attachment["description"]) == ("lamp.txt", 5, "a lamp")
    assert (await rest.fetch(attachment["url"])).body == b"light"
    assert discord.calls("POST", "/channels/{channel_id}/messages")[0].files[0].content == b"light"
    assert discord.violations == []


async def test_a_link_dies_after_a_day_and_a_message_read_again_has_a_new_one(
    discord: DiscordServer, rest: Client
) -> None:
    said = await discord.guild.say(ALICE, SUPPORT, "", files=[("lamp.png", b"PNG", "image/png")])
    url = (await rest("GET", f"{HERE}/{said.id}")).body["attachments"][0]["url"]
    assert "ex=" in url
    assert "hm=" in url
    discord.advance(24 * 3600 + 1)
    assert (await rest.fetch(url)).status == 404
    read_again = (await rest("GET", f"{HERE}/{said.id}")).body["attachments"][0]["url"]
    assert (await rest.fetch(read_again)).body == b"PNG"
    assert discord.violations == []


async def test_an_unsigned_or_altered_link_leads_nowhere(discord: DiscordServer, rest: Client) -> None:
    said = await discord.guild.say(ALICE, SUPPORT, "", files=[("lamp.png", b"PNG", "image/png")])
    url = (await rest("GET", f"{HERE}/{said.id}")).body["attachments"][0]["url"]
    assert (await rest.fetch(url.split("?")[0])).status == 404
    assert (await rest.fetch(url.replace("ex=", "ex=f"))).status == 404


async def test_an_edit_keeps_only_the_files_that_it_names(discord: DiscordServer, rest: Client) -> None:
    files = (("a.txt", b"a", "text/plain"), ("b.txt", b"b", "text/plain"))
    said = (await rest.upload("POST", HERE, {"content": "two"}, *files)).body
    kept = [{"id": said["attachments"][1]["id"]}]
    await rest("PATCH", f"{HERE}/{said['id']}", {"content": "still two"})
    assert [one.name for one in discord.guild.messages(SUPPORT)[0].attachments] == ["a.txt", "b.txt"]
    await rest("PATCH", f"{HERE}/{said['id']}", {"attachments": kept})
    assert [one.name for one in discord.guild.messages(SUPPORT)[0].attachments] == ["b.txt"]
    assert discord.violations == []


async def test_a_file_may_be_too_large_or_not_allowed(discord: DiscordServer, rest: Client) -> None:
    large = await rest.upload("POST", HERE, {}, ("big.bin", b"x" * ((10 << 20) + 1), "application/octet-stream"))
    assert (large.status, large.code) == (413, 40005)
    discord.guild.deny(SUPPORT, "ATTACH_FILES")
    refused = await rest.upload("POST", HERE, {}, ("a.txt", b"a", "text/plain"))
    assert (refused.status, refused.code) == (403, 50013)


async def test_a_media_component_shows_an_uploaded_file(discord: DiscordServer, rest: Client) -> None:
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://lamp.png"}}]}
    body = {"flags": 1 << 15, "components": [gallery]}
    reply = await rest.upload("POST", HERE, body, ("lamp.png", b"PNG", "image/png"))
    shown = reply.body["components"][0]["items"][0]["media"]["url"]
    assert (await rest.fetch(shown)).body == b"PNG"
    assert discord.violations == []
