"""The embedded servers, as the people who start, share, kill and inherit them meet them."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
import redis

from haier_market.embedded import processes
from haier_market.embedded.errors import EmbeddedError
from haier_market.embedded.places import Places
from haier_market.embedded.secrets import kept_secret
from haier_market.embedded.services import Services, in_use
from tests.embedded.conftest import bare_environment, children_of, execute, processes_of, server_process, wait_until


def started(places: Places) -> Services:
    return Services(places, given=bare_environment())


def count_rows(url: str) -> int:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM kept")
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])
    finally:
        connection.close()


def can_connect(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def write_until_cut(url: str, acknowledged: list[int], enough: threading.Event) -> None:
    """Insert rows one commit at a time until the server dies under it; only what COMMIT confirmed is noted."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for number in range(1_000_000):
                cursor.execute("INSERT INTO kept VALUES (%s)", [number])
                acknowledged.append(number)
                if number == 200:
                    enough.set()
    except psycopg2.Error:
        return
    finally:
        connection.close()


def test_the_market_role_owns_its_database_and_is_nobody_special(places: Places) -> None:
    with started(places) as services:
        connection = psycopg2.connect(services.environment["DATABASE_URL"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == (False, False, True)
            cursor.execute("SELECT current_setting('fsync'), current_setting('full_page_writes')")
            assert cursor.fetchone() == ("on", "on")
            cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
            assert cursor.fetchone() == ("market",)
            for extension in ("pg_trgm", "btree_gist", "unaccent"):
                cursor.execute(f"CREATE EXTENSION {extension}")
        connection.close()
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(services.environment["DATABASE_URL"].replace("market:", "market:wrong"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(services.environment["REDIS_URL"].replace("//:", "//:wrong")).ping()


def test_valkey_keeps_an_append_only_file_and_evicts_nothing(places: Places) -> None:
    with started(places) as services, redis.Redis.from_url(services.environment["REDIS_URL"]) as client:
        client.set("task", "waiting")
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        password = services.environment["REDIS_URL"].split("@")[0].split(":")[-1]
        shown = [" ".join(processes.command_of(process)) for process in processes_of(places.root)]
        assert not [line for line in shown if password in line]
    with started(places) as services, redis.Redis.from_url(services.environment["REDIS_URL"]) as client:
        assert client.get("task") == b"waiting"


def test_keys_are_made_once_and_readable_by_their_owner_only(places: Places) -> None:
    given = bare_environment() | {"DATABASE_URL": "postgres://elsewhere/market", "REDIS_URL": "redis://elsewhere"}
    with Services(places, given=given) as first:
        pass
    with Services(places, given=given) as second:
        assert second.environment["BID_KEY"] == first.environment["BID_KEY"]
    assert first.environment["SECRET_KEY"] != first.environment["BID_KEY"]
    for name in ("secret_key", "bid_key", "payout_key"):
        assert stat.S_IMODE((places.secrets / name).stat().st_mode) == 0o600


def test_a_key_asked_for_by_many_at_once_is_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as pool:
        keys = set(pool.map(lambda _: kept_secret(tmp_path / "bid_key"), range(48)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bid_key"]


def test_what_the_environment_already_names_is_used_and_nothing_is_started(places: Places, open_root: Path) -> None:
    given = {
        "DATABASE_URL": "postgres://company/market",
        "REDIS_URL_FILE": "/run/secrets/redis",
        "SECRET_KEY": "theirs",
        "BID_KEY_FILE": "/run/secrets/bid_key",
        "PAYOUT_KEY_FILE": "/run/secrets/payout_key",
    }
    with Services(places, given=given) as services:
        assert {name: services.environment[name] for name in given} == given
        assert "REDIS_URL" not in services.environment
        assert "BID_KEY" not in services.environment
        assert processes_of(open_root) == []
    assert list(places.secrets.iterdir()) == []


def test_no_acknowledged_row_is_lost_when_postgresql_is_killed(places: Places, open_root: Path) -> None:
    with started(places) as services:
        url = services.environment["DATABASE_URL"]
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (number int PRIMARY KEY)")
        connection.close()
        acknowledged: list[int] = []
        enough = threading.Event()
        writer = threading.Thread(target=write_until_cut, args=(url, acknowledged, enough))
        writer.start()
        assert enough.wait(30)
        server_process(open_root, "postgres").send_signal(signal.SIGKILL)
        writer.join(30)
        assert not writer.is_alive()
        wait_until(lambda: can_connect(url))
        assert count_rows(url) in (len(acknowledged), len(acknowledged) + 1)  # the last commit may be unanswered
    with started(places) as again:
        assert count_rows(again.environment["DATABASE_URL"]) >= len(acknowledged)


def test_no_acknowledged_task_is_lost_when_valkey_is_killed(places: Places, open_root: Path) -> None:
    with started(places) as services:
        client = redis.Redis.from_url(services.environment["REDIS_URL"], retry_on_timeout=False)
        acknowledged = [client.rpush("queue", f"task {number}") for number in range(500)]
        server_process(open_root, "valkey-server").send_signal(signal.SIGKILL)
        holder = next(holder for holder in services.holders if holder.server.name == "valkey")
        wait_until(holder.server.answers)
        assert client.llen("queue") == len(acknowledged)
        client.close()


def test_two_holders_share_the_servers_and_the_last_one_out_stops_them(places: Places, open_root: Path) -> None:
    first = started(places)
    second = started(places)
    first.__enter__()
    postgres = server_process(open_root, "postgres").pid
    second.__enter__()
    assert second.environment["DATABASE_URL"] == first.environment["DATABASE_URL"]
    assert server_process(open_root, "postgres").pid == postgres
    first.leave()
    assert in_use(places)
    assert can_connect(second.environment["DATABASE_URL"])
    second.leave()
    assert not in_use(places)
    assert processes_of(open_root) == []


def test_a_command_that_comes_while_the_market_runs_adopts_and_leaves_it_running(places: Places) -> None:
    with started(places) as services:
        command = execute(places.root, sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])")
        out, said = command.communicate(timeout=60)
        assert (command.returncode, said) == (0, "")
        assert out.strip() == services.environment["DATABASE_URL"]
        assert can_connect(services.environment["DATABASE_URL"])


def test_a_commands_own_exit_code_comes_back(open_root: Path) -> None:
    command = execute(open_root, sys.executable, "-c", "raise SystemExit(7)")
    command.communicate(timeout=60)
    assert command.returncode == 7
    missing = execute(open_root, "no-such-program")
    assert "no-such-program cannot be started" in missing.communicate(timeout=60)[1]
    assert missing.returncode == 127


def test_nothing_is_left_running_when_the_holder_is_killed(open_root: Path) -> None:
    command = execute(open_root, "sleep", "600")
    wait_until(lambda: bool(children_of(command.pid, "sleep")))
    assert server_process(open_root, "postgres").is_running()
    (sleeper,) = children_of(command.pid, "sleep")
    command.kill()
    command.wait()
    wait_until(lambda: processes_of(open_root) == [])
    wait_until(lambda: not processes.lives(sleeper))


def test_a_killed_keeper_takes_its_server_along_and_another_takes_over(places: Places, open_root: Path) -> None:
    with started(places) as services:
        before = server_process(open_root, "postgres")
        keeper = before.parent()
        assert keeper is not None
        keeper.send_signal(signal.SIGKILL)
        wait_until(lambda: services.mend() == ["PostgreSQL"])
        assert server_process(open_root, "postgres").pid != before.pid
        assert can_connect(services.environment["DATABASE_URL"])


def test_a_keeper_that_is_dead_before_the_kernel_says_so_is_replaced(
    places: Places, open_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haier_market.embedded.services._PATIENCE", 20.0)
    with started(places) as services:
        holder = next(holder for holder in services.holders if holder.server.name == "postgres")
        child = holder._child
        assert child is not None
        server_process(open_root, "postgres").parent().send_signal(signal.SIGKILL)  # type: ignore[union-attr]
        wait_until(lambda: not holder.server.answers())
        late, poll = iter([None]), child.poll
        monkeypatch.setattr(child, "poll", lambda: next(late, poll()))
        assert holder.mend()
        assert can_connect(services.environment["DATABASE_URL"])


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start_nor_hurt_the_stranger(places: Places) -> None:
    with started(places):
        pass
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        data = places.home("postgres").data
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n1\n\n127.0.0.1\n0 0\n")
        with started(places) as services:
            assert can_connect(services.environment["DATABASE_URL"])
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stranger_on_the_kept_port_only_makes_the_server_choose_another(places: Places) -> None:

    with started(places) as services:
        before = services.environment["REDIS_URL"]
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(before.rsplit(":", 1)[1].split("/")[0])))
        stranger.listen()
        with started(places) as services:
            assert services.environment["REDIS_URL"] != before
            assert redis.Redis.from_url(services.environment["REDIS_URL"]).ping()


def test_an_interrupted_first_start_is_repeated_from_the_beginning(places: Places) -> None:
    places.prepare()
    draft = places.home("postgres").directory / "data.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with started(places) as services:
        assert can_connect(services.environment["DATABASE_URL"])
    assert not draft.exists()


def test_a_directory_that_the_servers_user_may_not_enter_is_replaced_with_a_sentence(tmp_path: Path) -> None:
    hidden = tmp_path / "private"
    hidden.mkdir(mode=0o700)
    places = Places("demo", hidden / ".data")
    said: list[str] = []
    with Services(places, given=bare_environment(), say=said.append) as services:
        assert can_connect(services.environment["DATABASE_URL"])
        data = places.home("postgres").data
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700  # nothing above our own directory is changed
    if os.geteuid() == 0:
        assert data.is_relative_to(Path(places.pointer.read_text().strip()))
        assert len(said) == 1
        assert "may not enter this project's directory" in said[0]
    else:
        assert data.is_relative_to(hidden)
        assert said == []
    places.remove()
    places.remove_shared()
    assert not data.exists()
    assert not places.pointer.exists()


def test_a_place_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot be made or changed: File exists"):
        Places("demo", tmp_path / "file").prepare()


def test_clean_refuses_while_in_use_and_removes_afterwards(places: Places) -> None:
    def clean() -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "haier_market.embedded", "clean", "--data", str(places.root)]
        return subprocess.run(command, capture_output=True, text=True, env=bare_environment())

    with started(places):
        refused = clean()
        assert refused.returncode == 1
        assert "in use" in refused.stderr
    assert clean().returncode == 0
    assert not places.directory.exists()
