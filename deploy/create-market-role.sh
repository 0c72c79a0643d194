#!/bin/sh
# Runs once, when the database's volume is new: the product's own role and database. It is no superuser, and it is the
# role in DATABASE_URL. The password is MARKET_PASSWORD, or the content of the file MARKET_PASSWORD_FILE.
set -eu
password=${MARKET_PASSWORD:-}
if [ -n "${MARKET_PASSWORD_FILE:-}" ]; then password=$(cat "$MARKET_PASSWORD_FILE"); fi
if [ -z "$password" ]; then
  echo "Set MARKET_PASSWORD (or MARKET_PASSWORD_FILE): the password of the role market in DATABASE_URL." >&2
  exit 1
fi
psql --set=ON_ERROR_STOP=1 --set=password="$password" --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE market LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE market OWNER market;
SQL
