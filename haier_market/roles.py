"""The two roles of a company's database: the owner, who migrates, and the application, which works.

The owner of a table may switch its guards off, empty it or drop it; whoever serves pages or settles nights needs none
of that. `grant` gives the application's role what it needs, table by table, and takes everything else away; it runs
after each migration and changes nothing the second time. What a guard refuses outright is not granted either, and what
only guards write is theirs alone: they act with the owner's rights, whoever inserted the row that called them.

The role needs nothing on the parts of partitioned tables: it names the whole, and PostgreSQL asks for rights on what a
statement names. So a night's part, made at midnight by the owner's function, is reachable at once and only through the
guards of the whole. Do not put the making of databases here (deploy/create-market-roles.sh) nor any business rule.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connection, transaction
from psycopg2 import sql
from psycopg2.errors import InsufficientPrivilege

APPLICATION: Final = "market_app"

WRITTEN_BY_GUARDS: Final = frozenset(
    {
        *("ledger_balance", "ledger_awaited", "ledger_snapshot", "ledger_snapshotday"),
        *("core_auditlink", "core_auditwaiting"),
        *("settlement_addedupmonth", "settlement_monthsum"),
    }
)
"""Tables that only functions of the owner write."""
READ_ONLY: Final = WRITTEN_BY_GUARDS | {"django_migrations"}
CLOCK: Final = "core_clock"
"""Moved in the demo only."""

DOORS: Final = frozenset(
    {
        # guards, called by what is inserted
        *(
            "ledger_guard_entries",
            "ledger_guard_awaited",
            "ledger_guard_postings",
            "ledger_guard_nightlines",
            "ledger_keep_balances",
        ),
        "core_audit_waits",
        # deeds of the night and of the trail: each checks by itself whether it may be done
        *("ledger_open_month", "ledger_open_night", "ledger_take_snapshot", "ledger_drop_snapshots"),
        "core_link_audit",
        "settlement_add_up_month",
    }
)
"""Functions that act with the owner's rights. A migration that replaces one resets it: `grant` sets it again."""
BEHIND_THE_DOORS: Final = frozenset({"ledger_open_part", "ledger_guard_part"})
"""What doors call; they would do it to any table, so nobody else may."""

_TABLES: Final = """
    SELECT c.relname, c.relispartition,
           ARRAY(SELECT a.privilege_type::text FROM aclexplode(c.relacl) a WHERE a.grantee = r.oid) AS has,
           (SELECT coalesce(bit_or(t.tgtype::int), 0) FROM pg_trigger t
             WHERE t.tgrelid = c.oid AND t.tgfoid = 'public.refuse_change()'::regprocedure
               AND t.tgtype & 1 = 0 AND t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0) AS refuses
      FROM pg_class c JOIN pg_roles r ON r.rolname = %(role)s
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname NOT LIKE 'pg\\_%%'
     ORDER BY c.relname
"""
"""refuses: which statements its append-only trigger refuses whatever the rows, as pg_trigger.tgtype tells them."""
_DEEDS: Final = {"INSERT": 4, "UPDATE": 16, "DELETE": 8}
_SEQUENCES: Final = """
    SELECT c.relname, ARRAY(SELECT a.privilege_type::text FROM aclexplode(c.relacl) a WHERE a.grantee = r.oid)
      FROM pg_class c JOIN pg_roles r ON r.rolname = %(role)s
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' ORDER BY c.relname
"""
_FUNCTIONS: Final = """
    SELECT p.proname, p.oid::regprocedure::text, p.prosecdef,
           coalesce(array_to_string(p.proconfig, ';') LIKE '%%search_path=public, pg_temp%%', false) AS pinned,
           has_function_privilege(%(role)s, p.oid, 'EXECUTE') AS callable
      FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname = ANY (%(names)s) ORDER BY 2
"""
_FAULTS: Final = """
    SELECT CASE
        WHEN r.rolname = current_user THEN 'is the one this runs as; run it as the owner of the tables'
        WHEN r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
            THEN 'has rights over the whole server (superuser, createrole, createdb, replication or bypassrls)'
        WHEN EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) THEN 'is a member of another role'
        WHEN EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid) THEN 'owns tables'
    END FROM pg_roles r WHERE r.rolname = %(role)s
"""


@transaction.atomic
def grant(role: str = APPLICATION) -> list[str]:
    """Give the role exactly what the application needs in this database; the statements that it took.

    Run by the owner of the tables. Makes the role, without a login, where the owner may. Raises ImproperlyConfigured
    with a sentence when the role cannot be made, or has rights of its own that no grant could take back.
    """
    _exists(role)
    if fault := _rows(_FAULTS, role=role)[0][0]:
        raise ImproperlyConfigured(
            f"The role {role} {fault}. The application needs a role of its own without such rights."
        )
    done = [*_database(role), *_functions(role), *_tables(role), *_sequences(role)]
    with connection.cursor() as cursor:
        for statement in done:
            cursor.execute(statement)
        return [statement.as_string(cursor.connection) for statement in done]


def _exists(role: str) -> None:
    if _rows("SELECT FROM pg_roles WHERE rolname = %(role)s", role=role):
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
    except ProgrammingError as problem:
        if not isinstance(problem.__cause__, InsufficientPrivilege):
            raise
        raise ImproperlyConfigured(
            f"There is no role {role}, and this role may not create one. As a superuser of the server: "
            f"CREATE ROLE {role} LOGIN PASSWORD '...'; then run this again."
        ) from None


def _database(role: str) -> Iterator[sql.Composed]:
    database, temporary, creates = _rows(
        """
        SELECT current_database(), has_database_privilege(%(role)s, current_database(), 'TEMPORARY'),
               has_schema_privilege(%(role)s, 'public', 'CREATE')
        """,
        role=role,
    )[0]
    if temporary:
        yield sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}").format(
            sql.Identifier(database), sql.Identifier(role)
        )
    if creates:
        yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(sql.Identifier(role))
    if not _rows("SELECT WHERE has_database_privilege(%(role)s, current_database(), 'CONNECT')", role=role):
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(role))
    if not _rows(
        """
        SELECT FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
         WHERE n.nspname = 'public' AND r.rolname = %(role)s AND a.privilege_type = 'USAGE'
        """,
        role=role,
    ):
        yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role))


def _functions(role: str) -> Iterator[sql.Composed]:
    names = sorted(DOORS | BEHIND_THE_DOORS)
    found = _rows(_FUNCTIONS, role=role, names=names)
    if missing := set(names) - {name for name, *_ in found}:
        raise ImproperlyConfigured(f"The database has no function {min(missing)}. Run the migrations first.")
    for name, signature, definer, pinned, callable_by_role in found:
        function = sql.SQL(signature)
        if name in DOORS and not (definer and pinned):
            yield sql.SQL("ALTER FUNCTION {} SECURITY DEFINER SET search_path = public, pg_temp").format(function)
        if name in BEHIND_THE_DOORS and callable_by_role:
            yield sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC, {}").format(function, sql.Identifier(role))


def _tables(role: str) -> Iterator[sql.Composed]:
    for name, is_part, has, refuses in _rows(_TABLES, role=role):
        if is_part:
            wanted: set[str] = set()
        elif name in READ_ONLY or (name == CLOCK and not settings.CLOCK_MAY_MOVE):
            wanted = {"SELECT"}
        else:
            wanted = {"SELECT"} | {deed for deed, bit in _DEEDS.items() if not refuses & bit}
        yield from _difference("TABLE", name, role, wanted, has)


def _sequences(role: str) -> Iterator[sql.Composed]:
    """The next number, never another one: `setval` needs UPDATE."""
    for name, has in _rows(_SEQUENCES, role=role):
        yield from _difference("SEQUENCE", name, role, {"SELECT", "USAGE"}, has)


def _difference(kind: str, name: str, role: str, wanted: set[str], has: Iterable[str]) -> Iterator[sql.Composed]:
    for verb, deeds, to in (
        ("REVOKE", set(has) - wanted, "FROM"),
        ("GRANT", wanted - set(has), "TO"),
    ):
        if deeds:
            yield sql.SQL(f"{verb} {', '.join(sorted(deeds))} ON {kind} {{}} {to} {{}}").format(
                sql.Identifier(name), sql.Identifier(role)
            )


def _rows(question: str, **values: str | list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
