"""YAML with line numbers. ruamel.yaml reads it (YAML 1.2); only plain data passes: no tags, no anchors, no aliases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

MAX_DEPTH = 10
"""A deck needs 5 levels; the bound keeps hostile nesting from exhausting the stack."""

Location = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_REMEDIES = (
    ("mapping values are not allowed", "put quotes around a text that holds ': ', or write it below a '|-'"),
    ("quoted scalar", "close the quote; write '' for an apostrophe within single quotes"),
    ("end of stream", "close the quote or bracket that is still open"),
    ("cannot start any token", "put quotes around a text that starts with a special character"),
    ("block end", "check the indentation of this line and the one above; quote a text that starts with a quote"),
    ("expected ':'", "write 'field: value', or indent the line so that it belongs to the text above"),
    ("escape", "use single quotes for a text with backslashes"),
)
_DEFAULT_REMEDY = "check the indentation, and put quotes around texts with special characters"


class YamlTextError(Exception):
    """Text that is not the YAML we accept."""

    def __init__(self, line: int, message: str, remedy: str, field: str = "YAML") -> None:
        super().__init__(message)
        self.line, self.message, self.remedy, self.field = line, message, remedy, field


@dataclass(frozen=True)
class YamlString:
    """A text value. `line` is where its first line stands; `literal` says that its lines are those of the file."""

    text: str
    line: int
    literal: bool


@dataclass
class YamlDoc:
    """The data of a file, and where each field (by its path of keys and indices) begins."""

    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    strings: dict[Location, YamlString] = field(default_factory=dict)

    def line(self, location: Location) -> int:
        """Line of the field, or of the nearest enclosing one that is there."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def parse_yaml(text: str) -> YamlDoc:
    """Read one document. Raises `YamlTextError` at the first thing that is not accepted."""
    last_line = text.rstrip("\n").count("\n") + 1
    for number, words in enumerate(text.split("\n"), start=1):
        if "\t" in words[: len(words) - len(words.lstrip())]:
            raise YamlTextError(number, "a tab in the indentation", "indent with spaces")
    try:
        return _Builder(text).document()
    except (MarkedYAMLError, ReaderError) as error:
        line, message = _where_and_what(error, text)
        remedy = next((cure for words, cure in _REMEDIES if words in message), _DEFAULT_REMEDY)
        raise YamlTextError(min(line, last_line), message, remedy) from error
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        # ruamel's scanner lets some of its own errors through on garbled input, e.g. from chr() on an escape
        raise YamlTextError(1, f"not valid YAML: {error}", _DEFAULT_REMEDY) from error


def _where_and_what(error: MarkedYAMLError | ReaderError, text: str) -> tuple[int, str]:
    if isinstance(error, ReaderError):
        return text.count("\n", 0, error.position) + 1, "a character that YAML does not allow"
    mark = error.problem_mark or error.context_mark
    context = f" ({error.context})" if error.context else ""
    return (mark.line + 1 if mark else 1), f"not valid YAML: {error.problem}{context}"


class _Builder:
    """Builds data and line numbers from parser events in one pass."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self.doc = YamlDoc()

    def document(self) -> YamlDoc:
        next(self.events)  # start of the stream
        if isinstance(next(self.events), StreamEndEvent):
            return self.doc
        self.doc.data = self.value(next(self.events), ())
        while isinstance(event := next(self.events), DocumentEndEvent):
            pass
        if not isinstance(event, StreamEndEvent):
            raise YamlTextError(_line(event), "a second document begins ('---')", "keep one document in a file")
        return self.doc

    def value(self, event: Event, path: Location) -> Any:
        _refuse_references(event)
        if len(path) > MAX_DEPTH:
            raise YamlTextError(_line(event), f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        self.doc.lines.setdefault(path, _line(event))
        if isinstance(event, SequenceStartEvent):
            return self.sequence(path)
        if isinstance(event, MappingStartEvent):
            return self.mapping(path)
        if not isinstance(event, ScalarEvent):
            raise YamlTextError(_line(event), "a value is missing", "write it")
        value = _scalar(event)
        if isinstance(value, str):
            block = event.style in ("|", ">")
            self.doc.strings[path] = YamlString(value, _line(event) + block, event.style == "|" or "\n" not in value)
        return value

    def sequence(self, path: Location) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.value(event, (*path, len(items))))
        return items

    def mapping(self, path: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            _refuse_references(event)
            if not isinstance(event, ScalarEvent):
                raise YamlTextError(_line(event), "a field name that is not plain text", "write 'field: value'")
            key: str = event.value
            if key in found:
                first = self.doc.lines[*path, key]
                raise YamlTextError(
                    _line(event), f"given twice, first in line {first}", "keep one of the two", dotted((*path, key))
                )
            self.doc.lines[*path, key] = _line(event)
            found[key] = self.value(next(self.events), (*path, key))
        return found


def dotted(path: Location) -> str:
    """`("sources", 0, "key")` as `sources[0].key`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _refuse_references(event: Event) -> None:
    # a few nested aliases can stand for gigabytes, and a tag can name a constructor
    if isinstance(event, AliasEvent):
        raise YamlTextError(_line(event), "an alias ('*name') is not allowed", "write the value out")
    if getattr(event, "anchor", None) is not None:
        raise YamlTextError(_line(event), "an anchor ('&name') is not allowed", "remove it, or quote the text")
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise YamlTextError(_line(event), f"a tag ({tag}) is not allowed", "remove it, or quote the text")


def _scalar(event: ScalarEvent) -> str | int | float | bool | None:
    """The core schema of YAML 1.2. Numbers too long for one stay texts; dates are texts."""
    text: str = event.value
    if event.style is not None:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
