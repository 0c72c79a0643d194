from datetime import date
from typing import Any

from django.db import migrations, models

NAME = "team_fewest_people"


def write(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.create(
        name=NAME,
        holds_from=date(2000, 1, 1),
        value=2,
        note="Example. People a team of the talent pool needs before it may bid, its leader included",
    )


def remove(apps: Any, schema_editor: Any) -> None:
    apps.get_model("core", "Parameter").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0032_languages_of_invitations"),
        ("core", "0003_example_parameters"),
        ("microenterprises", "0008_teams_incubate"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="teams_may_bid",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Teams that are not launched yet. They are launched as an ME before they sign.",
                verbose_name="teams of the talent pool may bid",
            ),
        ),
        # Rule 4: who may bid is frozen with everything else that bidders rely on.
        migrations.RunSQL(
            """
            CREATE FUNCTION contracts_guard_teams() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'A published project keeps who may bid'
                    USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
            END
            $$;
            CREATE TRIGGER whether_teams_may_bid_is_frozen BEFORE UPDATE ON contracts_project
                FOR EACH ROW WHEN (OLD.status <> 'draft' AND NEW.teams_may_bid <> OLD.teams_may_bid)
                EXECUTE FUNCTION contracts_guard_teams();
            """,
            reverse_sql="DROP TRIGGER whether_teams_may_bid_is_frozen ON contracts_project;"
            " DROP FUNCTION contracts_guard_teams();",
        ),
        migrations.RunPython(write, remove),
    ]
