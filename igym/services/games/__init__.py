"""A live game in its worker, and what becomes of it when the worker goes."""
