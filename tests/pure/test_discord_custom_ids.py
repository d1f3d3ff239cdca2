"""A button's name carries what it is for, and nobody but the desk can write one."""

import string
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.adapters.discord.custom_ids import MOST, CustomIds, Pressed
from frontdesk.domain.messages import Action, Thread

IDS = CustomIds(b"token")
ACTIONS = st.sampled_from(get_args(Action))
SNOWFLAKES = st.integers(min_value=1, max_value=2**63 - 1).map(str)
DISCORD = st.builds(
    lambda community, channel, root: Thread(
        platform="discord", community=community, channel=channel, root=root
    ).conversation,
    SNOWFLAKES | st.just("@me"), SNOWFLAKES, SNOWFLAKES | st.none(),
)  # fmt: skip
_SLACK_ID = st.text(string.ascii_uppercase + string.digits, min_size=8, max_size=10)
SLACK = st.builds(
    lambda team, channel, at: f"slack:T{team}:C{channel}:{at}.123456",
    _SLACK_ID, _SLACK_ID, st.integers(10**9, 10**10 - 1),
)  # fmt: skip
CONVERSATIONS = DISCORD | SLACK


@given(ACTIONS, CONVERSATIONS)
def test_a_button_says_again_what_it_was_told(action: Action, value: str) -> None:
    custom_id = IDS.button(action, value)
    assert len(custom_id) <= MOST
    assert IDS.read(custom_id) == Pressed(kind="button", action=action, value=value)


@given(ACTIONS, CONVERSATIONS, SNOWFLAKES)
def test_a_form_says_again_what_it_was_told(action: Action, value: str, message: str) -> None:
    custom_id = IDS.form(action, value, message)
    assert len(custom_id) <= MOST
    assert IDS.read(custom_id) == Pressed(kind="form", action=action, value=value, message=message)


@given(ACTIONS, st.text(max_size=40), st.text(st.characters(exclude_characters="|"), max_size=20))
def test_any_value_that_fits_comes_back(action: Action, value: str, message: str) -> None:
    read = IDS.read(IDS.button(action, value))
    assert read is not None
    assert read.value == value
    if len(value) <= 20:
        form = IDS.read(IDS.form(action, value, message))
        assert form is not None
        assert (form.value, form.message) == (value, message)


@given(ACTIONS, CONVERSATIONS, st.integers(min_value=0, max_value=99), st.characters())
def test_a_changed_one_is_not_ours(action: Action, value: str, at: int, instead: str) -> None:
    custom_id = IDS.button(action, value)
    changed = custom_id[: at % len(custom_id)] + instead + custom_id[at % len(custom_id) + 1 :]
    assert changed == custom_id or IDS.read(changed) is None


@given(st.text(max_size=120))
def test_a_strange_one_is_not_ours(custom_id: str) -> None:
    assert IDS.read(custom_id) is None


def test_another_desk_cannot_read_it() -> None:
    assert CustomIds(b"other").read(IDS.button("claim", "slack:T1:C1:1.2")) is None


def test_a_button_is_no_form() -> None:
    button = IDS.button("resolve", "x")
    assert IDS.read(button.replace("fd1b", "fd1f", 1)) is None


def test_a_restarted_desk_reads_what_was_posted_before() -> None:
    custom_id = IDS.button("claim", "discord:1234567890123456789:1234567890123456789:1234567890123456789")
    assert CustomIds(b"token").read(custom_id) == IDS.read(custom_id)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        IDS.button("claim", "x" * 200)
