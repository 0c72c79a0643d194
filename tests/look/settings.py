"""The product's settings with the gallery's addresses and templates."""

from haier_market.settings import *  # noqa: F403
from haier_market.settings import BASE_DIR, INSTALLED_APPS, TEMPLATES

UPPER_ROOMS = {"ledger", "microenterprises", "contracts", "settlement", "talent_pool", "insights"}
"""What pages are made of knows no room above people, so the gallery runs without them."""
ROOT_URLCONF = "tests.look.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "tests" / "look" / "templates"]}]
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in UPPER_ROOMS]
