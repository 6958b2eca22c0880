"""Does a document have the shape of the settings? Every key known, every value of its type and range.

All problems are gathered; what is wrong is left out of the result, so that the rest can still be looked at. Values are
never repeated: a password may have been written to the wrong place.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

import msgspec
import msgspec.inspect as mi

from config.expected import NUMBER_NODES, choices, expected, may_be_unset
from config.kinds import chosen_kind, key_types, kinds_of
from config.problems import Origins, Path, Problem, suggestion
from config.secret import SecretRef

_SORTS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (datetime, "a time"),
    (date, "a date"),
    (list, "a list"),
    (dict, "a table"),
)


class Shape:
    """Walks a document beside the type of the settings.

    problems: everything that was wrong. faulty: the top-level sections in which something was.
    """

    def __init__(self, origins: Origins) -> None:
        self.problems: list[Problem] = []
        self.faulty: set[str] = set()
        self._origins = origins

    def fit(self, settings: type[msgspec.Struct], document: Mapping[str, object]) -> dict[str, object]:
        """What of the document fits, ready for conversion."""
        node = mi.type_info(settings)
        assert isinstance(node, mi.StructType)
        return self._table(node, document, ())

    def complain(self, path: Path, code: str, message: str) -> None:
        """Add a problem at this key."""
        self.problems.append(self._origins.problem(path, code, message))
        self.faulty.add(str(path[0]))

    def _table(
        self, node: mi.StructType, table: Mapping[str, object], path: Path, kinds: Sequence[mi.StructType] = ()
    ) -> dict[str, object]:
        """kinds: the ones that a table in this place may be of, `node` among them."""
        fields = {field.encode_name: field.type for field in node.fields}
        fitting = {}
        for key, raw in table.items():
            if key not in fields:
                self._complain_of_key(node, key, path, kinds)
                continue
            value = self._value(fields[key], raw, (*path, key))
            if value is not msgspec.UNSET:
                fitting[key] = value
        return fitting

    def _complain_of_key(self, node: mi.StructType, key: str, path: Path, kinds: Sequence[mi.StructType]) -> None:
        owners = [f'"{each.tag}"' for each in kinds if key in key_types([each])]
        if owners:
            message = f'is for kind {" or ".join(owners)}, and this is of kind "{node.tag}"'
            self.complain((*path, key), "wrong_kind", message)
        else:
            known = [*key_types([node]), *({str(each.tag_field) for each in kinds})]
            self.complain((*path, key), "unknown_key", "unknown key" + suggestion(key, known))

    def _of_a_kind(self, kinds: Sequence[mi.StructType], table: Mapping[str, object], path: Path) -> object:
        """A table that says of which kind it is; without a word it is of the first."""
        tag_field = str(kinds[0].tag_field)
        chosen = chosen_kind(kinds, table)
        if chosen is None:
            self._value(
                mi.LiteralType(tuple(sorted(str(each.tag) for each in kinds))), table[tag_field], (*path, tag_field)
            )
            return msgspec.UNSET
        keys = {key: raw for key, raw in table.items() if key != tag_field}
        return {tag_field: chosen.tag, **self._table(chosen, keys, path, kinds)}

    def _value(self, node: mi.Type, raw: object, path: Path) -> object:
        """The value that fits, or UNSET after a complaint."""
        if raw is None and may_be_unset(node):
            return None
        fitting = next((each for each in choices(node) if is_of_sort(each, raw)), None)
        if fitting is None:
            return self._wrong_sort(node, raw, path)
        if isinstance(fitting, mi.StructType) and isinstance(raw, dict):
            kinds = kinds_of(node)
            return self._of_a_kind(kinds, raw, path) if kinds else self._table(fitting, raw, path)
        if not is_in_range(fitting, raw):
            return self._out_of_range(node, raw, path)
        if isinstance(fitting, mi.VarTupleType) and isinstance(raw, list):
            return self._list(fitting, raw, path)
        return raw

    def _list(self, node: mi.VarTupleType, items: list[object], path: Path) -> list[object]:
        values = [self._value(node.item_type, item, (*path, index)) for index, item in enumerate(items)]
        return [value for value in values if value is not msgspec.UNSET]

    def _wrong_sort(self, node: mi.Type, raw: object, path: Path) -> msgspec.UnsetType:
        if isinstance(raw, str) and any(
            isinstance(each, mi.StructType) and each.cls is SecretRef for each in choices(node)
        ):
            self.complain(path, "secret_literal", f"a secret is never written here; expected {expected(node)}")
        else:
            self.complain(path, "wrong_type", f"expected {expected(node)}; found {sort_of(raw)}")
        return msgspec.UNSET

    def _out_of_range(self, node: mi.Type, raw: object, path: Path) -> msgspec.UnsetType:
        words = [str(word) for each in choices(node) if isinstance(each, mi.LiteralType) for word in each.values]
        self.complain(path, "out_of_range", f"expected {expected(node)}" + suggestion(str(raw), words))
        return msgspec.UNSET


def sort_of(raw: object) -> str:
    """`text`, `a list`: what kind of value this is, without saying which."""
    return next((name for sort, name in _SORTS if isinstance(raw, sort)), "something else")


def is_of_sort(node: mi.Type, raw: object) -> bool:
    """Whether the value is of the node's kind, whatever its range."""
    match node:
        case mi.BoolType():
            return isinstance(raw, bool)
        case mi.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case mi.FloatType():
            return isinstance(raw, int | float) and not isinstance(raw, bool)
        case mi.StrType() | mi.LiteralType():
            return isinstance(raw, str)
        case mi.DateType():
            return isinstance(raw, date) and not isinstance(raw, datetime)
        case mi.VarTupleType():
            return isinstance(raw, list)
        case mi.StructType():
            return isinstance(raw, dict)
    return False


def is_in_range(node: mi.Type, raw: object) -> bool:
    """Whether a value of the right kind keeps the node's limits."""
    if isinstance(node, NUMBER_NODES) and isinstance(raw, int | float):
        return _is_between(node, raw)
    if isinstance(node, mi.LiteralType):
        return raw in node.values
    if isinstance(node, mi.StrType) and isinstance(raw, str):
        return _has_form(node, raw)
    if isinstance(node, mi.VarTupleType) and isinstance(raw, list):
        return len(raw) >= (node.min_length or 0)
    return True


def _is_between(node: mi.IntType | mi.FloatType, raw: float) -> bool:
    if not math.isfinite(raw) or (node.gt is not None and not raw > node.gt):
        return False
    return (node.ge is None or raw >= node.ge) and (node.le is None or raw <= node.le)


def _has_form(node: mi.StrType, raw: str) -> bool:
    if node.pattern is not None and not re.fullmatch(node.pattern, raw):
        return False
    return (node.min_length or 0) <= len(raw) and (node.max_length is None or len(raw) <= node.max_length)
