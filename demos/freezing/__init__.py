"""What does "freeze the first k children" freeze? Question 10."""
