"""Searchers and schedulers on published learning curves, in virtual time."""
