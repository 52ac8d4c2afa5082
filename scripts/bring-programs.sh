#!/bin/sh
# Brings the programs that the containers of a pod run into the store, before they start, and roots them.
#
# usage: bring-programs.sh [NAME KEY KIND REFERENCE]...
#   NAME       the container
#   KEY        stands for the reference in the container's command, which is written before the store path is known
#   KIND       flake: what nix run would run; closure: the package of a flake, in which the container's command finds its
#              program; package: a store path. With closure:bin/serve and package:bin/serve that is there, as the container's command expects
#   REFERENCE  a flake reference as for nix run, or the store path
#
# What is brought lies in gcroots/cdk8s-nix-programs/SET/NAME/KEY: `package` and `program` are links to the store path and to
# what is run, roots both; `brought` says what it is. A folder of that name is complete, and asked for again it costs no
# more than a look: no evaluation, no network, no process.
#
# check-nix-store.sh ends with it, unless it finds by program-starts.sh that all of them are there. Then it works on a store that is mounted elsewhere
# (NIX_FOLDER): Nix is told where it lies. What is built there would find nothing at /nix, so nothing is; and there is no home.
#
# Environment, besides that of store-care.sh:
#   PROGRAMS_SET       default   tells the programs of this workload from those of others on the store
#   PROGRAMS_BUILD     no        yes: build what no cache has
#   PROGRAMS_KEEP      2         how many former lists of programs stay rooted, for a rollback: see program-roots.sh
#   PROGRAMS_GRACE     86400     seconds for which no former list is forgotten at least, unless PROGRAMS_KEEP is 0; 0: such a list is not spared
#   PROGRAMS_AHEAD     no        yes: no pod starts with them yet
#   PROGRAMS_PROGRESS  10        seconds between two signs of life
#   PROGRAMS_CONF_DIR            the folder of nix.conf, if the variable NIX_CONF_DIR is to be another one for scripts before this
set -eu

program=bring-programs work_is_lazy=yes
: "${NIX_FOLDER:=/nix}"

# shellcheck source=scripts/store-care.sh
. "${0%/*}/store-care.sh"
# shellcheck source=scripts/store-links.sh
. "${0%/*}/store-links.sh"
# shellcheck source=scripts/sync-file-system.sh
. "${0%/*}/sync-file-system.sh"
# shellcheck source=scripts/program-starts.sh
. "${0%/*}/program-starts.sh"
# shellcheck source=scripts/program-roots.sh
. "${0%/*}/program-roots.sh"
# shellcheck source=scripts/program-flake.sh
. "${0%/*}/program-flake.sh"
# shellcheck source=scripts/program-reasons.sh
. "${0%/*}/program-reasons.sh"

check_settings() {
  require_choice PROGRAMS_BUILD yes no
  require_choice PROGRAMS_AHEAD yes no
  require_numbers PROGRAMS_KEEP PROGRAMS_PROGRESS PROGRAMS_GRACE
  is_name "$PROGRAMS_SET" || no_name "PROGRAMS_SET is '$PROGRAMS_SET'"
  [ "$NIX_FOLDER" = /nix ] || [ "$PROGRAMS_BUILD" = no ] || die 10 "PROGRAMS_BUILD is yes, but nothing can be built while the store is at $NIX_FOLDER"
  [ $(($# % 4 + ($# == 0))) = 0 ] || die 10 'it needs a name, a key, a kind and a reference for each program'
  list_programs "$@" || no_name "$wrong"
}

no_name() {
  die 10 "$1; it must be letters, digits, '_' and '-'"
}

# Where the store is not at /nix, there is no home either, and Nix wants one that belongs to it.
tell_nix_where() {
  [ -z "${PROGRAMS_CONF_DIR:-}" ] || export NIX_CONF_DIR="$PROGRAMS_CONF_DIR"
  [ "$NIX_FOLDER" != /nix ] || return 0
  HOME=$work/home USER=${USER:-code} NIX_REMOTE="local?real=$NIX_FOLDER/store&state=$NIX_FOLDER/var/nix"
  export HOME USER NIX_REMOTE
}

# Built while it is evaluated is nothing either.
forbid_builds() {
  [ "$PROGRAMS_BUILD" = no ] || return 0
  NIX_CONFIG="${NIX_CONFIG:-}
max-jobs = 0
builders ="
  export NIX_CONFIG
}

# --- bring it ------------------------------------------------------------------------------------------------------

# The root stands before the path is there, so that a collector finds it from the first moment. Not made by Nix, which notes a root by the place
# where it sees it: there it would be missed as soon as the store is mounted elsewhere.
# usage: root STORE-PATH
root() {
  ln -s "$1" "$new/package"
}

# usage: realise PATH...
realise() {
  run_nix "$work/realised" "$work/errors" nix-store --option always-allow-substitutes true --realise "$@"
  [ "$status" = 0 ] && return 0
  refuse_to_build
  # Of a path alone it says no more than that.
  case $kind:$(cat "$work/errors") in
    *:*"build of '$path' failed"* | package:*'no substituter that can build it'* | package:*'is required, but there is no substituter'*) refuse_without_cache ;;
  esac
  die 53 "$name: $reference cannot be brought: $(last_error "$work/errors")"
}

bring_flake() {
  describe_flake
  {
    read -r run
    set --
    while read -r wanted; do set -- "$@" "$wanted"; done
  } <<END
$(cat "$work/description")
END
  in_store=${run#/nix/store/}
  [ "$in_store" != "$run" ] || die 56 "$name: $reference runs $run, which is not in the store"
  path=/nix/store/${in_store%%/*}
  root "$path"
  [ $# != 0 ] || set -- "$path"
  realise "$@"
  if [ "$kind" = closure ]; then run=${said:+$path/$said}; fi
  [ -z "$run" ] || require_program
}

bring_package() {
  case $reference in
    /nix/store/*) ;;
    *) die 10 "$name: '$reference' is no store path" ;;
  esac
  in_store=${reference#/nix/store/}
  path=/nix/store/${in_store%%/*} run=$reference resolved=$reference
  root "$path"
  realise "$path"
  # A package alone: the container's command says what is run in it.
  if [ "$run" = "$path" ]; then run=${said:+$path/$said}; fi
  [ -z "$run" ] || require_program
}

# Nix asks its database, and does not look.
require_path() {
  find_in_store "$path" || die 53 "$name: the store has lost $path, which its database lists: verify and repair it"
}

require_program() {
  require_path
  ! is_program "$run" || return 0
  programs=
  for candidate in "$NIX_FOLDER${path#/nix}"/bin/*; do
    ! is_program "$path/bin/${candidate##*/}" || programs="$programs ${candidate##*/}"
  done
  lacks="has no program ${run#"$path/"}"
  ! find_in_store "$run" || lacks="cannot run ${run#"$path/"}: it is not executable"
  if [ -z "$programs" ]; then
    remedy='there is none in its bin: command may name a file, as in libexec/serve'
  elif [ -n "$said" ]; then
    remedy='name one of them in command'
  elif [ "$kind" = package ]; then
    remedy="name one of them in the path, as in $path/bin/${programs##* }"
  else
    remedy='name one with command'
  fi
  die 56 "$name: $path $lacks; ${programs:+its programs are:$programs: }$remedy"
}

# The links are made before the name: what has its name is complete.
bring() {
  new=$folder.new.$token half_done=$folder.new.$token
  system=$(uname -m)-linux
  case $system in arm64-*) system=aarch64-linux ;; esac
  # Once more: who forgets the last program of a container removes its folder, too.
  mkdir -p "$new" 2>/dev/null || mkdir -p "$new" || die 13 "$new cannot be made by user $(id -u), group $(id -g)"
  printf '%s: %s: bringing %s\n' "$program" "$name" "$reference"
  case $kind in
    flake | closure) bring_flake ;;
    package) bring_package ;;
    *) die 10 "'$kind' is neither flake, closure nor package" ;;
  esac
  require_path
  [ -z "$run" ] || ln -s "$run" "$new/program"
  printf 'reference=%s\nresolved=%s\npackage=%s\nprogram=%s\nsystem=%s\ntime=%s\n' \
    "$reference" "$resolved" "$path" "$run" "$system" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$new/brought"
  # What has its name stays whole, whatever becomes of the node.
  sync_file_system "$new" "$work/errors" || die 53 "$name: what was brought cannot be kept: $(last_error "$work/errors")"
  # What is there under its name and not whole has lost its path.
  is_there || rm -rf "$folder"
  # Another pod may have been quicker.
  mv -T "$new" "$folder" 2>/dev/null || rm -rf "$new"
  is_there || die 53 "$name: $path vanished from the store: is a garbage collector running?"
}

prepare_to_bring() {
  make_work_folder
  [ "$NIX_FOLDER" = /nix ] || mkdir -p "$HOME"
  [ -e "$work/errors" ] || { : >"$work/errors" && lend_netrc; }
}

start_signs_of_life() {
  [ "$PROGRAMS_PROGRESS" -gt 0 ] || return 0
  (
    trap - EXIT USR1
    # Set before the trap: the signal may come before the first nap.
    napping=
    trap '[ -z "$napping" ] || kill "$napping" 2>/dev/null; exit 0' TERM
    while [ -d "$work" ]; do
      sleep "$PROGRAMS_PROGRESS" &
      napping=$!
      wait "$napping"
      clock
      [ ! -e "$work/doing" ] || printf '%s: %s: %d s so far: %s\n' "$program" "$(cat "$work/doing")" $((now - started)) "$(last_error "$work/errors")"
    done
  ) &
  pulse=$!
}

open_store
check_settings "$@"
tell_nix_where
forbid_builds
read -r token </proc/sys/kernel/random/uuid
note_start
while [ $# -gt 0 ]; do
  name=$1 key_wanted=$2 reference=$4
  read_kind "$3"
  shift 4
  folder=$set/$name/$key_wanted
  if is_there; then
    how='there already'
  else
    how=brought changed=yes
    prepare_to_bring
    [ -n "$pulse" ] || start_signs_of_life
    { echo "$name" >"$work/doing"; } 2>/dev/null
    # The arguments of the next ones outlive a function that sets its own.
    bring
    rm -f "$work/doing"
  fi
  told=''
  tell "$how"
  printf %s "$told"
done
if [ "$changed" = yes ] || is_forgetting_due; then make_work_folder && forget_former "$PROGRAMS_KEEP"; fi
clock
report "$summary; $((now - started)) s"
