"""What holds for every template: no inline style or script, no icon that is not vendored, no other host."""

import re
from pathlib import Path

import pytest

from core.words.signs import ICONS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OURS = [ROOT / "static" / name for name in ("market.css", "market.js", "admin-market.css", "admin-theme.js")]
FORBIDDEN = {
    r"\sstyle=": "an inline style",
    r"<style": "an inline style",
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)": "an inline script",
    r"\son[a-z]+=": "an inline handler",
    r"hx-on": "hx-on",
    r"[\"'{ ]js:": "js: in an attribute of htmx",
    r"hx-trigger=\"[^\"]*\[": "a filter in hx-trigger",
    r"\|safe\b": "|safe",
    r"(?:src|href)=\"(?:https?:)?//": "another host",
}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_a_template_obeys_the_content_security_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for pattern, word in FORBIDDEN.items() if re.search(pattern, text)] == []


def test_every_icon_a_template_or_a_badge_names_is_vendored() -> None:
    used: dict[str, str] = {}
    for path in TEMPLATES:
        for name in re.findall(r"(?:\{% icon |\bicon=|icon_name=)\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")):
            used[name] = path.name
    for path in ROOT.glob("[a-z]*/**/*.py"):
        if path.parts[len(ROOT.parts)] in ("tests", "static"):
            continue
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"\bBadge\([^\n]*\"(?:neutral|accent|good|warn|bad)\", \"([a-z0-9-]+)\"", text):
            used[name] = path.name
    missing = {name: where for name, where in used.items() if not (ICONS / f"{name}.svg").is_file()}
    assert missing == {}
    assert used


@pytest.mark.parametrize("path", OURS, ids=names(OURS))
def test_our_own_files_ask_no_other_host(path: Path) -> None:
    assert not re.search(r"https?://|@import|sourceMappingURL", path.read_text(encoding="utf-8"))


def test_vendored_files_keep_their_licences_and_point_to_no_source_map() -> None:
    vendor = ROOT / "static" / "vendor"
    assert "MIT" in (vendor / "pico" / "LICENSE.md").read_text(encoding="utf-8")
    assert "ISC" in (vendor / "lucide" / "LICENSE").read_text(encoding="utf-8")
    assert "sourceMappingURL" not in (vendor / "pico" / "pico.css").read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_pair_of_tokens_has_enough_contrast_in_light_and_dark() -> None:
    css = (ROOT / "static" / "market.css").read_text(encoding="utf-8")
    tokens = dict(re.findall(r"--([a-z-]+): (light-dark\([^)]*\));", css))

    def shade(name: str, theme: int) -> str:
        return str(re.findall(r"#[0-9a-f]{6}", tokens[name])[theme])

    text = ("ink", "quiet", "accent", "accent-deep", "good", "warn", "bad")
    pairs = [(word, ground) for word in text for ground in ("surface", "raised", "sunken")]
    pairs += [(tone, f"{tone}-wash") for tone in ("accent", "good", "warn", "bad")]
    pairs += [("ink", f"{tone}-wash") for tone in ("accent", "good", "warn", "bad")] + [("on-accent", "accent")]
    weak = [(a, b, theme) for a, b in pairs for theme in (0, 1) if contrast(shade(a, theme), shade(b, theme)) < 4.5]
    assert weak == []
    grounds = ("surface", "raised")
    edges = [contrast(shade("edge", theme), shade(ground, theme)) for theme in (0, 1) for ground in grounds]
    assert min(edges) >= 3
