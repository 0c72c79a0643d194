"""Where a profile keeps what: `.data/<profile>/`, or elsewhere when the servers may not go there."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from haier_market.embedded.accounts import Account, server_account
from haier_market.embedded.errors import EmbeddedError

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / ".data"
PROFILES = ("demo", "test", "bench")


@dataclass(frozen=True)
class Home:
    """A server's directory: ours, passable for the account; the data inside it belong to the account."""

    directory: Path
    account: Account | None
    note: str = ""

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def shelf(self) -> Path:
        """Where copies of binaries go that the account cannot reach in the environment."""
        return self.directory.parent.parent / "binaries"


@dataclass(frozen=True)
class Places:
    """The directories of one profile. `root` is `.data` of the project unless a test says otherwise."""

    profile: str
    root: Path = DATA

    @property
    def directory(self) -> Path:
        return self.root / self.profile

    @property
    def kind(self) -> str:
        """What MARKET_ENV is in this profile: everything that is not a test is like the demo."""
        return "test" if self.profile == "test" else "demo"

    @property
    def logs(self) -> Path:
        return self.directory / "log"

    @property
    def secrets(self) -> Path:
        return self.directory / "secrets"

    @property
    def pointer(self) -> Path:
        return self.root / "elsewhere"

    def lock(self, name: str) -> Path:
        return self.directory / f"{name}.lock"

    def prepare(self) -> None:
        """Make our own directories. Raises EmbeddedError when another user made them."""
        for directory in (self.root, self.directory):
            _own_directory(directory, 0o755)
        for directory in (self.logs, self.secrets):
            _own_directory(directory, 0o700)

    def home(self, service: str) -> Home:
        """The server's directory, made if missing. Nothing above our own directories is ever changed."""
        elsewhere = self._elsewhere()
        base = elsewhere or self.root
        account = server_account(base / self.profile / service / "data")
        if account is None or account.can_use(base):
            note = _elsewhere_note(elsewhere) if elsewhere else ""
            return Home(self._made(base, service), account, note)
        if elsewhere is not None:
            raise EmbeddedError(_unreachable(elsewhere, account))
        other = self._new_elsewhere(account)
        return Home(self._made(other, service), account, _elsewhere_note(other))

    def remove(self) -> None:
        """Delete the profile's data, here and elsewhere. The caller has made sure that nobody uses them."""
        if elsewhere := self._elsewhere():
            shutil.rmtree(elsewhere / self.profile, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def remove_shared(self) -> None:
        """Delete what the profiles share (copied binaries, the directory elsewhere), once none of them is left."""
        if elsewhere := self._elsewhere():
            shutil.rmtree(elsewhere, ignore_errors=True)
        shutil.rmtree(self.root / "binaries", ignore_errors=True)
        self.pointer.unlink(missing_ok=True)

    def _made(self, base: Path, service: str) -> Path:
        _own_directory(base / self.profile, 0o755)
        directory = base / self.profile / service
        _own_directory(directory, 0o711 if os.geteuid() == 0 else 0o700)
        return directory

    def _elsewhere(self) -> Path | None:
        """The directory that the pointer names, if it is still there and still ours."""
        if not self.pointer.exists():
            return None
        directory = Path(self.pointer.read_text().strip())
        try:
            known = os.lstat(directory)
        except FileNotFoundError:
            return None  # the system emptied its temporary directory: the data are gone, a new place is chosen
        return directory if directory.is_dir() and not directory.is_symlink() and known.st_uid == os.geteuid() else None

    def _new_elsewhere(self, account: Account) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="haier-market-"))
        directory.chmod(0o711)
        if not account.can_use(directory):
            directory.rmdir()
            raise EmbeddedError(_unreachable(Path(tempfile.gettempdir()), account))
        self.pointer.write_text(f"{directory}\n")
        return directory


def _own_directory(directory: Path, mode: int) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        known = directory.stat()
        if known.st_uid == os.geteuid() and known.st_mode & 0o777 != mode:
            directory.chmod(mode)
    except OSError as problem:
        raise EmbeddedError(f"{directory} cannot be made or changed: {problem.strerror}.") from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise EmbeddedError(
            f"{directory} belongs to another user. Run the command as that user, or remove the directory."
        )


def _elsewhere_note(directory: Path) -> str:
    return (
        f"The servers' data are kept in {directory}, because the user that runs them "
        "may not enter this project's directory."
    )


def _unreachable(directory: Path, account: Account) -> str:
    return (
        f"The user {account.name}, as which the database runs because you are root, may not enter {directory}. "
        "Set TMPDIR to a directory that everybody may enter, run as an ordinary user, "
        "or set DATABASE_URL and REDIS_URL to servers of your own."
    )
