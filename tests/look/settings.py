"""The product's settings with the gallery's addresses and templates."""

from haier_market.settings import *  # noqa: F403
from haier_market.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

ROOT_URLCONF = "tests.look.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "tests" / "look" / "templates"]}]  # type: ignore[misc]
INSTALLED_APPS = [*INSTALLED_APPS]
