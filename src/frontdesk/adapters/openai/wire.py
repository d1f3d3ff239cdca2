"""The desk's requests in the provider's words; pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from frontdesk.adapters.openai.quirks import Quirks
from frontdesk.ports.model import (
    Asked,
    ModelRequest,
    OutputSchema,
    PromptMessage,
    Said,
    ToolCall,
    ToolOffer,
    ToolResult,
)

THINKING_ROOM: Final = 4096
"""Output tokens that a model which reasons gets on top."""

Json = dict[str, Any]


def body_of(request: ModelRequest, model: str, quirks: Quirks, reasoning: Mapping[str, str] | None = None) -> Json:
    """The arguments of a chat completion, as this model takes them."""
    body: Json = {"model": model, "messages": list(_messages(request, quirks, reasoning or {}))}
    room = THINKING_ROOM if quirks.thinks else 0
    body[quirks.length_field] = request.max_output_tokens + room
    if quirks.temperature:
        body["temperature"] = request.temperature
    if quirks.streams:
        body["stream"] = True
        if quirks.usage_on_request:
            body["stream_options"] = {"include_usage": True}
    if request.schema_ and quirks.shape != "told":
        body["response_format"] = _response_format(request.schema_, strict=quirks.shape == "strict")
    if request.tools and quirks.tools:
        body["tools"] = [_tool(offer) for offer in request.tools]
    return body


# --- messages ---


def _messages(request: ModelRequest, quirks: Quirks, reasoning: Mapping[str, str]) -> Iterable[Json]:
    messages: list[PromptMessage] = list(request.messages)
    if request.schema_ and quirks.shape == "told":
        messages.insert(0, Said(role="system", text=_told(request.schema_)))
        messages = [_merged_systems(messages), *_without_systems(messages)]
    elif quirks.one_system_message:
        messages = [_merged_systems(messages), *_without_systems(messages)]
    return (_message(m, quirks, reasoning) for m in messages)


def _merged_systems(messages: Iterable[PromptMessage]) -> Said:
    """Ours come first: their opening line says which task this is."""
    texts = [m.text for m in messages if isinstance(m, Said) and m.role == "system"]
    return Said(role="system", text="\n\n".join((*texts[1:], texts[0])) if len(texts) > 1 else "".join(texts))


def _without_systems(messages: Iterable[PromptMessage]) -> list[PromptMessage]:
    return [m for m in messages if not (isinstance(m, Said) and m.role == "system")]


def _message(message: PromptMessage, quirks: Quirks, reasoning: Mapping[str, str]) -> Json:
    match message:
        case Said(role=role, text=text):
            return {"role": role, "content": text}
        case Asked(text=text, calls=calls):
            asked: Json = {
                "role": "assistant",
                "content": text or None,
                "tool_calls": [_call(call) for call in calls],
            }
            if quirks.reasoning_returned:
                asked["reasoning_content"] = next((reasoning[c.id] for c in calls if c.id in reasoning), "")
            return asked
        case ToolResult(call_id=call_id, text=text):
            return {"role": "tool", "tool_call_id": call_id, "content": text}


def _call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool(offer: ToolOffer) -> Json:
    described = {
        "name": offer.name,
        "description": offer.description,
        "parameters": inlined(offer.arguments_schema),
    }
    return {"type": "function", "function": described}


# --- output schemas ---


def _told(schema: OutputSchema) -> str:
    written = json.dumps(inlined(schema.json_schema), ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must match this JSON Schema:\n{written}"


def _response_format(schema: OutputSchema, *, strict: bool) -> Json:
    plain = inlined(schema.json_schema)
    described: Json = {"name": schema.name, "schema": _strict(plain) if strict else plain, "strict": strict}
    return {"type": "json_schema", "json_schema": described}


def inlined(schema: Mapping[str, Any]) -> Json:
    """The schema with every `$ref` replaced by what it names: several models refuse references.

    One that contains itself cannot be written out; there anything goes, and the reader's validation decides.
    """
    definitions: Mapping[str, Any] = schema.get("$defs", {})

    def walk(node: Any, inside: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [walk(item, inside) for item in node]
        if not isinstance(node, Mapping):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str):
            name = reference.removeprefix("#/$defs/")
            if name in inside or name not in definitions:
                return {}
            beside = {key: value for key, value in node.items() if key != "$ref"}
            return walk({**definitions[name], **beside}, (*inside, name))
        return {key: walk(value, inside) for key, value in node.items() if key != "$defs"}

    walked: Json = walk(schema, ())
    return walked


_REFUSED_WHEN_STRICT: Final = frozenset(
    {"default", "title", "minLength", "maxLength", "format", "pattern", "minItems", "maxItems", "uniqueItems",
     "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "discriminator"}
)  # fmt: skip


def _strict(schema: Json) -> Json:
    """What strict enforcement takes: closed objects with every property required, and no bounds."""
    kept = {key: value for key, value in schema.items() if key not in _REFUSED_WHEN_STRICT}
    for key in ("items", "not"):
        if isinstance(kept.get(key), dict):
            kept[key] = _strict(kept[key])
    for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
        if isinstance(kept.get(key), list):
            kept[key] = [_strict(part) if isinstance(part, dict) else part for part in kept[key]]
    if isinstance(properties := kept.get("properties"), dict):
        kept["properties"] = {name: _strict(part) for name, part in properties.items()}
        kept |= {"required": list(properties), "additionalProperties": False}
    return kept
