# The story of the stack `test`, from its quick start to the removal of its volumes: the acceptance list of existing
# scripts for a stack that ships with the program (deploy.sh) and for the same in somebody's repository
# (external-stack.sh).
#
#   deploy_story STACK SOURCE PROJECT    STACK as --stack gets it; SOURCE the folder with its config/, to compare with;
#                                        PROJECT the Compose project of the stack in place
#
# shellcheck shell=bash

deploy_story() {
  local stack=$1 source=$2 quick=$3 spec deployment cluster_id id
  spec=$work/test-spec.yml
  deployment=$work/test-deployment
  watch_project "$quick"

  # Two stacks in place share nothing when their projects have different names; the default is made from the stack's
  # path.
  local group=(deploy)
  if [[ $quick != "$(default_project "$stack")" ]]; then group+=(--cluster "$quick"); fi
  in_place() { so --stack "$stack" "${group[@]}" "$@"; }
  of_deployment() { so deployment --dir "$deployment" "$@"; }

  # --- a stack in place ---
  run "build-containers makes the image of the stack" so --stack "$stack" build-containers
  run "deploy up" in_place up
  run "deploy port" in_place port test 80
  check "port prints 0.0.0.0:<port>" grep -q '^0\.0\.0\.0:[1-9][0-9]*$' "$out"
  # The container runs; its web server is the last that it starts.
  eventually "the published port answers" fetch "$(cat "$out")" /
  eventually "the first logs end with /config: EXISTS" prints "/config: EXISTS" in_place logs
  run "deploy logs" in_place logs
  check "the file systems are fresh" grep -q '/data filesystem is fresh' "$out"
  check "a literal of the compose file arrives" grep -q 'Test-param-2: CERC_TEST_PARAM_2_VALUE' "$out"
  check "a variable that nobody sets has its default" grep -q 'Test-param-1: FAILED' "$out"
  run "deploy ps" in_place ps
  check "ps says Running containers:" grep -qx 'Running containers:' "$out"
  check "ps has a line per container, as scripts cut it up" \
    grep -qE "^id: [0-9a-f]{64}, name: $quick-test-1, ports: 0\.0\.0\.0:[0-9]+->80/tcp$" "$out"
  run "deploy exec of one quoted word" in_place exec test "echo one two | wc -w"
  check "its output is on stdout" grep -q '^ *2$' "$out"
  run "deploy down" in_place down
  check "no container is left" no_containers "$quick"
  run "ps of nothing" in_place ps
  check "says No containers running" equals "$(cat "$out")" "No containers running"
  group[0]=deploy-system
  run "deploy-system up, the other name of the group" in_place up
  eventually "the volumes were kept" prints "/data filesystem is old, created:" in_place logs
  run "deploy-system down --delete-volumes" in_place down --delete-volumes
  check "no volume is left" equals "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$quick")" ""
  run "deploy up once more" in_place up
  eventually "the volumes are new" prints "/data2 filesystem is fresh" in_place logs
  run "deploy down --delete-volumes" in_place down --delete-volumes

  # --- setup, init, create ---
  mkdir "$work/setup"
  run "deploy setup with a directory" so --stack "$stack" deploy setup "$work/setup"
  check "its container wrote output-data" equals "$(cat "$work/setup/container-output-dir/output-file")" "output-data"

  run "deploy init" so --stack "$stack" deploy init --output "$spec" --config CERC_TEST_PARAM_1=PASSED,CERC_TEST_PARAM_3=FAST
  check "is silent" empty "$out"
  check "a config value is a plain scalar" grep -qE '^ *CERC_TEST_PARAM_1: PASSED$' "$spec"
  check "and so is the other" grep -qE '^ *CERC_TEST_PARAM_3: FAST$' "$spec"
  check "the init hook added its variable" grep -qE '^ *test_variable_1: test-value-1$' "$spec"
  check "the stack is written as it was given" grep -qxF "stack: $stack" "$spec"
  check "a port that looks like a number is quoted" grep -qE "^ *- '80'$" "$spec"
  check "a volume has its directory below data/" grep -qE '^ *test-data-bind: \./data/test-data-bind$' "$spec"
  # As scripts move a volume: one goes to a host directory of its own.
  sed -i "s|^\(\s*test-data-auto:\).*$|\1 $work/outside|" "$spec"
  mkdir "$work/outside"

  run "deploy create" so --stack "$stack" deploy create --spec-file "$spec" --deployment-dir "$deployment"
  check "is silent" empty "$out"
  check "deployment.yml has both ids at the beginning of a line" \
    equals "$(grep -cE '^(cluster|deployment)-id: laconic-[0-9a-z]+$' "$deployment/deployment.yml")" 2
  watch_deployment "$deployment"
  cluster_id=$(awk '/^cluster-id:/ { print $2 }' "$deployment/deployment.yml")
  check "the create hook wrote create-file" equals "$(cat "$deployment/create-file"; echo .)" "create-command-output-data."
  check "config.env has the values of the spec" grep -qx 'CERC_TEST_PARAM_1=PASSED' "$deployment/config.env"
  check "config.env belongs to its owner only" equals "$(stat -c %a "$deployment/config.env")" 600
  check "the spec is a copy, byte for byte" cmp "$spec" "$deployment/spec.yml"
  check "a host path of the compose file is as it was" \
    grep -q '\.\./config/test/script\.sh:/opt/run\.sh' "$deployment/compose/docker-compose-test.yml"
  check "the config folder came along" cmp "$source/config/test/settings.env" "$deployment/config/test/settings.env"
  check "the hooks came along" test -f "$deployment/hooks/commands.py"
  check "data/test-config is there to be filled" test -d "$deployment/data/test-config"
  echo "dbfc7a4d-44a7-416d-b5f3-29842cc47650" >"$deployment/data/test-config/test_config"
  fails 1 "a second create refuses" so --stack "$stack" deploy create --spec-file "$spec" --deployment-dir "$deployment"
  check "and says why" grep -qF "$deployment already exists" "$err"

  # --- create --update ---
  echo "precious" >"$deployment/data/test-data-bind/update-marker"
  id=$(grep '^cluster-id:' "$deployment/deployment.yml")
  sed -i 's/CERC_TEST_PARAM_3: FAST/CERC_TEST_PARAM_3: FASTER/' "$spec"
  sed -i 's/ANSWER=42/ANSWER=69/' "$deployment/config/test/settings.env"
  run "create --update" so --stack "$stack" deploy create --update --spec-file "$spec" --deployment-dir "$deployment"
  check "config.env is new" grep -qx 'CERC_TEST_PARAM_3=FASTER' "$deployment/config.env"
  check "the old one is config.env.bak" grep -qx 'CERC_TEST_PARAM_3=FAST' "$deployment/config.env.bak"
  check "spec.yml is new" cmp "$spec" "$deployment/spec.yml"
  check "an edited config file is as in the stack" cmp "$source/config/test/settings.env" "$deployment/config/test/settings.env"
  check "the edit is in its .bak" grep -qx 'ANSWER=69' "$deployment/config/test/settings.env.bak"
  check "an unchanged config file has no .bak" not test -e "$deployment/config/test/script.sh.bak"
  check "data is untouched" equals "$(cat "$deployment/data/test-data-bind/update-marker")" "precious"
  check "the ids are the same" grep -qxF "$id" "$deployment/deployment.yml"
  fails 1 "create --update of nothing refuses" \
    so --stack "$stack" deploy create --update --spec-file "$spec" --deployment-dir "$work/nothing"
  check "and leaves nothing" not test -e "$work/nothing"
  rm "$deployment/data/test-data-bind/update-marker"

  # --- the deployment ---
  run "deployment start" of_deployment start
  eventually "the logs show the file put into the volume" prints "dbfc7a4d-44a7-416d-b5f3-29842cc47650" of_deployment logs
  run "deployment logs" of_deployment logs
  check "each line begins with its service" grep -q 'test-1  | Test container starting' "$out"
  check "the file systems are fresh" equals "$(grep -c 'filesystem is fresh' "$out")" 2
  check "both are mounts of their own" equals "$(grep -cE '/data2?: MOUNTED dev=' "$out")" 2
  check "the value given at init arrives" grep -q 'Test-param-1: PASSED' "$out"
  check "the literal of the compose file stays" grep -q 'Test-param-2: CERC_TEST_PARAM_2_VALUE' "$out"
  check "the updated value arrives" grep -q 'Test-param-3: FASTER' "$out"
  check "the volume of configuration is there" grep -q '/config: EXISTS' "$out"
  check "with the file by its name" grep -q '/config/test_config:' "$out"
  check "the volume below data/ is a directory of the deployment" test -f "$deployment/data/test-data-bind/exists"
  check "the other is the host directory" test -f "$work/outside/exists"
  run "deployment ps" of_deployment ps
  check "says Running containers:" grep -qx 'Running containers:' "$out"
  run "deployment status" of_deployment status
  check "is name, tab, state" equals "$(cat "$out")" "$cluster_id-test-1"$'\t'"running"
  run "deployment port" of_deployment port test 80
  check "prints 0.0.0.0:<port>" grep -q '^0\.0\.0\.0:[1-9][0-9]*$' "$out"
  eventually "which answers" fetch "$(cat "$out")" /
  fails 1 "port of what is not published" of_deployment port test 81
  run "deployment exec" of_deployment exec test "ls -la /opt/run.sh"
  check "prints what the command prints" grep -q '/opt/run.sh$' "$out"
  fails 3 "exec ends with the code of the command" of_deployment exec test "exit 3"
  run "logs --tail 1" of_deployment logs --tail 1 test
  check "is one line" equals "$(wc -l <"$out")" 1
  run "deployment run-job" of_deployment run-job test-job
  check "names the job" grep -qx 'Running job: test-job' "$out"
  check "and shows its output" grep -q 'Job completed successfully' "$out"
  fails 1 "run-job of an unknown job" of_deployment run-job no-such-job
  check "names the jobs there are" grep -q 'test-job' "$err"

  id=$(id_of "$cluster_id" test)
  run "a second start" of_deployment start
  check "recreates nothing" equals "$(id_of "$cluster_id" test)" "$id"
  run "deployment stop" of_deployment stop
  check "no container is left" no_containers "$cluster_id"
  run "ps of a stopped deployment" of_deployment ps
  check "says No containers running" equals "$(cat "$out")" "No containers running"
  run "stopping it again is no failure" of_deployment stop 5
  run "deployment up, with the cluster options of other targets" of_deployment up --perform-cluster-management
  eventually "the data was kept" prints "/data2 filesystem is old, created:" of_deployment logs
  check "in both volumes" prints "/data filesystem is old, created:" of_deployment logs
  run "deployment down --delete-volumes" of_deployment down --delete-volumes --skip-cluster-management --delete-namespace
  check "no volume of the engine is left" \
    equals "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$cluster_id")" ""
  check "host directories keep their data" test -f "$deployment/data/test-data-bind/exists"
  check "which is said" grep -q 'test-data-bind' "$err"
}
