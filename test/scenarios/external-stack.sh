#!/usr/bin/env bash
# The same stack in an external repository, found by its absolute path, and by a relative path from where existing
# scripts call it and from inside the repository. LACONIC_TEST_LONG=true tells the whole story, as deploy.sh does.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/support/lib.sh"
. "$repository/test/scenarios/support/deploy-story.sh"

need_images busybox:1.36

external=$CERC_REPO_BASE_DIR/my-stack/stack-orchestrator
mkdir -p "$external/stacks" "$external/compose" "$external/compose-jobs" "$external/config" "$external/container-build"
cp -r "$repository/stacks/test" "$external/stacks/test-external"
cp "$repository/compose/docker-compose-test.yml" "$external/compose/"
cp "$repository/compose-jobs/docker-compose-test-job.yml" "$external/compose-jobs/"
cp -r "$repository/config/test" "$external/config/"
cp -r "$repository/containers/cerc-test-container" "$external/container-build/"
sed -i "s|^name: test$|name: test-external|" "$external/stacks/test-external/stack.yml"
# Its own greeting distinguishes it from the bundled stack.
echo 'echo "from the external repository"' >>"$external/config/test/script.sh"
stack=$external/stacks/test-external

if [[ -n ${LACONIC_TEST_LONG:-} ]]; then in_place_story "$stack" "$(default_project "$stack")"; fi
watch_project "$(default_project "$stack")"
run "build-containers builds the image of the stack" so --stack "$stack" build-containers
directory_story "$stack" "$external"
if [[ -n ${LACONIC_TEST_LONG:-} ]]; then deployment_story; fi
run "deployment start" of_deployment start
run "deployment exec" of_deployment exec test "sh /opt/run.sh"
check "its files are from the repository" grep -q 'from the external repository' "$out"
run "deployment stop" of_deployment stop --delete-volumes
check "no container is left" no_containers "$cluster_id"

check "the deployment remembers where its stack is" \
  equals "$(sed -n '/^stack-source:/,$p' test-deployment/deployment.yml | tr -d '\n' | awk '{ print $2 }')" "$stack"
check "its files are from the repository" \
  grep -q 'from the external repository' test-deployment/config/test/script.sh

# A relative path of two components, and one from inside the repository.
cd "$external"
run "init with stacks/<name>" so --stack stacks/test-external deploy init --output "$work/relative-spec.yml"
check "the spec has the path as it was given" grep -qx 'stack: stacks/test-external' "$work/relative-spec.yml"
run "create from the same place" so --stack stacks/test-external deploy create \
  --spec-file "$work/relative-spec.yml" --deployment-dir "$work/relative"
watch_deployment "$work/relative"
check "it is made from the repository" grep -q 'from the external repository' "$work/relative/config/test/script.sh"
cd "$work"
run "update from anywhere else" so deploy create --update --spec-file relative-spec.yml --deployment-dir relative
cd "$external/stacks/test-external"
for path in . ../test-external; do
  run "init with --stack $path" so --stack "$path" deploy init --output "$work/inside-${#path}.yml"
  run "create with --stack $path" so --stack "$path" deploy create \
    --spec-file "$work/inside-${#path}.yml" --deployment-dir "$work/inside-${#path}"
  check "it is made from the repository" \
    cmp "$external/config/test/script.sh" "$work/inside-${#path}/config/test/script.sh"
done

# The project does not depend on the spelling of the path.
cd "$external/stacks"
run "up with a relative path" so --stack test-external deploy up
cd "$work"
run "down with the absolute path" so --stack "$stack" deploy down --delete-volumes
check "it is the same project" no_containers "$(default_project "$stack")"

fails 1 "an unknown path" so --stack "$external/stacks/test-extern" deploy init --output no-spec.yml
check "the missing stack is named" grep -qF "stack $external/stacks/test-extern does not exist" "$err"
check "a similar name is suggested" grep -qF "test-external" "$err"
fails 1 "a folder without a stack" so --stack "$external/stacks" deploy init --output no-spec.yml
check "the missing stack.yml is named" grep -qF "stack.yml file is missing from stack: $external/stacks" "$err"
check "nothing is written" not test -e no-spec.yml
