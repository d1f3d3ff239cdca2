"""Finds the buttons and fields of blocks and says what Slack sends when a person uses them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from frontdesk.sandbox.slack.values import Json


def elements(block: object) -> Iterator[Json]:
    """Everything in a block that has an action_id."""
    if isinstance(block, Mapping):
        if "action_id" in block:
            yield dict(block)
        for part in block.values():
            yield from elements(part)
    elif isinstance(block, list | tuple):
        for part in block:
            yield from elements(part)


def find_element(blocks: Iterable[Json], action_id: str, value: Any) -> tuple[Json, Json]:
    """The block and the element that a person would press."""
    seen = []
    for block in blocks:
        for element in elements(block):
            if element["action_id"] == action_id and _fits(element, value):
                return block, element
            seen.append(element["action_id"])
    raise ValueError(f"no element {action_id!r} (value {value!r}) here; there are {seen}")


def _fits(element: Json, value: Any) -> bool:
    if element["type"] == "button":
        return value is None or element.get("value") == value
    return True


def acted(block: Json, element: Json, value: Any, ts: str) -> Json:
    """One entry of `actions` in a block_actions payload."""
    return {
        "action_id": element["action_id"],
        "block_id": block.get("block_id", "b0"),
        "type": element["type"],
        "action_ts": ts,
        **({"text": element["text"]} if "text" in element else {}),
        **chosen(element, value),
    }


def chosen(element: Json, value: Any) -> Json:
    """What a field holds after the person chose `value`, in the shape of its kind."""
    match element["type"]:
        case "button" | "icon_button" | "workflow_button":
            return {"value": element["value"]} if "value" in element else {}
        case "feedback_buttons":
            return _feedback(element, value)
        case "static_select" | "radio_buttons" | "overflow" | "external_select":
            return {"selected_option": None if value is None else _option(element, value)}
        case "multi_static_select" | "checkboxes" | "multi_external_select":
            return {"selected_options": [_option(element, one) for one in value or ()]}
        case "users_select":
            return {"selected_user": value}
        case "multi_users_select":
            return {"selected_users": list(value or ())}
        case "conversations_select":
            return {"selected_conversation": value}
        case "channels_select":
            return {"selected_channel": value}
        case "datepicker":
            return {"selected_date": value}
        case "timepicker":
            return {"selected_time": value}
        case "datetimepicker":
            return {"selected_date_time": value}
        case _:
            return {"value": value}


def _feedback(element: Json, value: Any) -> Json:
    for which in ("positive", "negative"):
        button = element[f"{which}_button"]
        if value in (which, button["value"]):
            return {"value": button["value"], "text": button["text"]}
    raise ValueError(f"feedback is positive or negative, not {value!r}")


def _option(element: Json, value: Any) -> Json:
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options += group["options"]
    for option in options:
        if option["value"] == value:
            return dict(option)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(value)}, "value": value}
    raise ValueError(f"{value!r} is not among {[option['value'] for option in options]}")


def state_values(blocks: Iterable[Json], values: Mapping[str, Mapping[str, Any]]) -> Json:
    """The `state.values` of a submitted form; what the person left alone keeps its initial value."""
    state: Json = {}
    known: set[tuple[str, str]] = set()
    for number, block in enumerate(blocks):
        block_id = block.get("block_id", f"b{number}")
        for element in elements(block):
            action_id = element["action_id"]
            known.add((block_id, action_id))
            if element["type"] == "button":
                continue
            given = values.get(block_id, {})
            value = given[action_id] if action_id in given else _initial(element)
            if block["type"] == "input" and not block.get("optional") and value in (None, "", []):
                raise ValueError(f"Slack would not send the form: {block_id} must be filled in")
            state.setdefault(block_id, {})[action_id] = {"type": element["type"], **chosen(element, value)}
    for block_id, fields in values.items():
        for action_id in fields:
            if (block_id, action_id) not in known:
                raise ValueError(f"the form has no field {block_id}/{action_id}; it has {sorted(known)}")
    return state


def _initial(element: Json) -> Any:
    for key, value in element.items():
        if key == "initial_option":
            return value["value"]
        if key == "initial_options":
            return [option["value"] for option in value]
        if key.startswith("initial_"):
            return value
    return None
