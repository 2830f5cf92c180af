"""From the schema to messages: each pydantic error becomes a `Problem` with its line and a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from content.exercises import ExerciseMeta
from content.items import ITEMS, KINDS
from content.problems import Problem, one_line
from content.schema import DeckMeta, Question, QuestionMeta, Text
from content.yamltext import Location, YamlDoc, dotted

DECK_FILES = ("deck.yaml",)
OPTIONAL_DECK_FILES = ("preamble.py",)
MARKDOWN_FIELDS = {"answer.md": "answer", "spoken.md": "spoken", "senior.md": "senior", "probing.md": "probing"}
LIST_FIELDS = {"followups.yaml": "followups", "corrections.yaml": "corrections", "mistakes.yaml": "mistakes"}
OPTIONAL_QUESTION_FILES = ("items.yaml",)
QUESTION_FILES = ("question.yaml", *MARKDOWN_FIELDS, *LIST_FIELDS)

_FORMS = {
    "arxiv": 'write the id in quotes, as "2202.10054"',
    "url": "write an address that starts with https://",
    "labs": "name the lab as its folder is called: lower-case letters, digits and single underscores, as 'lr_decay'",
    "generator": "use lower-case letters, digits and underscores, as 'head_parameters'",
    "function": "write a name that Python allows, as 'freeze_first'",
    "file": "name it with lower-case letters, digits and single underscores, as 'wrong_off_by_one.py'",
}
_SLUG_FORM = "use lower-case letters, digits and single hyphens, as 'layer-freezing', at most 60 characters"


@cache
def adapter(file_name: str) -> TypeAdapter[Any]:
    """What validates a file of this name; the limits of lists are those that the schema gives `Question`."""
    if file_name == "deck.yaml":
        return TypeAdapter(DeckMeta)
    if file_name == "question.yaml":
        return TypeAdapter(QuestionMeta)
    if file_name == "items.yaml":
        return ITEMS
    if file_name == "exercise.yaml":
        return TypeAdapter(ExerciseMeta)
    if file_name in LIST_FIELDS:
        field = Question.model_fields[LIST_FIELDS[file_name]]
        kind: Any = Annotated[(field.annotation, *field.metadata)]
        return TypeAdapter(kind)
    return TypeAdapter(Text)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON schema of every kind of file, by file name. Markdown and Python files are strings."""
    names = (*DECK_FILES, *QUESTION_FILES, *OPTIONAL_QUESTION_FILES, "exercise.yaml")
    found = {name: adapter(name).json_schema() for name in names}
    for name in MARKDOWN_FIELDS:
        found[name] |= {"contentMediaType": "text/markdown"}
    for name in OPTIONAL_DECK_FILES:
        found[name] = {"type": "string", "contentMediaType": "text/x-python"}
    return found


def validate(file_name: str, doc: YamlDoc, label: str) -> tuple[Any, list[Problem]]:
    """The file's data as schema objects, or None and its mistakes. Types are not converted: "3" is no number."""
    if doc.data is None:
        return None, [Problem(label, 1, "file", "is empty", "write its fields; see python -m content schema")]
    try:
        return adapter(file_name).validate_python(doc.data, strict=True), []
    except ValidationError as error:
        details = [_in_file(detail) for detail in error.errors(include_url=False)]
        found = [_problem(detail, doc, label) for detail in details if detail["type"] != "missing"]
        meant = {(problem.field.rpartition(".")[0], problem.remedy) for problem in found}
        missing = [_problem(detail, doc, label) for detail in details if detail["type"] == "missing"]
        # A misspelt field is one mistake, not a missing one as well.
        return None, found + [
            problem
            for problem in missing
            if (problem.field.rpartition(".")[0], _did_you_mean(problem.field.rpartition(".")[2])) not in meant
        ]


def _in_file(detail: ErrorDetails) -> ErrorDetails:
    """With the place in the file: pydantic names an item's kind after its index, the file does not."""
    location = detail["loc"]
    if detail["type"] == "union_tag_invalid":
        return detail | {"loc": (*location, "kind"), "input": detail["input"]["kind"]}
    is_kind = len(location) > 1 and isinstance(location[0], int) and location[1] in KINDS
    return detail | {"loc": (location[0], *location[2:]) if is_kind else location}


def _problem(detail: ErrorDetails, doc: YamlDoc, label: str) -> Problem:
    location = detail["loc"]
    words = _WORDS.get(detail["type"], _other)(detail, doc)
    return Problem(label, doc.line(location), dotted(location) or "file", *words)


def _missing(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    return "is missing", f"add '{detail['loc'][-1]}: ...'; see python -m content schema"


def _unknown(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    name, known = str(detail["loc"][-1]), _known_fields(detail["loc"][:-1], str(detail["loc"][-1]), doc)
    close = difflib.get_close_matches(name[:60], known, n=1, cutoff=0.5)
    if close:
        return "is not a known field", _did_you_mean(close[0])
    return "is not a known field", f"remove it; known here: {', '.join(known)}"


def _did_you_mean(name: str) -> str:
    return f"did you mean '{name}'?"


def _known_fields(parent: Location, unknown: str, doc: YamlDoc) -> list[str]:
    """Names that the schema knows at `parent`: those of the model, without `unknown`, that fits the siblings best."""
    siblings = doc.data
    for part in parent:
        siblings = siblings[part]
    models = [frozenset(schema["properties"]) for schema in _object_schemas() if unknown not in schema["properties"]]
    best = max(models, key=lambda names: (len(names & set(siblings)), -len(names)))
    return sorted(best)


@cache
def _object_schemas() -> tuple[dict[str, Any], ...]:
    found = [schema for whole in schemas().values() for schema in (whole, *whole.get("$defs", {}).values())]
    return tuple(schema for schema in found if "properties" in schema)


def _must_be(kind: str, remedy: str) -> Callable[[ErrorDetails, YamlDoc], tuple[str, str]]:
    def words(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
        return f"must be {kind}, is {_describe(detail['input'])}", remedy

    return words


def _describe(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    if value is None:
        return "empty"
    name = names.get(type(value), type(value).__name__)
    return name if isinstance(value, list | dict) else f"{name} ({one_line(value, 40)})"


def _text(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    value, name = detail["input"], detail["loc"][-1] if detail["loc"] else ""
    quoted = "write a text" if isinstance(value, list | dict) or value is None else "put it in quotes"
    return f"must be text, is {_describe(value)}", _FORMS.get(str(name), quoted)


def _too_few(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    least, actual = detail["ctx"]["min_length"], detail["ctx"]["actual_length"]
    return f"must have at least {least} {_entries(least)}, has {actual}", f"add {least - actual} more"


def _too_many(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    most = detail["ctx"]["max_length"]
    return f"must have at most {most} {_entries(most)}, has more", "merge or remove some"


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"


def _short(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    if not str(detail["input"]).strip():
        return "is empty", "write its text"
    least = detail["ctx"]["min_length"]
    return f"must have at least {least} characters, is {_describe(detail['input'])}", "write it out"


def _long(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    most, actual = detail["ctx"]["max_length"], len(detail["input"])
    return f"must have at most {most} characters, has {actual}", f"shorten it by {actual - most}"


def _pattern(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    name = next((str(part) for part in reversed(detail["loc"]) if not isinstance(part, int)), "")
    return f"has the wrong form: {one_line(detail['input'], 60)!r}", _FORMS.get(name, _SLUG_FORM)


def _choice(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    return f"is {_describe(detail['input'])}", f"write {detail['ctx']['expected']}"


def _range(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    bound = "at least" if detail["type"] == "greater_than_equal" else "at most"
    limit = detail["ctx"]["ge" if bound == "at least" else "le"]
    return f"must be {bound} {limit}, is {one_line(detail['input'], 40)}", "correct the number"


def _rule(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    """A rule of the schema's own: it says "what; remedy"."""
    what, _, remedy = str(detail["ctx"]["error"]).partition("; ")
    return what, remedy or "see python -m content schema"


def _kind(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    return "does not say which kind of item it is", f"add 'kind: ...', one of: {', '.join(KINDS)}"


def _unknown_kind(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    return f"is {_describe(detail['input'])}", f"write one of: {', '.join(KINDS)}"


def _other(detail: ErrorDetails, doc: YamlDoc) -> tuple[str, str]:
    return one_line(detail["msg"]), "see python -m content schema"


_WORDS: dict[str, Callable[[ErrorDetails, YamlDoc], tuple[str, str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _text,
    "int_type": _must_be("a whole number", "write digits, without quotes or a point"),
    "bool_type": _must_be("true or false", "write true or false, without quotes"),
    "union_tag_not_found": _kind,
    "union_tag_invalid": _unknown_kind,
    "value_error": _rule,
    "list_type": _must_be("a list", "write each entry on its own line, after '- '"),
    "model_type": _must_be("a mapping", "write its fields as 'field: value'"),
    "model_attributes_type": _must_be("a mapping", "write its fields as 'field: value'"),
    "too_short": _too_few,
    "too_long": _too_many,
    "string_too_short": _short,
    "string_too_long": _long,
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "greater_than_equal": _range,
    "less_than_equal": _range,
}
