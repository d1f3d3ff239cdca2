"""The desks that are attacked: the same as those whose behaviours are shown."""

import pytest

from behaviours.conftest import articles, box, desk_file, empty_store, open_desk, people, valkey, world

__all__ = ["articles", "box", "desk_file", "empty_store", "open_desk", "people", "platform", "valkey", "world"]


@pytest.fixture
def platform() -> str:
    """What holds on one platform holds on the other; the attacks are made on one."""
    return "slack"
