#!/bin/sh
# For CI: the manifests in dist/, which Argo CD reads, are what the code synthesizes to.
set -eu
cd "$(dirname "$0")"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
npx cdk8s synth --no-check-upgrade --output "$fresh" >/dev/null
if ! diff -r dist "$fresh"; then
  echo 'dist/ is not what the code synthesizes to; run "npx cdk8s synth" and commit dist/.' >&2
  exit 1
fi
