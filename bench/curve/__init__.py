"""How many people at once, and what do they feel: `python -m bench load`."""
