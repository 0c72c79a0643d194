"""Serve the gallery, or photograph it: `python -m tests.look.gallery FOLDER [page ...]`.

For looking only; `test_gallery.py` holds what must be true and starts this with `--serve`.
"""

import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PAGES = {
    "home": "/",
    "projects": "/projects/?status=open&industry=cold",
    "project": "/projects/one/",
    "form": "/projects/new/",
    "statement": "/statements/",
    "parts": "/parts/",
    "empty": "/empty/?status=open&q=fridge",
    "refused": "/refused/",
    "broken": "/broken/",
    "login": "/accounts/login/",
}
CHROMIUM = {
    "executable_path": "/usr/bin/chromium-headless-shell",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
}


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


def serve() -> str:
    """Start the gallery on a free port of 127.0.0.1; its address."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), Threaded, Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def photograph(address: str, folder: Path, wanted: list[str]) -> None:
    """Every page, light and dark, wide and on a phone, as PNG files in `folder`."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            for width in (1440, 390):
                page = browser.new_page(
                    viewport={"width": width, "height": 900 if width > 400 else 844}, color_scheme=theme,
                    device_scale_factor=1, has_touch=width < 400, is_mobile=width < 400,
                )  # fmt: skip
                for name in wanted or PAGES:
                    page.goto(address + PAGES[name])
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.look.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    here = serve()
    if sys.argv[1] == "--serve":
        print(here, flush=True)  # noqa: T201  the test reads it
        sys.stdin.read()
    else:
        photograph(here, Path(sys.argv[1]), sys.argv[2:])
