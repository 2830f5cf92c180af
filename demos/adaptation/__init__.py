"""The lab of question 6: what unlabelled images of the target are worth (AdaBN, CORAL, DANN)."""
