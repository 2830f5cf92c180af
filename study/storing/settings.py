"""Settings: JSON under a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from study.migrations.tables import SettingRow
from study.storing.database import Database


class Settings(Database):
    """What the learner has set. `study.settings` knows the keys that the quiz uses."""

    def setting(self, key: str, default: Any, *, learner: str = "local") -> Any:
        """A setting's value (as JSON gives it back: tuples become lists), `default` if it was never set."""
        with self._reading() as session:
            row = session.get(SettingRow, (learner, key))
            return default if row is None else row.value

    def set_setting(self, key: str, value: Any, *, learner: str = "local") -> None:
        """Keep a setting. `value`: anything JSON can hold, None included; TypeError otherwise."""
        self.set_settings({key: value}, learner=learner)

    def set_settings(self, values: Mapping[str, Any], *, learner: str = "local") -> None:
        """Keep several settings, all or none of them."""

        def work(session: Session) -> None:
            for key, value in values.items():
                session.merge(SettingRow(learner_id=learner, key=key, value=value))

        self._write(work)
