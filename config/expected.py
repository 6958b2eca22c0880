"""What a setting takes, in words: for the message of a problem and for the reference. One phrase per type."""

from collections.abc import Callable
from typing import Final

import msgspec.inspect as mi

from config.secret import SecretRef

NUMBER_NODES: Final = (mi.IntType, mi.FloatType)


def plain(node: mi.Type) -> mi.Type:
    """The type without its description."""
    return node.type if isinstance(node, mi.Metadata) else node


def choices(node: mi.Type) -> tuple[mi.Type, ...]:
    """The alternatives of a type, without the unset one."""
    node = plain(node)
    alternatives = node.types if isinstance(node, mi.UnionType) else (node,)
    return tuple(plain(each) for each in alternatives if not isinstance(each, mi.NoneType))


def may_be_unset(node: mi.Type) -> bool:
    """Whether the setting has no value by itself."""
    node = plain(node)
    return isinstance(node, mi.UnionType) and any(isinstance(each, mi.NoneType) for each in node.types)


def expected(node: mi.Type) -> str:
    """`a whole number from 1 to 65535`."""
    return ", or ".join(dict.fromkeys(map(_phrase, choices(node))))


def _phrase(node: mi.Type) -> str:
    for node_type, phrase in _PHRASES:
        if isinstance(node, node_type):
            return phrase(node)
    raise TypeError(f"settings have no field of {type(node).__name__}")


def _number(node: mi.Type) -> str:
    assert isinstance(node, NUMBER_NODES)
    noun = "a whole number" if isinstance(node, mi.IntType) else "a number"
    if node.gt is not None:
        return f"{noun} above {node.gt:g}"
    if node.ge is None:
        return noun
    return f"{noun} from {node.ge}" + (f" to {node.le}" if node.le is not None else "")


def _text(node: mi.Type) -> str:
    assert isinstance(node, mi.StrType)
    if node.pattern is not None:
        return f"text of the form {node.pattern}"
    noun = "text, not empty" if node.min_length else "text"
    return noun if node.max_length is None else f"{noun}, at most {node.max_length} characters"


def _words(node: mi.Type) -> str:
    assert isinstance(node, mi.LiteralType)
    words = [f'"{value}"' for value in node.values]
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def _list(node: mi.Type) -> str:
    assert isinstance(node, mi.VarTupleType)
    noun = "a list, not empty," if node.min_length else "a list"
    return f"{noun} of entries, each {expected(node.item_type)}"


def _table(node: mi.Type) -> str:
    assert isinstance(node, mi.StructType)
    return '{ env = "NAME" } or { file = "path" }' if node.cls is SecretRef else "a table"


_PHRASES: Final[tuple[tuple[type[mi.Type], Callable[[mi.Type], str]], ...]] = (
    (mi.BoolType, lambda _: "true or false"),
    (mi.IntType, _number),
    (mi.FloatType, _number),
    (mi.StrType, _text),
    (mi.LiteralType, _words),
    (mi.DateType, lambda _: "a date such as 2027-12-31"),
    (mi.VarTupleType, _list),
    (mi.StructType, _table),
)
