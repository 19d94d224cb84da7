#!/bin/sh
# The demo page: counts its visits on the volume, shows the greeting of the config file, and proves that the secret
# arrived without showing it.

escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

# One line per visit: appending is one step, so that two visits at once are two.
date -u +%Y-%m-%dT%H:%M:%SZ >>/data/visits
count=$(wc -l </data/visits)

if [ -n "$DEMO_SECRET" ]; then
  fingerprint=$(printf %s "$DEMO_SECRET" | sha256sum | cut -c1-8)
  secret="set, ${#DEMO_SECRET} characters, fingerprint $fingerprint"
else
  secret="not set"
fi
title=$(printf %s "${DEMO_TITLE}" | escape)

# The server passes header lines on as they are.
printf '%s\r\n' 'Status: 200 OK' 'Content-Type: text/html; charset=utf-8' 'Cache-Control: no-store' ''
cat <<PAGE
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title</title>
<style>
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1rem }
dt { color: #777; margin-top: 1rem } dd { margin: 0 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
</style>
</head>
<body>
<h1>$title</h1>
<dl>
<dt>Visits, counted on a volume</dt>
<dd>Counter: $count</dd>
<dt>Greeting, from a config file</dt>
<dd>$(escape </etc/demo/greeting.txt)</dd>
<dt>Secret, generated for this deployment</dt>
<dd>Secret: $secret</dd>
</dl>
</body>
</html>
PAGE
