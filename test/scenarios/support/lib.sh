# Functions that the scenarios share; sourced, not run.
#
#   so ARGS…                     the program under test: $LACONIC_SO, by default `node <repository>/dist/cli.js`
#   run NAME COMMAND…            expects exit code 0
#   fails CODE NAME COMMAND…     expects this exit code
#   check NAME COMMAND…          expects that COMMAND succeeds; its output is shown when it does not
#   eventually NAME COMMAND…     the same, but retries for up to 30 seconds
#
# After `run`, `fails` and `eventually`, the files $out and $err contain the command's output. Each check prints one
# line; the first failure prints what was seen, keeps the scenario's folder, and ends the scenario with exit code 1.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
scenario=$(basename "$0" .sh)
if [[ -n ${LACONIC_SO:-} ]]; then
  read -ra program <<<"$LACONIC_SO"
else
  program=(node "$repository/dist/cli.js")
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/laconic-scenario-$scenario.XXXXXX")
out=$work/.last.out
err=$work/.last.err
passed=0
projects=()
: >"$out" >"$err"
cd "$work"

# Keeps the caller's own repositories out of the scenarios.
export CERC_REPO_BASE_DIR=$work/repositories
mkdir "$CERC_REPO_BASE_DIR"

so() { "${program[@]}" "$@"; }

# The Compose project of a deployment directory, which is always cleaned up at the end.
watch_deployment() { projects+=("$(awk '/^cluster-id:/ { print $2 }' "$1/deployment.yml")"); }
watch_project() { projects+=("$1"); }

clean_up() {
  local status=$? project ids
  trap - EXIT
  for project in "${projects[@]}"; do
    if ((status)); then
      docker ps --all --filter "label=com.docker.compose.project=$project" >"$work/containers-$project.txt" 2>&1
      docker compose --project-name "$project" logs --no-color >"$work/logs-$project.txt" 2>&1
    fi
    for kind in container volume network; do
      ids=$(docker "$kind" ls --quiet --filter "label=com.docker.compose.project=$project" \
        $([[ $kind == container ]] && echo --all))
      if [[ -n $ids && $kind == container ]]; then docker rm --force --volumes $ids >/dev/null; fi
      if [[ -n $ids && $kind != container ]]; then docker "$kind" rm $ids >/dev/null; fi
    done
  done
  if declare -F clean_up_more >/dev/null; then clean_up_more; fi
  if ((status)); then
    echo "$scenario: FAILED after $passed checks; what there was is in $work"
  else
    cd /
    rm -rf "$work"
    echo "$scenario: $passed passed"
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

passes() {
  passed=$((passed + 1))
  echo "ok - $1"
}

fail() {
  echo "FAILED - $1"
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line"; done
  exit 1
}

seen() { printf '%s:\n%s' "$1" "$(sed 's/^/    /' "$2" 2>/dev/null)"; }

fails() {
  local wanted=$1 name=$2 code=0
  shift 2
  "$@" >"$out" 2>"$err" </dev/null || code=$?
  if ((code == wanted)); then
    passes "$name"
  else
    fail "$name" "command: $*" "exit code $code, expected $wanted" "$(seen stdout "$out")" "$(seen stderr "$err")"
  fi
}

run() { fails 0 "$@"; }

check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    passes "$name"
  else
    fail "$name" "did not hold: $*" "$said" "$(seen 'stdout of the command before' "$out")" \
      "$(seen 'stderr of the command before' "$err")"
  fi
}

eventually() {
  local name=$1 until=$((SECONDS + 30))
  shift
  until "$@" >"$out" 2>"$err" </dev/null; do
    if ((SECONDS > until)); then fail "$name" "command: $*" "$(seen stdout "$out")" "$(seen stderr "$err")"; fi
    sleep 0.2
  done
  passes "$name"
}

# prints TEXT PROGRAM…: prints what the program prints, which contains the text.
prints() {
  local text=$1 said
  shift
  said=$("$@") || return 1
  echo "$said"
  [[ $said == *"$text"* ]] || {
    echo "not found: $text"
    return 1
  }
}

# count NUMBER TEXT FILE: exactly so many lines of the file equal the text.
count() { [[ $(grep --count --fixed-strings --line-regexp -- "$2" "$3") == "$1" ]] || { cat "$3"; false; }; }
not() { ! "$@"; }
empty() { [[ ! -s $1 ]] || { cat "$1"; false; }; }
equals() { [[ $1 == "$2" ]] || { echo "$1"; echo "is not"; echo "$2"; false; }; }

# The images that a scenario needs in addition to those it builds.
need_images() { run "the images $* are here" bash "$repository/test/images/build.sh"; }

containers_of() { docker ps --all --quiet --filter "label=com.docker.compose.project=$1"; }
no_containers() { equals "$(containers_of "$1")" ""; }
id_of() { docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2"; }

# The default project name of a stack run in place, for an absolute path.
default_project() { echo "laconic-$(printf 'internal,%s,None,None' "$1" | md5sum | cut -c 1-16)"; }

# A project name that only this run uses.
own_project() { echo "scenario-$(basename "$work" | tr '[:upper:]' '[:lower:]' | tr -dc 'a-z0-9-')"; }

# The text at a path of a published port; the address is in the form that `port` prints.
fetch() { node -e 'fetch(process.argv[1]).then(async (r) => { process.stdout.write(await r.text()); process.exit(r.ok ? 0 : 1); }, (e) => { console.error(String(e)); process.exit(1); })' "http://${1/0.0.0.0/127.0.0.1}$2"; }
