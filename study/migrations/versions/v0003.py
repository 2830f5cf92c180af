"""What was answered, cards put off or noted on, drafts, exercise attempts, interviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.String(200)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; cards and answers of before have nothing in them."""
    op.add_column("reviews", sa.Column("answered", sa.JSON))
    op.add_column("reviews", sa.Column("kind", TEXT))
    op.add_column("reviews", sa.Column("forgotten_at", MOMENT))
    op.add_column("cards", sa.Column("suspended", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("cards", sa.Column("buried_until", MOMENT))
    op.add_column("cards", sa.Column("note", sa.Text, nullable=False, server_default=""))
    # Until now every new card was one that the learner had added.
    op.add_column("cards", sa.Column("asked_for", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_learner_id_key", "drafts", ["learner_id", "key"])
    _create_attempts_and_interviews()


def _create_attempts_and_interviews() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("attempt_id", TEXT, nullable=False),
        sa.Column("exercise", TEXT, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("tests", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("attempted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("learner_id", "attempt_id", name="uq_attempts_learner_id_attempt_id"),
    )
    op.create_table(
        "interviews",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("interview_id", TEXT, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_interviews"),
        sa.UniqueConstraint("learner_id", "interview_id", name="uq_interviews_learner_id_interview_id"),
    )


def downgrade() -> None:
    """Refused: it would drop answers, notes, drafts and interviews."""
    raise NotImplementedError("going back would drop what the learner wrote")
