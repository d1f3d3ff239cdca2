"""An office for each test: a sandbox, a folder of its own, and a Redis where one is wanted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from program.children import Office, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as opened:
        yield opened
