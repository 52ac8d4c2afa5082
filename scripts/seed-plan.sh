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
    return
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
  choose_copier >"$work/copier" &
  helpers="$helpers $!" choosing=$!
  [ -z "$described" ] || return 0
  ls "$SEED_SOURCE/store" >"$work/ahead-listing" 2>/dev/null &
  helpers="$helpers $!" listing=$!
  ls "$volume/store" >/dev/null 2>&1 &
  helpers="$helpers $!"
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
  granted=no
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
  fi
  join -t "$TAB" -o 2.2,2.1 "$still_missing" "$work/sizes" | sort -rn >"$work/to-copy"
}

compare_with_volume() {
  if [ -n "$described" ]; then
    list_image
    cut -f 1 "$work/sizes" >"$work/names"
  else
    list_image_store names
  fi
  comm -23 "$work/names" "$work/there" >"$work/lacking"
  if take_for_granted; then
    : >"$work/rubbish"
    return
  fi
  list_present
  [ -n "$described" ] || measure_ahead
  find_rubbish
  sort -u "$work/lacking" "$work/rubbish" "$work/damaged" >"$work/missing"
  [ -n "$described" ] || measure_missing
}

list_present() {
  comm -12 "$work/names" "$work/there" >"$work/present"
}

wants_repair() {
  [ "$SEED_REPAIR" != no ] || [ -e "$ours/repair" ]
}

# What is most often so need not be known before the copy: that all the image has in common with the store is registered there, and that the image has
# registered all the rest. Nix is asked beside the copy, and before anything moves into the store the answers are looked at (holds_true). Then only sizes are
# missing, and to look at a few paths takes less than to start Nix.
take_for_granted() {
  granted=no
  [ "$tries" = 0 ] && ! wants_repair || return 1
  find_nix
  [ -n "$nix" ] || return 1
  [ -n "$described" ] || glance_at_sizes 2>/dev/null || return 1
  granted=yes
  mv "$work/lacking" "$work/missing"
  start_registering
  # Before the one who may have to send it away is begun.
  [ -z "$asking" ] || start_loader
  examine_elsewhere &
  helpers="$helpers $!" examining=$!
}

# On the image's disk, two at a time. Fails where to look takes long, or where there might be no room for them: what is refused is refused by what Nix says.
glance_at_sizes() {
  # shellcheck disable=SC2046
  set -- $(head -n 2001 "$work/lacking")
  [ $# -le 2000 ] || return 1
  : >"$work/sizes"
  [ $# -gt 0 ] || return 0
  du=$(program du)
  half=$((($# + 1) / 2))
  (cd "$SEED_SOURCE/store" && shift "$half" && { [ $# = 0 ] || exec timeout 0.3 "$du" -ls -B 1 "$@"; }) >"$work/glance-second" &
  # shellcheck disable=SC2046
  (cd "$SEED_SOURCE/store" && exec timeout 0.3 "$du" -ls -B 1 $(head -n "$half" "$work/lacking")) >"$work/glance" || return 1
  wait "$!" || return 1
  cat "$work/glance-second" >>"$work/glance"
  join -t "$TAB" -1 1 -2 2 -a 1 -e unknown -o 0,2.1 "$work/lacking" "$work/glance" >"$work/sizes"
  measure_volume
  left_kib=$free_kib
  # shellcheck disable=SC2013
  for bytes in $(cut -f 2 "$work/sizes"); do
    [ "$bytes" != unknown ] || return 1
    left_kib=$((left_kib - bytes / 1024 - 1))
  done
  [ "$left_kib" -gt 0 ]
}

examine_elsewhere() {
  trap - EXIT USR1 TERM INT HUP
  list_present && mkdir -p "$work/examined" && unremembered >"$work/examined/names" && as_paths "$work/examined/names" >"$work/examined/paths" || return 1
  [ ! -s "$work/examined/paths" ] || spare_loader
  in_chunks "$work/examined/paths" on_volume --check-validity --print-invalid >"$work/examined/invalid" 2>/dev/null && : >"$work/examined/whole"
}

# Of what the store has in common with the image, what an earlier seed has not noted as registered in the very database that is there now.
unremembered() {
  recall "$work/examined/remembered" && comm -23 "$work/present" "$work/examined/remembered"
}

# Whether what was taken for granted is so.
holds_true() {
  [ "$granted" = yes ] || return 0
  granted=no why_again='Nix does not know all that lies in the store or in the image'
  wait "$examining" && [ -e "$work/examined/whole" ] && [ ! -s "$work/examined/invalid" ] && { [ ! -s "$work/missing" ] || [ -e "$work/loadable" ]; }
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
  as_paths "$work/present" >"$work/paths"
  in_chunks "$work/paths" on_volume --check-validity --print-invalid >"$work/invalid" 2>"$work/errors" || volume_unreadable
  cut -c 12- "$work/invalid" | sort >"$work/rubbish"
}

# In the background, while Nix looks at the volume: the sizes of what is not there for certain. If it fails, it says nothing.
measure_ahead() {
  measuring=''
  [ -s "$work/lacking" ] || return 0
  require_nix
  open_image
  mkdir -p "$work/ahead"
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
  on_volume --verify-path "$@" >/dev/null 2>&1 && return
  for path in "$@"; do
    on_volume --verify-path "$path" >/dev/null 2>&1 || echo "$path"
  done
}

# Free space in KiB and free inodes. A file system that does not limit inodes has 0 of 0, or more than anybody can count.
measure_volume() {
  # shellcheck disable=SC2046
  set -- $(stat -f -c '%a %S %d %c' "$SEED_VOLUME")
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
  total_bytes=0 total_paths=0
  # shellcheck disable=SC2013
  for bytes in $(cut -f 1 "$work/to-copy"); do total_bytes=$((total_bytes + bytes)) total_paths=$((total_paths + 1)); done
  [ "$total_paths" -gt 0 ] || return 0
  if [ "$granted" = no ] || [ -n "$described" ]; then measure_volume; fi
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

out_of_space() {
  measure_volume
  [ "$free_inodes" != 0 ] || die 31 'the volume ran out of inodes'
  die 30 "the volume ran out of space: $((${total_bytes:-0} / 1048576)) MiB to bring"
}
