import importlib.util
import sys
from pathlib import Path

import pytest

# importlib mode puts no test folder on the path: load the factory under a name that test modules import
_spec = importlib.util.spec_from_file_location("deck_factory", Path(__file__).with_name("deck_factory.py"))
assert _spec
assert _spec.loader
deck_factory = sys.modules["deck_factory"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(deck_factory)


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    """A folder of decks that passes every check."""
    return deck_factory.make_decks(tmp_path / "decks")
