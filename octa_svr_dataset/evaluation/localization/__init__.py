"""Where a model says that things lie, against masks of real pictures and label maps of synthetic ones."""
