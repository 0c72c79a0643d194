"""The same as somebody who is not root: as we are, or as `nobody` when the tests run as root."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from haier_market.embedded.accounts import Account
from haier_market.embedded.places import PROJECT
from tests.embedded.conftest import bare_environment

_ASK = """
import os, pathlib, psycopg2, redis
connection = psycopg2.connect(os.environ["DATABASE_URL"])
cursor = connection.cursor()
cursor.execute("SELECT current_user")
assert cursor.fetchone() == ("market",)
assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
assert os.geteuid() != 0
home = pathlib.Path(os.environ["DATA_DIR"]) / "postgres" / "data"
assert home.stat().st_uid == os.geteuid()
print("served")
"""


def ordinary_account() -> Account | None:
    """None when we are one ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account("nobody", nobody.pw_uid, nobody.pw_gid)


def copied_interpreter(target: Path) -> str:
    """This Python, copied to where everybody may run it: root's own may lie in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    left_out = shutil.ignore_patterns("site-packages", "test", "idlelib", "config-*", "__pycache__", "ensurepip")
    shutil.copytree(base / "lib" / version, target / "lib" / version, ignore=left_out)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, target / "lib" / library.name)
    (target / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), target / "bin" / version)
    return str(target / "bin" / version)


def readable_for(account: Account | None, path: Path, target: Path) -> str:
    """The directory itself, or a copy when the account may not enter it."""
    if account is None or account.can_use(path):
        return str(path)
    shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".git", ".venv", ".data"))
    return str(target)


def test_an_ordinary_user_runs_the_servers_as_themselves(open_root: Path) -> None:
    account = ordinary_account()
    packages = Path(sys.modules["psycopg2"].__file__ or "").parent.parent
    python = copied_interpreter(open_root / "python") if account else sys.executable
    project = readable_for(account, PROJECT, open_root / "project")
    libraries = readable_for(account, packages, open_root / "packages")
    data = open_root / "own"
    data.mkdir()
    if account:
        os.chown(data, account.uid, account.gid)
    search = {"PYTHONPATH": f"{project}:{libraries}", "LD_LIBRARY_PATH": str(open_root / "python" / "lib")}
    done = subprocess.run(
        [python, "-m", "haier_market.embedded", "exec", "--data", str(data / ".data"), "--", python, "-c", _ASK],
        cwd=project,
        env=bare_environment() | search | {"HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        **(account.for_popen() if account else {}),
    )
    assert (done.stdout, done.returncode) == ("served\n", 0), done.stderr
