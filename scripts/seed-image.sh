#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What the seed image ships: identified at each start, described when it has to be brought.
# Sourced by seed-nix-store.sh.
#
# usage: store_path_of FOLDER LINK     follows a link below this nix folder to its store path; prints nothing if it has none
store_path_of() {
  link=$2
  hops=0
  while [ -L "$link" ] && [ "$hops" -lt 10 ]; do
    target=$(readlink "$link")
    case $target in
      /nix/store/*/*) link=$1/${target#/nix/} ;;
      /nix/store/*) echo "$target" && return ;;
      /nix/*) link=$1/${target#/nix/} ;;
      /*) return ;;
      *) link=${link%/*}/$target ;;
    esac
    hops=$((hops + 1))
  done
}

# One line per profile the image has: its name below profiles/, a tab, the store path it stands for.
image_profiles() {
  set +f
  for profile in "$SEED_SOURCE"/var/nix/profiles/* "$SEED_SOURCE"/var/nix/profiles/per-user/*/*; do
    case $profile in *-[0-9]*-link) continue ;; esac
    path=$(store_path_of "$SEED_SOURCE" "$profile")
    [ -z "$path" ] || printf '%s\t%s\n' "${profile#"$SEED_SOURCE/var/nix/profiles/"}" "$path"
  done
  set -f
}

check_source() {
  [ -d "$SEED_SOURCE/store" ] || die 20 "the seed image has no Nix store at $SEED_SOURCE/store"
  [ -e "$SEED_SOURCE/var/nix/db/db.sqlite" ] || die 20 "the seed image has no Nix database at $SEED_SOURCE/var/nix/db/db.sqlite"
}

# usage: read_facts FILE PREFIX    key=value lines become variables PREFIXkey; values are never evaluated
read_facts() {
  # shellcheck disable=SC2034 # eval uses it
  while IFS='=' read -r key value; do
    case $key in protocol | id | nix | bytes | files | archive_bytes) eval "$2$key=\$value" ;; esac
  done <"$1"
}

# A recording says what the image ships. One that is older than the database belongs to the image this one was built from.
recorded() {
  recording=$SEED_SOURCE/.cdk8s-nix
  for file in image registration roots profiles; do
    [ -r "$recording/$file" ] || return 1
  done
  # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
  [ ! "$SEED_SOURCE/var/nix/db/db.sqlite" -nt "$recording/image" ] || return 1
  image_protocol=
  read_facts "$recording/image" image_
  [ "$image_protocol" = "$PROTOCOL" ]
}

# The seed id: what the recording says, or else a fingerprint of the database and the profiles.
identify_image() {
  image_id='' image_bytes='' image_files='' image_archive_bytes=''
  if recorded; then
    described=$recording
    return
  fi
  described=
  set +f
  image_id=$({ cat "$SEED_SOURCE"/var/nix/db/db.sqlite*; image_profiles; } | sha256sum) || die 20 "cannot read the image's Nix database"
  set -f
  image_id=${image_id%% *}
}

# Nix as the image's default profile has it. It only runs at /nix, and that is the image itself or, where the image is
# mounted elsewhere, the store volume: then it cannot run before it is copied, unless an older one lies there.
find_nix() {
  nix=$(store_path_of "$SEED_SOURCE" "$SEED_SOURCE/var/nix/profiles/default")/bin/nix-store
  [ -x "$nix" ] || nix=/nix/var/nix/profiles/default/bin/nix-store
  [ -x "$nix" ] || nix=$(command -v nix-store) || nix=
}

require_nix() {
  find_nix
  [ -n "$nix" ] || die 21 "the seed image has no Nix that runs: none in its default profile, none in PATH"
}

# usage: on_image ARGUMENT...      nix-store on the image, whose own database may lie on a read-only file system
on_image() {
  if [ ! -d "$work/image" ]; then
    mkdir -p "$work/image/db"
    set +f
    cp "$SEED_SOURCE"/var/nix/db/db.sqlite* "$SEED_SOURCE"/var/nix/db/schema "$work/image/db/"
    set -f
    chmod -R u+w "$work/image"
  fi
  "$nix" --option use-sqlite-wal true --store "local?state=$work/image&real=$SEED_SOURCE/store" "$@"
}

# usage: on_volume ARGUMENT...     nix-store on the volume
on_volume() {
  "$nix" --option use-sqlite-wal "$wal" --store "local?state=$volume/var/nix&real=$volume/store&log=$volume/var/log/nix" "$@"
}

# Turns the output of nix-store --dump-db into one line per path: name, path, hash, size, deriver, number of references,
# references. Prints on descriptor 3 what is referenced by others. The shell splits the words, which drops the empty
# line that stands for "no deriver".
one_line_per_path() {
  state=path
  # shellcheck disable=SC2013 # a dump has neither spaces nor patterns in its lines, and this is much faster than read
  for word in $(cat "$1"); do
    case $state in
      path) path=$word record=${word#/nix/store/}$TAB$word state=hash ;;
      hash) record=$record$TAB$word state=size ;;
      size) record=$record$TAB$word state=deriver ;;
      deriver)
        case $word in
          /*) record=$record$TAB$word state=count ;;
          *) record=$record$TAB$TAB$word state=references left=$word ;;
        esac
        ;;
      count) record=$record$TAB$word state=references left=$word ;;
      references)
        record=$record$TAB$word left=$((left - 1))
        [ "$word" = "$path" ] || printf '%s\n' "$word" >&3
        ;;
    esac
    if [ "$state" = references ] && [ "$left" = 0 ]; then
      printf '%s\n' "$record"
      state=path
    fi
  done
}

# Writes to a folder what there is to know about the image: registration, roots (paths no other one refers to), profiles.
describe_image() {
  require_nix
  on_image --dump-db >"$work/dump" || die 20 "Nix cannot read the seed image's database"
  one_line_per_path "$work/dump" 3>"$work/references" | sort >"$1/registration"
  [ -s "$1/registration" ] || die 20 "the seed image's Nix database lists no store paths"
  sort -u -o "$work/references" "$work/references"
  cut -f 2 "$1/registration" | comm -23 - "$work/references" >"$1/roots"
  image_profiles >"$1/profiles"
}

# Size and number of files are those on disk; archive_bytes is what Nix's database makes of the same paths.
record_image() {
  check_source
  make_work_folder
  described=$SEED_SOURCE/.cdk8s-nix
  mkdir -p "$described"
  describe_image "$described"
  id=$(cat "$described/registration" "$described/profiles" | sha256sum)
  du=$(program du)
  archive_bytes=0
  while IFS=$TAB read -r _ _ _ bytes _; do archive_bytes=$((archive_bytes + bytes)); done <"$described/registration"
  {
    printf 'protocol=%s\nid=%s\npaths=%s\n' "$PROTOCOL" "${id%% *}" "$(wc -l <"$described/registration")"
    printf 'bytes=%s\n' "$(($("$du" -sk "$SEED_SOURCE/store" | cut -f 1) * 1024))"
    printf 'files=%s\narchive_bytes=%s\n' "$("$du" -s --inodes "$SEED_SOURCE/store" | cut -f 1)" "$archive_bytes"
  } >"$described/image.new"
  mv -f "$described/image.new" "$described/image"
  cat "$described/image"
}
