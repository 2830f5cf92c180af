"""The lab of question 5: what fine-tuning forgets of its source, and what six cures keep of it."""
