"""docker-compose.yml without Docker: its shape is checked, and its commands are started by hand in production mode."""

import ast
import http.client
import os
import re
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from psycopg2 import sql

from benchmarks import databases
from haier_market import roles
from haier_market.embedded import processes
from haier_market.embedded.places import PROJECT
from haier_market.probe import served_host
from tests.embedded.conftest import wait_until
from tests.side_by_side import TABLES

HOST = "market.example.com"
APP_SERVICES = ("migrate", "web", "worker", "beat")
# Read by a process itself and not by our settings.
OF_PROCESSES = {"WEB_CONCURRENCY"}
_VARIABLE = re.compile(r"\$(\$|\{(?P<name>\w+)(?P<kind>:-|:\?)?(?P<word>[^}]*)\})")


def interpolated(text: str, values: dict[str, str]) -> str:
    """Compose's own rules for `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}`."""

    def replace(match: re.Match[str]) -> str:
        if match.group(1) == "$":
            return "$"
        value = values.get(match["name"], "")
        if not value and match["kind"] == ":?":
            raise LookupError(match["word"])
        return value or (match["word"] if match["kind"] == ":-" else "")

    return _VARIABLE.sub(replace, text)


def composed(values: dict[str, str]) -> dict[str, Any]:
    """The file as Compose understands it: parsed first, every text interpolated after."""
    parsed = _everywhere(yaml.safe_load((PROJECT / "docker-compose.yml").read_text()), values)
    assert isinstance(parsed, dict)
    return parsed


def _everywhere(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _everywhere(inner, values) for name, inner in part.items()}
    if isinstance(part, list):
        return [_everywhere(inner, values) for inner in part]
    return interpolated(part, values) if isinstance(part, str) else part


def new_environment() -> dict[str, str]:
    """What `deploy/new-environment` writes for a new installation."""
    command = ["sh", str(PROJECT / "deploy" / "new-environment"), HOST]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_by_settings() -> set[str]:
    """Every variable that settings.py asks `haier_market.environment` for."""
    tree = ast.parse((PROJECT / "haier_market" / "settings.py").read_text())
    return {
        str(call.args[0].value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and isinstance(call.args[0], ast.Constant)
    }


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found = composed(new_environment())["services"]
    assert isinstance(found, dict)
    return found


def test_the_file_has_the_services_of_the_product(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", *APP_SERVICES}


def test_a_value_that_has_no_default_is_asked_for_by_name() -> None:
    with pytest.raises(LookupError, match=r"Set ALLOWED_HOSTS in \.env"):
        composed({})


@pytest.mark.parametrize("name", APP_SERVICES)
def test_every_variable_is_one_that_the_settings_read(services: dict[str, Any], name: str) -> None:
    given = set(services[name]["environment"])
    known = read_by_settings()
    assert {variable.removesuffix("_FILE") for variable in given} - OF_PROCESSES <= known
    secret = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BID_KEY", "PAYOUT_KEY"}
    assert secret | {f"{variable}_FILE" for variable in secret} <= given
    assert services[name]["environment"]["MARKET_ENV"] == "production"


def test_every_variable_that_the_settings_read_can_be_set(services: dict[str, Any]) -> None:
    left_to_defaults = {"SECURE_SSL_REDIRECT", "API_RATE", "CALENDAR_RATE"}
    assert read_by_settings() - set(services["web"]["environment"]) <= left_to_defaults


def test_dependencies_wait_for_health_and_for_the_migration(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    for name in ("postgres", "redis", "web", "worker", "beat"):
        assert {"test", "interval", "timeout", "retries"} <= set(services[name]["healthcheck"])
        for needed in services[name].get("depends_on", {}):
            assert needed in services


def test_only_the_migration_knows_the_owner_of_the_tables(services: dict[str, Any]) -> None:
    told = {name: urlsplit(services[name]["environment"]["DATABASE_URL"]).username for name in APP_SERVICES}
    assert told == {"migrate": "market", "web": "market_app", "worker": "market_app", "beat": "market_app"}
    made = (PROJECT / "deploy" / "create-market-roles.sh").read_text()
    for role in ("market", roles.APPLICATION):
        assert f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE" in made
    assert {"MARKET_PASSWORD", "MARKET_APP_PASSWORD"} <= set(services["postgres"]["environment"])


def test_nothing_runs_as_root_or_writes_outside_its_volumes(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["read_only"] is True
    for name in APP_SERVICES:
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
    last_stage = (PROJECT / "Dockerfile").read_text().rsplit("FROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)


def test_only_the_web_server_is_reachable_and_only_from_its_own_host(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert services["postgres"]["networks"] == services["redis"]["networks"] == ["inside"]


def test_every_volume_named_is_declared() -> None:
    whole = composed(new_environment())
    named = {
        volume.split(":")[0]
        for service in whole["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith(".")
    }
    assert named == set(whole["volumes"])
    for service in whole["services"].values():
        for volume in service.get("volumes", []):
            if volume.startswith("."):
                assert (PROJECT / volume.split(":")[0]).is_file()


def test_the_image_installs_by_hash_and_starts_what_compose_starts(services: dict[str, Any]) -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert "pip install --require-hashes" in dockerfile
    assert "haier_market.catalogues" in dockerfile
    assert "collectstatic" in dockerfile
    default = yaml.safe_load(dockerfile.rsplit("CMD ", 1)[1])
    joined = [word for option in services["web"]["command"] for word in _option(option)]
    assert default == joined
    kept = {line.strip().removeprefix("!").split("/")[0] for line in _ignored() if line.startswith("!")}
    for copied in ("manage.py", "haier_market", "core", "locale", "static", "templates", "requirements"):
        assert copied in kept


def _option(word: str) -> list[str]:
    return word.split("=", 1) if word.startswith("--") and "=" in word else [word]


def _ignored() -> list[str]:
    return (PROJECT / ".dockerignore").read_text().splitlines()


def test_new_secrets_are_new_each_time_and_what_the_settings_accept() -> None:
    first, second = new_environment(), new_environment()
    passwords = ("MARKET_PASSWORD", "MARKET_APP_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
    for name in ("SECRET_KEY", "BID_KEY", "PAYOUT_KEY", *passwords):
        assert first[name] != second[name]
    for address, role, password in (
        ("OWNER_DATABASE_URL", "market", "MARKET_PASSWORD"),
        ("DATABASE_URL", roles.APPLICATION, "MARKET_APP_PASSWORD"),
    ):
        parts = urlsplit(first[address])
        assert (parts.username, parts.password, parts.hostname) == (role, first[password], "postgres")
    assert urlsplit(first["REDIS_URL"]).password == first["REDIS_PASSWORD"]


def test_the_probe_asks_as_a_host_that_is_served() -> None:
    assert served_host("market.example.com, other.example.com") == "market.example.com"
    assert served_host(".example.com") == "market.example.com"
    assert served_host("*") == served_host("") == "localhost"


# The same processes, started by hand --------------------------------------------------------------------------------


def own_database() -> AbstractContextManager[str]:
    """A new database beside the tests' own, with the tables where they are made already; its address."""
    tables = os.environ.get(TABLES, "template1")
    return databases.made(f"compose_{uuid.uuid4().hex[:12]}", os.environ["DATABASE_URL"], template=tables)


def by_hand(command: list[str], port: int) -> list[str]:
    """The container's command on this machine: our Python, a loopback port of our own."""
    return [
        sys.executable if word == "python" else word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in command
    ]


def ask(port: int, path: str) -> tuple[int, str]:
    """What a proxy that ends TLS would pass on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError as problem:
        return 0, str(problem)
    finally:
        connection.close()


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = processes.start(command, log=log, environment=environment, folder=PROJECT)
    try:
        yield process
    finally:
        processes.stop(process, (signal.SIGTERM, 30.0))


def test_the_same_processes_work_in_production_mode(services: dict[str, Any], tmp_path: Path) -> None:
    port = processes.free_port()
    with ExitStack() as stack:
        for path in ("staticfiles", "data"):
            (tmp_path / path).mkdir()
        values = {name: str(value) for name, value in services["web"]["environment"].items()}
        secret_file = tmp_path / "bid_key"
        secret_file.write_text(values["BID_KEY"])
        environment = {"PATH": os.environ["PATH"], "HOSTNAME": "by-hand", "PORT": str(port)} | values
        environment |= {
            "BID_KEY": "",
            "BID_KEY_FILE": str(secret_file),
            "DATABASE_URL": stack.enter_context(own_database()),
            "REDIS_URL": os.environ["REDIS_URL"],
            "STATIC_ROOT": str(tmp_path / "staticfiles"),
            "DATA_DIR": str(tmp_path / "data"),
            "EXPORTS_DIR": str(tmp_path / "exports"),
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput"]
        for command in (collect, by_hand(services["migrate"]["command"], port)):
            done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        # From here on every visitor of this database is the application, as the address says in a company.
        database = urlsplit(environment["DATABASE_URL"]).path.strip("/")
        becomes = sql.SQL("ALTER DATABASE {} SET role = {}").format(*map(sql.Identifier, (database, roles.APPLICATION)))
        databases.run(environment["DATABASE_URL"], becomes)
        for name in ("web", "worker", "beat"):
            command = by_hand(services[name]["command"], port)
            if name == "worker":
                command += ["--hostname", "celery@by-hand"]  # a container's own host name
            stack.enter_context(running(command, environment, tmp_path / f"{name}.log"))
        wait_until(lambda: ask(port, "/livez")[0] == 200, 60)
        status, body = ask(port, "/readyz")
        assert (status, body) == (200, '{"database": "ok", "redis": "ok"}')
        assert ask(port, "/accounts/login/")[0] == 200
        assert ask(port, "/")[0] == 302
        for name in ("web", "worker", "beat"):
            wait_until(lambda name=name: healthy(services[name], environment), 90)  # type: ignore[misc]


def healthy(service: dict[str, Any], environment: dict[str, str]) -> bool:
    """Run the container's health check as Docker would."""
    kind, *words = service["healthcheck"]["test"]
    command = words if kind == "CMD" else ["sh", "-c", words[0]]
    if kind == "CMD-SHELL":
        command = ["sh", "-c", words[0].replace("python ", f"{shlex.quote(sys.executable)} ", 1)]
    else:
        command = by_hand(command, 0)
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True).returncode == 0
