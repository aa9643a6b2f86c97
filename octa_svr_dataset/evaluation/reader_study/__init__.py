"""Experts rate what models say of pictures, without knowing which model it was."""
