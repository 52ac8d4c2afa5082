#!/bin/sh
# Compares the store with Nix's database: does every path exist, and has it the content that its hash says?
#
# Environment, besides that of store-care.sh:
#   VERIFY_CONTENTS  yes   no: only whether the paths exist, which takes seconds rather than minutes
#   VERIFY_REPAIR    no    yes: bring what is damaged from a binary cache, and have the seeder bring the rest at the next start
set -eu

program=verify-store
: "${VERIFY_CONTENTS:=yes}" "${VERIFY_REPAIR:=no}"

# shellcheck source=scripts/store-care.sh
. "${0%/*}/store-care.sh"

# usage: verify [--repair]     sets $damaged, the number of paths that are not as they should be, and $repaired
verify() {
  [ "$VERIFY_CONTENTS" = no ] || set -- --check-contents "$@"
  run_nix "$work/output" "$work/errors" nix-store --verify "$@"
  damaged=0
  while IFS= read -r line; do
    case $line in
      *"' was modified!"* | *"' disappeared"*) damaged=$((damaged + 1)) ;;
      'reading the Nix store'* | 'checking '*) continue ;;
    esac
    printf '%s: %s\n' "$program" "$line"
  done <"$work/errors"
  [ "$status" = 0 ] || [ "$damaged" -gt 0 ] || die 52 "Nix could not verify the store: $(last_error "$work/errors")"
}

# The seeder compares what the image ships with its hashes once more if it finds this file.
ask_seeder() {
  [ -e "$ours/seed" ] || return 0
  touch "$ours/repair"
  seeder="; the next start of a workload brings those that the seed image ships"
}

open_store
require_choice VERIFY_CONTENTS yes no
require_choice VERIFY_REPAIR yes no
verify
found=$damaged seeder=''
if [ "$damaged" -gt 0 ] && [ "$VERIFY_REPAIR" = yes ]; then
  verify --repair
  verify
  [ "$damaged" = 0 ] || ask_seeder
fi
clock
[ "$damaged" = 0 ] || die 54 "$damaged damaged paths, $((found - damaged)) repaired$seeder; $((now - started)) s"
report "no damaged paths$([ "$found" = 0 ] || echo " any more, $found repaired"); $((now - started)) s"
