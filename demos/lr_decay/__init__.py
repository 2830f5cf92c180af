"""Does ending on a low rate beat holding a high one? Question 2."""
