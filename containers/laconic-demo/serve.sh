#!/bin/sh
# Serves the page for ever. The first process of a container gets no default action for signals, hence the trap.
set -e
echo "demo: serving on port 8080"
httpd -f -p 8080 -h /srv/www &
trap 'kill $!; echo "demo: stopped"; exit 0' TERM INT
wait $!
