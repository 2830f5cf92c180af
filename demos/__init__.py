"""The labs: live experiments on small, real PyTorch models.

One folder per lab (`lab.py`, `experiment.py`, `figure.py`) and what they share. Only worker modules import torch.
"""
