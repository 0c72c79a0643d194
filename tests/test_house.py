"""Rules that hold for every page, table and state, whoever wrote them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver

from contracts.models import Bid, SealedEvent, SealedTerms, WrappedKey
from haier_market.lifecycles import drawn
from tests.secrecy.worlds import NOBODY, routes

DOCS = Path(__file__).resolve().parent.parent / "docs"
OPEN_TO_STRANGERS = {
    "account_login", "account_signup", "account_inactive", "account_logout", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "account_confirm_email", "account_email_verification_sent", "account_confirm_login_code", "mfa_authenticate",
    "socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup", "livez", "readyz",
    "set_theme", "set_language", "login", "jsi18n",
}  # fmt: skip
"""Addresses that answer somebody who has not signed in; every other one must not."""


@pytest.mark.django_db
def test_a_stranger_is_asked_to_sign_in_everywhere_else() -> None:
    resolver, client, answered = get_resolver(), Client(), []
    for route in routes(resolver):
        if route.name is None or route.name in OPEN_TO_STRANGERS:
            continue
        path = "/" + filled(route.pattern)
        response = client.get(path)
        sent_away = response.status_code in (301, 302) and "/login" in response["Location"]
        if not (sent_away or response.status_code in (401, 403, 404, 405)):
            answered.append((path, response.status_code))
    assert not answered


def filled(pattern: str) -> str:
    plain = re.sub(r"[\^$]|\\Z", "", pattern)
    plain = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "x", plain)
    plain = re.sub(r"<uuid:\w+>", str(NOBODY), plain)
    plain = re.sub(r"<date:\w+>", "2026-01-01", plain)
    return re.sub(r"<(?:\w+:)?\w+>", "1", plain)


@pytest.mark.parametrize("model", [Bid, SealedTerms, SealedEvent, WrappedKey])
def test_nothing_sealed_is_in_the_admin_site(model: type) -> None:
    assert model not in admin.site._registry


def test_the_admin_site_holds_our_tables_only_and_deletes_nothing() -> None:
    for model, table in admin.site._registry.items():
        assert model._meta.app_label in settings.ROOMS
        assert type(table).has_delete_permission.__qualname__ == "MarketModelAdmin.has_delete_permission"


def test_the_drawn_lifecycles_are_those_of_the_code() -> None:
    assert (DOCS / "lifecycles.md").read_text() == drawn(), "run: make manage ARGS=draw_lifecycles"


def test_no_foreign_key_points_upwards() -> None:
    order = ["core", "people", "ledger", "microenterprises", "contracts", "settlement", "talent_pool", "insights"]
    allowed: Callable[[str, str], bool] = lambda low, high: order.index(high) <= order.index(low)  # noqa: E731
    for model in (m for label in order for m in apps.get_app_config(label).get_models()):
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model is not None:
                target = field.related_model._meta.app_label
                if target in order and target != "people":
                    assert allowed(model._meta.app_label, target), f"{model.__name__}.{field.name}"
