"""What came of grading a submission, as plain data. Imports no torch: the server shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class TestResult:
    """One case, by its name. `message` is empty if it passed."""

    __test__ = False  # pytest takes the name for one of its own

    name: str
    passed: bool
    message: str


@dataclass(frozen=True)
class Graded:
    """`passed` if every case was answered, and right. `error` is what kept cases from being answered, or ""."""

    passed: bool
    tests: list[TestResult]
    error: str
    seconds: float
    """From handing the code over to the last answer."""
    printed: str

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Graded:
        """Back from `as_data`. Raises KeyError or TypeError if it is not one."""
        return Graded(**{**data, "tests": [TestResult(**test) for test in data["tests"]]})
