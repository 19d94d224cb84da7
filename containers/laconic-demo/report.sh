#!/bin/sh
# The job of the demo: reads the same volume as the page.
if [ ! -f /data/visits ]; then
  echo "The demo page has not been visited yet."
  exit 0
fi
echo "The demo page has been visited $(wc -l </data/visits) times, last on $(tail -n 1 /data/visits)."
