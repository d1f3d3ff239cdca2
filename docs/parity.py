"""The text of `docs/parity.md`: what holds on Slack and on Discord, made of the behaviours that the tests show."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from behaviours.manifest import MANIFEST, PLATFORMS, Behaviour

_NAMES = {"slack": "Slack", "discord": "Discord"}
_ROOMS = {
    "intake": "What the desk takes up",
    "answer": "Answers",
    "safety": "Safety",
    "model": "When the model fails",
    "handoff": "People take over",
    "across": "Customers on one platform, staff on the other",
    "operation": "Operation",
}

_HEAD = """\
# Slack and Discord

<!-- Generated from tests/behaviours/manifest.py by docs/generate.py. Do not edit: change the manifest instead. -->

Every behaviour of the desk is one sentence in one list, and has tests that show it.
The tests are written once and run on each platform of their behaviour, over real sockets to a local Slack and a local
Discord; `pytest tests/behaviours -k discord` runs those of one platform.
Where the platforms differ the difference is part of the list, with its reason.

"""


def parity() -> str:
    """All behaviours, and which platforms they hold on."""
    parts = [_HEAD, _counts()]
    rooms = dict.fromkeys(row.id.partition(".")[0] for row in MANIFEST)
    for room in rooms:
        rows = [row for row in MANIFEST if row.id.partition(".")[0] == room]
        parts += [f"\n## {_ROOMS[room]}\n\n", _table(rows), _differences(rows)]
    return "".join(parts)


def _counts() -> str:
    both = sum(row.platforms == PLATFORMS for row in MANIFEST)
    alone = [f"{sum(row.platforms == (one,) for row in MANIFEST)} on {_NAMES[one]} alone" for one in PLATFORMS]
    return f"{len(MANIFEST)} behaviours: {both} on both platforms, {', '.join(alone)}.\n"


def _table(rows: list[Behaviour]) -> str:
    head = "| behaviour | Slack | Discord | why it matters |\n| --- | --- | --- | --- |\n"
    return head + "".join(
        f"| {row.sentence} | {' | '.join(_mark(row, one) for one in PLATFORMS)} | {row.why} |\n" for row in rows
    )


def _mark(row: Behaviour, platform: str) -> str:
    if platform not in row.platforms:
        return "–"
    return "yes, differently" if row.differs and row.platforms == PLATFORMS else "yes"


def _differences(rows: list[Behaviour]) -> str:
    different = [row for row in rows if row.differs]
    if not different:
        return ""
    return "\nDifferences:\n\n" + "".join(f"- {row.sentence} {row.differs}\n" for row in different)
