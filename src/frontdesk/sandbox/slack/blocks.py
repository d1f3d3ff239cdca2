"""Checks messages, blocks and views against the limits Slack keeps."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from frontdesk.sandbox.slack.call import ApiError
from frontdesk.sandbox.slack.elements import elements
from frontdesk.sandbox.slack.values import Json

MOST_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
MOST_CHARS_OVER_ALL_BLOCKS = 13_200
MOST_TEXT = 40_000
MOST_MARKDOWN = 12_000
MOST_METADATA = 16_000
MOST_VIEW_BYTES = 250_000

TEXT_LIMITS = {"section": 3000, "header": 150, "markdown": MOST_MARKDOWN, "alert": 3000}
PART_LIMITS = {"actions": 25, "context": 10, "context_actions": 5}
BLOCK_TYPES = frozenset(
    (
        *(
            "actions",
            "alert",
            "card",
            "carousel",
            "container",
            "context",
            "context_actions",
            "data_table",
            "divider",
        ),
        *(
            "file",
            "header",
            "image",
            "input",
            "markdown",
            "plan",
            "rich_text",
            "section",
            "table",
            "task_card",
        ),
        "video",
    )
)
INTERACTIVE = frozenset(
    (
        *(
            "button",
            "icon_button",
            "feedback_buttons",
            "workflow_button",
            "overflow",
            "checkboxes",
            "radio_buttons",
        ),
        *(
            "datepicker",
            "timepicker",
            "datetimepicker",
            "plain_text_input",
            "email_text_input",
            "url_text_input",
        ),
        *(
            "number_input",
            "rich_text_input",
            "file_input",
            "static_select",
            "external_select",
            "users_select",
        ),
        *("conversations_select", "channels_select", "multi_static_select", "multi_external_select"),
        *("multi_users_select", "multi_conversations_select", "multi_channels_select"),
    )
)


def problems(blocks: Sequence[Any], *, in_view: bool = False) -> Iterator[str]:
    """What is wrong with these blocks, one line each, in the manner of `response_metadata.messages`."""
    most = MOST_VIEW_BLOCKS if in_view else MOST_BLOCKS
    if len(blocks) > most:
        yield f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]"
    ids = [block["block_id"] for block in blocks if isinstance(block, Mapping) and "block_id" in block]
    for block_id in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"[ERROR] duplicate block_id {block_id} [json-pointer:/blocks]"
    if sum(isinstance(block, Mapping) and block.get("type") == "table" for block in blocks) > 1:
        yield "[ERROR] only one table allowed"
    for number, block in enumerate(blocks):
        for problem in _block_problems(block, in_view=in_view):
            yield f"[ERROR] {problem} [json-pointer:/blocks/{number}]"


def _block_problems(block: Any, *, in_view: bool) -> Iterator[str]:
    if not isinstance(block, Mapping):
        yield "must be an object"
        return
    kind = block.get("type")
    if kind not in BLOCK_TYPES:
        yield f"unsupported type: {kind}"
        return
    if len(str(block.get("block_id", ""))) > 255:
        yield "block_id longer than 255"
    yield from _text_problems(kind, block, in_view=in_view)
    parts = block.get("elements", ())
    if kind in PART_LIMITS and not 1 <= len(parts) <= PART_LIMITS[kind]:
        yield f"{kind} takes 1 to {PART_LIMITS[kind]} elements"
    if kind == "input" and not ("element" in block and "label" in block):
        yield "input needs element and label"
    if kind == "input" and not _text_fits(block.get("label"), 2000):
        yield "label must be text of at most 2000"
    action_ids = [element["action_id"] for element in elements(block)]
    if len(action_ids) != len(set(action_ids)):
        yield "action_id must be unique within a block"
    for element in elements(block):
        yield from _element_problems(element)


def _text_problems(kind: str, block: Mapping[str, Any], *, in_view: bool) -> Iterator[str]:
    if kind == "markdown":
        if in_view:
            yield "markdown is not allowed in views"
        if not isinstance(block.get("text"), str) or not block["text"]:
            yield "missing text"
        return
    if kind in TEXT_LIMITS and "text" in block and not _text_fits(block["text"], TEXT_LIMITS[kind]):
        yield f"text must be 1 to {TEXT_LIMITS[kind]} characters"
    if kind == "header" and (block.get("text") or {}).get("type") != "plain_text":
        yield "header takes plain_text"
    if kind == "section":
        yield from _section_problems(block)
    context = block.get("elements", ()) if kind == "context" else ()
    if not all(part.get("type") == "image" or _text_fits(part, 2000) for part in context):
        yield "context text must be 1 to 2000 characters"
    if kind == "image" and not (block.get("alt_text") and (block.get("image_url") or block.get("slack_file"))):
        yield "image needs alt_text and an address"


def _section_problems(block: Mapping[str, Any]) -> Iterator[str]:
    fields = block.get("fields", ())
    if "text" not in block and not fields:
        yield "section needs text or fields"
    if len(fields) > 10 or not all(_text_fits(part, 2000) for part in fields):
        yield "at most 10 fields of 2000"


def _text_fits(text: Any, most: int) -> bool:
    if not isinstance(text, Mapping) or text.get("type") not in ("mrkdwn", "plain_text"):
        return False
    return isinstance(text.get("text"), str) and 1 <= len(text["text"]) <= most


def _element_problems(element: Json) -> Iterator[str]:
    kind = element.get("type")
    if kind not in INTERACTIVE:
        yield f"unsupported element: {kind}"
        return
    if not 1 <= len(str(element["action_id"])) <= 255:
        yield "action_id must be 1 to 255 characters"
    if kind == "button":
        if not _text_fits(element.get("text"), 75) or element["text"]["type"] != "plain_text":
            yield "button text must be plain_text of at most 75"
        if len(str(element.get("value", ""))) > 2000:
            yield "value longer than 2000"
        if element.get("style") not in (None, "primary", "danger"):
            yield "style is primary or danger"
    if kind == "feedback_buttons" and not {"positive_button", "negative_button"} <= element.keys():
        yield "feedback_buttons needs positive_button and negative_button"
    yield from _option_problems(element)
    if "placeholder" in element and not _text_fits(element["placeholder"], 150):
        yield "placeholder must be plain_text of at most 150"
    if "confirm" in element and not _text_fits(element["confirm"].get("title"), 100):
        yield "confirm title must be at most 100"


def _option_problems(element: Json) -> Iterator[str]:
    kind = element["type"]
    groups = [
        element.get("options", ()),
        *(group.get("options", ()) for group in element.get("option_groups", ())),
    ]
    options = [option for group in groups for option in group]
    if kind in ("static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow") and not options:
        yield "options missing"
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(kind, 100)
    if any(len(group) > most for group in groups):
        yield f"at most {most} options"
    for option in options:
        if not _text_fits(option.get("text"), 75) or len(str(option.get("value", ""))) > 150:
            yield "option text 75, value 150"
    initial = element.get("initial_option")
    if initial is not None and kind != "external_select" and initial not in options:
        yield "initial_option is not among the options"


def checked(blocks: Any, *, stream: bool = False) -> tuple[Json, ...]:
    """The blocks with ids, or the error Slack gives for them."""
    if blocks in (None, "", []):
        return ()
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if len(blocks) > MOST_BLOCKS and stream:
        raise ApiError("msg_blocks_too_many")
    found = list(problems(blocks))
    if found:
        raise ApiError("invalid_blocks", *found)
    markdown = [block["text"] for block in blocks if block["type"] == "markdown"]
    if text_size(blocks) > MOST_CHARS_OVER_ALL_BLOCKS or sum(map(len, markdown)) > MOST_MARKDOWN:
        raise ApiError("msg_blocks_too_long")
    return tuple({"block_id": f"b{number}", **block} for number, block in enumerate(blocks))


def text_size(blocks: Iterable[Any]) -> int:
    """Characters of text over all blocks, which Slack limits without saying so."""
    size = 0
    for block in blocks:
        if isinstance(block, Mapping):
            for key, part in block.items():
                size += len(part) if key == "text" and isinstance(part, str) else 0
                size += text_size([part]) if isinstance(part, Mapping) else 0
                size += text_size(part) if isinstance(part, list) else 0
        elif isinstance(block, list):
            size += text_size(block)
    return size


def checked_metadata(metadata: Any) -> Json | None:
    """Metadata as it is kept; an empty object means none."""
    if metadata in (None, "", {}):
        return None
    if not isinstance(metadata, dict):
        raise ApiError("invalid_metadata_format")
    if "entities" in metadata and "event_type" not in metadata:
        return metadata
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        raise ApiError("invalid_metadata_format")
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,255}", metadata["event_type"]):
        raise ApiError("invalid_metadata_schema")
    if any(
        isinstance(value, list) and any(isinstance(one, list | dict) for one in value) for value in payload.values()
    ):
        raise ApiError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > MOST_METADATA:
        raise ApiError("metadata_too_large")
    return metadata


def checked_view(view: Any, *, types: tuple[str, ...]) -> Json:
    """The view with block ids, or Slack's refusal."""
    if not isinstance(view, dict):
        raise ApiError("invalid_arguments", "[ERROR] view must be an object")
    if len(json.dumps(view)) > MOST_VIEW_BYTES:
        raise ApiError("view_too_large")
    found = list(_view_problems(view, types))
    if found:
        raise ApiError("invalid_arguments", *found)
    blocks = [{"block_id": f"b{number}", **block} for number, block in enumerate(view["blocks"])]
    return {**view, "blocks": blocks}


def _view_problems(view: Json, types: tuple[str, ...]) -> Iterator[str]:
    if view.get("type") not in types:
        yield f"[ERROR] type must be {' or '.join(types)}"
    if not isinstance(view.get("blocks"), list):
        yield "[ERROR] missing required field: blocks"
        return
    if view.get("type") == "modal" and not _text_fits(view.get("title"), 24):
        yield "[ERROR] title must be plain_text of 1 to 24 characters [json-pointer:/view/title]"
    for name in ("submit", "close"):
        if view.get(name) is not None and not _text_fits(view[name], 24):
            yield f"[ERROR] {name} must be plain_text of 1 to 24 characters [json-pointer:/view/{name}]"
    if len(view.get("private_metadata") or "") > 3000:
        yield "[ERROR] private_metadata longer than 3000 [json-pointer:/view/private_metadata]"
    if len(view.get("callback_id") or "") > 255 or len(view.get("external_id") or "") > 255:
        yield "[ERROR] callback_id and external_id take 255 characters"
    has_input = any(isinstance(block, Mapping) and block.get("type") == "input" for block in view["blocks"])
    if view.get("type") == "modal" and has_input and not view.get("submit"):
        yield "[ERROR] submit is required when an input is within blocks [json-pointer:/view/submit]"
    yield from problems(view["blocks"], in_view=True)
