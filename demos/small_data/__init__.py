"""The lab of question 3: learning curves of a probe, of fine-tuning and from scratch, and where they cross."""
