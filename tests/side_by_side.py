"""Lets test processes run beside each other: a broker and cache of its own for each, before anything reads settings.

pytest-django gives each process a database of its own; this is the same for Valkey, which has sixteen. Loaded by
`-p`, because Django's settings are read before any conftest.
"""

import os
from urllib.parse import urlsplit

_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")

if _PROCESS and "REDIS_URL" in os.environ:
    number = int(_PROCESS.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
