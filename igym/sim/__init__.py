"""Environments: driving one, adapting to its kind, and describing what it looks like."""
