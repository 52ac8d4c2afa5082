#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What has to be brought, and whether there is room for it. All of it is lists of names, sorted, joined and compared.
# Sourced by seed-nix-store.sh.

# usage: in_chunks LIST COMMAND [ARGUMENT]...   runs the command with the lines of the list as further arguments
# Most lists are one chunk, for which one process more is enough. The chunks lie beside their list: what is prepared in the background has lists of its own.
in_chunks() {
  list=$1
  shift
  [ -s "$list" ] || return 0
  chunk=$(head -n 5001 "$list")
  # shellcheck disable=SC2086
  count_words $chunk
  if [ "$words" -le 5000 ]; then
    # shellcheck disable=SC2086
    "$@" $chunk
    return $?
  fi
  chunk=
  "$split" -a 4 -l 5000 "$list" "$list.chunk."
  chunks=$(set +f && echo "$list".chunk.*)
  for chunk in $chunks; do
    # shellcheck disable=SC2046
    "$@" $(cat "$chunk") || break
    chunk=
  done
  # shellcheck disable=SC2086
  rm -f $chunks
  [ -z "$chunk" ]
}

count_words() {
  words=$#
}

# In the background, while the lock is taken: what comes from disks. Of the volume only so that it lies in memory.
look_ahead() {
  choose_tools >"$work/tools" &
  helpers="$helpers $!" choosing=$!
  if [ -e "$database" ] && { [ -z "$described" ] || ! is_fresh; }; then
    (trap - EXIT USR1 TERM INT HUP && image_folder=$work/image && copy_image_database && : >"$image_folder/opened") 2>/dev/null &
    helpers="$helpers $!" opening=$!
  fi
  { uname -m && { stat -c %s "$volume/var/nix/db/reserved" 2>/dev/null || echo 0; }; } >"$work/system" &
  helpers="$helpers $!" naming_system=$!
  list_ahead &
  helpers="$helpers $!" listing=$!
  (trap - EXIT USR1 TERM INT HUP && has_line_feeds "$volume/store" && echo yes >"$work/line-feeds") 2>/dev/null &
  helpers="$helpers $!" searching=$!
}

list_ahead() {
  trap - EXIT USR1 TERM INT HUP
  { print_names >"$work/names" && wc -l <"$work/names" >"$work/count"; } 2>/dev/null
}

choose_tools() {
  trap - EXIT USR1 TERM INT HUP
  measure_processors
  echo "$hundredths"
  choose_copier
  is_fresh || { make_fifos word.1 loaded settings && ln "$work/settings" "$work/permission" 2>/dev/null; } || true
}

await_tools() {
  [ -n "$choosing" ] || return 0
  # Not by this shell itself, which keeps its traps.
  wait "$choosing" || (choose_tools >"$work/tools")
  choosing=
  { read -r hundredths && read -r small_tool tar; } <"$work/tools"
  choose_jobs
}

# Names to bring: what the volume lacks, and what lies there without being registered or, if asked, damaged. Sets $fresh:
# whether the volume has no database yet.
plan() {
  phase plan
  t_plan=$time
  fresh=no
  [ -d "$volume/store" ] || mkdir -p "$volume/store" 2>"$work/errors" || why_not_moved
  list_store
  : >"$work/rubbish"
  : >"$work/damaged"
  granted=no glanced=no few_names='' few_paths=''
  if is_fresh; then
    fresh=yes
    list_image
    cut -f 1 "$work/sizes" >"$work/names"
    # Of an earlier try, or somebody's: no database knows them.
    comm -12 "$work/names" "$work/there" >"$work/rubbish"
    cat "$work/names" >"$work/missing"
  else
    compare_with_volume
  fi
  remove_rubbish
  adopt_stage
  still_missing=$work/missing
  if [ -s "$work/kept" ]; then
    still_missing=$work/still-missing
    comm -23 "$work/missing" "$work/kept" >"$still_missing"
    [ "$glanced" = no ] || sort -k 2 "$work/to-copy" | join -t "$TAB" -1 2 -o 1.2,1.1 - "$work/missing" >"$work/sizes"
    glanced=no
  fi
  [ "$glanced" = yes ] || join -t "$TAB" -o 2.2,2.1 "$still_missing" "$work/sizes" | sort -rn >"$work/to-copy"
}

# Sets $names_count, for the log.
count_names() {
  if [ "$granted" = yes ] && [ -s "$work/count" ]; then read -r names_count <"$work/count"; else names_count=$(wc -l <"$work/names"); fi
}

compare_with_volume() {
  list_names
  [ -z "$described" ] || cat "$described/sizes" >"$work/sizes"
  name_few
  if take_for_granted; then
    : >"$work/rubbish"
    return 0
  fi
  granted=no glanced=no few_names=''
  mv "$work/missing" "$work/lacking"
  list_present
  spare_odd
  [ -n "$described" ] || measure_ahead
  find_rubbish
  sort -u "$work/lacking" "$work/rubbish" "$work/damaged" >"$work/missing"
  [ -n "$described" ] || measure_missing
}

list_present() {
  comm -12 "$work/names" "$work/there" >"$work/present"
}

# What cannot be a path may lie in both stores.
spare_odd() {
  IFS=$LF
  # shellcheck disable=SC2046
  set -- $(cat "$work/present")
  unset IFS
  for name; do is_path_name "$name" || printf '%s\n' "$name"; done >"$work/odd"
  [ ! -s "$work/odd" ] || { drop_odd names && drop_odd present; }
}

wants_repair() {
  [ "$SEED_REPAIR" != no ] || [ -e "$ours/repair" ]
}

# Names that lie in the volume's store and have to be replaced.
find_rubbish() {
  [ -s "$work/present" ] || return 0
  require_nix
  list_unregistered
  spare_made
  if wants_repair || [ -s "$work/spoilt" ]; then
    comm -23 "$work/present" "$work/rubbish" >"$work/registered"
    wants_repair || { comm -12 "$work/registered" "$work/spoilt" >"$work/suspect" && mv "$work/suspect" "$work/registered"; }
    as_paths "$work/registered" >"$work/paths"
    in_chunks "$work/paths" report_damaged >"$work/damaged-paths"
    cut -c 12- "$work/damaged-paths" | sort >"$work/damaged"
  fi
}

list_unregistered() {
  list_invalid "$work/present" "$work/rubbish" || volume_unreadable
}

# usage: list_invalid LIST RESULT      which of the names the volume's Nix does not know. Fails where it cannot say, for the reason in $work/errors
list_invalid() {
  as_paths "$1" >"$work/paths" && in_chunks "$work/paths" on_volume --check-validity --print-invalid >"$work/invalid" 2>"$work/errors" &&
    cut -c 12- "$work/invalid" | sort >"$2"
}

# In the background, while Nix looks at the volume: the sizes of what is not there for certain. If it fails, it says nothing.
measure_ahead() {
  measuring=''
  [ -s "$work/lacking" ] || return 0
  require_nix
  open_image
  mkdir "$work/ahead"
  measure_elsewhere 2>/dev/null &
  helpers="$helpers $!" measuring=$!
}

measure_elsewhere() {
  trap - EXIT USR1 TERM INT HUP
  exec 7>/dev/null
  set -- "$work/lacking"
  SEED_TERMINATION_LOG=/dev/null work=$work/ahead
  measure "$1"
}

# Their sizes, for which Nix need not look at all the others. What the image itself has not registered is rubbish there too.
measure_missing() {
  : >"$work/sizes"
  [ -s "$work/missing" ] || return 0
  require_nix
  open_image
  if [ -n "$measuring" ] && wait "$measuring" && [ ! -s "$work/rubbish" ] && [ ! -s "$work/damaged" ]; then
    cat "$work/ahead/sizes" >"$work/sizes"
    [ ! -e "$work/ahead/reasons" ] || cat "$work/ahead/reasons" >"$work/reasons"
  else
    measure "$work/missing"
  fi
  cut -f 1 "$work/sizes" >"$work/registered"
  comm -23 "$work/missing" "$work/registered" >"$work/unregistered"
  [ -s "$work/unregistered" ] || return 0
  mv "$work/registered" "$work/missing"
  for list in names rubbish; do
    comm -23 "$work/$list" "$work/unregistered" >"$work/registered"
    mv "$work/registered" "$work/$list"
  done
}

# What no database knows is of no use to anybody, and its place is needed.
remove_rubbish() {
  clear_from "$volume/store" rubbish
}

# usage: clear_from FOLDER LIST     removes what the list of $work names
clear_from() {
  [ -s "$work/$2" ] || return 0
  make_mine "$2" 2>"$work/errors" || why_not_moved
  move_away "$1" "$work/$2" "$mine/$2" 2>"$work/errors" || why_not_moved
  discard "$mine/$2"
}

# usage: as_paths LIST
as_paths() {
  # shellcheck disable=SC2046
  [ ! -s "$1" ] || printf '/nix/store/%s\n' $(cat "$1")
}

# Asks for many at once, and one by one where something is wrong, since Nix stops at a path it cannot read.
report_damaged() {
  on_volume --verify-path "$@" >/dev/null 2>&1 && return 0
  for path in "$@"; do
    on_volume --verify-path "$path" >/dev/null 2>&1 || echo "$path"
  done
}

# Sets $free_kib and $free_inodes, of the volume.
measure_volume() {
  measure_file_system "$SEED_VOLUME"
}

# usage: measure_file_system FOLDER      its free space in KiB and free inodes. One that does not limit inodes has 0 of 0, or more than anybody can count.
measure_file_system() {
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S %d %c' "$1")
  [ $# = 4 ] || return 1
  countable "$1"
  free_kib=$((countable * $2 / 1024))
  countable "$3"
  free_inodes=$countable
  [ "$4" != 0 ] && [ "$3" = "$countable" ] || free_inodes=unlimited
}

# usage: countable NUMBER      sets $countable, which the shell can calculate with
countable() {
  countable=$1
  case $1 in -* | ??????????????*) countable=9999999999999 ;; esac
}

# The database knows the size of archives; where the image carries a recording, that tells what a disk makes of them. What
# a killed seeder has left whole is on the volume already.
check_space() {
  tight=no
  [ "$glanced" = yes ] || sum_sizes
  [ "$total_paths" -gt 0 ] || return 0
  if [ "$granted" = no ] || [ -n "$described" ]; then measure_volume; fi
  needed_kib=$((total_bytes / 1024 + total_paths)) needed_inodes=$total_paths
  if [ -n "$image_archive_bytes" ]; then
    archive_kib=$((image_archive_bytes / 1024 + 1))
    needed_inodes=$((needed_kib * image_files / archive_kib))
    needed_kib=$((needed_kib * (image_bytes / 1024) / archive_kib))
  fi
  measure_reserve
  aside='' left_kib=$((free_kib - needed_kib - aside_kib))
  [ "$aside_kib" = 0 ] || aside=" (with $aside_kib that Nix sets aside)"
  [ "$left_kib" -ge 0 ] || die 30 "not enough space on the volume: $((needed_kib + aside_kib)) KiB needed$aside, $free_kib KiB free"
  [ "$left_kib" -ge $((needed_kib / 4 + 1024)) ] || tight=yes
  [ "$free_inodes" = unlimited ] || [ "$free_inodes" -ge "$needed_inodes" ] ||
    die 31 "not enough inodes on the volume: $needed_inodes needed, $free_inodes free"
}

# How much paths take is known when they are there.
check_rest() {
  [ "$tight" = yes ] || return 0
  measure_volume
  [ "$free_kib" -ge "$aside_kib" ] || die 30 "not enough space on the volume: $free_kib KiB are left beside what the image brings, and Nix sets aside $aside_kib"
}

sum_sizes() {
  total_bytes=0 total_paths=0
  # shellcheck disable=SC2013
  for bytes in $(cut -f 1 "$work/to-copy"); do total_bytes=$((total_bytes + bytes)) total_paths=$((total_paths + 1)); done
}
