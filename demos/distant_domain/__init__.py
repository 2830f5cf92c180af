"""The lab of question 4: plenty of labels in a domain far from the source."""
