"""The desks that are attacked: the same as those whose behaviours are shown."""

from behaviours.conftest import articles, box, desk_file, empty_store, open_desk, valkey, world

__all__ = ["articles", "box", "desk_file", "empty_store", "open_desk", "valkey", "world"]
