# The story of the stack `test`, from its quick start to the removal of its volumes, in three parts that follow one
# another. It is the acceptance test of existing scripts for a bundled stack (deploy.sh) and for the same stack in an
# external repository (external-stack.sh).
#
#   in_place_story STACK PROJECT    STACK is the value of --stack; PROJECT the Compose project of the stack in place
#   directory_story STACK SOURCE    SOURCE is the folder with its config/, to compare with; makes $deployment, whose
#                                   Compose project is $cluster_id
#   deployment_story                starts $deployment, and removes its volumes at the end
#
# shellcheck shell=bash

deployment=$work/test-deployment
of_deployment() { so deployment --dir "$deployment" "$@"; }

in_place_story() {
  local stack=$1 quick=$2
  watch_project "$quick"

  # Two stacks in place share nothing when their projects have different names; the default name is derived from the
  # path of the stack.
  local group=(deploy)
  if [[ $quick != "$(default_project "$stack")" ]]; then group+=(--cluster "$quick"); fi
  in_place() { so --stack "$stack" "${group[@]}" "$@"; }

  run "build-containers builds the image of the stack" so --stack "$stack" build-containers
  run "deploy up" in_place up
  run "deploy port" in_place port test 80
  check "port prints 0.0.0.0:<port>" grep -q '^0\.0\.0\.0:[1-9][0-9]*$' "$out"
  # The container runs, but starts its web server last.
  eventually "the published port answers" fetch "$(cat "$out")" /
  eventually "deploy logs: the first logs end with /config: EXISTS" prints "/config: EXISTS" in_place logs
  check "the file systems are new" grep -q '/data filesystem is fresh' "$out"
  check "a literal in the compose file arrives" grep -q 'Test-param-2: CERC_TEST_PARAM_2_VALUE' "$out"
  check "an unset variable has its default" grep -q 'Test-param-1: FAILED' "$out"
  run "deploy ps" in_place ps
  check "ps prints Running containers:" grep -qx 'Running containers:' "$out"
  check "ps prints a line per container in the format that scripts split" \
    grep -qE "^id: [0-9a-f]{64}, name: $quick-test-1, ports: 0\.0\.0\.0:[0-9]+->80/tcp$" "$out"
  run "deploy exec of one quoted word" in_place exec test "echo one two | wc -w"
  check "its output is on stdout" grep -q '^ *2$' "$out"
  run "deploy down" in_place down
  check "no container is left" no_containers "$quick"
  run "ps without containers" in_place ps
  check "it prints No containers running" equals "$(cat "$out")" "No containers running"
  group[0]=deploy-system
  run "deploy-system up, an alias of deploy" in_place up
  eventually "the volumes were kept" prints "/data filesystem is old, created:" in_place logs
  run "deploy-system down --delete-volumes" in_place down --delete-volumes
  check "no volume is left" equals "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$quick")" ""
  run "deploy up once more" in_place up
  eventually "the volumes are new" prints "/data2 filesystem is fresh" in_place logs
  run "deploy down --delete-volumes" in_place down --delete-volumes
}

directory_story() {
  local stack=$1 source=$2 spec=$work/test-spec.yml id

  # --- setup, init, create ---
  mkdir "$work/setup"
  run "deploy setup with a directory" so --stack "$stack" deploy setup "$work/setup"
  check "its container wrote output-data" equals "$(cat "$work/setup/container-output-dir/output-file")" "output-data"

  run "deploy init" so --stack "$stack" deploy init --output "$spec" --config CERC_TEST_PARAM_1=PASSED,CERC_TEST_PARAM_3=FAST
  check "it prints nothing" empty "$out"
  check "a config value is a plain scalar" grep -qE '^ *CERC_TEST_PARAM_1: PASSED$' "$spec"
  check "the other one is, too" grep -qE '^ *CERC_TEST_PARAM_3: FAST$' "$spec"
  check "the init hook added its variable" grep -qE '^ *test_variable_1: test-value-1$' "$spec"
  check "the stack is written as it was passed" grep -qxF "stack: $stack" "$spec"
  check "a port that looks like a number is quoted" grep -qE "^ *- '80'$" "$spec"
  check "a volume has its directory below data/" grep -qE '^ *test-data-bind: \./data/test-data-bind$' "$spec"
  # Scripts move a volume to another host directory like this.
  sed -i "s|^\(\s*test-data-auto:\).*$|\1 $work/outside|" "$spec"
  mkdir "$work/outside"

  run "deploy create" so --stack "$stack" deploy create --spec-file "$spec" --deployment-dir "$deployment"
  check "it prints nothing" empty "$out"
  check "deployment.yml has both ids at the beginning of a line" \
    equals "$(grep -cE '^(cluster|deployment)-id: laconic-[0-9a-z]+$' "$deployment/deployment.yml")" 2
  watch_deployment "$deployment"
  cluster_id=$(awk '/^cluster-id:/ { print $2 }' "$deployment/deployment.yml")
  check "the create hook wrote create-file" equals "$(cat "$deployment/create-file"; echo .)" "create-command-output-data."
  check "config.env has the values of the spec" grep -qx 'CERC_TEST_PARAM_1=PASSED' "$deployment/config.env"
  check "only its owner can read config.env" equals "$(stat -c %a "$deployment/config.env")" 600
  check "the spec is a copy, byte for byte" cmp "$spec" "$deployment/spec.yml"
  check "a host path in the compose file is unchanged" \
    grep -q '\.\./config/test/script\.sh:/opt/run\.sh' "$deployment/compose/docker-compose-test.yml"
  check "the config folder was copied" cmp "$source/config/test/settings.env" "$deployment/config/test/settings.env"
  check "the hooks were copied" test -f "$deployment/hooks/commands.py"
  check "data/test-config exists and can be filled" test -d "$deployment/data/test-config"
  echo "dbfc7a4d-44a7-416d-b5f3-29842cc47650" >"$deployment/data/test-config/test_config"
  fails 1 "a second create is refused" so --stack "$stack" deploy create --spec-file "$spec" --deployment-dir "$deployment"
  check "the reason is reported" grep -qF "$deployment already exists" "$err"

  # --- create --update ---
  echo "precious" >"$deployment/data/test-data-bind/update-marker"
  id=$(grep '^cluster-id:' "$deployment/deployment.yml")
  sed -i 's/CERC_TEST_PARAM_3: FAST/CERC_TEST_PARAM_3: FASTER/' "$spec"
  sed -i 's/ANSWER=42/ANSWER=69/' "$deployment/config/test/settings.env"
  run "create --update" so --stack "$stack" deploy create --update --spec-file "$spec" --deployment-dir "$deployment"
  check "config.env is updated" grep -qx 'CERC_TEST_PARAM_3=FASTER' "$deployment/config.env"
  check "the former one is kept as config.env.bak" grep -qx 'CERC_TEST_PARAM_3=FAST' "$deployment/config.env.bak"
  check "spec.yml is updated" cmp "$spec" "$deployment/spec.yml"
  check "an edited config file is as in the stack again" cmp "$source/config/test/settings.env" "$deployment/config/test/settings.env"
  check "the edit is kept in its .bak" grep -qx 'ANSWER=69' "$deployment/config/test/settings.env.bak"
  check "an unchanged config file has no .bak" not test -e "$deployment/config/test/script.sh.bak"
  check "data is untouched" equals "$(cat "$deployment/data/test-data-bind/update-marker")" "precious"
  check "the ids are the same" grep -qxF "$id" "$deployment/deployment.yml"
  fails 1 "create --update of a missing directory is refused" \
    so --stack "$stack" deploy create --update --spec-file "$spec" --deployment-dir "$work/nothing"
  check "nothing is left" not test -e "$work/nothing"
  rm "$deployment/data/test-data-bind/update-marker"
}

deployment_story() {
  local id
  run "deployment start" of_deployment start
  eventually "deployment logs: the file put into the volume" \
    prints "dbfc7a4d-44a7-416d-b5f3-29842cc47650" of_deployment logs
  check "each line begins with its service" grep -q 'test-1  | Test container starting' "$out"
  check "the file systems are new" equals "$(grep -c 'filesystem is fresh' "$out")" 2
  check "both are separate mounts" equals "$(grep -cE '/data2?: MOUNTED dev=' "$out")" 2
  check "the value given at init arrives" grep -q 'Test-param-1: PASSED' "$out"
  check "the literal in the compose file is kept" grep -q 'Test-param-2: CERC_TEST_PARAM_2_VALUE' "$out"
  check "the updated value arrives" grep -q 'Test-param-3: FASTER' "$out"
  check "the configuration volume is mounted" grep -q '/config: EXISTS' "$out"
  check "its file is listed" grep -q '/config/test_config:' "$out"
  check "the volume below data/ is a directory of the deployment" test -f "$deployment/data/test-data-bind/exists"
  check "the other is the host directory" test -f "$work/outside/exists"
  run "deployment ps" of_deployment ps
  check "it prints Running containers:" grep -qx 'Running containers:' "$out"
  run "deployment status" of_deployment status
  check "it prints name, tab, state" equals "$(cat "$out")" "$cluster_id-test-1"$'\t'"running"
  run "deployment port" of_deployment port test 80
  check "it prints 0.0.0.0:<port>" grep -q '^0\.0\.0\.0:[1-9][0-9]*$' "$out"
  eventually "the port answers" fetch "$(cat "$out")" /
  fails 1 "port for a port that is not published" of_deployment port test 81
  run "deployment exec" of_deployment exec test "ls -la /opt/run.sh"
  check "it prints the output of the command" grep -q '/opt/run.sh$' "$out"
  fails 3 "exec exits with the code of the command" of_deployment exec test "exit 3"
  run "logs --tail 1" of_deployment logs --tail 1 test
  check "it is one line" equals "$(wc -l <"$out")" 1
  run "deployment run-job" of_deployment run-job test-job
  check "it names the job" grep -qx 'Running job: test-job' "$out"
  check "it prints the output of the job" grep -q 'Job completed successfully' "$out"
  fails 1 "run-job of an unknown job" of_deployment run-job no-such-job
  check "it lists the available jobs" grep -q 'test-job' "$err"

  id=$(id_of "$cluster_id" test)
  run "a second start" of_deployment start
  check "it recreates nothing" equals "$(id_of "$cluster_id" test)" "$id"
  run "deployment stop" of_deployment stop
  check "no container is left" no_containers "$cluster_id"
  run "ps of a stopped deployment" of_deployment ps
  check "it prints No containers running" equals "$(cat "$out")" "No containers running"
  run "a second stop succeeds" of_deployment stop 5
  check "it warns of no option" not grep -q "WARNING" "$err"
  run "deployment up, with the cluster options of other targets" of_deployment up --perform-cluster-management
  no_effect="has no effect on Docker Compose: the deployment has no kind cluster"
  check "it says once that the option has no effect" count 1 "WARNING: --perform-cluster-management $no_effect" "$err"
  eventually "the data was kept" prints "/data2 filesystem is old, created:" of_deployment logs
  check "the data is kept in both volumes" grep -q '/data filesystem is old, created:' "$out"
  run "deployment down --delete-volumes" of_deployment down --delete-volumes --skip-cluster-management --delete-namespace
  check "it says that the option has no effect" grep -qF "WARNING: --skip-cluster-management $no_effect" "$err"
  check "no engine volume is left" \
    equals "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$cluster_id")" ""
  check "host directories keep their data" test -f "$deployment/data/test-data-bind/exists"
  check "the kept directories are reported" grep -q 'test-data-bind' "$err"
}
