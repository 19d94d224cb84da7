#!/usr/bin/env bash
# Builds an image of an ingress controller for the test cluster where the real one cannot be pulled: Caddy as a library,
# configured from the Ingress objects of class caddy. It takes the arguments of the real one, and answers on its health
# port.
#
#   test/cluster/ingress/build.sh    kept while this folder is unchanged
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../common.sh"

recipe=$(recipe_of "$here")
if made_of "$ingress_image" "$recipe"; then exit 0; fi

say "compiling $ingress_image"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/caddy-ingress" .)
printf '%s\n' 'FROM scratch' 'COPY caddy-ingress /caddy-ingress' "LABEL $label=$recipe" 'ENTRYPOINT ["/caddy-ingress"]' >"$work/Dockerfile"
docker build --quiet --tag "$ingress_image" "$work" >/dev/null
