"""Every address of the product. Each room brings its own `urls.py`; `tests/test_house.py` and `tests/secrecy` ask
them all."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from core import health, look, pages
from haier_market import home

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("contracts.urls")),
    path("", include("microenterprises.urls")),
    path("", include("settlement.urls")),
    path("", include("talent_pool.urls")),
    path("", include("insights.urls")),
    path("people/", include("people.urls")),
    # Addresses of people are HR's: nobody changes their own sign-in here.
    path("accounts/email/", RedirectView.as_view(pattern_name="profile")),
    path("accounts/", include("allauth.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("theme/", look.set_theme, name="set_theme"),
    path("admin/", admin.site.urls),
    path("api/", include("haier_market.api")),
    path("livez", login_not_required(health.livez), name="livez"),
    path("readyz", login_not_required(health.readyz), name="readyz"),
]

handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.broken
