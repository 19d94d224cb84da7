#!/usr/bin/env bash
# test/scenarios/run.sh [NAME…]: runs all scenarios, or the named ones (`restart`, `restart.sh`), one after another. The
# program is $LACONIC_SO, by default `node <repository>/dist/cli.js`. The last line is `N passed, N failed`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

names=("$@")
if ((!${#names[@]})); then
  for file in *.sh; do [[ $file == run.sh ]] || names+=("$file"); done
fi
passed=0
failed=0
failures=()
for name in "${names[@]}"; do
  started=$SECONDS
  echo "--- ${name%.sh}"
  if bash "${name%.sh}.sh"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    failures+=("${name%.sh}")
  fi
  echo "--- ${name%.sh}: $((SECONDS - started))s"
done
for name in "${failures[@]}"; do echo "failed: $name"; done
echo "$passed passed, $failed failed"
((failed == 0))
