"""The lab of question 8: smaller learning rates for the early blocks, against one rate for all of them."""
