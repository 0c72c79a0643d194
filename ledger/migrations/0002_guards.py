from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_entities_accounts_entries_and_days"), ("core", "0002_clock_and_append_only")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER entries_land_on_an_open_date ON ledger_entry;
                DROP TRIGGER an_entry_has_lines ON ledger_entry;
                DROP TRIGGER entries_are_append_only ON ledger_entry;
                DROP TRIGGER entries_arrive_whole_and_balanced ON ledger_posting;
                DROP TRIGGER lines_are_append_only ON ledger_posting;
                DROP TRIGGER guarded_accounts_keep_a_balance ON ledger_account;
                DROP TRIGGER accounts_are_append_only ON ledger_account;
                DROP TRIGGER entities_keep_their_currency ON ledger_entity;
                DROP TRIGGER entities_stay ON ledger_entity;
                DROP TRIGGER balances_follow_the_lines ON ledger_balance;
                DROP TRIGGER balances_stay ON ledger_balance;
                DROP TRIGGER dates_are_sealed_once_and_in_order ON ledger_businessday;
                DROP TRIGGER business_days_stay ON ledger_businessday;
                ALTER TABLE ledger_account DROP CONSTRAINT an_account_has_its_entitys_currency;
                DROP FUNCTION ledger_guard_entries, ledger_guard_business_days, ledger_guard_entities,
                    ledger_keep_balances, ledger_guard_balances, ledger_guard_postings, ledger_refuse_entry, ledger_guard_entry_has_lines,
                    ledger_guarded_side, ledger_hold_date, ledger_hold_date_alone;
            """,
        )
    ]
