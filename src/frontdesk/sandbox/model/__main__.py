"""Runs the stand-in model as a process of its own; the first line it prints is its address."""

import argparse
import asyncio
import signal
import sys

from frontdesk.sandbox.model.server import KEY, ModelServer


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is told to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = ModelServer(
        arguments.port,
        api_key=arguments.api_key,
        delay_first=arguments.delay_first,
        delay_between=arguments.delay_between,
        chunk_size=arguments.chunk_size,
    )
    async with server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m frontdesk.sandbox.model",
        description="A stand-in for an OpenAI-compatible model server. It follows rules and is not an AI.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--api-key", default=KEY)
    parser.add_argument("--delay-first", type=float, default=0.0, help="seconds before the first delta")
    parser.add_argument("--delay-between", type=float, default=0.0, help="seconds between deltas")
    parser.add_argument("--chunk-size", type=int, default=2, help="words in each delta")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
