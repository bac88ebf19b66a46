"""What has become of a source's columns since its change log was written, and which of it a log can take.

Columns may be added, and they may grow: a new type that holds every value of the old one, as the same number or text.
Anything else would give one column two meanings, and stops the extract.
"""

import logging
import re
from dataclasses import dataclass, replace

import pyarrow as pa

from include.segmentation.errors import SourceError, UnavailableError
from include.segmentation.extract.mysql.page.keyset import Relation
from include.segmentation.extract.mysql.row.mysql_columns import build_arrow_schema
from include.segmentation.lake.change_log import ChangeLog, LogState
from include.segmentation.profile.mysql_source import QueryExtract, TableExtract

DeclaredExtract = dict[str, str]
"""Column -> the type that the source declares, such as ``int(11) unsigned``; of texts that order rows the collation."""

_log = logging.getLogger(__name__)

_COLLATE = " collate "
_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BLOB_BYTES = {kind.replace("text", "blob"): size for kind, size in _TEXT_BYTES.items()}
_CHARACTER_BYTES, _ROW_BYTES = 4, 2**16 - 1
"""The most that a character, and a VARCHAR, can take."""


@dataclass(frozen=True)
class ColumnChanges:
    """What a log has to take up.

    Attributes:
        added: columns that it does not have yet.
        widened: columns whose type has grown.
    """

    added: list[str]
    widened: list[str]


@dataclass(frozen=True)
class _Type:
    kind: str
    arguments: list[str]
    is_unsigned: bool

    @property
    def numbers(self) -> list[int]:
        return [int(argument) for argument in self.arguments]


class AlteredError(UnavailableError):
    """A table was altered while it was read; whoever begins again meets its new columns."""


def check_unaltered(relation: Relation) -> None:
    """Refuse to go on with columns that are no longer those that reading began with.

    Raises:
        AlteredError: they are not.
    """
    if relation.is_altered():
        raise AlteredError(f"{relation.name} was altered while it was read")


def adapt_log(log: ChangeLog, state: LogState, declared: TableExtract | QueryExtract, relation: Relation) -> LogState:
    """Make a log fit for the columns that its source has now; the caller holds the log's writer.

    A new column comes with the first rows that have it. A type that has outgrown the lake's is changed here and now.

    Args:
        log: which may not exist yet.
        state: the log's.
        declared: the extract; a column that it no longer names may be gone.
        relation: with the columns as they are now.

    Returns:
        The state to go on with. Where a text that orders the rows has another collation, its position is gone, and
        ``reordered`` in its cursor says that the log holds rows behind it.

    Raises:
        SourceError: the log can not take them.
    """
    new = _declared(relation)
    state, known = replace(state, columns=state.columns | new), state.columns
    held, types = log.read_schema(), build_arrow_schema(relation.columns)
    if held is None:
        return state
    # A log that does not know what its columns were declared as has been written by another way.
    old = {one.name: known.get(one.name) or (new[one.name] if one in types else str(one.type)) for one in held}
    named = declared.columns if isinstance(declared, TableExtract) else None
    found = compare_columns(old, new, left_out=set(old) - set(named or old))
    for what, names in (("new", found.added), ("wider", found.widened)):
        if names:
            _log.info("%s: %s columns %s are taken up", relation.name, what, ", ".join(names))
    if state.cursor and any(_collation(old[name]) != _collation(new[name]) for name in new if name in old):
        state = replace(state, cursor=state.cursor | {"position": None, "reordered": True})
    outgrown = [one for one in types if one.name in held.names and one not in held]
    return log.change_types(pa.schema(outgrown), state) if outgrown else state


def compare_columns(old: DeclaredExtract, new: DeclaredExtract, left_out: set[str]) -> ColumnChanges:
    """Compare the columns of a log with those that the source has now, in whatever order.

    Args:
        old: as they were declared when the log last took them.
        new: as they are declared now.
        left_out: what the profile does not ask for (any more).

    Raises:
        SourceError: a column is gone, renamed, or of a type that does not hold its values; the message shows each.
    """
    added = [name for name in new if name not in old]
    gone = [name for name in old if name not in new and name not in left_out]
    changed = [name for name in old if name in new and not _is_same(old[name], new[name])]
    widened = [name for name in changed if _holds(_parsed(new[name]), _parsed(old[name]))]
    found = [f"'{name}' was {old[name]}, is absent{_renamed(old[name], new, added)}" for name in gone]
    found += [f"'{name}' was {old[name]}, is {new[name]}" for name in changed if name not in widened]
    if found:
        found += [f"'{name}' was absent, is {new[name]}" for name in added]
        raise SourceError(f"the source's columns have changed: {'; '.join(found)}; allowed are new and wider ones")
    return ColumnChanges(added, widened)


def _declared(relation: Relation) -> DeclaredExtract:
    collations = {one.name: one.collation for one in (relation.cursor, *relation.key) if one.collation}
    return {
        one.name: f"{one.mysql}{_COLLATE}{collations[one.name]}" if one.name in collations else one.mysql
        for one in relation.columns
    }


def _collation(declared: str) -> str:
    return declared.partition(_COLLATE)[2]


def _renamed(old: str, new: DeclaredExtract, added: list[str]) -> str:
    names = [f"'{name}'" for name in added if _is_same(old, new[name])]
    return f" (renamed to {' or '.join(names)}?)" if names else ""


def _is_same(old: str, new: str) -> bool:
    """Whether two declarations mean one type: the display width of an integer, for one, says nothing."""
    return old == new or _parsed(old) == _parsed(new)


def _parsed(declared: str) -> _Type:
    found = re.match(r"(\w+)(?:\((.*)\))?(.*)", declared, re.DOTALL)
    kind, inside, rest = found.groups() if found else (declared, None, "")
    arguments = re.findall(r"'(?:[^']|'')*'|[^,\s]+", inside or "")
    if kind in _INTEGER_BITS or kind == "year":
        arguments = []
    return _Type(kind, arguments, "unsigned" in rest.split())


def _holds(new: _Type, old: _Type) -> bool:
    """Whether a type has every value of another one, as the same number or text."""
    kinds = {new.kind, old.kind}
    if kinds <= _INTEGER_BITS.keys():
        return _top(new) >= _top(old)
    if kinds == {"decimal"}:
        (digits, scale), (old_digits, old_scale) = new.numbers, old.numbers
        return scale >= old_scale and digits - scale >= old_digits - old_scale
    if kinds <= {"float", "double"}:
        return not (new.kind == "float" and old.kind == "double") and new.arguments in ([], old.arguments)
    if kinds == {"bit"} or (len(kinds) == 1 and new.kind in ("datetime", "timestamp", "time")):
        return (new.numbers or [0]) >= (old.numbers or [0])
    if kinds == {"enum"}:
        return set(old.arguments) <= set(new.arguments)
    if kinds == {"set"}:  # its texts are in the order of the declaration
        return new.arguments[: len(old.arguments)] == old.arguments
    if kinds <= {"char", "varchar", *_TEXT_BYTES} and not (new.kind == "char" != old.kind):  # CHAR drops blanks
        return _has_room(new, old, _TEXT_BYTES, _CHARACTER_BYTES)
    if kinds <= {"binary", "varbinary", *_BLOB_BYTES} and new.kind != "binary":  # BINARY adds zeros
        return _has_room(new, old, _BLOB_BYTES, 1)
    return False


def _top(integer: _Type) -> int:
    """The largest value. The smallest does not count: no ALTER takes a negative number into an unsigned column."""
    bits = _INTEGER_BITS[integer.kind]
    return (1 << (bits if integer.is_unsigned else bits - 1)) - 1


def _has_room(new: _Type, old: _Type, largest: dict[str, int], width: int) -> bool:
    """Whether texts fit: those of CHAR(n) and VARCHAR(n) have n characters, all others a number of bytes."""
    if new.kind not in largest and old.kind not in largest:
        return new.numbers >= old.numbers
    room = largest.get(new.kind) or new.numbers[0]
    return room >= (largest.get(old.kind) or min(width * old.numbers[0], _ROW_BYTES))
