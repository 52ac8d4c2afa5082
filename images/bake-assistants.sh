#!/bin/sh
# usage: bake-assistants.sh LIST FOLDER
# Runs while an image is built, as the user for whom install-container.sh has just activated a home-manager generation: installs
# the AI assistants of LIST (claude,codex,gemini or none) into FOLDER, where they are found without a network or a place to write.
set -eu

list=$1 folder=$2

fail() {
  echo "bake-assistants: $*" >&2
  exit 2
}

# The marker of install-container.sh: what was asked for, and the generation that it became.
read -r _ generation <"$HOME/.local/state/cdk8s-nix/home-manager"

[ "$list" != none ] || list=
for assistant in $(echo "$list" | tr ',' ' '); do
  case $assistant in
    claude | codex | gemini) ;;
    *) fail "AI_ASSISTANTS has '$assistant'; it is a list of claude, codex and gemini with commas, or none" ;;
  esac
  wrapper=$generation/home-path/bin/$assistant
  if [ ! -x "$wrapper" ]; then
    echo "bake-assistants: the profile does not have $assistant: it is left out" >&2
    continue
  fi
  CDK8S_NIX_ASSISTANTS=$folder CDK8S_NIX_INSTALL_ONLY=1 "$wrapper"
done
