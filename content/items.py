"""Quiz items that live beside a question, in `<question>/items.yaml`: what each kind holds. Texts are Markdown.

Recall cards need no entry: the question and each follow-up are recall items by themselves. Numbers that torch computes
are drawn by generators (code) and named by a `computed` item. Unknown fields are forbidden, as everywhere in a deck.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator

from content.fields import Entry, Slug, Text

Level = Literal["junior", "senior"]


class Option(Entry):
    """An answer to choose. `because` says why it is right or wrong and is shown after answering."""

    text: Text
    right: bool = False
    because: Text


class Choice(Entry):
    """One or several options are right; the wrong ones are what people really believe."""

    kind: Literal["choice"]
    key: Slug
    level: Level
    prompt: Text
    options: list[Option] = Field(min_length=3, max_length=6)

    @field_validator("options")
    @classmethod
    def _some_right_some_wrong(cls, options: list[Option]) -> list[Option]:
        right = sum(option.right for option in options)
        if right == 0:
            raise ValueError("has no right option; mark the right ones with 'right: true'")
        if right == len(options):
            raise ValueError("has no wrong option; mark only the right ones with 'right: true'")
        return options


class KeyPoint(Entry):
    """What an answer should contain. `words`: a few that a good answer would use, for the hint about missing points."""

    point: Text
    level: Level
    words: list[Text] = Field(min_length=2, max_length=8)


class Contradiction(Entry):
    """A classic reversal: what the learner may have said, and what is true."""

    says: Text
    instead: Text


class Typed(Entry):
    """Answered in the learner's own words, against the clock if she wants; compared with key points, never judged."""

    kind: Literal["typed"]
    key: Slug
    level: Level
    prompt: Text
    seconds: Literal[30, 60, 120]
    key_points: list[KeyPoint] = Field(min_length=3, max_length=7)
    contradictions: list[Contradiction] = Field(min_length=1, max_length=4)
    model_answer: Text


class Bug(Entry):
    """A short PyTorch snippet with one real mistake: pick the line and the reason.

    `check` is Python that runs after the snippet, in its namespace: it fails (AssertionError) after `code` and passes
    after `fix`. A test runs both, so that the mistake is real and the fix mends it.
    """

    kind: Literal["bug"]
    key: Slug
    level: Level
    prompt: Text
    code: Text
    line: int = Field(ge=1)
    """Of the mistake in `code`, from 1."""
    reasons: list[Option] = Field(min_length=3, max_length=5)
    fix: Text
    check: Text
    explanation: Text

    @field_validator("line")
    @classmethod
    def _is_a_line_of_the_code(cls, line: int, info: ValidationInfo) -> int:
        if "code" not in info.data:  # which is reported by itself
            return line
        lines = info.data["code"].splitlines()
        if line > len(lines):
            raise ValueError(f"is {line}, but 'code' has {len(lines)} lines; count its lines from 1")
        if not lines[line - 1].strip():
            raise ValueError(f"is {line}, but this line of 'code' is empty; count its lines from 1")
        return line

    @field_validator("reasons")
    @classmethod
    def _exactly_one_is_right(cls, reasons: list[Option]) -> list[Option]:
        right = sum(reason.right for reason in reasons)
        if right != 1:
            raise ValueError(f"must have exactly one right reason, has {right}; mark one with 'right: true'")
        return reasons


class CasePoint(Entry):
    """What a discussion of the case should touch."""

    point: Text
    level: Level


class Case(Entry):
    """A short design question in one quadrant of size x similarity."""

    kind: Literal["case"]
    key: Slug
    level: Level
    scenario: Text
    size: Literal["small", "large"]
    similarity: Literal["similar", "different"]
    check_first: Text
    """What to check before anything is trained."""
    key_points: list[CasePoint] = Field(min_length=4, max_length=8)
    discussion: Text


class Computed(Entry):
    """A number or a shape that torch works out when the item is drawn, by the generator of this name."""

    kind: Literal["computed"]
    key: Slug
    level: Level
    generator: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


Item = Annotated[Choice | Typed | Bug | Case | Computed, Field(discriminator="kind")]
KINDS = ("choice", "typed", "bug", "case", "computed")
ITEMS: TypeAdapter[list[Item]] = TypeAdapter(Annotated[list[Item], Field(min_length=1)])
"""A whole `items.yaml`."""
