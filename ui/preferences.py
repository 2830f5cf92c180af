"""The learner's settings for this run of the script, and the scheduler that follows from them."""

from __future__ import annotations

from study import settings as study_settings
from study.scheduling import Scheduler
from study.settings import Settings
from ui import services, session


def settings() -> Settings:
    """What the learner has set, or the defaults."""
    return study_settings.load(services.store(), services.LEARNER)


def scheduler() -> Scheduler:
    """Scheduling with her retention, parameters and interview date."""
    return study_settings.scheduler_for(settings(), services.now(), session.timezone())
