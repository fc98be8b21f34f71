"""The report of a sweep: first its data, then pages of them. Nothing here reads a folder."""
