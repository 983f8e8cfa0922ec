"""Figures of igym on the machine at hand. Not tests: nothing here passes or fails."""
