"""The one error of the embedded services. Its text is a sentence for the person at the terminal."""


class EmbeddedError(Exception):
    """Something the embedded services cannot do; says what, and what to do about it."""
