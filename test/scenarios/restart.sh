#!/usr/bin/env bash
# `deployment restart` of stacks in git repositories: hooks come from the working tree, uncommitted edits are used, and
# commits of others are pulled (`test-restart` and `test-restart-multi`).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/support/lib.sh"

# Independent of the user's git configuration and identity.
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name scenario
git config --global user.email scenario@example.invalid
git config --global init.defaultBranch main

need_images busybox:1.36

# --- test-restart: one repository with a remote ---
remote=$work/remote.git
tree=$CERC_REPO_BASE_DIR/restart-stack
stack=$tree/stack-orchestrator/stacks/test-restart
git init --quiet --bare "$remote"
git clone --quiet "$remote" "$tree" 2>/dev/null
mkdir -p "$tree/stack-orchestrator/stacks" "$tree/stack-orchestrator/compose"
cp -r "$repository/stacks/test-restart" "$stack"
cp "$repository/compose/docker-compose-test-restart.yml" "$tree/stack-orchestrator/compose/"
git -C "$tree" add .
git -C "$tree" commit --quiet --message "the stack"
git -C "$tree" push --quiet origin main

run "deploy init" so --stack "$stack" deploy init --output spec.yml
run "deploy create" so --stack "$stack" deploy create --spec-file spec.yml --deployment-dir d
watch_deployment d
cluster_id=$(awk '/^cluster-id:/ { print $2 }' d/deployment.yml)
check "the hook was copied" cmp "$stack/deploy/commands.py" d/hooks/commands.py
check "it is the only copied hook" not test -e d/hooks/commands_0.py
check "it has not run yet" not test -e d/marker

run "deployment start" so deployment --dir d start
check "the start hook finished before start returned" equals "$(cat d/marker)" v1
id=$(id_of "$cluster_id" test-restart)

sed -i 's/"v1"/"v2"/' "$stack/deploy/commands.py"
rm d/marker
run "restart with an uncommitted edit" so deployment --dir d restart --stack-path "$stack"
check "the copied hook is the edited one" grep -q '"v2"' d/hooks/commands.py
check "the former one is kept as .bak" grep -q '"v1"' d/hooks/commands.py.bak
check "the edited one ran" equals "$(cat d/marker)" v2
for line in '=== Deployment Restart ===' "Deployment dir: $work/d" "Stack source: $stack" 'Current hostname: None' \
  '[1/4] Pulling latest code from stack repository...' 'Git pull: Already up to date.' "Using spec: $work/d/spec.yml" \
  'Spec hostname: None' '[2/4] Hostname unchanged, skipping DNS verification' '[3/4] Syncing deployment directory...' \
  '[4/4] Applying deployment update...' '=== Restart Complete ==='; do
  check "restart prints: $line" count 1 "$line" "$out"
done
check "an unchanged service was left alone" equals "$(id_of "$cluster_id" test-restart)" "$id"

# Another developer pushes.
git -C "$tree" checkout --quiet -- .
git clone --quiet "$remote" elsewhere
sed -i 's/"v1"/"v3"/' elsewhere/stack-orchestrator/stacks/test-restart/deploy/commands.py
sed -i 's/echo started/echo started again/' elsewhere/stack-orchestrator/compose/docker-compose-test-restart.yml
git -C elsewhere commit --quiet --all --message "v3"
git -C elsewhere push --quiet origin main
run "restart pulls" so deployment --dir d restart
check "it reports the commits" grep -qE '^Git pull: Updating [0-9a-f]+\.\.[0-9a-f]+' "$out"
check "the pulled hook ran" equals "$(cat d/marker)" v3
check "the changed service was recreated" not equals "$(id_of "$cluster_id" test-restart)" "$id"
eventually "it runs its new command" prints "started again" so deployment --dir d logs
check "ids are the same" equals "$(awk '/^cluster-id:/ { print $2 }' d/deployment.yml)" "$cluster_id"

# A failed pull leaves everything as it is.
id=$(id_of "$cluster_id" test-restart)
mv "$remote" "$remote.away"
sed -i 's/"v3"/"v4"/' "$stack/deploy/commands.py"
fails 1 "restart when the remote is missing" so deployment --dir d restart
check "it reports that the pull failed" grep -q 'Git pull failed: ' "$err"
check "the hook is the old one" grep -q '"v3"' d/hooks/commands.py
check "no hook ran" equals "$(cat d/marker)" v3
check "no container was recreated" equals "$(id_of "$cluster_id" test-restart)" "$id"
mv "$remote.away" "$remote"

fails 1 "restart from a missing path" so deployment --dir d restart --stack-path "$work/nowhere"
check "the missing path is named" grep -qF "Stack source path does not exist: $work/nowhere" "$err"
fails 2 "restart --image without an image" so deployment --dir d restart --image test-restart
check "it is a usage error" grep -qF "Invalid --image format 'test-restart', expected container=image" "$err"
run "deployment stop" so deployment --dir d stop 0 --delete-volumes

# --- test-restart-multi: two pods, each from its own repository ---
make_pod() {
  local letter=$1 pod=$CERC_REPO_BASE_DIR/test-restart-pod-$1
  mkdir -p "$pod/stack/deploy"
  cat >"$pod/docker-compose.yml" <<COMPOSE
services:
  pod-$letter:
    image: busybox:1.36
    init: true
    command: ["sh", "-c", "echo $letter started && sleep infinity"]
COMPOSE
  cat >"$pod/stack/deploy/commands.py" <<HOOKS
from pathlib import Path
from stack_orchestrator.deploy.deployment_context import DeploymentContext

START_ON_COMPOSE = True


def start(deployment_context: DeploymentContext):
    (Path(deployment_context.deployment_dir) / "marker-$letter").write_text("$letter-v1")
HOOKS
  git init --quiet "$pod"
  git -C "$pod" add .
  git -C "$pod" commit --quiet --message "pod $letter"
}
make_pod a
make_pod b
multi_tree=$CERC_REPO_BASE_DIR/multi-stack
multi=$multi_tree/stack-orchestrator/stacks/test-restart-multi
mkdir -p "$(dirname "$multi")"
cp -r "$repository/stacks/test-restart-multi" "$multi"
git init --quiet "$multi_tree"
git -C "$multi_tree" add .
git -C "$multi_tree" commit --quiet --message "the stack"

run "init of two pods" so --stack "$multi" deploy init --output multi-spec.yml
run "create of two pods" so --stack "$multi" deploy create --spec-file multi-spec.yml --deployment-dir m
watch_deployment m
check "the hooks have numbers" equals "$(cd m/hooks && ls)" "$(printf 'commands_0.py\ncommands_1.py')"
check "the first is that of the first pod" grep -q marker-a m/hooks/commands_0.py
check "the second is that of the second pod" grep -q marker-b m/hooks/commands_1.py
run "start of two pods" so deployment --dir m start
check "each hook left its marker" equals "$(cat m/marker-a m/marker-b)" "a-v1b-v1"
multi_id=$(awk '/^cluster-id:/ { print $2 }' m/deployment.yml)
check "both pods run in one project" equals "$(containers_of "$multi_id" | wc -l)" 2

for letter in a b; do
  sed -i "s/$letter-v1/$letter-v2/" "$CERC_REPO_BASE_DIR/test-restart-pod-$letter/stack/deploy/commands.py"
done
run "restart of two pods without remotes" so deployment --dir m restart --stack-path "$multi"
check "the copied hooks are the edited ones" equals "$(cat m/hooks/commands_[01].py | grep -c -- '-v2"')" 2
check "the edited hooks ran" equals "$(cat m/marker-a m/marker-b)" "a-v2b-v2"
run "stop of two pods" so deployment --dir m stop 0 --delete-volumes
check "both containers are removed" no_containers "$multi_id"
