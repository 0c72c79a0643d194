"""Django's PostgreSQL, asked less often whether it is still there. The room's name is an ENGINE of `DATABASES`."""
