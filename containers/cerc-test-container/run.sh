#!/bin/sh
# Reports what a deployment gave this container, then serves a page for ever.
set -e
if [ -n "$CERC_SCRIPT_DEBUG" ]; then
  set -x
fi

# mount_of DIRECTORY: is it a mount of its own, and from which device?
mount_of() {
  device=$(awk -v dir="$1" '$2 == dir { found = $1 } END { print found }' /proc/mounts)
  if [ -n "$device" ]; then
    echo "$1: MOUNTED dev=$device"
  else
    echo "$1: not mounted"
  fi
}

# remember DIRECTORY: was it used by an earlier container?
remember() {
  if [ -f "$1/exists" ]; then
    echo "$1 filesystem is old, created: $(cat "$1/exists")"
  else
    echo "$1 filesystem is fresh"
    mkdir -p "$1"
    date >"$1/exists"
  fi
}

echo "Test container starting"
for dir in /data /data2; do mount_of "$dir"; done
for dir in /data /data2; do remember "$dir"; done
for n in 1 2 3 4 5; do
  eval "value=\$CERC_TEST_PARAM_$n"
  if [ -n "$value" ]; then
    echo "Test-param-$n: $value"
  fi
done
if [ -d /config ]; then
  echo "/config: EXISTS"
  for file in /config/*; do
    if [ -f "$file" ]; then
      echo "$file:"
      cat "$file"
    fi
  done
else
  echo "/config: does NOT EXIST"
fi

# The first process of a container gets no default action for signals: without the trap, stopping it takes ten seconds.
httpd -f -p 80 -h /srv/www &
trap 'kill $!; exit 0' TERM INT
wait $!
