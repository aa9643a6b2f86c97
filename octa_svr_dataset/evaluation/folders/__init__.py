"""Folders of pictures as laboratories have them: one module a layout, and what they share."""
