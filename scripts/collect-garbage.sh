#!/bin/sh
# Collects the garbage of a store, also while others use it. Runs as the owner of the store with the store at /nix and the
# home at $HOME, both as in the workload: roots below the home are what keeps the user's packages.
#
# Never collected: what the seed image ships, Nix itself, every profile and root, what running builds use.
#
# Environment, besides that of store-care.sh:
#   GC_OLDER_THAN_DAYS        none   first delete generations of profiles that are older; the current one stays
#   GC_KEEP_RECENT            0      seconds: spare what is in the store for less, even if nothing roots it
#   GC_WHEN_FREE_BELOW_MIB    none   only if less is free on the volume
#   GC_WHEN_STORE_ABOVE_MIB   none   only if the store holds more (with both: if either is so)
#   GC_OPTIMISE               no     yes: link equal files to each other afterwards
#   GC_HOME_IS_NEW            no     yes: the home is empty by design, so roots below it are gone
#   GC_FORGET_PROGRAMS_DAYS   none   programs of workloads whose pods did not start for so long are garbage, but for those of PROGRAMS_SET
#   GC_FORGET_UNSEEN          no     yes: roots in folders that are not mounted here are gone, instead of a reason to refuse
set -eu

program=collect-garbage
: "${GC_OLDER_THAN_DAYS:=}" "${GC_KEEP_RECENT:=0}" "${GC_WHEN_FREE_BELOW_MIB:=}" "${GC_WHEN_STORE_ABOVE_MIB:=}"
: "${GC_FORGET_PROGRAMS_DAYS:=}" "${PROGRAMS_SET:=}"
: "${GC_OPTIMISE:=no}" "${GC_HOME_IS_NEW:=no}" "${GC_FORGET_UNSEEN:=no}"

# shellcheck source=scripts/store-care.sh
. "${0%/*}/store-care.sh"
# shellcheck source=scripts/program-roots.sh
. "${0%/*}/program-roots.sh"

check_settings() {
  require_numbers GC_OLDER_THAN_DAYS GC_FORGET_PROGRAMS_DAYS GC_KEEP_RECENT GC_WHEN_FREE_BELOW_MIB GC_WHEN_STORE_ABOVE_MIB
  for choice_of in GC_OPTIMISE GC_HOME_IS_NEW GC_FORGET_UNSEEN; do require_choice "$choice_of" yes no; done
  [ -n "${HOME:-}" ] || die 10 'HOME is not set'
}

# --- is it time? ---------------------------------------------------------------------------------------------------

is_due() {
  free=$(free_mebibytes)
  [ -n "$GC_WHEN_FREE_BELOW_MIB$GC_WHEN_STORE_ABOVE_MIB" ] || return 0
  idle="$free MiB free"
  if [ -n "$GC_WHEN_FREE_BELOW_MIB" ]; then
    [ "$free" -ge "$GC_WHEN_FREE_BELOW_MIB" ] || return 0
    idle="$idle, due below $GC_WHEN_FREE_BELOW_MIB MiB"
  fi
  if [ -n "$GC_WHEN_STORE_ABOVE_MIB" ]; then
    measure_store
    [ "$store_mebibytes" -le "$GC_WHEN_STORE_ABOVE_MIB" ] || return 0
    idle="$idle; $store_mebibytes MiB in the store, due above $GC_WHEN_STORE_ABOVE_MIB MiB"
  fi
  return 1
}

# By Nix's database: no walk over the files.
measure_store() {
  run_nix "$work/sizes" "$work/errors" nix --extra-experimental-features nix-command path-info --all --size
  [ "$status" = 0 ] || die 52 "Nix cannot tell the size of the store: $(last_error "$work/errors")"
  bytes=0
  while read -r _ size; do bytes=$((bytes + size)); done <"$work/sizes"
  store_mebibytes=$((bytes / 1048576))
}

# --- is it safe? ---------------------------------------------------------------------------------------------------

# The seeder roots what the image ships. If these roots are gone, Nix itself is garbage.
check_seed_roots() {
  [ -e "$NIX_FOLDER/var/nix/profiles/default/" ] || die 61 "$NIX_FOLDER/var/nix/profiles/default, the profile that holds Nix itself, is gone"
  [ -r "$ours/seed" ] || return 0
  id=
  while IFS='=' read -r key value; do [ "$key" != id ] || id=$value; done <"$ours/seed"
  # A seed of an earlier version named their folder after the image.
  [ -n "$(ls -A "$NIX_FOLDER/var/nix/gcroots/cdk8s-nix/image" 2>/dev/null || ls -A "$NIX_FOLDER/var/nix/gcroots/cdk8s-nix/$id" 2>/dev/null)" ] ||
    die 61 "the roots of the seed image are gone ($NIX_FOLDER/var/nix/gcroots/cdk8s-nix/image): remove $ours/seed and restart the workload, which makes them anew"
}

# A root in a home or project is a link there, and a link to that link in gcroots/auto. Nix takes a root for gone if the
# link is not there, and so it would be if the folder were not mounted here: everything it stands for would be deleted.
check_unseen_roots() {
  [ "$GC_FORGET_UNSEEN" = no ] || return 0
  root_device=$(stat -c %d /)
  for auto in "$NIX_FOLDER"/var/nix/gcroots/auto/*; do
    target=$(readlink "$auto") || continue
    if [ -e "$target" ] || [ -L "$target" ] || ! is_unseen "$target"; then continue; fi
    die 62 "$target is a root of the garbage collector in a folder that is not mounted here ($folder). Mount it, or delete the link $auto if the root is gone, or set forgetUnseenRoots"
  done
}

# Not there because the folder is not mounted here, rather than deleted? Then what is left of its path is the root file
# system of this container, or an empty folder, as a place is that something is mounted on elsewhere.
is_unseen() {
  case $1 in
    "$NIX_FOLDER"/* | /tmp/*) return 1 ;;
    "$HOME"/*) [ "$GC_HOME_IS_NEW" = no ] || return 1 ;;
  esac
  folder=${1%/*}
  until [ -d "${folder:=/}" ]; do folder=${folder%/*}; done
  [ "$(stat -c %d "$folder")" = "$root_device" ] || [ -z "$(ls -A "$folder")" ]
}

# --- collect -------------------------------------------------------------------------------------------------------

delete_old_generations() {
  [ -n "$GC_OLDER_THAN_DAYS" ] || return 0
  for profile in "$NIX_FOLDER"/var/nix/profiles/* "$NIX_FOLDER"/var/nix/profiles/per-user/*/* "$HOME"/.local/state/nix/profiles/*; do
    case $profile in *-[0-9]*-link) continue ;; esac
    [ -L "$profile" ] || continue
    run_nix "$work/output" "$work/errors" nix-env --profile "$profile" --delete-generations "${GC_OLDER_THAN_DAYS}d"
    [ "$status" = 0 ] || die 52 "old generations of $profile cannot be deleted: $(last_error "$work/errors")"
  done
}

# Somebody in the workload may use, without a root, what was built or fetched a moment ago: `nix shell` and `nix develop` keep
# none, and their processes cannot be seen from here. When a path came is when its inode last changed, or earlier.
root_recent_paths() {
  recent=$NIX_FOLDER/var/nix/gcroots/cdk8s-nix-recent
  rm -rf "$recent"
  [ "$GC_KEEP_RECENT" -gt 0 ] || return 0
  run_nix "$work/dead" "$work/errors" nix-store --gc --print-dead
  [ "$status" = 0 ] || die 52 "Nix cannot tell what is garbage: $(last_error "$work/errors")"
  touch "$ours/probe"
  since=$(($(stat -c %Z "$ours/probe") - GC_KEEP_RECENT))
  mkdir -p "$recent"
  batch=''
  while read -r path; do
    batch="$batch $path"
    [ ${#batch} -lt 50000 ] || root_those_since
  done <"$work/dead"
  root_those_since
}

root_those_since() {
  # shellcheck disable=SC2086 # store paths have no spaces
  [ -z "$batch" ] || stat -c '%Z %n' $batch >"$work/changes" 2>/dev/null || true
  batch=''
  links=''
  while read -r changed path; do
    [ "$changed" -lt "$since" ] || links="$links $path"
  done <"$work/changes"
  : >"$work/changes"
  # shellcheck disable=SC2086
  [ -z "$links" ] || ln -s $links "$recent/"
}

# Nix says what it did even if it is stopped half-way.
collect() {
  say_freed=''
  run_nix "$work/freed" "$work/deleting" nix-store --gc
  [ "$status" = 0 ] || die 52 "Nix could not collect all garbage: $(last_error "$work/deleting")$(tell_progress)"
  say_freed=$(tell_progress)
}

tell_progress() {
  [ -e "$work/freed" ] || return 0
  while IFS= read -r message; do
    case $message in *' deleted, '*' freed'*) printf '; %s' "$message" ;; esac
  done <"$work/freed"
}

optimise() {
  say_optimised=''
  [ "$GC_OPTIMISE" = yes ] || return 0
  run_nix "$work/output" "$work/optimised" nix-store --optimise
  [ "$status" = 0 ] || die 52 "Nix could not link equal files: $(last_error "$work/optimised")$say_freed"
  while IFS= read -r message; do
    case $message in *' freed by hard-linking '*) say_optimised="; $message" ;; esac
  done <"$work/optimised"
}

open_store
check_settings
acquire_lock
if ! is_due; then
  report "nothing to do: $idle"
  exit 0
fi
check_seed_roots
check_unseen_roots
delete_old_generations
[ -z "$GC_FORGET_PROGRAMS_DAYS" ] || forget_unused_sets $((GC_FORGET_PROGRAMS_DAYS * 86400)) "$PROGRAMS_SET"
: >"$work/changes"
root_recent_paths
collect
rm -rf "$recent"
optimise
clock
report "${say_freed#; }$say_optimised; $(free_mebibytes) MiB free, $free MiB before; $((now - started)) s"
