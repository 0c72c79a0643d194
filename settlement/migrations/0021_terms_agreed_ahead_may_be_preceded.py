from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
UNDO = """
    DROP TRIGGER ended_terms_only_end_earlier ON microenterprises_shareterms;
    DROP TRIGGER ended_terms_stay ON microenterprises_shareterms;
    CREATE TRIGGER ended_terms_stay BEFORE UPDATE ON microenterprises_shareterms
        FOR EACH ROW WHEN (OLD.status = 'rejected' OR OLD.effective_to IS NOT NULL)
        EXECUTE FUNCTION microenterprises_keep('Ended share terms');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("microenterprises", "0011_a_number_is_one_however_typed"),
        ("settlement", "0020_files_that_may_say_what_people_are_paid"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO)]
