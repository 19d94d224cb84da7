#!/bin/sh
# Runs PostgreSQL on the volume at $PGDATA, with what the official image's variables say: POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS. They count when the database is made; it is made once.
set -eu

user=${POSTGRES_USER:-postgres}
name=${POSTGRES_DB:-$user}
# A database that another image left right on the volume is used as it is.
data=$PGDATA/cluster
if [ -s "$PGDATA/PG_VERSION" ]; then data=$PGDATA; fi

# PostgreSQL refuses to run as root; what is on the volume may belong to anybody.
as_postgres() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  find "$PGDATA" ! -user postgres -exec chown postgres:postgres {} +
  chmod 700 "$PGDATA"
  as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; }
fi

# Made aside and renamed: a container that is killed meanwhile leaves no half database that the next one would take for
# one.
if [ ! -d "$data" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD is not set: no database is made without a password" >&2
    exit 1
  fi
  rm -rf "$data.new"
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  if [ "$(id -u)" = 0 ]; then chown postgres "$password"; fi
  # shellcheck disable=SC2086
  as_postgres initdb --pgdata "$data.new" --username "$user" --pwfile "$password" --auth-local trust --auth-host scram-sha-256 \
    ${POSTGRES_INITDB_ARGS:-}
  rm -f "$password"
  echo "host all all all scram-sha-256" >>"$data.new/pg_hba.conf"
  if [ "$name" != postgres ]; then
    quoted=$(printf '%s' "$name" | sed 's/"/""/g')
    echo "CREATE DATABASE \"$quoted\";" | as_postgres postgres --single -j -D "$data.new" postgres >/dev/null
  fi
  sync
  mv "$data.new" "$data"
fi

set -- postgres -D "$data" -c listen_addresses=* -c unix_socket_directories=/tmp
if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; fi
exec "$@"
