"""Tables that may be of several kinds, each with keys of its own; one key, the tag, says which it is."""

from collections.abc import Mapping, Sequence

import msgspec.inspect as mi

from config.expected import choices


def kinds_of(node: mi.Type) -> tuple[mi.StructType, ...]:
    """The kinds that a table in this place may be of; none where it is of one only."""
    found = tuple(each for each in choices(node) if isinstance(each, mi.StructType))
    return found if len(found) > 1 else ()


def tables_of(node: mi.Type) -> tuple[mi.StructType, ...]:
    """Every type of a table in this place."""
    return tuple(each for each in choices(node) if isinstance(each, mi.StructType))


def chosen_kind(kinds: Sequence[mi.StructType], table: Mapping[str, object]) -> mi.StructType | None:
    """The kind that a table says it is of, the first one where it says nothing; None for a word that is no kind."""
    said = table.get(str(kinds[0].tag_field), kinds[0].tag)
    return next((each for each in kinds if each.tag == said), None)


def key_types(kinds: Sequence[mi.StructType]) -> dict[str, mi.Type]:
    """The type of each key that a table of any of these kinds may have; the tag is one where there are several."""
    found = {field.encode_name: field.type for node in reversed(kinds) for field in node.fields}
    tags = tuple(str(each.tag) for each in kinds)
    return found if len(kinds) == 1 else {str(kinds[0].tag_field): mi.LiteralType(tags), **found}
