"""The lab of questions 1 and 10: feature extraction, fine-tuning, freezing the first blocks, from scratch."""
