#!/bin/sh
# The job of the demo: reads the same volume as the page.
if [ ! -f /data/visits ]; then
  echo "The demo page has not been visited yet."
  exit 0
fi
echo "Visits of the demo page: $(wc -l </data/visits), the last one at $(tail -n 1 /data/visits)."
