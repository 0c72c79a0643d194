#!/bin/sh
# Runs once, when the database's volume is new: the product's database and its two roles, neither a superuser. `market`
# owns the tables and migrates (OWNER_DATABASE_URL); `market_app` serves the company (DATABASE_URL) and gets its rights
# from `manage.py grant_application_role` after each migration. The passwords are MARKET_PASSWORD and
# MARKET_APP_PASSWORD, or the contents of the files MARKET_PASSWORD_FILE and MARKET_APP_PASSWORD_FILE.
set -eu
owner=${MARKET_PASSWORD:-}
if [ -n "${MARKET_PASSWORD_FILE:-}" ]; then owner=$(cat "$MARKET_PASSWORD_FILE"); fi
application=${MARKET_APP_PASSWORD:-}
if [ -n "${MARKET_APP_PASSWORD_FILE:-}" ]; then application=$(cat "$MARKET_APP_PASSWORD_FILE"); fi
if [ -z "$owner" ]; then
  echo "Set MARKET_PASSWORD (or MARKET_PASSWORD_FILE): the password of the role market in OWNER_DATABASE_URL." >&2
  exit 1
fi
if [ -z "$application" ]; then
  echo "Set MARKET_APP_PASSWORD (or MARKET_APP_PASSWORD_FILE): the password of the role market_app in DATABASE_URL." >&2
  exit 1
fi
psql --set=ON_ERROR_STOP=1 --set=owner="$owner" --set=application="$application" \
  --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE market LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner';
CREATE ROLE market_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'application';
CREATE DATABASE market OWNER market;
REVOKE CONNECT, TEMPORARY ON DATABASE market FROM PUBLIC;
GRANT CONNECT ON DATABASE market TO market_app;
SQL
