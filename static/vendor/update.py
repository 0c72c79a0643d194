#!/usr/bin/env python3
"""Fetch the pinned packages the pages are made of, and write the few files of them that we serve.

Run it by hand after changing a version or an icon: `python static/vendor/update.py` (needs npm to fetch). Each archive
is checked against the hash below. Nothing of ours belongs into the folders it writes; they are replaced.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent

PICO: Final = "@picocss/pico@2.1.1"
LUCIDE: Final = "lucide-static@1.62.0"
HASHES: Final = {
    PICO: "sha512-kIDugA7Ps4U+2BHxiNHmvgPIQDWPDU4IeU6TNRdvXQM1uZX+FibqDQT2xUOnnO2yq/LUHcwnGlu1hvf4KfXnMg==",
    LUCIDE: "sha512-WBZA/m2PvkFpMGHDtsBck5P2A9G4ehLlYu4GwwICcmEm1BvYVgj00lCDxKRWLlbMlOibLaiwdQ88G5pHkSWgwA==",
}

ICONS: Final = """
armchair arrow-down arrow-left arrow-right arrow-up arrow-up-right award ban banknote bell book-open bookmark briefcase
building-2 calculator calendar chart-line check chevron-down chevron-left chevron-right circle circle-alert circle-check
circle-dashed circle-dot circle-help circle-plus circle-x clock coins copy download ellipsis external-link eye eye-off
file-check file-plus file-spreadsheet file-text filter fingerprint flag gauge gavel gift graduation-cap hand-coins
handshake hash heart-handshake history hourglass house inbox info key-round keyboard landmark languages layout-grid
lightbulb link list list-checks lock lock-open log-in log-out mail map megaphone menu message-square milestone minus
monitor moon moon-star network package paperclip pause pen pencil-line percent piggy-bank play plus receipt receipt-text
refresh-cw rocket rotate-ccw scale search send settings share-2 shield shield-check signature sliders-horizontal
sparkles sprout stamp star store sun tag target thumbs-down thumbs-up timer trash-2 trending-down trending-up
triangle-alert truck undo-2 upload user user-check user-plus user-x users vote wallet x zap
""".split()  # noqa: SIM905  a hundred quoted words read worse


def fetch(package: str, into: Path) -> Path:
    """Unpack the published archive of `package` below `into`, once its hash is the one we know."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch packages: apt-get install npm")
    done = subprocess.run(  # noqa: S603  fixed arguments
        [npm, "pack", "--silent", "--pack-destination", str(into), package], capture_output=True, text=True, check=True
    )
    archive = into / done.stdout.split()[-1]
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != HASHES[package]:
        sys.exit(f"{package} is not what we pinned: {digest}")
    target = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target / "package"


def stripped(text: str) -> str:
    """Text without pointers to source maps, which we do not serve."""
    return re.sub(r"\n?/[*/][#@] ?sourceMappingURL=[^\n*]*(\*/)?", "", text)


def write_pico(package: Path) -> None:
    """Pico in its own cascade layer: rules of ours, which are in none, win whatever their specificity."""
    folder = fresh("pico")
    css = stripped((package / "css" / "pico.min.css").read_text(encoding="utf-8"))
    css = css.removeprefix('@charset "UTF-8";').removeprefix("\ufeff")
    (folder / "pico.css").write_text(f'@charset "UTF-8";\n@layer pico {{\n{css.strip()}\n}}\n', encoding="utf-8")
    shutil.copy(package / "LICENSE.md", folder / "LICENSE.md")


def write_lucide(package: Path) -> None:
    """The icons we use, as they are, licence line included."""
    folder = fresh("lucide")
    missing = [name for name in ICONS if not (package / "icons" / f"{name}.svg").is_file()]
    if missing:
        sys.exit(f"{LUCIDE} has no icon {', '.join(missing)}")
    for name in ICONS:
        shutil.copy(package / "icons" / f"{name}.svg", folder / f"{name}.svg")
    shutil.copy(package / "LICENSE", folder / "LICENSE")


def fresh(name: str) -> Path:
    """An empty folder beside this script."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        write_pico(fetch(PICO, Path(place)))
        write_lucide(fetch(LUCIDE, Path(place)))


if __name__ == "__main__":
    main()
