"""Says whether the contracts ran on a Redis of the operator's choice as well."""

import pytest

from contracts.redis_servers import NAMED, SERVERS


def test_the_contracts_run_on_the_redis_that_is_named() -> None:
    if not NAMED:
        pytest.skip("FRONTDESK_TEST_REDIS_URL is not set: it names a Redis whose database tests may empty")
    assert "named" in SERVERS
