"""Writes what is made from the code: `.env.example`, pages in `docs`, the manifests, README's transcripts.

`python docs/generate.py` writes them; `--check` only says which differ from what the code says, and fails then.
`--transcripts` does the same with the transcripts in README.md, which takes some seconds: the demo is run for each.
"""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from parity import parity
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from frontdesk.adapters.discord import manifest as discord
from frontdesk.adapters.slack import manifest as slack
from frontdesk.settings import Environment, File, RouteSection, env_example

ROOT = Path(__file__).parent.parent

_HEAD = """\
# Configuration

<!-- Generated from the code by docs/generate.py. Do not edit: change the docstring of the setting instead. -->

Secrets and addresses come from the environment, or from a file `.env` in the working folder.
Everything structured comes from `frontdesk.toml`.
Both are optional as far as the desk can do without: a platform without a token is off, and without `REDIS_URL` the desk
starts a store of its own.
A wrong setting is one line that names the setting and what to do, and exit code 2.

`frontdesk settings` prints what the desk was told, secrets left out.
`frontdesk check` tries everything that is needed to run.

## Environment

"""

_ROUTES = """\
A model of its own for one task. The tasks are `triage`, `answer` and `summary`.
A task without a route uses `FRONTDESK_MODEL`.

```toml
[routes.triage]
model = "a-small-fast-model"

[routes.answer]
model = "a-large-model"
base_url = "https://models.example/v1"
api_key_env = "ANSWER_API_KEY"
```

"""

_RULES = """\
A message that one of the patterns is found in goes to a person, and no model is asked.
`extra_rules` stand in front of the built-in rules (a person, refund, legal, account access, security);
`rules` replaces them.
A pattern is a Python regular expression, matched without regard to case.

```toml
[[desk.extra_rules]]
name = "wholesale contract"
category = "person"
patterns = ["\\\\bwholesale (contract|terms)\\\\b"]
```

"""

_PHRASES = """\
The fixed sentences that the desk itself says, by language; built in for English, German, French and Spanish.
A language given here is given whole. `{number}`, `{name}` and `{team}` are filled in.

"""


def configuration() -> str:
    """The text of `docs/configuration.md`."""
    desk = File.model_fields["desk"].annotation
    parts = [_HEAD, _environment(), "\n## frontdesk.toml\n"]
    for name, field in File.model_fields.items():
        if name == "routes":
            parts += ["\n### [routes.TASK]\n\n", _ROUTES, _table(RouteSection)]
            continue
        section = _model(field.annotation)
        parts += [f"\n### [{name}]\n\n", _table(section)]
        if section is desk:
            parts += _desk_tables(section)
    return "".join(parts)


def _desk_tables(desk: type[BaseModel]) -> list[str]:
    rule = get_args(desk.model_fields["rules"].annotation)[0]
    phrases = get_args(desk.model_fields["phrases"].annotation)[1]
    limits, frustration = (_model(desk.model_fields[name].annotation) for name in ("limits", "frustration"))
    return [
        "\n### [desk.limits]\n\n", _table(limits),
        "\n### [desk.frustration]\n\n", _table(frustration),
        "\n### [[desk.extra_rules]] and [[desk.rules]]\n\n", _RULES, _table(rule),
        "\n### [desk.phrases.LANGUAGE]\n\n", _PHRASES, _table(phrases),
    ]  # fmt: skip


def _environment() -> str:
    rows = [
        (f"`{field.validation_alias}`", field.description or "", _default(field))
        for field in Environment.model_fields.values()
    ]
    return _markdown(("name", "meaning", "default"), rows)


def _table(section: type[BaseModel]) -> str:
    meanings = dict(_meanings(section))
    rows = [
        (f"`{name}`", meanings.get(name, ""), _kind(field.annotation), _default(field))
        for name, field in section.model_fields.items()
        if name != "speaking"  # comes from FRONTDESK_CHANNELS and FRONTDESK_STAFF_CHANNEL
    ]
    return _markdown(("name", "meaning", "value", "default"), rows)


def _meanings(section: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The docstring below each field, also of those the section has from another."""
    if section.__base__ is not None and issubclass(section.__base__, BaseModel) and section.__base__.model_fields:
        yield from _meanings(section.__base__)
    body = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield field.target.id, " ".join(str(below.value.value).split())


def _model(annotation: Any) -> type[BaseModel]:
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation


def _kind(annotation: Any) -> str:
    arguments = [argument for argument in get_args(annotation) if argument not in (type(None), Ellipsis)]
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{argument}`" for argument in arguments)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is tuple:
        kind = _kind(arguments[0])
        return f"list of {kind}s" if kind == "text" else "tables"
    if origin is Mapping:
        return "tables"
    if origin is not None:
        return " or ".join(map(_kind, arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "empty" if field.default_factory is not None else "must be given"
    default = field.default
    if isinstance(default, tuple) and (len(default) > 5 or not all(isinstance(part, str) for part in default)):
        return "built in"
    if isinstance(default, BaseModel):
        return "see below"
    if default is None or default in ("", ()):
        return ""
    if isinstance(default, tuple):
        return ", ".join(f"`{part}`" for part in default)
    return f"`{default}`"


def _markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    table = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in table)


GENERATED = {
    ".env.example": env_example,
    "docs/configuration.md": configuration,
    "docs/parity.md": parity,
    "manifests/discord.json": lambda: json.dumps(discord.manifest(), indent=2) + "\n",
    "manifests/slack.json": lambda: json.dumps(slack.manifest(), indent=2) + "\n",
}
"""Each generated file, and what its text must be."""


_TRANSCRIPT = re.compile(r"(<!-- transcript: (?P<question>.+?) -->\n```text\n)(?P<text>.*?)(?=```)", re.DOTALL)
_CHANGING = (
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "12:00:00"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "2026-01-01 12:00 UTC"),
    (re.compile(r"(?<=http://127\.0\.0\.1):\d+"), ":8000"),
    (re.compile(r"(?<=/p)\d{16}\b"), "1767268800000000"),
)
"""What differs from run to run, and what stands for it in the docs."""


def with_transcripts() -> str:
    """README.md with each transcript as the demo prints it now."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return _TRANSCRIPT.sub(lambda found: found[1] + transcript(found["question"]), text)


def transcript(question: str) -> str:
    """What the demo prints for a question; times and addresses made the same for every run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FRONTDESK_"))}
    printed = subprocess.run(
        [sys.executable, "-m", "frontdesk", "demo", "--ask", question],
        env=environment, stdout=subprocess.PIPE, check=True, timeout=120,
    ).stdout.decode("utf-8")  # fmt: skip
    for changing, instead in _CHANGING:
        printed = changing.sub(instead, printed)
    return printed


def differing(generated: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """The generated files that are not what the code says, and what they should be."""
    right = {name: text() for name, text in generated.items()}
    return {name: text for name, text in right.items() if not _is_file_with(ROOT / name, text)}


def _is_file_with(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main(words: Sequence[str]) -> int:
    """Exit code 1 when `--check` found a difference."""
    only_check, transcripts = "--check" in words, "--transcripts" in words
    different = differing({"README.md": with_transcripts} if transcripts else GENERATED)
    mend = "python docs/generate.py --transcripts" if transcripts else "python docs/generate.py"
    for name, text in different.items():
        if only_check:
            print(f"{name} differs from the code: run `{mend}`")
        else:
            (ROOT / name).write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if different and only_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
