"""The first schema: cards, the review log, predictions, lab runs, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.String(200)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("item_id", TEXT, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("stability_days", sa.Double),
        sa.Column("difficulty", sa.Double),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("last_review", MOMENT),
        sa.Column("reviews", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        sa.UniqueConstraint("learner_id", "item_id", name="uq_cards_learner_id_item_id"),
    )
    _create_reviews()
    _create_lab_tables()
    op.create_table(
        "settings",
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("learner_id", "key", name="pk_settings"),
    )


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("answer_id", TEXT, nullable=False),
        sa.Column("card_id", sa.Integer, nullable=False),
        sa.Column("item_id", TEXT, nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("reviewed_at", MOMENT, nullable=False),
        sa.Column("duration_seconds", sa.Double, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("retrievability", sa.Double),
        sa.Column("undone_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name="fk_reviews_card_id_cards"),
        sa.UniqueConstraint("learner_id", "answer_id", name="uq_reviews_learner_id_answer_id"),
    )
    op.create_index("ix_reviews_card_id", "reviews", ["card_id"])
    op.create_index("ix_reviews_learner_id_reviewed_at", "reviews", ["learner_id", "reviewed_at"])


def _create_lab_tables() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("prediction_id", TEXT, nullable=False),
        sa.Column("lab", TEXT, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("predicted", TEXT, nullable=False),
        sa.Column("predicted_at", MOMENT, nullable=False),
        sa.Column("outcome", TEXT),
        sa.Column("settled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.UniqueConstraint("learner_id", "prediction_id", name="uq_predictions_learner_id_prediction_id"),
    )
    op.create_table(
        "lab_runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("lab", TEXT, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lab_runs"),
        sa.UniqueConstraint("learner_id", "run_id", name="uq_lab_runs_learner_id_run_id"),
    )


def downgrade() -> None:
    """Refused: it would drop everything the learner made."""
    raise NotImplementedError("the first schema has nothing before it")
