# Sourced by the scripts of this folder.

cache=${LACONIC_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/laconic-so-test}
node_image=laconic-so-test/node:local
ingress_image=laconic-so-test/caddy-ingress:local
# A label of every image built here, and thereby of the containers of every cluster that uses it.
label=laconic-so.test.recipe

# The programs built here take precedence over those of the machine.
PATH=$cache/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { echo "$*" >&2; }
fail() {
  say "Error: $1"
  shift
  if (($#)); then printf '%s\n' "$@" >&2; fi
  exit 1
}

# recipe_of FOLDER: a checksum that changes with any file in it.
recipe_of() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12); }

# made_of IMAGE RECIPE: whether the image exists and was built from this recipe.
made_of() { [[ $(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null) == "$2" ]]; }

# only_one: waits until no other script of this folder uses the same cache. The lock ends with this process.
only_one() {
  mkdir -p "$cache/bin"
  exec 9>"$cache/lock"
  flock 9
}
