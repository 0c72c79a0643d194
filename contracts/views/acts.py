"""The buttons of a project's pages: where each leads, and why it is not possible now, if it is not."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from contracts.models import Project


@dataclass(frozen=True, slots=True)
class Act:
    """A button: where it leads, what it says, and why it is not possible, if it is not."""

    url: str
    label: str
    icon: str
    why_not: str = ""
    tone: str = "primary"


def address(name: str, project: Project, *more: Any) -> str:
    """The address of a page of a project."""
    return reverse(name, args=[project.pk, *more])
