"""The lab of question 7: a pretrained network at another input size."""
