"""Addresses of the gallery, for tests and for looking only."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from core import look, pages
from tests.look import views

urlpatterns = [
    path("", views.home, name="home"),
    path("projects/", views.projects, name="projects"),
    path("projects/one/", views.project, name="project"),
    path("projects/new/", views.form, name="form"),
    path("statements/", views.statement, name="statement"),
    path("parts/", views.parts, name="parts"),
    path("empty/", views.nothing, name="nothing"),
    path("refused/", views.refused, name="refused"),
    path("broken/", views.broken, name="broken"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("language/", login_not_required(set_language), name="set_language"),
    path("theme/", look.set_theme, name="set_theme"),
]
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.broken
