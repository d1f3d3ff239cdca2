"""What a person's client sends for a modal that was filled in."""

from collections.abc import Mapping
from typing import Any

from frontdesk.sandbox.discord.happenings import Happenings
from frontdesk.sandbox.discord.values import Json, Modal, walk

TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 4, 19, 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
WITH_VALUES = (*SELECTS, FILE_UPLOAD, CHECKBOX_GROUP)
ROW, TEXT_DISPLAY, LABEL = 1, 10, 18


def submitted(guild: Happenings, modal: Modal, values: Mapping[str, Any]) -> Json:
    """The data of the interaction; what was not given keeps what the form opened with."""
    fields = {one["custom_id"]: one for one in walk(modal.components) if "custom_id" in one}
    for custom_id in values:
        if custom_id not in fields:
            raise ValueError(f"the form has no field {custom_id!r}; it has {list(fields)}")
    attachments: Json = {}
    people: Json = {}

    def filled(field: Json) -> Json:
        given = values.get(field["custom_id"], _preset(field))
        if field["type"] == FILE_UPLOAD:
            kept = [guild.keep_file(modal.channel, *one) for one in given]
            attachments.update({one.id: guild.wire.attachment(one) for one in kept})
            given = [one.id for one in kept]
        if field["type"] == 5:
            people.update({one: guild.wire.user(guild.people[one]) for one in given})
        _check(field, given)
        key = "values" if field["type"] in WITH_VALUES else "value"
        return {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"], key: given}

    rows: list[Json] = []
    for one in modal.components:
        if one["type"] == LABEL:
            rows.append({"type": LABEL, "id": one["id"], "component": filled(one["component"])})
        elif one["type"] == ROW:
            rows.append({"type": ROW, "id": one["id"], "components": [filled(each) for each in one["components"]]})
        else:
            rows.append({"type": one["type"], "id": one["id"]})
    data: Json = {"custom_id": modal.custom_id, "components": rows}
    resolved = ({"attachments": attachments} if attachments else {}) | ({"users": people} if people else {})
    return data | ({"resolved": resolved} if resolved else {})


def _preset(field: Json) -> Any:
    """What the field holds when nobody touches it."""
    if field["type"] == TEXT_INPUT:
        return field.get("value") or ""
    if field["type"] == CHECKBOX:
        return bool(field.get("default"))
    chosen = [one["value"] for one in field.get("options", ()) if one.get("default")]
    return (chosen[0] if chosen else None) if field["type"] == RADIO_GROUP else chosen


def _check(field: Json, given: Any) -> None:
    """What the person's client would not let through."""
    if field.get("required", field["type"] != CHECKBOX) and given in ("", [], None) and field.get("min_values") != 0:
        raise ValueError(f"{field['custom_id']} has to be filled in")
    if field["type"] == TEXT_INPUT and not field.get("min_length", 0) <= len(given) <= field.get("max_length", 4000):
        raise ValueError(f"{field['custom_id']} is too long or too short: {len(given)} characters")
    options = [one["value"] for one in field.get("options", ())]
    chosen = given if isinstance(given, list) else [given]
    if options and any(one not in options for one in chosen if one is not None):
        raise ValueError(f"{field['custom_id']} offers {options}, not {given}")
