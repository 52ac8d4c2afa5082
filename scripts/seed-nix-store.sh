#!/bin/sh
# Brings everything a seed image ships in /nix onto a store volume: once per image, safe to kill at any moment,
# never losing what the user installed. Runs as an ordinary user in an init container; see docs/seeding.md.
#
# usage: seed-nix-store.sh          seed the volume
#        seed-nix-store.sh record   record in the image itself what it ships (at image build, see record-seed-image.sh)
#
# Why a crash cannot hurt. The order is: files, sync, roots, database, profiles, marker.
#  - Files are copied to .cdk8s-nix/stage.*, where nobody looks, and move into store/ only when all of them are there
#    and durable.
#  - Nix takes a path for present only once its database says so, and that is one SQLite transaction, made when the
#    files are durable. What lies in store/ unregistered is rubbish to Nix and to us, and is replaced.
#  - Roots stand before the paths are registered, so that no garbage collector finds them unrooted.
#  - The marker comes last. Without it the next start repeats every step, and every step finds what is done already.
#
# Environment (times in seconds):
#   SEED_SOURCE           /nix                   the image's nix folder, which holds store/ and var/
#   SEED_VOLUME           /mnt/nix-volume        the volume's root; only its folder nix/ is touched
#   SEED_IMAGE            unknown                image reference, for the marker and the log
#   SEED_JOBS             8                      copies at a time
#   SEED_REPAIR           no                     yes: compare the content of what is there already with its hash
#                                                (the same once: touch /nix/.cdk8s-nix/repair)
#   SEED_WAL              yes                    no: the database does without its write-ahead log, which needs memory that
#                                                all its writers share; for volumes that several nodes write to
#   SEED_LOG              text                   text or json
#   SEED_LOCK_TIMEOUT     3600                   give up waiting for another seeder after this time; 0: never
#   SEED_LOCK_TTL         60                     a lock that gave no sign of life for this time is dead
#   SEED_PROGRESS         5                      time between two progress lines
#   SEED_TERMINATION_LOG  /dev/termination-log   where the last line of a failure goes as well
#   TMPDIR                /tmp                   for lists and a copy of the image's database
set -euf
umask 022
LC_ALL=C
export LC_ALL
unset NIX_REMOTE

PROTOCOL=1
TAB='	'
NL='
'

configure() {
  : "${SEED_SOURCE:=/nix}" "${SEED_VOLUME:=/mnt/nix-volume}" "${SEED_IMAGE:=unknown}" "${SEED_JOBS:=8}"
  : "${SEED_REPAIR:=no}" "${SEED_WAL:=yes}" "${SEED_LOG:=text}" "${SEED_LOCK_TIMEOUT:=3600}" "${SEED_LOCK_TTL:=60}" "${SEED_PROGRESS:=5}"
  : "${SEED_TERMINATION_LOG:=/dev/termination-log}" "${TMPDIR:=/tmp}"
  volume=$SEED_VOLUME/nix
  ours=$volume/.cdk8s-nix
  lock=$ours/lock
  failed=no token='' workers='' locked=no stage='' keep_stage=no work=''
  for number in "$SEED_JOBS" "$SEED_LOCK_TIMEOUT" "$SEED_LOCK_TTL" "$SEED_PROGRESS"; do
    case $number in '' | *[!0-9]*) die 10 "'$number' is not a whole number; see SEED_JOBS, SEED_LOCK_TIMEOUT, SEED_LOCK_TTL, SEED_PROGRESS" ;; esac
  done
  [ "$SEED_JOBS" -gt 0 ] || die 10 'SEED_JOBS must be at least 1'
  case $SEED_WAL in yes) wal=true ;; no) wal=false ;; *) die 10 "SEED_WAL is '$SEED_WAL'; it must be yes or no" ;; esac
  case $SEED_LOG in text | json) ;; *) die 10 "SEED_LOG is '$SEED_LOG'; it must be text or json" ;; esac
}

# usage: program NAME     the program itself, even where the shell is a busybox that prefers its own: the cp of that one
# cannot copy read-only folders unless it is root, and its du does not count files
program() {
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/$1" ]; then
      unset IFS
      echo "$folder/$1"
      return
    fi
  done
  die 21 "the seed image has no $1; it needs coreutils"
}

# --- log -----------------------------------------------------------------------------------------------------------

# Hundredths of a second since boot, without starting a process.
clock() {
  read -r uptime _ </proc/uptime
  time=${uptime%.*}${uptime#*.}
}

json_string() {
  rest=$1 quoted=
  while [ -n "$rest" ]; do
    tail=${rest#?}
    first=${rest%"$tail"}
    case $first in
      '"' | \\) quoted=$quoted\\$first ;;
      "$NL" | "$TAB") quoted="$quoted " ;;
      *) quoted=$quoted$first ;;
    esac
    rest=$tail
  done
  quoted="\"$quoted\""
}

# usage: line LEVEL EVENT MESSAGE [KEY=VALUE]...   (sets $text)
line() {
  if [ "$SEED_LOG" != json ]; then
    text="seed-nix-store: $3"
    return
  fi
  json_string "$3"
  text="{\"level\":\"$1\",\"event\":\"$2\",\"message\":$quoted"
  shift 3
  for pair in "$@"; do
    quoted=${pair#*=}
    case $quoted in '' | *[!0-9]*) json_string "$quoted" ;; esac
    text="$text,\"${pair%%=*}\":$quoted"
  done
  text="$text}"
}

say() {
  line info "$@"
  printf '%s\n' "$text"
}

# usage: die CODE MESSAGE      the codes are a contract: docs/seeding.md
die() {
  failed=yes
  explain "$@"
  exit "$1"
}

explain() {
  line error failed "error: $2" "code=$1"
  printf '%s\n' "$text" >&2
  [ ! -w "$SEED_TERMINATION_LOG" ] || printf '%s\n' "$text" >"$SEED_TERMINATION_LOG" || true
}

# --- the seed image ------------------------------------------------------------------------------------------------

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

# --- the volume ----------------------------------------------------------------------------------------------------

# usage: foreign_entry FOLDER ALLOWED...   prints the first entry of a folder that is not allowed
foreign_entry() {
  # shellcheck disable=SC2012 # find is not part of coreutils
  ls -A "$1" | while IFS= read -r entry; do
    case " $2 " in *" $entry "*) ;; *) echo "$entry" && break ;; esac
  done
}

is_store() {
  [ -d "$volume/store" ] && [ -e "$volume/var/nix/db/db.sqlite" ]
}

check_volume() {
  [ -d "$SEED_VOLUME" ] || die 11 "no volume is mounted at $SEED_VOLUME"
  if [ ! -e "$volume" ]; then
    stranger=$(foreign_entry "$SEED_VOLUME" 'lost+found nix home')
  elif [ -d "$ours" ] || is_store; then
    stranger=
  else
    stranger=$(foreign_entry "$volume" 'lost+found')
  fi
  [ -z "$stranger" ] || die 14 "the volume holds '$stranger' and no Nix store; refusing to seed it: give an empty volume"
}

# Makes our folder, which also tells whether the volume can be written to.
open_volume() {
  { mkdir -p "$ours" && touch "$ours/probe" "$ours/flock"; } 2>"$work/errors" || why_unwritable
  [ ! -d "$volume/store" ] || [ -w "$volume/store" ] || why_unwritable
  [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -w "$volume/var/nix/db/db.sqlite" ] || why_unwritable
}

why_unwritable() {
  case $(cat "$work/errors") in
    *'Read-only file system'*) die 12 "the volume at $SEED_VOLUME is read-only" ;;
    *'No space left on device'* | *'quota exceeded'*) out_of_space ;;
  esac
  die 13 "the volume at $SEED_VOLUME is not writable by user $(id -u), group $(id -g): set fsGroup or the owner of the volume"
}

# SQLite's file format: byte 18 of the database is 2 if it has a write-ahead log.
has_unwanted_log() {
  database=$volume/var/nix/db/db.sqlite
  [ "$wal" = false ] && [ -e "$database" ] && [ "$(od -An -tu1 -j18 -N1 "$database" | tr -d ' ')" = 2 ]
}

# Told to do without the log, Nix cannot open a database that has one, as a clone of an unshared volume does. The last to
# close such a database empties its log; then two bytes make it one without.
drop_log() {
  has_unwanted_log || return 0
  require_nix
  wal=true
  on_volume --check-validity --print-invalid "$nix" >/dev/null 2>"$work/errors" ||
    die 52 "Nix cannot read the volume's database: $(tail -n 1 "$work/errors")"
  wal=false
  [ ! -s "$database-wal" ] || die 52 "somebody uses the volume's database with a write-ahead log; stop all pods that use the volume first"
  printf '\001\001' | dd of="$database" bs=1 seek=18 conv=notrunc 2>"$work/errors" || die 52 "cannot write to $database: $(tail -n 1 "$work/errors")"
  rm -f "$database-shm" "$database-wal"
}

# Nix sets the mode of these folders at each start, which only their owner can do.
own_volume() {
  set +f
  for folder in "$volume"/var/nix/profiles/per-user "$volume"/var/nix/profiles/per-user/* \
    "$volume"/var/nix/gcroots/per-user "$volume"/var/nix/gcroots/per-user/*; do
    # shellcheck disable=SC3067 # dash, bash and busybox know -O, and it costs no process
    [ ! -d "$folder" ] || [ -O "$folder" ] || sh "${0%/*}/own-folder.sh" "$folder" 2>/dev/null ||
      die 13 "$folder belongs to another user, and user $(id -u), group $(id -g) cannot take it over"
  done
  set -f
}

# Nix does not make sure that a new database and the number of its schema reach the disk together. Until the first seed of
# a volume is complete, no workload has used its database, so it can begin anew.
drop_torn_database() {
  [ -e "$ours/fresh" ] || return 0
  for file in schema db.sqlite db.sqlite-wal db.sqlite-shm; do rm -f "$volume/var/nix/db/$file"; done
}

check_schema() {
  [ -e "$volume/var/nix/db/schema" ] && [ ! -e "$ours/fresh" ] || return 0
  read -r has <"$volume/var/nix/db/schema" || true
  read -r knows <"$SEED_SOURCE/var/nix/db/schema" || true
  [ "$has" -le "$knows" ] 2>/dev/null ||
    die 15 "the volume's Nix store has schema '$has', the seed image's Nix knows '$knows': use a newer seed image"
}

# The volume holds exactly this image: two small files say so. No process, no walk.
is_warm() {
  seed_protocol='' seed_id='' seed_nix=''
  [ -r "$ours/seed" ] || return 1
  read_facts "$ours/seed" seed_
  [ "$seed_protocol" = "$PROTOCOL" ] && [ "$seed_id" = "$image_id" ] && [ "$SEED_REPAIR" = no ] && [ ! -e "$ours/repair" ] &&
    ! has_unwanted_log && is_store && [ -e "$volume/store/${seed_nix#/nix/store/}" ]
}

# --- lock ----------------------------------------------------------------------------------------------------------
# A folder, because mkdir is exclusive everywhere, NFS included. Inside lies one file, named after its holder, which the
# holder touches while it lives: taking over a dead lock is renaming that very file, so only one of many waiters wins
# and a living holder cannot be robbed by a waiter that was slow to judge. Where flock works, the kernel tells at once
# that a holder on the same node is dead; elsewhere its last sign of life has to be SEED_LOCK_TTL old.

acquire_lock() {
  read -r token </proc/sys/kernel/random/uuid
  read -r boot </proc/sys/kernel/random/boot_id
  exec 9>>"$ours/flock"
  start_waiting
  until take_lock; do
    is_warm && return
    holder=$(set +f && cd "$lock" 2>/dev/null && echo owner.*) || continue
    if holder_is_dead; then
      take_over && break
    else
      keep_waiting 'for the seeder that holds the lock'
    fi
  done
  locked=yes
  start_pulse
  hold_off_garbage_collector
}

take_lock() {
  if ! mkdir "$lock" 2>"$work/errors"; then
    [ -d "$lock" ] || [ ! -s "$work/errors" ] || case $(cat "$work/errors") in *'File exists'*) ;; *) why_unwritable ;; esac
    return 1
  fi
  sign_lock
}

# The holder's file says where it runs and whether flock tells if it lives.
sign_lock() {
  flocked=no
  if command -v flock >/dev/null 2>&1 && flock -n 9 2>/dev/null; then flocked=yes; fi
  [ -d "$lock" ] || return 1
  printf 'boot=%s\nflock=%s\nhost=%s\nimage=%s\n' "$boot" "$flocked" "$(uname -n)" "$SEED_IMAGE" >"$work/owner"
  cp "$work/owner" "$lock/owner.$token" 2>"$work/errors" && return
  # Without a holder's file in it, whoever waits may remove the folder; then all begins anew.
  [ -d "$lock" ] || return 1
  release_lock
  why_unwritable
}

# A folder without a holder's file is what is left of a seeder that died between making the two. Removing it is safe at
# any time, for a folder with a file in it does not go away, and a seeder that finds its folder gone begins anew.
holder_is_dead() {
  if [ "$holder" = 'owner.*' ]; then
    older_than 2 "$lock"
    return
  fi
  case $(cat "$lock/$holder" 2>/dev/null) in
    *"boot=$boot${NL}flock=yes"*) flock -n 9 2>/dev/null && return ;;
  esac
  older_than "$SEED_LOCK_TTL" "$lock/$holder"
}

# By the clock of the volume's server on both sides: nodes disagree about the time.
older_than() {
  touch "$ours/probe"
  beat=$(stat -c %Y "$2" 2>/dev/null) || return 1
  [ $(($(stat -c %Y "$ours/probe") - beat)) -gt "$1" ]
}

take_over() {
  if [ "$holder" = 'owner.*' ]; then
    rmdir "$lock" 2>/dev/null || true
    return 1
  fi
  if mv "$lock/$holder" "$lock/owner.$token" 2>/dev/null; then
    say lock 'the seeder that held the lock is dead; taking over'
    sign_lock
  else
    flock -u 9 2>/dev/null || true
    return 1
  fi
}

# Nix's garbage collector removes what is not registered yet. Where flock works it waits for us, and we for it.
hold_off_garbage_collector() {
  command -v flock >/dev/null 2>&1 && mkdir -p "$volume/var/nix" && : >>"$volume/var/nix/gc.lock" || return 0
  exec 8>>"$volume/var/nix/gc.lock"
  start_waiting
  until flock -s -n 8 2>"$work/errors"; do
    [ ! -s "$work/errors" ] || return 0
    keep_waiting 'for a garbage collector on the volume'
  done
}

start_waiting() {
  clock
  started_waiting=$time next_line=$time
}

keep_waiting() {
  clock
  waited=$(((time - started_waiting) / 100))
  [ "$SEED_LOCK_TIMEOUT" = 0 ] || [ "$waited" -lt "$SEED_LOCK_TIMEOUT" ] ||
    die 40 "waited $waited s (SEED_LOCK_TIMEOUT) $1; its lock is $lock"
  if [ "$time" -ge "$next_line" ]; then
    next_line=$((time + SEED_PROGRESS * 100))
    say wait "waiting $1, $waited s so far" "seconds=$waited"
  fi
  sleep 1
}

# In the background: a sign of life for the lock, progress for the log. It ends by itself when the work folder is gone.
start_pulse() {
  seeder=$$
  (
    trap - EXIT
    every=$((SEED_LOCK_TTL / 10 + 1))
    [ "$every" -le "$SEED_PROGRESS" ] || every=$((SEED_PROGRESS > 0 ? SEED_PROGRESS : 1))
    while sleep "$every" && [ -d "$work" ] && kill -0 "$seeder" 2>/dev/null; do
      touch -c "$lock/owner.$token" 2>/dev/null
      [ -e "$lock/owner.$token" ] || kill -USR1 "$seeder"
      report_progress
    done
  ) 9>&- &
}

must_hold_lock() {
  [ -e "$lock/owner.$token" ] || die 41 'the lock was lost to another seeder: this one gave no sign of life for too long'
}

release_lock() {
  rm -f "$lock/owner.$token"
  rmdir "$lock" 2>/dev/null || true
}

# --- plan ----------------------------------------------------------------------------------------------------------

# usage: in_chunks LIST COMMAND [ARGUMENT]...   runs the command with the lines of the list as further arguments
in_chunks() {
  list=$1
  shift
  [ -s "$list" ] || return 0
  split -a 4 -l 500 "$list" "$work/chunk."
  chunks=$(set +f && echo "$work"/chunk.*)
  for chunk in $chunks; do
    # shellcheck disable=SC2046
    "$@" $(cat "$chunk") || return 1
  done
  # shellcheck disable=SC2086
  rm -f $chunks
}

# Names to bring: what the volume lacks, and what lies there without being registered or, if asked, damaged.
plan() {
  phase plan
  t_plan=$time
  if [ -z "$described" ]; then
    described=$work
    describe_image "$work"
  fi
  cut -f 1 "$described/registration" >"$work/names"
  mkdir -p "$volume/store"
  store_names >"$work/there"
  comm -12 "$work/names" "$work/there" >"$work/present"
  find_rubbish
  comm -23 "$work/names" "$work/there" | sort - "$work/rubbish" >"$work/missing"
  adopt_stage
  comm -23 "$work/missing" "$work/kept" | join -t "$TAB" -o 2.4,1.1 - "$described/registration" | sort -rn >"$work/sizes"
}

# Names that lie in the volume's store and have to be replaced. Where no Nix runs yet to tell (image volume), all of them.
find_rubbish() {
  : >"$work/rubbish"
  [ -s "$work/present" ] || return 0
  find_nix
  if [ ! -e "$volume/var/nix/db/db.sqlite" ] || [ -z "$nix" ]; then
    cp "$work/present" "$work/rubbish"
    return
  fi
  as_paths <"$work/present" >"$work/paths"
  in_chunks "$work/paths" on_volume --check-validity --print-invalid >"$work/invalid" 2>"$work/errors" ||
    die 52 "Nix cannot read the volume's database: $(tail -n 1 "$work/errors")"
  cut -c 12- "$work/invalid" | sort >"$work/rubbish"
  if [ "$SEED_REPAIR" != no ] || [ -e "$ours/repair" ]; then
    comm -23 "$work/present" "$work/rubbish" | as_paths >"$work/paths"
    in_chunks "$work/paths" report_damaged >"$work/damaged"
    cut -c 12- "$work/damaged" | sort -o "$work/rubbish" - "$work/rubbish"
  fi
}

store_names() {
  # shellcheck disable=SC2012 # find is not part of coreutils, and store names have no odd characters
  ls -A "$volume/store" | sort
}

as_paths() {
  while read -r name; do echo "/nix/store/$name"; done
}

# Asks for many at once, and one by one where something is wrong, since Nix stops at a path it cannot read.
report_damaged() {
  on_volume --verify-path "$@" >/dev/null 2>&1 && return
  for path in "$@"; do
    on_volume --verify-path "$path" >/dev/null 2>&1 || echo "$path"
  done
}

# Free space in KiB and free inodes; a file system that does not limit inodes has 0 of 0.
measure_volume() {
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S %d %c' "$volume")
  free_kib=$(($1 * $2 / 1024)) free_inodes=$3
  [ "$4" != 0 ] || free_inodes=unlimited
}

# The database knows the size of archives; where the image carries a recording, that tells what a disk makes of them.
check_space() {
  total_bytes=0 total_paths=0
  while read -r bytes _; do
    total_bytes=$((total_bytes + bytes)) total_paths=$((total_paths + 1))
  done <"$work/sizes"
  [ "$total_paths" -gt 0 ] || return 0
  measure_volume
  needed_kib=$((total_bytes / 1024 + total_paths)) needed_inodes=$total_paths
  if [ -n "$image_archive_bytes" ]; then
    archive_kib=$((image_archive_bytes / 1024 + 1))
    needed_inodes=$((needed_kib * image_files / archive_kib))
    needed_kib=$((needed_kib * (image_bytes / 1024) / archive_kib))
  fi
  [ "$free_kib" -ge "$needed_kib" ] ||
    die 30 "not enough space on the volume: $needed_kib KiB needed, $free_kib KiB free"
  [ "$free_inodes" = unlimited ] || [ "$free_inodes" -ge "$needed_inodes" ] ||
    die 31 "not enough inodes on the volume: $needed_inodes needed, $free_inodes free"
}

# --- copy ----------------------------------------------------------------------------------------------------------

# Removes a folder of ours with the read-only trees in it.
discard() {
  [ -d "$1" ] || return 0
  # Those of a former user can be removed by the group, but their mode cannot be changed.
  chmod -R u+w "$1" 2>/dev/null || true
  rm -rf "$1"
}

# What an interrupted seed of this very image left behind whole and durable (its .ok says so) need not be copied again.
adopt_stage() {
  stage=$ours/stage.$token
  set +f
  for old in "$ours"/stage.*; do
    if [ ! -e "$stage" ] && [ -r "$old/image" ] && [ "$(cat "$old/image")" = "$image_id" ]; then
      mv "$old" "$stage"
    else
      discard "$old"
    fi
  done
  mkdir -p "$stage"
  # Below a volume that belongs to an fsGroup every new folder inherits this bit, which does not belong on store paths.
  chmod g-s "$stage"
  echo "$image_id" >"$stage/image"
  for old in "$stage"/*/; do
    old=${old%/}
    if [ ! -e "$old.ok" ]; then
      discard "$old"
      continue
    fi
    # Nothing is left in it if the seeder died after moving it into the store.
    for kept in "$old"/*; do
      [ ! -e "$kept" ] && [ ! -L "$kept" ] || echo "${kept#"$stage/"}"
    done
  done >"$work/staged"
  set -f
  # Somebody may have brought one of them meanwhile.
  while IFS=/ read -r batch name; do printf '%s\t%s\n' "$name" "$batch/$name"; done <"$work/staged" | sort |
    join -t "$TAB" - "$work/missing" >"$work/adopted"
  cut -f 1 "$work/adopted" >"$work/kept"
  cut -f 2 "$work/adopted" >"$work/kept.placing"
}

# Cuts the names, largest first, into batches for one cp each: big enough to spare processes, small enough to share out.
make_batches() {
  target=$((total_bytes / (SEED_JOBS * 6) + 1))
  [ "$target" -le 67108864 ] || target=67108864
  [ "$target" -ge 1048576 ] || target=1048576
  batches=0 batch_bytes=0 batch_paths=0
  while read -r bytes name; do
    if [ "$batch_paths" -gt 0 ] && { [ $((batch_bytes + bytes)) -gt "$target" ] || [ "$batch_paths" -ge 100 ]; }; then
      end_batch
    fi
    echo "$name" >>"$work/batch.$batches"
    batch_bytes=$((batch_bytes + bytes)) batch_paths=$((batch_paths + 1))
  done <"$work/sizes"
  [ "$batch_paths" = 0 ] || end_batch
}

end_batch() {
  echo "$batch_paths $batch_bytes" >"$work/batch.$batches.size"
  mkdir "$stage/$token.$batches"
  batches=$((batches + 1)) batch_bytes=0 batch_paths=0
}

copy() {
  make_batches
  clock
  t_copy=$time
  echo "$total_paths $total_bytes $t_copy" >"$work/total"
  phase copy
  [ "$batches" -gt 0 ] || return 0
  choose_copier
  start_flusher
  worker=0
  while [ "$worker" -lt "$copiers" ] && [ "$worker" -lt "$batches" ]; do
    copy_worker 2>>"$work/copy-errors" &
    workers="$workers $!"
    worker=$((worker + 1))
  done
  for pid in $workers; do wait "$pid" || : >"$work/failed"; done
  workers=
  [ ! -e "$work/failed" ] || copy_failed
}

# Two tars and a pipe ask less of the kernel for each file than cp does, a fifth to a quarter of all time. They are two
# processes, so there are fewer of them; where there is no GNU tar, cp does it.
choose_copier() {
  cp=$(program cp)
  copiers=$SEED_JOBS
  tar=$(command -v tar) || tar=
  case $("$tar" --version 2>/dev/null) in
    *'GNU tar'*) copiers=$(((SEED_JOBS * 3 + 3) / 4)) ;;
    *) tar= ;;
  esac
}

# usage: start_copy FOLDER NAME...     in the background; $copying is what to stop: a tar that loses its reader stops too
start_copy() {
  to=$1
  shift
  if [ -n "$tar" ]; then
    { "$tar" -b 128 -cf - "$@" || : >"$work/failed"; } | "$tar" -b 128 -xpf - -C "$to" &
  else
    "$cp" -dR --preserve=mode,timestamps,links "$@" "$to/" &
  fi
  copying=$!
}

# Takes batches as long as there are any; a batch belongs to who creates its claim.
copy_worker() {
  trap - EXIT
  # Set before the trap: the signal may come before the first copy.
  copying=
  trap '[ -z "$copying" ] || kill "$copying" 2>/dev/null; exit 1' TERM
  cd "$SEED_SOURCE/store"
  number=0
  while [ "$number" -lt "$batches" ] && [ ! -e "$work/failed" ]; do
    if (set -C && : >"$work/claim.$number") 2>/dev/null; then
      # shellcheck disable=SC2046
      start_copy "$stage/$token.$number" $(cat "$work/batch.$number")
      wait "$copying" || { : >"$work/failed" && exit 1; }
      [ ! -e "$work/failed" ] || exit 1
      : >"$work/done.$number"
    fi
    number=$((number + 1))
  done
}

# Has the volume written while the image is still being read, which would otherwise wait for the end, and notes which
# batches are durable.
start_flusher() {
  : >"$work/flush"
  (
    trap - EXIT
    while sleep 1 && [ -e "$work/flush" ]; do
      finished_batches
      sync_volume && mark_durable
    done
  ) 8>&- 9>&- &
}

finished_batches() {
  finished='' number=0
  while [ "$number" -lt "$batches" ]; do
    [ ! -e "$work/done.$number" ] || [ -e "$stage/$token.$number.ok" ] || finished="$finished $number"
    number=$((number + 1))
  done
}

mark_durable() {
  # The stage may be gone already when a slow sync returns.
  for number in $finished; do { true >"$stage/$token.$number.ok"; } 2>/dev/null || return 0; done
}

# The end of the copy: all batches are done, none may be lost to a crash any more.
make_durable() {
  phase sync
  t_sync=$time
  rm -f "$work/flush"
  finished_batches
  patiently sync_volume || die 50 "writing to the volume failed: $(tail -n 1 "$work/sync-errors")"
  mark_durable
}

sync_volume() {
  sync -f "$volume" 2>"$work/sync-errors" && return
  case $(cat "$work/sync-errors") in
    *option*) sync ;;
    *) return 1 ;;
  esac
}

# Runs a command so that a signal is noticed at once; a shell with a child in the foreground waits for its end first.
patiently() {
  "$@" &
  wait "$!"
}

copy_failed() {
  reason=$(head -n 1 "$work/copy-errors")
  case $(head -n 50 "$work/copy-errors") in
    *'No space left on device'* | *'quota exceeded'* | *'Wrote only'*) out_of_space ;;
    *'Read-only file system'*) die 12 "the volume at $SEED_VOLUME turned read-only: $reason" ;;
    *) die 50 "copying failed: ${reason:-a copy was killed}" ;;
  esac
}

out_of_space() {
  measure_volume
  [ "$free_inodes" != 0 ] || die 31 'the volume ran out of inodes'
  die 30 "the volume ran out of space: $((${total_bytes:-0} / 1048576)) MiB to bring"
}

phase() {
  echo "$1" >"$work/phase"
  clock
}

report_progress() {
  read -r doing 2>/dev/null <"$work/phase" || return 0
  if [ "$doing" = copy ]; then
    report_copied
  else
    clock
    say progress "$doing, $(((time - t_start) / 100)) s since the start" "phase=$doing"
  fi
}

report_copied() {
  read -r total_paths total_bytes t_copy 2>/dev/null <"$work/total" || return 0
  copied_paths=0 copied_bytes=0 number=0
  while [ -e "$work/batch.$number.size" ]; do
    if [ -e "$work/done.$number" ]; then
      read -r paths bytes <"$work/batch.$number.size"
      copied_paths=$((copied_paths + paths)) copied_bytes=$((copied_bytes + bytes))
    fi
    number=$((number + 1))
  done
  clock
  eta=unknown
  [ "$copied_bytes" = 0 ] || eta=$(((time - t_copy) * (total_bytes - copied_bytes) / copied_bytes / 100))
  say progress "$copied_paths of $total_paths paths, $((copied_bytes / 1048576)) of $((total_bytes / 1048576)) MiB, \
$((copied_bytes * 100 / (total_bytes + 1))) %, about $eta s left" "paths=$copied_paths" "bytes=$copied_bytes" "eta=$eta"
}

# --- commit --------------------------------------------------------------------------------------------------------

# Moves what is complete to its final name. Folders in a store are read-only, and renaming one to another parent rewrites
# its "..", so each is made writable for that moment.
place() {
  phase register
  t_register=$time
  must_hold_lock
  mkdir -p "$volume/var/nix/db" "$volume/var/nix/gcroots" "$volume/var/nix/profiles/per-user" "$stage/old"
  [ -e "$volume/var/nix/db/db.sqlite" ] || : >"$ours/fresh"
  cp "$work/kept.placing" "$work/placing"
  number=0
  while [ "$number" -lt "$batches" ]; do
    while read -r name; do echo "$token.$number/$name"; done <"$work/batch.$number"
    number=$((number + 1))
  done >>"$work/placing"
  {
    (cd "$volume/store" && in_chunks "$work/rubbish" move_to "$stage/old") &&
      (cd "$stage" && in_chunks "$work/placing" move_to "$volume/store")
  } 2>"$work/errors" || die 50 "cannot move the copied paths into the store: $(head -n 1 "$work/errors")"
  patiently sync_volume || die 50 "writing to the volume failed: $(tail -n 1 "$work/sync-errors")"
  store_names | comm -23 "$work/missing" - >"$work/vanished"
  [ ! -s "$work/vanished" ] || die 50 "$(head -n 1 "$work/vanished") vanished from the store: is a garbage collector running?"
}

# usage: move_to FOLDER NAME...
move_to() {
  to=$1
  shift
  folders=
  for item in "$@"; do
    [ ! -d "$item" ] || [ -L "$item" ] || folders="$folders $item"
  done
  # shellcheck disable=SC2086
  [ -z "$folders" ] || chmod u+w $folders || return 1
  mv -f -- "$@" "$to/" || return 1
  [ -n "$folders" ] || return 0
  moved=
  for item in $folders; do moved="$moved $to/${item##*/}"; done
  # shellcheck disable=SC2086
  chmod u-w $moved
}

register() {
  must_hold_lock
  [ -s "$work/missing" ] || return 0
  require_nix
  join -t "$TAB" "$work/missing" "$described/registration" | cut -f 2- | tr '\t' '\n' >"$work/load"
  patiently load_database && return
  reason=$(tail -n 1 "$work/errors")
  (cd "$volume/store" && in_chunks "$work/missing" move_to "$stage/old") || true
  [ "$seed_id" = "$image_id" ] || rm -rf "$volume/var/nix/gcroots/cdk8s-nix/$image_id"
  case $reason in
    *'disk is full'* | *'No space left on device'*) out_of_space ;;
    *) die 51 "registering failed: $reason" ;;
  esac
}

load_database() {
  on_volume --load-db <"$work/load" 2>"$work/errors"
}

# One link per path that no other path of the image refers to.
root_image() {
  mkdir -p "$volume/var/nix/gcroots/cdk8s-nix/$image_id"
  in_chunks "$described/roots" link_roots
}

link_roots() {
  ln -sf "$@" "$volume/var/nix/gcroots/cdk8s-nix/$image_id/"
}

forget_other_images() {
  set +f
  for other in "$volume"/var/nix/gcroots/cdk8s-nix/*; do
    [ "$other" = "$volume/var/nix/gcroots/cdk8s-nix/$image_id" ] || rm -rf "$other"
  done
  set -f
}

switch_profiles() {
  touch "$ours/profiles"
  while IFS=$TAB read -r name path; do switch_profile "$name" "$path"; done <"$described/profiles"
}

# Points a profile to what the image has there, unless the user has changed it since a seed last did.
switch_profile() {
  link=$volume/var/nix/profiles/$1
  mkdir -p "${link%/*}"
  current=$(store_path_of "$volume" "$volume/var/nix/profiles/$1")
  link=$volume/var/nix/profiles/$1
  [ "$current" != "$2" ] || return 0
  if [ -n "$current" ] && ! is_ours "$1" "$current"; then
    say profile "profile $1 was changed by the user and stays as it is" "profile=$1"
    return 0
  fi
  is_ours "$1" "$2" || printf '%s\t%s\n' "$1" "$2" >>"$ours/profiles"
  next_generation
  ln -s "$2" "$link-$generation-link"
  ln -sfn "${1##*/}-$generation-link" "$link.seed-new"
  mv -T -f "$link.seed-new" "$link"
  forget_generations "$1" "$2"
}

next_generation() {
  generation=1
  set +f
  for old in "$link"-[0-9]*-link; do
    old=${old#"$link-"}
    old=${old%-link}
    case $old in *[!0-9]*) continue ;; esac
    [ "$old" -lt "$generation" ] || generation=$((old + 1))
  done
  set -f
}

# Generations that a seed made are no longer needed and would keep old images from being collected.
forget_generations() {
  set +f
  for old in "$link"-[0-9]*-link; do
    target=$(readlink "$old") || continue
    if [ "$target" != "$2" ] && is_ours "$1" "$target"; then rm -f "$old"; fi
  done
  set -f
}

is_ours() {
  while IFS= read -r known; do
    [ "$known" != "$1$TAB$2" ] || return 0
  done <"$ours/profiles"
  return 1
}

write_marker() {
  must_hold_lock
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  printf 'protocol=%s\nid=%s\nimage=%s\ntime=%s\npaths=%s\nbytes=%s\nnix=%s\n' "$PROTOCOL" "$image_id" "$SEED_IMAGE" "$now" \
    "$total_paths" "$total_bytes" "$(store_path_of "$SEED_SOURCE" "$SEED_SOURCE/var/nix/profiles/default")" >"$ours/seed.new"
  printf '%s %s %s paths=%s bytes=%s\n' "$now" "$image_id" "$SEED_IMAGE" "$total_paths" "$total_bytes" >>"$ours/history"
  sync_volume
  rm -f "$ours/fresh"
  mv -f "$ours/seed.new" "$ours/seed"
  rm -f "$ours/repair"
}

# --- main ----------------------------------------------------------------------------------------------------------

seconds() {
  printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

# The shell itself, and none of its subshells: a signal may reach one of these before it has dropped the traps.
clean_up() {
  status=$?
  trap - EXIT TERM INT HUP
  trap '' USR1
  read -r self _ </proc/self/stat
  [ "$self" = "$$" ] || return 0
  [ "$status" = 0 ] || [ "$failed" = yes ] || explain 70 "a command failed unexpectedly: this is a bug in the script"
  for pid in $workers; do kill "$pid" 2>/dev/null || true; done
  # shellcheck disable=SC2086
  [ -z "$workers" ] || wait $workers 2>/dev/null || true
  if [ "$locked" = yes ]; then
    [ "$keep_stage" = yes ] || [ ! -d "$stage" ] || discard "$stage" 2>/dev/null || true
    release_lock
  fi
  [ -z "$work" ] || rm -rf "$work"
  [ "$status" = 0 ] || [ "$failed" = yes ] || exit 70
}

# A folder for lists. Nix wants a name too and, without an entry in /etc/passwd, a home that belongs to it; in a pod /tmp
# belongs to root.
make_work_folder() {
  work=$TMPDIR/seed-nix-store.$$
  mkdir -p "$work" 2>/dev/null || die 10 "cannot write to TMPDIR ($TMPDIR)"
  HOME=$work USER=${USER:-code} NIX_CONF_DIR=${NIX_CONF_DIR:-$work}
  export HOME USER NIX_CONF_DIR
}

seed() {
  check_source
  clock
  t_start=$time
  identify_image
  check_volume
  own_volume
  if is_warm; then
    clock
    say warm "the volume holds this image already ($(seconds $((time - t_start))) s)" "image=$SEED_IMAGE"
    return
  fi
  make_work_folder
  open_volume
  check_schema
  acquire_lock
  if [ "$locked" = no ] || is_warm; then
    say warm 'another seeder has brought this image meanwhile' "image=$SEED_IMAGE"
    return
  fi
  bring_image
}

bring_image() {
  drop_torn_database
  drop_log
  plan
  check_space
  say plan "bringing $total_paths of $(wc -l <"$work/names") paths, $((total_bytes / 1048576)) MiB, $SEED_JOBS at a time" \
    "paths=$total_paths" "bytes=$total_bytes"
  copy
  make_durable
  place
  root_image
  register
  switch_profiles
  forget_other_images
  # With the marker in place the next start has no reason to look for what is left here.
  discard "$stage"
  write_marker
  clock
  say seeded "seeded $total_paths paths, $((total_bytes / 1048576)) MiB in $(seconds $((time - t_start))) s: \
plan $(seconds $((t_copy - t_plan))) s, copy $(seconds $((t_sync - t_copy))) s, sync $(seconds $((t_register - t_sync))) s, \
register $(seconds $((time - t_register))) s" "paths=$total_paths" "bytes=$total_bytes" "centiseconds=$((time - t_start))"
}

main() {
  configure
  # A process that is PID 1 gets no signal it does not ask for.
  trap clean_up EXIT
  trap 'keep_stage=yes; die 143 "stopped by a signal before the store was complete"' TERM INT HUP
  trap 'die 41 "the lock was lost to another seeder: this one gave no sign of life for too long"' USR1
  case ${1:-} in
    '') seed ;;
    record) record_image ;;
    *) die 10 "unknown argument '$1'" ;;
  esac
}

main "$@"
