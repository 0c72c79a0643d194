"""Turning a check that raises into an answer a template can show. The checks themselves live in each room."""

from collections.abc import Callable
from typing import ParamSpec

from core.errors import DomainError

P = ParamSpec("P")


def why_not(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str:
    """The sentence with which `check` refuses, or an empty string when it does not."""
    try:
        check(*args, **kwargs)
    except DomainError as refusal:
        return str(refusal.sentence)
    return ""
