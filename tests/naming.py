"""Whether a page names somebody: as a word, because a random token may hold the letters of a short name."""

import re


def names(page: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", page) is not None
