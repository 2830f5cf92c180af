"""The parts of `study.store.Store`, one per topic. SQL lives here and in `study.migrations`, nowhere else."""
