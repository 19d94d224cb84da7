#!/usr/bin/env bash
# The bundled stack `test` as existing scripts use it, and commands that need no deployment: version, and specs for
# Kubernetes as scripts edit them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/support/lib.sh"
. "$repository/test/scenarios/support/deploy-story.sh"

need_images busybox:1.36
run "version" so version
check "it is one line" equals "$(wc -l <"$out")" 1
check "it is on stdout only" empty "$err"
run "version with any --stack" so --stack no-such-stack version
run "--version" so --version

run "deploy k8s list cluster" so deploy k8s list cluster
check "it prints one line" equals "$(wc -l <"$out")" 1

run "init for kind" so --stack test deploy --deploy-to k8s-kind init --output kind-spec.yml --config CERC_TEST_PARAM_1=PASSED
check "secrets: {} is at the beginning of a line" grep -qx 'secrets: {}' kind-spec.yml
check "a volume without a path is a line that ends with a colon" grep -qE '^\s*test-data-bind:$' kind-spec.yml
sed -i "s|^\(\s*test-data-bind:$\)$|\1 $work/bound|" kind-spec.yml
check "sed can give it a path" grep -qE "^\s*test-data-bind: $work/bound$" kind-spec.yml
check "a read-only volume with config in its name is a config map" grep -qE '^\s*test-config: \./configmaps/test-config$' kind-spec.yml
sed -i 's/^secrets: {}$/secrets:\n  test-secret:\n    - TEST_SECRET_KEY/' kind-spec.yml
check "secrets can replace the {}" grep -qE '^\s*- TEST_SECRET_KEY$' kind-spec.yml
echo "kind-mount-root: $work/root" >>kind-spec.yml
check "a key can be appended" equals "$(grep -cE '^[a-z-]+:' kind-spec.yml)" \
  "$(printf '%s\n' stack deploy-to config network volumes configmaps secrets kind-mount-root | wc -l)"

in_place_story test "$(own_project)"
directory_story test "$repository"
deployment_story
