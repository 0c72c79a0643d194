"""Public identifiers. Random, so that they neither count nor tell who came first."""

import uuid


def new_id() -> uuid.UUID:
    """A random UUID (version 4); the default of every public primary key."""
    return uuid.uuid4()
