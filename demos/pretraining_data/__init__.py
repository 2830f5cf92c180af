"""The lab of question 9: how many classes and images pretraining needs, and ImageNet weights against random ones."""
