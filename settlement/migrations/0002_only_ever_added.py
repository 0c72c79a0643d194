from django.db import migrations

TABLES = {
    "settlement_outcome": "Outcomes",
    "settlement_shareline": "Lines of a statement",
    "settlement_payline": "Lines of pay",
}


class Migration(migrations.Migration):
    """Outcomes and lines are never changed or taken away; a mistake is corrected on a later night."""

    dependencies = [("settlement", "0001_runs_outcomes_and_lines"), ("core", "0002_clock_and_append_only")]
    operations = [
        migrations.RunSQL(
            f"""CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('{name}')""",
            f"DROP TRIGGER {table}_is_append_only ON {table}",
        )
        for table, name in TABLES.items()
    ]
