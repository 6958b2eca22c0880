"""Samples of what the API answers, made of its schemas, for people who read its description. Pure."""

from collections.abc import Mapping
from typing import Any, Final

Node = Mapping[str, Any]
"""A part of an OpenAPI document."""

DEEPEST: Final = 6
"""Types within types; what lies deeper is left out."""
_BY_PATTERN: Final[Mapping[str, str]] = {
    "^[0-9a-f]{32}$": "0199b1f0c8d000010123456789abcdef",
    "^([0-9a-f]{64})?$": "",
}
_BY_FORMAT: Final[Mapping[str, str]] = {"date-time": "2026-11-24T08:00:00.000Z", "uri": "https://hooks.sender.sa/sms"}
_BY_NAME: Final[Mapping[str, str]] = {
    "id": "0199b1f0c8d000010123456789abcdef",
    "to": "+966•••••••78",
    "from": "INTERKEY",
    "operator": "north",
    "country": "SA",
    "number": "+966500000078",
}


def sample(schema: Node, schemas: Mapping[str, Node], name: str = "", depth: int = 0) -> Any:
    """A value of this form. schemas: by name, for references. name: of the field that it stands in."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth)
    for key in ("example", "const"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "allOf"):
        if key in schema:
            return sample(_said(schema[key]), schemas, name, depth)
    return _of_type(schema, schemas, name, depth)


def _said(choices: list[Node]) -> Node:
    """The first that is not null."""
    return next((each for each in choices if each.get("type") != "null"), choices[0])


def _of_type(schema: Node, schemas: Mapping[str, Node], name: str, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return _object(schema, schemas, depth)
    if kind == "array":
        return [] if depth >= DEEPEST else [sample(schema.get("items", {}), schemas, name, depth + 1)]
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    known = _BY_FORMAT.get(schema.get("format", "")) or _BY_PATTERN.get(schema.get("pattern", ""))
    return _BY_NAME.get(name, "text") if known is None else known


def _object(schema: Node, schemas: Mapping[str, Node], depth: int) -> dict[str, Any]:
    """Every field but those that are usually absent, and those that lie too deep."""
    if depth >= DEEPEST:
        return {}
    needed = schema.get("required", ())
    fields = schema.get("properties", {}).items()
    return {
        name: sample(each, schemas, name, depth + 1)
        for name, each in fields
        if name in needed or not ("default" in each and each["default"] is None)
    }
