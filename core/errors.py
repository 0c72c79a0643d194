"""The one error tree of the market. Each error carries a sentence for the reader: what is not possible, why, who can.

`core.middleware.DomainErrorMiddleware` maps it to pages and `core.api.problem_handler` to RFC 9457 documents. Nobody
matches on messages: add a class when a caller must tell two failures apart.
"""

from http import HTTPStatus
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule of the market refuses. `sentence` is shown to the person; `facts` go to the API as extra members."""

    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY
    code: ClassVar[str] = "refused"

    def __init__(self, sentence: Any, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return str(self.sentence)


class Invalid(DomainError):
    """What was typed cannot be used; `field` names the form field it stands beside."""

    code = "invalid"


class Denied(DomainError):
    """This person may not do it; the sentence says who can."""

    status = HTTPStatus.FORBIDDEN
    code = "denied"


class InvalidTransition(DomainError):
    """The thing is in a state in which this cannot happen."""

    status = HTTPStatus.CONFLICT
    code = "invalid-transition"


class Conflict(DomainError):
    """Somebody else was first, or the same key was used for something else."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class InsufficientFunds(DomainError):
    """An account that may not go below zero would."""

    status = HTTPStatus.CONFLICT
    code = "insufficient-funds"


class TooLate(InvalidTransition):
    """The market's clock has passed the instant until which this was possible."""

    code = "too-late"
