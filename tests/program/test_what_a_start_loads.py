"""A start loads what listening needs; the rest comes once the desk listens."""

import subprocess
import sys

LATER = ("openai", "numpy", "bm25s", "py3langid", "frontdesk.sandbox")


def test_the_command_line_imports_nothing_that_only_turns_need() -> None:
    told = f"import frontdesk.__main__, gc, sys; print(gc.isenabled(), [n for n in {LATER!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True []\n", done.stderr
