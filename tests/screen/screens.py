"""What the screen tests share: finding cards, asking for one, reading the screen, and a desk without a worker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from streamlit.testing.v1 import AppTest

from content.exercises import Exercise
from content.items import Bug, Choice
from study.desk import DeskError
from study.drawn import Drawn, count_answer, names_answer
from study.exercises.graded import Graded, TestResult
from study.records import Review
from ui import asking, catalogue, services
from ui.catalogue import Entry, Kind

Open = Callable[..., AppTest]

NUMBER = Drawn(
    "a_number",
    0,
    "How many weights has `nn.Linear(10, 5)`?",
    count_answer(55, "parameters", {"The bias was forgotten.": 50}),
    ("10 · 5 = 50 weights", "and 5 biases: 55"),
    {},
)
NAMES = Drawn(
    "some_names",
    0,
    "Which are buffers?",
    names_answer(["running_mean"], ["weight", "running_mean"]),
    ("The mean.",),
    {},
)
PASSED = Graded(True, [TestResult("it doubles", True, ""), TestResult("it halves", True, "")], "", 0.4, "")
FAILED = Graded(
    False,
    [TestResult("it doubles", True, ""), TestResult("it halves", False, "y: expected 1, got 2")],
    "It took longer than 8 s and was stopped.",
    8.0,
    "hello from the code",
)


@dataclass
class FakeDesk:
    """Answers at once with what a test has put there; an `error` instead if there is one. Notes what it was asked."""

    drawn: Drawn = NUMBER
    graded: Graded = PASSED
    error: str = ""
    seeds: list[int] = field(default_factory=list)
    handed_in: list[tuple[str, str, bool]] = field(default_factory=list)
    """Exercise, code, and whether the learner has agreed to run it without the fence."""

    def draw(self, generator: str, seed: int) -> Drawn:
        self.seeds.append(seed)
        if self.error:
            raise DeskError(self.error)
        return self.drawn

    def grade(self, exercise: Exercise, code: str, *, consent: bool) -> Graded:
        self.handed_in.append((exercise.key, code, consent))
        if self.error:
            raise DeskError(self.error)
        return self.graded


def go(test: AppTest, path: str) -> None:
    """Switch to the page at `path`; the harness's own `switch_page` takes files only."""
    test._page_hash = test.session_state["navigation.pages"][path]._script_hash
    test.run()


def entries(kind: Kind) -> Iterator[Entry]:
    """The cards of a kind, in the order of the catalogue."""
    return (entry for entry in catalogue.entries().values() if entry.kind == kind)


def one_right() -> Entry:
    """A choice with one right option."""
    return next(entry for entry in entries("choice") if sum(option.right for option in choice(entry).options) == 1)


def several_right() -> Entry:
    """A choice with two right options."""
    return next(entry for entry in entries("choice") if sum(option.right for option in choice(entry).options) == 2)


def choice(entry: Entry) -> Choice:
    assert isinstance(entry.item, Choice)
    return entry.item


def bug(entry: Entry) -> Bug:
    assert isinstance(entry.item, Bug)
    return entry.item


def ask(app: Open, entry: Entry) -> AppTest:
    """The quiz with this card on the table, as *Ask me* on the screen of cards lays it."""
    screen = app("cards")
    screen.text_input(key="cards-words").set_value(entry.heading).run()
    screen.button(key=f"ask-{entry.item_id}").click().run()
    go(screen, "quiz")  # where the script went by itself; the harness's next run would be that of the cards again
    assert not screen.exception
    assert asked(screen).item_id == entry.item_id
    return screen


def asked(screen: AppTest) -> asking.Asked:
    """The card on the table."""
    found: asking.Asked = screen.session_state["kept:quiz:asked"]
    return found


def press(screen: AppTest, key: str) -> AppTest:
    """Press the button; a failing script fails the test."""
    screen.button(key=key).click().run()
    assert not screen.exception
    return screen


def hand_in(screen: AppTest, button: str = "check") -> AppTest:
    """Press a button of the card: "check" or "unknown"."""
    return press(screen, f"{asked(screen).answer_id}-{button}")


def suggested(screen: AppTest) -> str:
    """The rating that stands out."""
    found = [
        name for name in ("again", "hard", "good", "easy") if screen.button(key=f"rate-{name}").proto.type == "primary"
    ]
    assert len(found) == 1
    return found[0]


def is_rated(screen: AppTest) -> bool:
    """Whether the ratings are there: the back is up."""
    return any(button.key == "rate-good" for button in screen.button)


def texts(screen: AppTest) -> str:
    """All texts of the screen."""
    kinds = (screen.title, screen.header, screen.subheader, screen.markdown, screen.caption, screen.text, screen.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def as_read(markdown: str) -> str:
    """Text that was escaped, as the learner reads it."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


def reviews() -> list[Review]:
    """What was counted so far."""
    return services.store().reviews()
