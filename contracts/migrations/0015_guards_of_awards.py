from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text()
BEFORE = """
    CREATE OR REPLACE FUNCTION contracts_guard_award() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.id, NEW.project_id, NEW.bid_id, NEW.reason, NEW.arithmetic, NEW.awarded_at, NEW.awarded_by_id)
            IS DISTINCT FROM
            (OLD.id, OLD.project_id, OLD.bid_id, OLD.reason, OLD.arithmetic, OLD.awarded_at, OLD.awarded_by_id) THEN
            RAISE EXCEPTION 'An award keeps its bid, its reason and its arithmetic'
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NEW;
    END
    $$;
    DROP TRIGGER objections_stand ON contracts_objection;
    DROP TRIGGER objections_stay ON contracts_objection;
    DROP TRIGGER price_questions_stand ON contracts_pricequestion;
    DROP TRIGGER price_questions_stay ON contracts_pricequestion;
    DROP FUNCTION contracts_guard_objection, contracts_guard_price_question;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0014_awards_stand_before_they_hold")]
    operations = [migrations.RunSQL(SQL, reverse_sql=BEFORE)]
