"""PostgreSQL, Valkey and secrets for a machine that has only Python: the demo's and the tests' own, never production's.

A *profile* (`demo` for `make run`, `test` for `make test`) is a directory under `.data/` with its own servers, keys and
logs. Whoever needs the servers holds them (`Services`); a small keeper process per server starts it, watches it, starts
it again after a crash, and stops it when the last holder is gone, however that holder ended.

No Django in here: this runs before there are settings. No business either.
"""

from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.services import Services

__all__ = ["EmbeddedError", "Services"]
