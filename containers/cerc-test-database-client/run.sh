#!/bin/sh
# Waits for the database of PGHOST, PGUSER, PGPASSWORD and PGDATABASE, looks whether an earlier run left its test data
# there, leaves it otherwise, and sleeps.
set -eu

# The first process of a container gets no default action for signals: without the trap, stopping it takes ten seconds.
trap 'kill $! 2>/dev/null; exit 0' TERM INT

say() { echo "Database test client: $*"; }
query() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$1"; }

until query 'SELECT 1' >/dev/null 2>/tmp/said; do
  waited=$((${waited:-0} + 1))
  if [ $((waited % 30)) = 1 ]; then say "waiting for ${PGHOST:-localhost}: $(head -n 1 /tmp/said)"; fi
  sleep 1 &
  wait $!
done

if [ "$(query "SELECT to_regclass('test_data') IS NOT NULL")" = t ]; then
  say "test data already exists"
else
  say "test data does not exist"
  query "BEGIN; CREATE TABLE test_data (name text PRIMARY KEY, value text); INSERT INTO test_data VALUES ('key', 'value'); COMMIT"
fi
if [ "$(query "SELECT value FROM test_data WHERE name = 'key'")" != value ]; then
  say "test data is damaged"
  exit 1
fi
say "test complete"
sleep infinity &
wait $!
