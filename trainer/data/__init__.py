"""Rows: where they come from, how they are split, and how they lie on disk."""
