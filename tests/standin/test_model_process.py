"""The stand-in runs as a process of its own, for benchmarks."""

import asyncio
import sys

from openai import AsyncOpenAI

from frontdesk.sandbox.model.server import KEY
from standin.model_client import answered


async def test_it_prints_its_address_first_and_stops_when_told_to() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "frontdesk.sandbox.model", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            address = (await process.stdout.readline()).decode().strip()
            async with AsyncOpenAI(base_url=address, api_key=KEY, max_retries=0) as client:
                assert "30 days" in await answered(client, "How many days do I have to return an item?")
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
