"""Who may do what in a channel is what Discord documents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.adapters.discord.permissions import EVERYTHING, NONE, Permission, permissions_in
from frontdesk.domain.errors import Unreadable

GUILD, STAFF, MUTED, BOB = "1", "2", "3", "9"
SEE, SEND, READ = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.READ_MESSAGE_HISTORY
FILES = Permission.ATTACH_FILES


def guild(everyone: int = 0, staff: int = 0, owner: str = "8") -> dict[str, Any]:
    roles = [(GUILD, everyone), (STAFF, staff), (MUTED, 0)]
    return {"id": GUILD, "owner_id": owner, "roles": [{"id": i, "permissions": str(int(p))} for i, p in roles]}


def channel(*overwrites: tuple[str, int, int, int]) -> dict[str, Any]:
    return {
        "permission_overwrites": [
            {"id": whom, "type": kind, "allow": str(int(allow)), "deny": str(int(deny))}
            for whom, kind, allow, deny in overwrites
        ]
    }


def member(*roles: str) -> dict[str, Any]:
    return {"user": {"id": BOB}, "roles": list(roles)}


def test_roles_add_up() -> None:
    assert permissions_in(guild(SEE, SEND), channel(), member(STAFF)) == SEE | SEND
    assert permissions_in(guild(SEE, SEND), channel(), member()) == SEE


def test_the_owner_and_administrators_may_do_everything_whatever_a_channel_says() -> None:
    closed = channel((GUILD, 0, 0, SEE), (BOB, 1, 0, SEE))
    assert permissions_in(guild(owner=BOB), closed, member()) == EVERYTHING
    assert permissions_in(guild(SEE, Permission.ADMINISTRATOR), closed, member(STAFF)) == EVERYTHING


def test_a_private_channel_is_seen_by_those_it_names() -> None:
    private = channel((GUILD, 0, 0, SEE), (STAFF, 0, SEE, 0))
    assert permissions_in(guild(SEE), private, member()) == NONE
    assert permissions_in(guild(SEE), private, member(STAFF)) == SEE


def test_what_one_role_allows_outweighs_what_another_denies() -> None:
    mixed = channel((MUTED, 0, 0, SEND), (STAFF, 0, SEND, 0))
    assert permissions_in(guild(SEE | SEND), mixed, member(MUTED)) == SEE
    assert permissions_in(guild(SEE | SEND), mixed, member(MUTED, STAFF)) == SEE | SEND


def test_a_members_own_overwrite_has_the_last_word() -> None:
    assert permissions_in(guild(SEE), channel((STAFF, 0, SEE, 0), (BOB, 1, 0, SEE)), member(STAFF)) == NONE
    assert permissions_in(guild(), channel((GUILD, 0, 0, SEE), (BOB, 1, SEE, 0)), member()) == SEE


def test_a_role_with_a_members_number_is_not_that_member() -> None:
    assert permissions_in(guild(), channel((BOB, 0, SEE, 0)), member()) == NONE


def test_who_cannot_see_can_do_nothing_and_who_cannot_send_attaches_nothing() -> None:
    assert permissions_in(guild(SEND | READ), channel(), member()) == NONE
    assert permissions_in(guild(SEE | FILES), channel(), member()) == SEE


def test_who_is_in_a_timeout_can_only_read() -> None:
    assert permissions_in(guild(SEE | SEND | READ), channel(), member(), timed_out=True) == SEE | READ


def test_bits_that_we_do_not_know_are_carried_along() -> None:
    assert int(permissions_in(guild(SEE | (1 << 60)), channel(), member())) == SEE | (1 << 60)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(["id", "roles", "owner_id"]), st.sampled_from(["user", "roles"]), JSON, JSON, JSON, st.booleans()
)
def test_a_strange_payload_is_unreadable_and_nothing_worse(
    of_guild: str, of_member: str, first: Any, second: Any, third: Any, drop: bool
) -> None:
    strange_guild, strange_member = {**guild(SEE), of_guild: first}, {**member(STAFF), of_member: second}
    if drop:
        strange_guild.pop(of_guild)
    try:
        permissions_in(strange_guild, {"permission_overwrites": third}, strange_member)
    except Unreadable:
        return


def test_a_guild_without_its_roles_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        permissions_in({"id": GUILD}, channel(), member())
