from pathlib import Path

import pytest

from tests.unit.content.deck_factory import make_decks


@pytest.fixture
def decks(tmp_path: Path) -> Path:
    """A folder of decks that passes every check."""
    return make_decks(tmp_path / "decks")
