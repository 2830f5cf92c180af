"""The lab of question 2: one learning rate for the whole network, from far too low to far too high."""
