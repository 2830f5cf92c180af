"""Lab runs may carry what they measured: a few numbers that a summary over many runs is drawn from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; runs of before have nothing in it."""
    op.add_column("lab_runs", sa.Column("measured", sa.JSON))


def downgrade() -> None:
    """Refused: it would drop what runs have measured."""
    raise NotImplementedError("going back would drop what runs have measured")
