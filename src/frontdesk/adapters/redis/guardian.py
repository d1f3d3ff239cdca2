"""Runs the desk's own Valkey in a session of its own, until the desk is gone.

A process by itself, so that Ctrl-C in a terminal does not take the store away from a desk that is still finishing its
turns, and so that a desk that is killed leaves no server behind: its end of our standard input closes. Standard library
only: it starts fast, and needs nothing of the desk's.
"""

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LOCK = "store.lock"
LOG = "store.log"
_PATIENCE = 60.0
"""Seconds a server may take to load its files."""
_GRACE = 10.0
"""Seconds a server may take to stop, and a lock of a desk that is gone to become free."""


def main(binary: str, data_dir: str, socket_path: str, desk: str) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(data_dir)
    lock = _lock(folder / LOCK)
    if isinstance(lock, str):
        return _tell(error=lock)
    _write(lock, {"desk": int(desk), "socket": socket_path})
    (folder / LOG).unlink(missing_ok=True)
    server = _start(binary, folder, socket_path, lock)
    if not _ready(server, socket_path):
        _stop(server)
        return _tell(error=f"Valkey did not start: {_last_words(folder / LOG)}")
    _tell(ready=True)
    while not _desk_is_gone(0.5):
        if server.poll() is not None:  # killed by somebody, or its disk was full: its files are whole, so begin again
            server = _start(binary, folder, socket_path, lock)
    _stop(server)
    return 0


def _tell(**facts: object) -> int:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    return 1 if "error" in facts else 0


def _lock(path: Path) -> int | str:
    """The lock's descriptor, or why it cannot be had. The server inherits it, so it lasts as long as the server."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + _GRACE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = _owner(descriptor)
            if (owner and _alive(owner)) or time.monotonic() > until:
                return f"another desk uses this folder (process {owner})"
            time.sleep(0.05)
        else:
            return descriptor


def _owner(descriptor: int) -> int:
    try:
        return int(json.loads(os.pread(descriptor, 4096, 0))["desk"])
    except (ValueError, KeyError, TypeError):
        return 0


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write(descriptor: int, facts: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(facts).encode(), 0)


def _start(binary: str, folder: Path, socket_path: str, lock: int) -> "subprocess.Popen[bytes]":
    Path(socket_path).unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": socket_path,
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    command = [binary, *(word for name, value in settings.items() for word in (f"--{name}", value))]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the desk names the binary
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,)
        )


def _ready(server: "subprocess.Popen[bytes]", socket_path: str) -> bool:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None and not _desk_is_gone(0.02):
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1.0)
                line.connect(socket_path)
                line.sendall(b"PING\r\n")
                if line.recv(64).startswith(b"+PONG"):
                    return True
        except OSError:
            continue
    return False


def _desk_is_gone(seconds: float) -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(_GRACE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    spoken = [line for line in lines if line.strip() and " # " in line] or [line for line in lines if line.strip()]
    return spoken[-1].split(" # ")[-1].strip() if spoken else "it said nothing"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
