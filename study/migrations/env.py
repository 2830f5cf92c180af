"""Alembic's entry point. `upgrade.py` runs it inside a transaction of its own, on the connection it passes."""

from __future__ import annotations

from alembic import context

from study.migrations.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
