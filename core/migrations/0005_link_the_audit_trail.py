from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("core", "0004_chain_of_the_audit_trail")]

    operations = [
        migrations.RunSQL(
            SQL,
            reverse_sql="""
                DROP TRIGGER audit_links_are_append_only ON core_auditlink;
                DROP TRIGGER audit_links_follow_one_another ON core_auditlink;
                DROP TRIGGER audit_records_wait_for_their_link ON core_auditrecord;
                DROP FUNCTION core_guard_audit_links();
                DROP FUNCTION core_link_audit();
                DROP FUNCTION core_audit_waits();
                DROP FUNCTION core_audit_hash(text, text);
                DROP FUNCTION core_audit_content(core_auditrecord);
                DELETE FROM core_auditwaiting;
                TRUNCATE core_auditlink;
            """,
        )
    ]
