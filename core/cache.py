"""The cache, with one client for as long as the process lives."""

from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _Client(RedisCacheClient):
    """Django makes a client for every question; its connections are in a pool either way."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client of the server that is asked."""
        kept: dict[bool, Any] = self.__dict__.setdefault("kept_clients", {})
        if write not in kept:
            kept[write] = super().get_client(key, write=write)
        return kept[write]


class Cache(RedisCache):
    """Django's cache in Redis; every page asks it for its reader's session. One server."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
