"""The cast for every test of this room."""

from tests.cast import cast

__all__ = ["cast"]
