#!/usr/bin/env bash
# The stack `demo` as its README describes it: a page with a counter on a volume, a greeting to edit, a generated secret
# and a job.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/support/lib.sh"

run "build-containers" so --stack demo build-containers
run "deploy init" so --stack demo deploy init --output spec.yml --config 'DEMO_TITLE=Hello = there'
run "deploy create" so deploy create --spec-file spec.yml --deployment-dir d
watch_deployment d
cluster_id=$(awk '/^cluster-id:/ { print $2 }' d/deployment.yml)
secret=$(sed -n "s/^DEMO_SECRET='\{0,1\}\([0-9a-f]*\)'\{0,1\}$/\1/p" d/secrets.env)
check "a secret was generated" equals "${#secret}" 32
check "only its owner can read it" equals "$(stat -c %a d/secrets.env)" 600
check "the only other file with it is a copy in the history" equals "$(grep -rl "$secret" d | sort | xargs)" "d/.laconic/history/secrets.env d/secrets.env"
check "only its owner can read the copy" equals "$(stat -c %a d/.laconic/history/secrets.env)" 600

run "deployment start" so deployment --dir d start
check "the secret is not in its output" not grep -q "$secret" "$out" "$err"
run "status --exit-code" so deployment --dir d status --exit-code
check "status prints name, tab, state" equals "$(cat "$out")" "$cluster_id-demo-1"$'\t'"running"
page() { fetch "$(so deployment --dir d port demo 8080)" "$1"; }
page / >first.html
check "the page has the title of the spec" grep -q 'Hello = there' first.html
page / >second.html
check "the counter counts" not cmp --silent first.html second.html
check "the secret is in the container" equals "$(so deployment --dir d exec demo 'echo $DEMO_SECRET')" "$secret"
run "status as JSON" so deployment --dir d status --format json
check "it is one document" node -e 'const s = JSON.parse(require("fs").readFileSync(process.argv[1])); process.exit(s.degraded || s.containers[0].health !== "healthy" ? 1 : 0)' "$out"
run "the job" so deployment --dir d run-job demo-report
check "the job reads the visits" grep -qE '[2-9]' "$out"

run "deployment stop" so deployment --dir d stop
run "deployment start" so deployment --dir d start
page / >third.html
check "the counter continues" not cmp --silent first.html third.html
check "the secret is the same" equals "$(so deployment --dir d exec demo 'echo $DEMO_SECRET')" "$secret"

echo "edited greeting" >d/config/demo/greeting.txt
sed -i 's/Hello = there/Another title/' spec.yml
run "create --update" so deploy create --update --spec-file spec.yml --deployment-dir d
check "a greeting edited in the deployment is kept as a .bak file" grep -q 'edited greeting' d/config/demo/greeting.txt.bak
run "start after the update" so deployment --dir d start
page / >fourth.html
check "the page has the new title" grep -q 'Another title' fourth.html
check "the secret survived the update" equals "$(so deployment --dir d exec demo 'echo $DEMO_SECRET')" "$secret"
run "restart --rotate-secret" so deployment --dir d restart --rotate-secret DEMO_SECRET
check "the secret has a new value" not equals "$(so deployment --dir d exec demo 'echo $DEMO_SECRET')" "$secret"

run "stop --delete-data" so deployment --dir d stop --delete-data --yes
check "no container is left" no_containers "$cluster_id"
check "no data is left in data/" equals "$(find d/data -type f 2>/dev/null)" ""
check "the deployment directory is left" test -f d/spec.yml
