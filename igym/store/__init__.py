"""Redis: every key, every script, and functions that say what they do to both.

Other shelves know Redis only as the `Redis` they pass on and the `RedisError` they catch.
"""

from redis import Redis
from redis.exceptions import RedisError

__all__ = ["Redis", "RedisError"]
