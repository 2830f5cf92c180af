"""What the learner remembers, when she will be asked, and taking it with her."""
