"""Finding the servers' programs: in the environment's packages first, on the machine second, copied when hidden."""

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from haier_market.embedded.accounts import Account
from haier_market.embedded.places import Home


def package_directory(name: str) -> Path | None:
    """Where an installed package lies, without importing it (importing some makes directories and locks)."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def runnable(program: Path, account: Account | None) -> bool:
    """Whether the program starts here for that user: right machine, right libraries, readable."""
    if not program.exists():
        return False
    if account is not None:
        return account.can_run(program)
    try:
        return subprocess.run([str(program), "--version"], capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


def reachable(program: Path, home: Home, *trees: Path) -> Path | None:
    """The program itself, or a copy that the home's account can run, or None when it does not run here at all.

    Args: trees: sibling directories the program needs, copied beside each other; the first contains the program.
    """
    if runnable(program, home.account):
        return program
    if home.account is None or not runnable(program, None):
        return None
    changed = int(program.stat().st_mtime)
    copy = home.shelf / f"{trees[0].name}-{changed}"
    if not copy.exists():
        _copy_out(copy, trees)
    copied = copy / trees[0].name / program.relative_to(trees[0])
    return copied if runnable(copied, home.account) else None


def _copy_out(target: Path, trees: tuple[Path, ...]) -> None:
    """Copy complete or not at all; two at once do no harm."""
    target.parent.mkdir(mode=0o755, exist_ok=True)
    target.parent.chmod(0o755)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".draft-"))
    draft.chmod(0o755)
    for tree in trees:
        if tree.is_dir():
            shutil.copytree(tree, draft / tree.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    _readable(draft)
    try:
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft)
        if not target.exists():
            raise


def _readable(tree: Path) -> None:
    """A strict umask at installation must not hide the copy again."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
