"""Findings put into words, and words read back as answers."""
