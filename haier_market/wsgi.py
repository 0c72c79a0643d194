"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from core.memory import keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  # read now: views would be loaded with the first request otherwise
keep_what_is_loaded()
