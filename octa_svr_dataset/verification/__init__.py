"""A second reader, independent of the writer: reads texts and pixel layers again, and compares.

It imports nothing of `text`, `templates` or `scoring`, and has a lexicon of its own.
"""
