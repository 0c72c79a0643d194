"""The one settings file. Environment readers are strict (`haier_market.environment`); `MARKET_ENV` is demo, test or
production, and production supplies every secret itself.
"""

import base64
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF

from haier_market import environment as env

# Lets generic Django classes be written with their parameters, as type checkers want them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
MARKET_ENV = env.one_of("MARKET_ENV", ("demo", "test", "production"), "production")
PRODUCTION = MARKET_ENV == "production"
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / ".data" / MARKET_ENV)))

# A test needs no secrets of its own; nothing else has a default.
_TEST_SECRET = base64.urlsafe_b64encode(b"test" * 8).decode() if MARKET_ENV == "test" else None
_TEST_PAYOUT_SECRET = base64.urlsafe_b64encode(b"paid" * 8).decode() if MARKET_ENV == "test" else None

SECRET_KEY = env.text("SECRET_KEY", _TEST_SECRET)
BID_KEY = env.key("BID_KEY", _TEST_SECRET)
"""Wraps the key of every project's sealed bids. Whoever holds it and the database can open bids early."""
BID_KEY_BEFORE = env.key_or_none("BID_KEY_BEFORE")
"""Still opens the keys that were wrapped before BID_KEY was replaced, until `wrap_bid_keys` has run."""
PAYOUT_KEY = env.key("PAYOUT_KEY", _TEST_PAYOUT_SECRET)
"""Encrypts people's bank details. Whoever holds it and the database can read them."""
PAYOUT_KEY_BEFORE = env.key_or_none("PAYOUT_KEY_BEFORE")
"""Still opens what was encrypted before PAYOUT_KEY was replaced, until `seal_bank_details` has run."""

DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,testserver")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
CLOCK_MAY_MOVE = not PRODUCTION
"""Whether the market's clock may be moved ahead; a system check refuses it in production."""

COMPANY_TIME_ZONE = env.text("COMPANY_TIME_ZONE", "Asia/Shanghai")
COMPANY_CURRENCY = env.text("COMPANY_CURRENCY", "CNY")

# Whose account pays people out. Without it nothing is paid; a demo has one that no bank knows.
PAYOUT_DEBTOR_NAME = env.text("PAYOUT_DEBTOR_NAME", "" if PRODUCTION else "Haier Market, demonstration")
PAYOUT_DEBTOR_ACCOUNT = env.text("PAYOUT_DEBTOR_ACCOUNT", "" if PRODUCTION else "6200000000000000018")
PAYOUT_DEBTOR_BIC = env.text("PAYOUT_DEBTOR_BIC", "" if PRODUCTION else "DEMOCNBJXXX")

# What the market says of itself where it speaks the Open Contracting Data Standard (docs/ocds.md).
OCDS_PREFIX = env.text("OCDS_PREFIX", "ocds-market")
OCDS_PUBLISHER = env.text("OCDS_PUBLISHER", "Haier Market")
OCDS_LICENCE = env.text("OCDS_LICENCE", "urn:haier-market:licence:internal")
OCDS_POLICY = env.text("OCDS_POLICY", "")

ROOMS = ["core", "people", "ledger", "microenterprises", "contracts", "settlement", "talent_pool", "insights"]

INSTALLED_APPS = [
    "haier_market.admin_config.MarketAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, for FORM_RENDERER
    "django_linear_migrations",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "csp",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "import_export",
    "pgtrigger",
    "rest_framework",
    "rest_framework.authtoken",
    "template_partials.apps.SimpleAppConfig",
    *ROOMS,
    "haier_market",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "haier_market.doors.VendorDoors",
    "core.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.FragmentMiddleware",
    "core.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "haier_market.urls"
WSGI_APPLICATION = "haier_market.wsgi.application"

_LOADERS = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                ("template_partials.loader.Loader", [("core.folding.Loader", _LOADERS)]),
            ],
            "builtins": ["template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "haier-market", "options": "-c lock_timeout=10000"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "core.cache.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"market-{DATABASES['default']['NAME']}",
    }
}

# Sign-in -------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["people.backend.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "people.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SOCIALACCOUNT_ENABLED = True

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "core.pages.csrf_failure"

# What a browser may do ---------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = PRODUCTION and env.switch("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A panel gives points with a reason for every bid and criterion on one page; five hundred bids are 6,000 fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Words and times -----------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION

# Files ---------------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MARKET_ENV == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = MARKET_ENV == "test"
WHITENOISE_AUTOREFRESH = MARKET_ENV == "test"  # look a file up when asked; every test client would list them all first

EXPORTS_DIR = Path(env.text("EXPORTS_DIR", None if PRODUCTION else str(DATA_DIR / "exports")))
"""Where files made in the background lie until they expire. Private; every web server and worker sees the same."""

# Mail ----------------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "market@haier.example")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
"""Where readers of an e-mail find the market."""
if PRODUCTION:
    EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
    EMAIL_PORT = env.number("EMAIL_PORT", 25)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", False)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"

# The clock's own work ------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60 * 60,
    "global_keyprefix": f"market-{DATABASES['default']['NAME']}-",
    # kombu otherwise sweeps unacknowledged tasks every hundred seconds whatever the visibility timeout says
    "unacked_restore_interval": 60 * 10,
    "unacked_restore_throttle": 60,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Each asks the market's clock what is due, does it, and may run late, early or twice.
    "open the bids of closed projects": {
        "task": "contracts.tasks.open_due_projects",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 30},
    },
    "take conflicts of interest out of panels": {
        "task": "contracts.tasks.watch_panels",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "accept deliveries after the agreed silence": {
        "task": "contracts.tasks.accept_silent_deliveries",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "work out how promises are kept in the market": {
        "task": "contracts.tasks.work_out_promises",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3_000},
    },
    "tell in OCDS what began, and what nobody told yet": {
        "task": "contracts.tasks.tell_releases",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 60},
    },
    "look for red flags once a business date": {
        "task": "contracts.tasks.look_for_red_flags",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 240},
    },
    "chain what was written in the audit trail": {
        "task": "core.tasks.link_audit",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 30},
    },
    "make the files that wait, and delete the old ones": {
        "task": "settlement.tasks.exports",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 60},
    },
    "tell watchers and searchers what is near or new": {
        "task": "contracts.tasks.tell_what_is_new",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "forget what watchers were told long ago": {
        "task": "contracts.tasks.forget_old_alerts",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3_000},
    },
    "mail the alerts that are due": {
        "task": "people.tasks.mail_alerts",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "settle the business dates that are over": {
        "task": "settlement.tasks.night",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 60},
    },
    "go on with payouts that were begun": {
        "task": "settlement.tasks.payouts",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 60},
    },
}

# API -----------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["haier_market.doors.Colleagues"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.text("API_RATE", "1200/min")},
    "EXCEPTION_HANDLER": "core.api.problem_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Haier Market",
    "VERSION": "1",
    "DESCRIPTION": "The market's API: the same actions and permissions as the pages.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["haier_market.doors.Colleagues"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "BidStatus": "contracts.models.bids.Bid.Status",
        "ContractStatus": "contracts.models.contracts.Contract.Status",
        "MilestoneStatus": "contracts.models.contracts.Milestone.Status",
        "MicroenterpriseStatus": "microenterprises.models.firms.Microenterprise.Status",
        "RunStatus": "settlement.models.SettlementRun.Status",
        "PayoutStatus": "settlement.models.PayoutBatch.Status",
    },
}

CALENDAR_RATE = env.text("CALENDAR_RATE", "120/hour")
"""How often one calendar feed is read."""

# Logs ----------------------------------------------------------------------------------------------------------------
# No line per request: that somebody posted to a bid's address at all is a secret until the bids are opened.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # A line per task would count the receipts of sealed bids (rule 2); failures are still logged.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Django warns of every refused request by its path, and a refused bid is a secret; server errors are logged.
        "django.request": {"level": "ERROR"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []

if MARKET_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": "100000/min"}
    CALENDAR_RATE = "100000/min"
    ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]
