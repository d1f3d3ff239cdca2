"""The app itself, people, members, roles, the server and the way to the gateway over REST."""

from frontdesk.sandbox.discord.call import Answer, Call, ok
from frontdesk.sandbox.discord.errors import ApiError
from frontdesk.sandbox.discord.values import Person


def me(call: Call) -> Answer:
    return ok(call.guild.wire.me())


def application(call: Call) -> Answer:
    return ok(call.guild.wire.application())


def my_guilds(call: Call) -> Answer:
    whole = call.guild.wire.guild()
    short = {key: whole[key] for key in ("id", "name", "icon", "banner", "features")}
    return ok([short | {"owner": False, "permissions": str(call.guild.base_permissions(call.app.bot_user_id))}])


def open_direct(call: Call) -> Answer:
    """The channel of direct messages with a person; sending there is what may be refused."""
    person = call.guild.people.get(str(call.body.get("recipient_id")))
    if person is None or person.id == call.app.bot_user_id:
        raise ApiError(50007 if person else 10013)
    return ok(call.guild.wire.channel(call.guild.dm_with(person.id)))


def person(call: Call) -> Answer:
    found = call.guild.people.get(call.path["user_id"])
    if found is None:
        raise ApiError(10013)
    return ok(call.guild.wire.user(found))


def guild(call: Call) -> Answer:
    call.need_guild()
    counts = {"approximate_member_count": len(_members(call)), "approximate_presence_count": 1}
    return ok(call.guild.wire.guild() | (counts if call.query.get("with_counts") in ("1", "true") else {}))


def roles(call: Call) -> Answer:
    call.need_guild()
    return ok(call.guild.wire.roles())


def member(call: Call) -> Answer:
    call.need_guild()
    found = call.guild.people.get(call.path["user_id"])
    if found is None:
        raise ApiError(10013)
    if not found.in_guild:
        raise ApiError(10007)
    return ok(call.guild.wire.member(found))


def members(call: Call) -> Answer:
    """Everybody, page by page; needs the Members intent."""
    call.need_guild()
    if "GUILD_MEMBERS" not in call.app.enabled_intents:
        raise ApiError(50001)
    after = int(call.query.get("after", 0))
    found = [one for one in _members(call) if int(one.id) > after]
    return ok([call.guild.wire.member(one) for one in found[: call.limit(1000, 1)]])


def search(call: Call) -> Answer:
    call.need_guild()
    wanted = call.query.get("query", "").lower()
    found = [one for one in _members(call) if one.name.startswith(wanted) or one.shown_name.lower().startswith(wanted)]
    return ok([call.guild.wire.member(one) for one in found[: call.limit(1000, 1)]])


def _members(call: Call) -> list[Person]:
    return sorted((one for one in call.guild.people.values() if one.in_guild), key=lambda one: int(one.id))


ROUTES = {
    ("GET", "/users/@me"): me,
    ("GET", "/oauth2/applications/@me"): application,
    ("GET", "/applications/@me"): application,
    ("GET", "/users/@me/guilds"): my_guilds,
    ("POST", "/users/@me/channels"): open_direct,
    ("GET", "/users/{user_id}"): person,
    ("GET", "/guilds/{guild_id}"): guild,
    ("GET", "/guilds/{guild_id}/roles"): roles,
    ("GET", "/guilds/{guild_id}/members"): members,
    ("GET", "/guilds/{guild_id}/members/search"): search,
    ("GET", "/guilds/{guild_id}/members/{user_id}"): member,
}
