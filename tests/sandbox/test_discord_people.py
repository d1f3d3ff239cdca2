"""The app, the server, its people, roles and channels as the local Discord's API shows them."""

from discord_client import Client

from frontdesk.sandbox.discord import DiscordServer
from frontdesk.sandbox.discord.example import ALICE, HELP, NAMES, RANDOM, SAM, STAFF_ROLE, SUPPORT


async def test_the_app_learns_who_it_is_and_where_the_gateway_is(discord: DiscordServer, rest: Client) -> None:
    me = (await rest("GET", "/users/@me")).body
    assert (me["id"], me["bot"]) == (discord.bot_user_id, True)
    application = (await rest("GET", "/oauth2/applications/@me")).body
    assert (application["id"], application["verify_key"]) == (discord.application_id, discord.public_key)
    gateway = (await rest("GET", "/gateway/bot")).body
    assert gateway["url"] == discord.gateway_url
    assert gateway["session_start_limit"]["remaining"] == 1000
    assert (await rest("GET", "/users/@me/guilds")).body[0]["id"] == discord.guild_id
    assert discord.violations == []


async def test_members_are_found_one_by_one_or_by_name(discord: DiscordServer, rest: Client) -> None:
    path = f"/guilds/{discord.guild_id}/members"
    sam = (await rest("GET", f"{path}/{SAM}")).body
    assert (sam["user"]["global_name"], sam["roles"]) == ("Sam Rivera", [STAFF_ROLE])
    assert len((await rest("GET", path, limit=100)).body) == len(NAMES) + 1
    found = (await rest("GET", f"{path}/search", query="ali", limit=5)).body
    assert [one["user"]["id"] for one in found] == [ALICE]
    await discord.guild.leave(ALICE)
    assert (await rest("GET", f"{path}/{ALICE}")).code == 10007
    assert (await rest("GET", f"{path}/1")).code == 10013
    assert (await rest("GET", f"/users/{ALICE}")).body["username"] == "alice"
    assert discord.violations == []


async def test_listing_everybody_needs_the_members_intent(discord: DiscordServer, rest: Client) -> None:
    discord.gateway.enabled_intents = {"MESSAGE_CONTENT"}
    assert (await rest("GET", f"/guilds/{discord.guild_id}/members")).code == 50001


async def test_the_server_and_its_channels_can_be_looked_at(discord: DiscordServer, rest: Client) -> None:
    guild = f"/guilds/{discord.guild_id}"
    assert (await rest("GET", guild)).body["name"] == "Example Shop"
    assert {one["id"] for one in (await rest("GET", f"{guild}/channels")).body} >= {SUPPORT, HELP}
    assert STAFF_ROLE in [one["id"] for one in (await rest("GET", f"{guild}/roles")).body]
    assert (await rest("GET", f"/channels/{HELP}")).body["available_tags"][0]["name"] == "solved"
    assert (await rest("GET", f"/channels/{RANDOM}")).code == 50001
    assert (await rest("GET", "/guilds/1")).code == 10004
    assert discord.violations == []


async def test_a_channel_is_made_changed_and_deleted(discord: DiscordServer, rest: Client) -> None:
    discord.guild.entrust("MANAGE_CHANNELS")
    body = {"name": "tickets", "type": 15, "available_tags": [{"name": "open"}]}
    made = await rest("POST", f"/guilds/{discord.guild_id}/channels", body)
    assert made.status == 201
    path = f"/channels/{made.body['id']}"
    tags = [*made.body["available_tags"], {"name": "closed"}]
    changed = (await rest("PATCH", path, {"name": "queue", "available_tags": tags})).body
    assert [one["name"] for one in changed["available_tags"]] == ["open", "closed"]
    assert changed["available_tags"][0]["id"] == made.body["available_tags"][0]["id"]
    assert (await rest("DELETE", path)).status == 200
    assert (await rest("GET", path)).code == 10003
    names = [event.name for event in discord.guild.events.sent]
    assert names == ["CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"]
    assert discord.violations == []


async def test_an_app_that_was_removed_sees_nothing(discord: DiscordServer, rest: Client) -> None:
    discord.guild.remove_app()
    assert discord.guild.events.sent[-1].name == "GUILD_DELETE"
    assert (await rest("GET", f"/channels/{SUPPORT}")).code == 50001


async def test_pictures_are_served(discord: DiscordServer, rest: Client) -> None:
    alice = (await rest("GET", f"/users/{ALICE}")).body
    picture = await rest.fetch(f"{discord.app.base_url}/avatars/{ALICE}/{alice['avatar']}.png")
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")


async def test_a_private_channel_is_hidden_from_those_without_the_role(discord: DiscordServer, rest: Client) -> None:
    discord.guild.entrust("MANAGE_CHANNELS")
    view = str(1 << 10)
    overwrites = [
        {"id": discord.guild_id, "type": 0, "deny": view},
        {"id": STAFF_ROLE, "type": 0, "allow": view},
        {"id": discord.bot_user_id, "type": 1, "allow": view},
    ]
    body = {"name": "desk-2", "type": 0, "permission_overwrites": overwrites}
    made = (await rest("POST", f"/guilds/{discord.guild_id}/channels", body)).body["id"]
    seen = [discord.guild.may(one, made, "VIEW_CHANNEL") for one in (ALICE, SAM, discord.bot_user_id)]
    assert (seen, discord.guild.channels[made].private) == ([False, True, True], True)
    refused = await rest("PUT", f"/channels/{made}/permissions/{ALICE}", {"type": 1, "allow": view})
    assert refused.code == 50013
    discord.guild.allow(made, "MANAGE_ROLES")
    assert (await rest("PUT", f"/channels/{made}/permissions/{ALICE}", {"type": 1, "allow": view})).status == 204
    assert discord.guild.may(ALICE, made, "VIEW_CHANNEL")
    assert discord.violations == []
