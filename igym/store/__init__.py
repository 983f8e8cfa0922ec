"""Redis: every key, every script, and functions that say what they do to both."""
