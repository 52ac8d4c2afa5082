#!/bin/sh
# shellcheck disable=SC2031 # NIX_FOLDER is set already where link-certificates.sh would set it
# usage: check-nix-store.sh [ARGUMENT]...      arguments are for the script that has the last word: bring-programs.sh
#
# Comes between the seed and the workload and spares it failures that nobody would connect with their cause: a /nix that is
# not the seeded store (some kubelets mount an empty folder for a hostPath volume with subPath), a profile that leads to no
# Nix, a HOME that belongs to somebody else, which Nix refuses to use, and folders that the container runtime would make as root.
# seed-nix-store.sh ends with it, where NIX_FOLDER is set, and sources it then; a store that comes ready-made has it alone.
# It is there at each start of a pod: what is as it should be is found to be so without starting a process, as far as a shell can.
#
# Environment:
#   NIX_FOLDER            /nix                   where the store is mounted, as in the workload
#   NIX_SERVED            no                     yes: a driver brought the store; it bears no mark of a seed
#   NIX_HOME_FOLDER                              the home to make, on its volume; none if empty
#   NIX_HOME_FOLDERS                             folders to make in the home, one a line
#   NIX_TMP_FOLDERS                              folders to make in /tmp, one a line
#   NIX_HOME_FILES                               the modes of the files for the home, one a line: see place-files.sh
#   NIX_HOME_FILES_FROM   /mnt/nix-home-files    where these files are
#   NIX_HOME_FILES_TO     /mnt/nix-home-placed   where they go
#   PROGRAMS_SCRIPT                              bring-programs.sh, if there are programs to bring
#   SEED_LOG              text                   text or json
#   SEED_TERMINATION_LOG  /dev/termination-log   where the last line of a failure goes as well
set -eu

: "${NIX_FOLDER:=/nix}" "${NIX_SERVED:=no}" "${NIX_HOME_FOLDER:=}" "${SEED_LOG:=text}" "${SEED_TERMINATION_LOG:=/dev/termination-log}"
: "${NIX_HOME_FOLDERS:=}" "${NIX_TMP_FOLDERS:=}" "${NIX_HOME_FILES:=}"
: "${NIX_HOME_FILES_FROM:=/mnt/nix-home-files}" "${NIX_HOME_FILES_TO:=/mnt/nix-home-placed}"

here=${0%/*}
newline='
'
NIX_STORE=/nix/var/nix/profiles/default/bin/nix-store
# shellcheck disable=SC2034 # for seed-log.sh
program=check-nix-store lock_held=no
exec 7>&2
# What nobody foresaw is told as well. (To a bash a return is the failure from before, which would end the trap.)
failed=no looked=no
trap '[ "$looked" = yes ] || [ "$failed" = yes ] || { set +e; die 70 "a command failed unexpectedly: this is a bug in the script"; }' EXIT
trap 'die 143 "stopped by a signal"' TERM INT HUP

check_settings() {
  case $SEED_LOG in text | json) ;; *) log=$SEED_LOG SEED_LOG=text && die 10 "SEED_LOG is '$log'; it must be text or json" ;; esac
  case $NIX_SERVED in yes | no) ;; *) die 10 "NIX_SERVED is '$NIX_SERVED'; it must be yes or no" ;; esac
}

# Where the seed comes before, it has read these, and the links.
if [ "${look_is_prepared:-no}" = no ]; then
  # shellcheck source=scripts/seed-log.sh
  . "$here/seed-log.sh"
  # shellcheck source=scripts/store-links.sh
  . "$here/store-links.sh"
  # shellcheck source=scripts/link-certificates.sh
  . "$here/link-certificates.sh"
  [ "$NIX_SERVED" = yes ] || recall_links "$NIX_FOLDER/.cdk8s-nix/links"
fi

check_store() {
  needed='store var/nix/db/db.sqlite .cdk8s-nix/seed'
  if [ "$NIX_SERVED" = yes ]; then needed=store; fi
  for entry in $needed; do
    [ -e "$NIX_FOLDER/$entry" ] ||
      die 60 "$NIX_FOLDER/$entry does not exist: the store volume is not mounted here as it was seeded"
  done
  # One that was seeded has the default profile's Nix, at least.
  if [ "$NIX_SERVED" = yes ]; then
    entries=$(ls -A "$NIX_FOLDER/store" 2>&1) || die 60 "$NIX_FOLDER/store cannot be read: ${entries##*: }"
    [ -n "$entries" ] || die 60 "$NIX_FOLDER/store is empty"
  else
    [ -s "$NIX_FOLDER/var/nix/db/db.sqlite" ] || die 60 "$NIX_FOLDER/var/nix/db/db.sqlite is empty: restore it from a snapshot"
  fi
}

check_nix() {
  find_in_store "$NIX_STORE" || die 62 "the default profile leads to no Nix: there is no $NIX_STORE, or one of its links leads nowhere"
  # What was remembered of links is not to blame.
  can_run || { doubt_links && find_in_store "$NIX_STORE" && can_run; } ||
    die 62 "the default profile leads to no Nix: $NIX_STORE is /nix/${place#"$NIX_FOLDER/"}, which $why_not"
}

# Whatever a shell sees of $place without a process; one that leads to the workload's own image is looked at there.
can_run() {
  [ -n "$place" ] || return 0
  why_not='is no file'
  [ -f "$place" ] || return 1
  why_not='is empty'
  [ -s "$place" ] || return 1
  why_not='may not be executed'
  [ -x "$place" ]
}

# usage: is_mine FOLDER
is_mine() {
  # shellcheck disable=SC3067 # dash, bash and busybox know -O, and it costs no process
  [ -d "$1" ] && [ -O "$1" ] && [ ! -L "$1" ]
}

# usage: not_made MESSAGE      of what was to be in the home, which may be for the volume's sake
not_made() {
  case $1 in
    *'Read-only file system'*) die 12 "$1" ;;
    *'nput/output error'* | *'not connected'* | *'tale file handle'*) die 50 "$1" ;;
  esac
  die 61 "$1"
}

make_home() {
  ! is_mine "$1" || return 0
  failure=$({ sh "$here/own-folder.sh" "$1" && mkdir -p "$1"; } 2>&1) ||
    not_made "the home on the volume cannot be made or taken over by user $(id -u), group $(id -g): ${failure##*"$newline"}"
}

# usage: each_line_to SCRIPT LINES ARGUMENT...      runs the script with the arguments, and then each line as one
each_line_to() {
  script=$1 lines=$2
  shift 2
  (
    set -f
    IFS=$newline
    # shellcheck disable=SC2086 # the lines are to be arguments
    sh "$here/$script" "$@" $lines 2>&1
  )
}

make_folders() {
  [ -n "$2" ] && ! are_mine "$1" "$2" || return 0
  told=$(each_line_to make-folders.sh "$2" "$1") || not_made "$told"
  [ -z "$told" ] || say folders "$told"
}

# usage: are_mine ROOT LINES      whether all of these folders are there, and those above them
are_mine() {
  lines=$2$newline
  while [ -n "$lines" ]; do
    ahead=${lines%%"$newline"*}/ made=$1
    lines=${lines#*"$newline"}
    while [ -n "$ahead" ]; do
      made=$made/${ahead%%/*}
      ahead=${ahead#*/}
      case $made in */) made=${made%/} ;; *) is_mine "$made" || return 1 ;; esac
    done
  done
}

place_files() {
  told=$(each_line_to place-files.sh "$NIX_HOME_FILES" "$NIX_HOME_FILES_FROM" "$NIX_HOME_FILES_TO") ||
    not_made "the files for the home cannot be placed: $told"
}

# Nothing that the store needs: without certificates what is installed runs all the same.
link_certificates() {
  if ! are_certificates_in_place; then
    failure=$(place_certificates 2>&1) || told="the certificates cannot be linked: $failure"
  fi
  [ -z "$told" ] || say certificates "$told" >&2
}

remember() {
  [ "$NIX_SERVED" = yes ] || remember_links "$NIX_FOLDER/.cdk8s-nix/links"
}

# What bring-programs.sh would do where it has nothing to bring, and in its words.
look_for_programs() {
  [ "${look_is_prepared:-no}" = yes ] || {
    # shellcheck source=scripts/program-starts.sh
    . "$here/program-starts.sh"
  }
  program=bring-programs told=''
  clock
  began=$time
  if ! all_are_there "$@"; then
    remember
    exec sh "$PROGRAMS_SCRIPT" "$@" 7>&-
  fi
  clock
  summary="$program: $summary; $(((time - began) / 100)) s"
  printf '%s%s\n' "$told" "$summary"
  [ ! -w "$CARE_TERMINATION_LOG" ] || printf '%s\n' "$summary" >"$CARE_TERMINATION_LOG" || true
}

check_settings
check_store
if [ "$NIX_SERVED" = no ]; then
  check_nix
  link_certificates
fi
[ -z "$NIX_HOME_FOLDER" ] || make_home "$NIX_HOME_FOLDER"
make_folders "$NIX_HOME_FOLDER" "$NIX_HOME_FOLDERS"
make_folders /tmp "$NIX_TMP_FOLDERS"
[ -z "$NIX_HOME_FILES" ] || place_files
say checked "$NIX_FOLDER holds a store"
[ $# = 0 ] || look_for_programs "$@"
remember
looked=yes
