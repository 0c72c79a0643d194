"""The first page: what needs me."""

from django.http import HttpResponse
from django.shortcuts import render

from core.http import Request


def home(request: Request) -> HttpResponse:
    """What needs the reader, what they have in motion, what is worth a look."""
    return render(request, "home.html", {})
