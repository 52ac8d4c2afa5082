#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What each start of a pod asks: which image is it, and does the volume hold it already? Most starts find that it does, so this file has no more than
# that takes, and starts one process, which reads the image's database.
# Sourced by seed-nix-store.sh and record-seed-image.sh.

umask 022
LC_ALL=C
export LC_ALL
unset NIX_REMOTE

# Of the volume's marker, and of the image's recording.
PROTOCOL=1
RECORDING=2
TAB='	'
LF='
'

configure() {
  # A signal may come while a command writes its complaints to a file.
  exec 7>&2
  : "${SEED_SOURCE:=/nix}" "${SEED_VOLUME:=/mnt/nix-volume}" "${SEED_IMAGE:=unknown}" "${SEED_JOBS:=}"
  : "${SEED_REPAIR:=no}" "${SEED_WAL:=yes}" "${SEED_LOG:=text}" "${SEED_LOCK_TIMEOUT:=3600}" "${SEED_LOCK_TTL:=60}" "${SEED_PROGRESS:=5}"
  : "${SEED_TERMINATION_LOG:=/dev/termination-log}" "${TMPDIR:=/tmp}"
  volume=$SEED_VOLUME/nix
  ours=$volume/.cdk8s-nix
  # Of the image that the volume holds.
  roots=$volume/var/nix/gcroots/cdk8s-nix/image
  failed=no lock_held=no keep_stage=no placed=no registering=no registrars='' trust_is_due=no reserved=0 searching='' clearing=no system=''
  token='' workers='' helpers='' applicant='' work='' image_folder='' measuring='' examining='' listing='' choosing='' opening='' asking='' trusting='' modes='' loader='' loaders=0
  case $SEED_LOG in text | json) ;; *) log=$SEED_LOG SEED_LOG=text && die 10 "SEED_LOG is '$log'; it must be text or json" ;; esac
  case $SEED_IMAGE in *[[:cntrl:]]*) SEED_IMAGE=unknown && die 10 'SEED_IMAGE has control characters' ;; esac
  whole_number SEED_JOBS "$SEED_JOBS" && SEED_JOBS=$number
  whole_number SEED_LOCK_TIMEOUT "$SEED_LOCK_TIMEOUT" && lock_timeout=$number
  whole_number SEED_LOCK_TTL "$SEED_LOCK_TTL" && lock_ttl=$number
  whole_number SEED_PROGRESS "$SEED_PROGRESS" && lock_progress=$number
  case $SEED_JOBS in 0 | ????*) die 10 "SEED_JOBS is '$SEED_JOBS'; it must be from 1 to 999" ;; esac
  case $SEED_REPAIR in yes | no) ;; *) die 10 "SEED_REPAIR is '$SEED_REPAIR'; it must be yes or no" ;; esac
  case $SEED_WAL in yes) wal=true ;; no) wal=false ;; *) die 10 "SEED_WAL is '$SEED_WAL'; it must be yes or no" ;; esac
  lock_holder=$SEED_IMAGE lock_timeout_name=SEED_LOCK_TIMEOUT
}

# usage: whole_number NAME VALUE     sets $number; the shell would take 08 for a malformed octal number
whole_number() {
  number=$2
  case $number in *[!0-9]* | ??????????*) die 10 "$1 is '$2', which is not a whole number" ;; esac
  while [ "${number#0}" != "$number" ] && [ "$number" != 0 ]; do number=${number#0}; done
}

# A runtime that does not know subPath for image volumes mounts the image's root at /nix: the store is one level down. Nix
# does not run there, since its programs look for each other in /nix/store.
find_source() {
  is_root=no
  [ -d "$SEED_SOURCE/store" ] || [ ! -d "$SEED_SOURCE/nix/store" ] || { SEED_SOURCE=$SEED_SOURCE/nix is_root=yes; }
  [ -d "$SEED_SOURCE/store" ] || die 20 "the seed image has no Nix store at $SEED_SOURCE/store"
  database=$SEED_SOURCE/var/nix/db/db.sqlite
  registration=${SEED_SOURCE%/*}/nix-path-registration
  [ -r "$database" ] || [ -r "$registration" ] ||
    die 20 "the seed image has no Nix database at $database, and no $registration: build it with includeNixDB = true (dockerTools), or with Nix installed in it"
}

# usage: read_facts FILE PREFIX    key=value lines become variables PREFIXkey; values are never evaluated
read_facts() {
  # shellcheck disable=SC2034 # eval uses it
  while IFS='=' read -r key value; do
    case $key in protocol | id | nix | system | database | profiles | bytes | files | archive_bytes) eval "$2$key=\$value" ;; esac
  done 2>/dev/null <"$1"
}

# What Nix knows of the image, as a number: of the whole content, for builders that make images reproducible give all files
# one time, and what was written last may still be in the log beside the database. And the profiles, as another one.
fingerprint_image() {
  image_database='' image_profiles=''
  [ "$begun" = no ] || read_fingerprint <&6
  [ -z "$image_profiles" ] || return 0
  image_database=''
  fingerprint=$(print_fingerprint 2>/dev/null) || {
    command -v sha256sum >/dev/null 2>&1 || die 21 'the seed image has no sha256sum; it needs coreutils'
    die 20 "cannot read the image's Nix database"
  }
  read_fingerprint <<EOF
$fingerprint
EOF
}

# It takes as long as all the rest of a warm start, and where the shell is a bash, as in most images with Nix, it is worked out beside that. (By eval,
# since others would not know the words.)
begun=no
begin_fingerprint() {
  case ${BASH_VERSION:-} in
    5.[1-9]* | [6-9].*) ! eval 'command exec 6< <(print_fingerprint 2>/dev/null)' 2>/dev/null || begun=yes ;;
  esac
}

read_fingerprint() {
  while read -r sum file; do
    case $file in -) image_profiles=$sum ;; *) image_database=$image_database$sum ;; esac
  done
}

print_fingerprint() {
  set -- "$registration"
  [ ! -e "$database" ] || set -- "$database"
  [ ! -s "$database-wal" ] || set -- "$@" "$database-wal"
  fingerprint_profiles
  exec sha256sum "$@" - <<EOF
$profiles
EOF
}

# Sets $profiles: which there are, and where each leads to in the end. It says the same wherever the image is mounted, since an image is recorded in one
# place and read in another.
fingerprint_profiles() {
  profiles=''
  [ "$SEED_SOURCE" = /nix ] || prepare_to_follow
  set +f
  for profile in "$SEED_SOURCE"/var/nix/profiles/* "$SEED_SOURCE"/var/nix/profiles/per-user/*/*; do
    case $profile in *-[0-9]*-link) continue ;; esac
    [ -L "$profile" ] || continue
    follow_profile || { read_image && path=$(store_path_of "$SEED_SOURCE" "$profile"); }
    # What is not of the store is another's elsewhere.
    case $path in /nix/store/?*) ;; *) path='' ;; esac
    profiles=$profiles/nix${profile#"$SEED_SOURCE"}=$path:
  done
}

# Elsewhere links do not lead to where they say.
prepare_to_follow() {
  # shellcheck source=scripts/store-links.sh
  . "$here/store-links.sh"
  NIX_FOLDER=$SEED_SOURCE
  source=$(cd -P "$SEED_SOURCE" && echo "$PWD")
}

# Sets $path, if it leads to a folder. Where Nix lies in its place the shell itself can tell.
follow_profile() {
  if [ "$SEED_SOURCE" = /nix ]; then
    cd -P "$profile" 2>/dev/null || return 1
    path=$PWD
  else
    find_in_store "/nix${profile#"$SEED_SOURCE"}" && [ -n "$place" ] && path=$(cd -P "$place" 2>/dev/null && echo "$PWD") || return 1
    path=/nix${path#"$source"}
  fi
}

read_image() {
  # shellcheck source=scripts/seed-image.sh
  . "$here/seed-image.sh"
}

# A recording says what the image ships, unless something came into the image since, or a profile was changed, which the database does not know.
recorded() {
  recording=$SEED_SOURCE/.cdk8s-nix
  for file in image sizes roots profiles; do
    [ -r "$recording/$file" ] || return 1
  done
  recorded_protocol='' recorded_database='' recorded_profiles=''
  read_facts "$recording/image" recorded_
  [ "$recorded_protocol" = "$RECORDING" ] && [ "$recorded_database" = "$image_database" ] && [ "$recorded_profiles" = "$image_profiles" ]
}

# The seed id: what the recording says, or else a fingerprint of the database and the profiles.
identify_image() {
  image_id='' image_bytes='' image_files='' image_archive_bytes='' image_system=''
  fingerprint_image
  if recorded; then
    described=$recording
    read_facts "$recording/image" image_
    return 0
  fi
  described=
  image_id=${image_database%????????????????????????????????}
  image_id=$image_id${image_profiles%????????????????????????????????}
}

# --- the volume ---------------------------------------------------------------------------------------------------

# Nobody else in this pod is at work: what lies in /tmp, which outlives a container, is of those that were killed.
clear_tmp() {
  [ -n "${NIX_POD_UID:-}" ] || return 0
  set +f
  set -- "$TMPDIR"/seed-nix-store.*
  set -f
  [ ! -e "$1" ] || rm -rf "$@" 2>/dev/null || true
}

is_store() {
  [ -d "$volume/store" ] && [ -e "$volume/var/nix/db/db.sqlite" ]
}

# Nix adds it to a database, and does not wait until it is on the disk: a node that lost its power may have left it empty, which no Nix understands.
is_schema_torn() {
  [ -e "$volume/var/nix/db/ca-schema" ] && [ ! -s "$volume/var/nix/db/ca-schema" ]
}

check_volume() {
  [ -d "$SEED_VOLUME" ] || die 11 "no volume is mounted at $SEED_VOLUME"
  ! { [ -d "$ours" ] || is_store; } || return 0
  read_steps
  refuse_strangers
}

# Nix sets the mode of these folders at each start, which only their owner can do.
own_volume() {
  set +f
  for folder in "$volume"/var/nix/profiles/per-user "$volume"/var/nix/profiles/per-user/* \
    "$volume"/var/nix/gcroots/per-user "$volume"/var/nix/gcroots/per-user/*; do
    # shellcheck disable=SC3067 # dash, bash and busybox know -O, and it costs no process
    [ ! -d "$folder" ] || [ -O "$folder" ] || sh "$here/own-folder.sh" "$folder" 2>/dev/null ||
      die 13 "$folder belongs to another user, and user $(id -u), group $(id -g) cannot take it over"
  done
  set -f
}

# SQLite's file format: byte 18 of the database is 2 if it has a write-ahead log.
has_unwanted_log() {
  volume_database=$volume/var/nix/db/db.sqlite
  [ "$wal" = false ] && [ -e "$volume_database" ] && [ "$(od -An -tu1 -j18 -N1 "$volume_database" | tr -d ' ')" = 2 ]
}

# What the marker says, if there is one.
read_marker() {
  seed_protocol='' seed_id='' seed_nix='' seed_system=''
  [ ! -f "$ours/seed" ] || [ ! -r "$ours/seed" ] || read_facts "$ours/seed" seed_
}

# The volume holds exactly this image: two small files say so. No walk.
is_warm() {
  read_marker
  [ "$seed_protocol" = "$PROTOCOL" ] && [ "$seed_id" = "$image_id" ] && [ "$SEED_REPAIR" = no ] && [ ! -e "$ours/repair" ] &&
    ! has_unwanted_log && is_store && ! is_schema_torn && [ -e "$volume/store/${seed_nix#/nix/store/}" ]
}
