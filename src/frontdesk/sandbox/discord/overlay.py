"""What Discord refuses though its published specification lets it pass: lengths in sum, counts, exclusions, names."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from frontdesk.sandbox.discord.errors import ApiError, InvalidForm
from frontdesk.sandbox.discord.values import COMPONENTS_V2, EPHEMERAL, SUPPRESS_NOTIFICATIONS, File, Json, walk

LONGEST_CONTENT = 2000
LONGEST_EMBEDS = 6000
LONGEST_V2_TEXT = 4000
LONGEST_CUSTOM_ID = 100
LONGEST_NONCE = 25
LONGEST_COMMAND = 8000
MOST_COMPONENTS = 40
MOST_ROWS = 5
MOST_EMBEDS = 10
MOST_FILES = 10
MOST_TAGS, MOST_APPLIED_TAGS, LONGEST_TAG = 20, 5, 20
LARGEST_FILE, LARGEST_REQUEST = 10 << 20, 25 << 20

ROW, BUTTON, TEXT_DISPLAY = 1, 2, 10
SELECTS = (3, 5, 6, 7, 8)
ONLY_V2 = (9, 10, 11, 12, 13, 14, 17)
ONLY_MODAL = (4, 18, 19, 21, 22, 23)
LINK, PREMIUM = 5, 6

EMBED_LIMITS: Mapping[str, int] = {"title": 256, "description": 4096}
COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")

MESSAGE = {
    *("content", "embeds", "components", "attachments", "allowed_mentions", "flags"),
}
NEW_MESSAGE = MESSAGE | {
    *("nonce", "enforce_nonce", "message_reference", "tts", "sticker_ids", "poll"),
    *("shared_client_theme", "confetti_potion"),
}
CHANGED_MESSAGE = MESSAGE | {"sticker_ids", "tts"}
"""`tts` on an edit does nothing, and the most used library sends it."""
WEBHOOK_MESSAGE = MESSAGE | {"tts", "username", "avatar_url", "thread_name", "applied_tags", "poll"}
KNOWN: Mapping[str, set[str]] = {
    "message": NEW_MESSAGE,
    "edit": CHANGED_MESSAGE,
    "webhook": WEBHOOK_MESSAGE,
    "webhook edit": MESSAGE | {"poll", "tts"},
    "callback": MESSAGE | {"tts", "poll"},
    "thread on message": {"name", "auto_archive_duration", "rate_limit_per_user"},
    "thread": {"name", "auto_archive_duration", "rate_limit_per_user", "type", "invitable"},
    "post": {"name", "auto_archive_duration", "rate_limit_per_user", "message", "applied_tags", "type"},
    "thread change": {
        *("name", "archived", "auto_archive_duration", "locked", "invitable", "rate_limit_per_user", "flags"),
        *("applied_tags",),
    },
    "channel change": {
        *("name", "type", "position", "topic", "nsfw", "rate_limit_per_user", "bitrate", "user_limit"),
        *("permission_overwrites", "parent_id", "rtc_region", "video_quality_mode", "default_auto_archive_duration"),
        *("flags", "available_tags", "default_reaction_emoji", "default_thread_rate_limit_per_user"),
        *("default_sort_order", "default_forum_layout"),
    },
}
"""The properties that each kind of body may have."""


def unknown(kind: str, body: Json) -> list[str]:
    """What the body names that Discord does not know."""
    return sorted(set(body) - KNOWN[kind])


# messages


def check_message(
    body: Json, files: Iterable[File] = (), *, v2: bool = False, partial: bool = False, empty_ok: bool = False
) -> None:
    """A message, or with `partial` a change of one, which may leave everything out."""
    check_files(files)
    v2 = v2 or bool(int(body.get("flags") or 0) & COMPONENTS_V2)
    faults = (
        _text_faults(body, v2=v2) | embed_faults(body.get("embeds")) | component_faults(body.get("components"), v2=v2)
    )
    faults |= _mention_faults(body.get("allowed_mentions")) | _attachment_faults(body.get("attachments"))
    if faults:
        raise InvalidForm(faults)
    said = any(body.get(key) for key in ("content", "embeds", "components", "sticker_ids", "poll", "attachments"))
    if not (said and str(body.get("content") or "x").strip()) and not list(files) and not partial and not empty_ok:
        raise ApiError(50006)


def _text_faults(body: Json, *, v2: bool) -> dict[str, str]:
    faults = {}
    if len(str(body.get("content") or "")) > LONGEST_CONTENT:
        faults["content"] = "Must be 2000 or fewer in length."
    if len(str(body.get("nonce") or "")) > LONGEST_NONCE:
        faults["nonce"] = "Must be 25 or fewer in length."
    if v2:
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(key):
                faults[key] = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
    return faults


def _mention_faults(allowed: Json | None) -> dict[str, str]:
    if allowed is None:
        return {}
    faults = {}
    for kind in ("users", "roles"):
        if kind in (allowed.get("parse") or ()) and allowed.get(kind):
            faults["allowed_mentions"] = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
        if len(allowed.get(kind) or ()) > 100:
            faults[f"allowed_mentions.{kind}"] = "Must be 100 or fewer in length."
    if wrong := set(allowed.get("parse") or ()) - {"users", "roles", "everyone"}:
        faults["allowed_mentions.parse"] = f"Value must be one of users, roles, everyone: {sorted(wrong)}"
    return faults


def _attachment_faults(attachments: Any) -> dict[str, str]:
    return {"attachments": "Must be 10 or fewer in length."} if len(attachments or ()) > MOST_FILES else {}


def check_files(files: Iterable[File]) -> None:
    sizes = [len(one.content) for one in files]
    if len(sizes) > MOST_FILES:
        raise InvalidForm({"files": "Must be 10 or fewer in length."})
    if any(size > LARGEST_FILE for size in sizes) or sum(sizes) > LARGEST_REQUEST:
        raise ApiError(40005)


def embed_faults(embeds: Any) -> dict[str, str]:
    faults: dict[str, str] = {}
    if len(embeds or ()) > MOST_EMBEDS:
        faults["embeds"] = "Must be 10 or fewer in length."
    total = 0
    for place, embed in enumerate(embeds or ()):
        for path, text, most in embed_texts(embed):
            total += len(text)
            if len(text) > most:
                faults[f"embeds.{place}.{path}"] = f"Must be {most} or fewer in length."
        if len(embed.get("fields") or ()) > 25:
            faults[f"embeds.{place}.fields"] = "Must be 25 or fewer in length."
    if total > LONGEST_EMBEDS:
        faults["embeds"] = "Embed size exceeds maximum size of 6000"
    return faults


def embed_texts(embed: Json) -> list[tuple[str, str, int]]:
    """(path, text, the most it may have) of each text that counts."""
    found = [(key, str(embed.get(key) or ""), most) for key, most in EMBED_LIMITS.items()]
    found.append(("footer.text", str((embed.get("footer") or {}).get("text") or ""), 2048))
    found.append(("author.name", str((embed.get("author") or {}).get("name") or ""), 256))
    for place, one in enumerate(embed.get("fields") or ()):
        found.append((f"fields.{place}.name", str(one.get("name") or ""), 256))
        found.append((f"fields.{place}.value", str(one.get("value") or ""), 1024))
    return found


# components


def component_faults(components: Any, *, v2: bool) -> dict[str, str]:
    whole = list(walk(components))
    faults = _custom_id_faults(whole)
    if len(whole) > MOST_COMPONENTS:
        faults["components"] = "Too many components: at most 40, nested ones included."
    if sum(len(str(one.get("content", ""))) for one in whole if one.get("type") == TEXT_DISPLAY) > LONGEST_V2_TEXT:
        faults["components"] = "The displayable text of all components exceeds 4000 characters."
    for place, one in enumerate(components or ()):
        if one.get("type") in ONLY_MODAL or (not v2 and one.get("type") != ROW):
            faults[f"components.{place}.type"] = 'Value of field "type" must be one of (1,) here.'
    if not v2 and len(components or ()) > MOST_ROWS:
        faults["components"] = "Must be 5 or fewer in length."
    for one in whole:
        faults |= _shape_faults(one, v2=v2)
    return faults


def _custom_id_faults(whole: Iterable[Json]) -> dict[str, str]:
    seen: set[str] = set()
    faults = {}
    for one in whole:
        custom_id = one.get("custom_id")
        if custom_id is None:
            continue
        if not 1 <= len(custom_id) <= LONGEST_CUSTOM_ID:
            faults["components.custom_id"] = f"Must be between 1 and 100 in length: {custom_id!r}"
        if custom_id in seen:
            faults["components.custom_id"] = f"Component custom id cannot be duplicated: {custom_id!r}"
        seen.add(custom_id)
    return faults


def _shape_faults(one: Json, *, v2: bool) -> dict[str, str]:
    kind = one.get("type")
    if kind == ROW:
        return _row_faults(one.get("components") or ())
    if kind == BUTTON:
        return _button_faults(one)
    if kind in SELECTS:
        return _select_faults(one)
    if kind in ONLY_V2 and not v2:
        return {"components.type": f"Component type {kind} needs MessageFlags.IS_COMPONENTS_V2"}
    if kind == 9 and not (1 <= len(one.get("components") or ()) <= 3 and one.get("accessory")):
        return {"components.section": "A section has one to three texts and an accessory."}
    if kind == TEXT_DISPLAY and not one.get("content"):
        return {"components.content": "Must be 1 or more in length."}
    return {}


def _row_faults(children: Iterable[Json]) -> dict[str, str]:
    kinds = [one.get("type") for one in children]
    if any(kind in ONLY_MODAL or kind in ONLY_V2 or kind == ROW for kind in kinds):
        return {"components.type": "A row has buttons or a select."}
    selects = sum(kind in SELECTS for kind in kinds)
    if not kinds or len(kinds) > 5 or (selects and len(kinds) > 1):
        return {"components.components": "A row has one to five buttons, or one select."}
    return {}


def _button_faults(one: Json) -> dict[str, str]:
    faults = {}
    if len(str(one.get("label") or "")) > 80:
        faults["components.label"] = "Must be 80 or fewer in length."
    if not (one.get("label") or one.get("emoji") or one.get("style") == PREMIUM):
        faults["components.label"] = "A button needs a label or an emoji."
    if one.get("style") == LINK:
        if not one.get("url") or one.get("custom_id"):
            faults["components.url"] = "A link button has a url and no custom id."
    elif one.get("style") != PREMIUM and not one.get("custom_id"):
        faults["components.custom_id"] = "A custom id is required."
    return faults


def _select_faults(one: Json) -> dict[str, str]:
    faults = {}
    options = one.get("options") or ()
    if one["type"] == 3 and not 1 <= len(options) <= 25:
        faults["components.options"] = "Must be between 1 and 25 in length."
    for option in options:
        texts = (option.get("label"), option.get("value"), option.get("description"))
        if any(len(str(text or "")) > 100 for text in texts) or not option.get("label"):
            faults["components.options"] = f"Must be between 1 and 100 in length: {option}"
    if len({option.get("value") for option in options}) != len(options):
        faults["components.options"] = "The specified option value is already used."
    if len(str(one.get("placeholder") or "")) > 150:
        faults["components.placeholder"] = "Must be 150 or fewer in length."
    return faults


# answers to interactions


def check_callback(kind: int, data: Json, files: Iterable[File]) -> None:
    """The data of a callback, by its type."""
    if kind in (4, 7):
        if strange := unknown("callback", data):
            raise InvalidForm({f"data.{key}": "unknown property" for key in strange})
        check_message(data, files, partial=kind == 7)
        flags = int(data.get("flags") or 0)
        if flags & ~(EPHEMERAL | COMPONENTS_V2 | SUPPRESS_NOTIFICATIONS | 1 << 2):
            raise InvalidForm({"data.flags": "only ephemeral, silent, no embeds and Components V2 may be set"})
    elif kind == 5 and int(data.get("flags") or 0) & ~EPHEMERAL:
        raise InvalidForm({"data.flags": "an answer that is only promised may be ephemeral and nothing else"})
    elif kind == 8:
        _check_choices(data.get("choices"))
    elif kind == 9:
        _check_modal(data)


def _check_choices(choices: Any) -> None:
    if not isinstance(choices, list) or len(choices) > 25:
        raise InvalidForm({"data.choices": "Must be 25 or fewer in length."})
    for one in choices:
        if not 1 <= len(str(one.get("name", ""))) <= 100 or len(str(one.get("value", ""))) > 100:
            raise InvalidForm({"data.choices": f"Must be between 1 and 100 in length: {one}"})


def _check_modal(data: Json) -> None:
    faults = _custom_id_faults([data, *walk(data.get("components"))])
    if not data.get("custom_id"):
        faults["data.custom_id"] = "This field is required"
    if not 1 <= len(str(data.get("title") or "")) <= 45:
        faults["data.title"] = "Must be between 1 and 45 in length."
    components = data.get("components") or ()
    if not 1 <= len(components) <= 5:
        faults["data.components"] = "Must be between 1 and 5 in length."
    for one in components:
        if one.get("type") not in (ROW, TEXT_DISPLAY, 18):
            faults["data.components.type"] = f"{one.get('type')} cannot stand in a modal"
        if one.get("type") == 18 and not 1 <= len(str(one.get("label") or "")) <= 45:
            faults["data.components.label"] = "Must be between 1 and 45 in length."
        if one.get("type") == 18 and len(str(one.get("description") or "")) > 100:
            faults["data.components.description"] = "Must be 100 or fewer in length."
    for one in walk(components):
        faults |= _input_faults(one)
    if faults:
        raise InvalidForm(faults)


def _input_faults(one: Json) -> dict[str, str]:
    if one.get("type") in SELECTS:
        return _select_faults(one)
    if one.get("type") != 4:
        return {}
    faults = {}
    most = one.get("max_length", 4000)
    if most > 4000 or len(str(one.get("value") or "")) > most:
        faults["data.components.value"] = "Must be 4000 or fewer in length."
    if len(str(one.get("placeholder") or "")) > 100:
        faults["data.components.placeholder"] = "Must be 100 or fewer in length."
    return faults


# channels, webhooks, commands


def check_name(name: Any, most: int = 100) -> None:
    if not 1 <= len(str(name or "").strip()) <= most:
        raise InvalidForm({"name": f"Must be between 1 and {most} in length."})


def check_tags(tags: Any) -> None:
    """The tags that a forum offers."""
    if len(tags or ()) > MOST_TAGS:
        raise InvalidForm({"available_tags": "Must be 20 or fewer in length."})
    names = [str(one.get("name", "")) for one in tags or ()]
    if any(not 1 <= len(name) <= LONGEST_TAG for name in names):
        raise InvalidForm({"available_tags": "Must be between 1 and 20 in length."})
    if len(set(names)) != len(names):
        raise InvalidForm({"available_tags": "Tag names must be unique"})


def check_applied(applied: Any) -> None:
    if len(applied or ()) > MOST_APPLIED_TAGS:
        raise InvalidForm({"applied_tags": "Must be 5 or fewer in length."})


def check_webhook_name(name: Any, key: str = "name") -> None:
    text = str(name or "")
    if not 1 <= len(text.strip()) <= 80:
        raise InvalidForm({key: "Must be between 1 and 80 in length."})
    if any(word in text.lower() for word in ("discord", "clyde")):
        raise InvalidForm({key: 'Username cannot contain "discord" or "clyde"'})


def check_commands(commands: Iterable[Json]) -> None:
    """All commands of one place together."""
    counts = {1: 0, 2: 0, 3: 0}
    names: set[tuple[int, str]] = set()
    for command in commands:
        kind = command.get("type", 1)
        counts[kind] = counts.get(kind, 0) + 1
        check_command(command)
        if (kind, command["name"]) in names:
            raise InvalidForm({"name": "Application command names must be unique"})
        names.add((kind, command["name"]))
    if counts[1] > 100 or counts[2] > 15 or counts[3] > 15:
        raise InvalidForm({"commands": "At most 100 slash commands and 15 of each kind of menu."})


def check_command(command: Json) -> None:
    name, kind = str(command.get("name", "")), command.get("type", 1)
    if kind != 1:
        if not 1 <= len(name) <= 32 or command.get("description") or command.get("options"):
            raise InvalidForm({"name": f"A menu has a name of 1 to 32 characters and nothing else: {name!r}"})
        return
    _check_option(command, depth=0)
    if command_length(command) > LONGEST_COMMAND:
        raise InvalidForm({"options": "Command exceeds maximum size (8000)"})


def _check_option(option: Json, *, depth: int) -> None:
    name = str(option.get("name", ""))
    if not COMMAND_NAME.match(name) or name.lower() != name:
        raise InvalidForm({"name": f"Command name is invalid: {name!r}"})
    if not 1 <= len(str(option.get("description", ""))) <= 100:
        raise InvalidForm({"description": f"Must be between 1 and 100 in length: {name!r}"})
    inner = option.get("options") or ()
    if len(inner) > 25 or len(option.get("choices") or ()) > 25:
        raise InvalidForm({"options": "Must be 25 or fewer in length."})
    if depth > 2 or (inner and depth and option.get("type") not in (1, 2)):
        raise InvalidForm({"options": "Subcommands nest at most two deep."})
    if len({one.get("name") for one in inner}) != len(inner):
        raise InvalidForm({"options": "Option names must be unique"})
    needed = [bool(one.get("required")) for one in inner]
    if needed != sorted(needed, reverse=True):
        raise InvalidForm({"options": "Required options must be placed before non-required options"})
    for one in inner:
        _check_option(one, depth=depth + 1)


def command_length(option: Json) -> int:
    """Names, descriptions and values of a command with everything in it."""
    own = len(str(option.get("name", ""))) + len(str(option.get("description", "")))
    own += sum(len(str(one.get("name", ""))) + len(str(one.get("value", ""))) for one in option.get("choices") or ())
    return own + sum(command_length(one) for one in option.get("options") or ())
