#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What an upgrade takes for granted before Nix has answered, and whether it is so.
# Sourced by seed-nix-store.sh.

# What is most often so need not be known before the copy: that all the image has in common with the store is registered there, and that the image has
# registered all the rest. Nix is asked beside the copy, and what it says of the store is looked at before anything moves there, what it says of the image before
# that is registered. Then only sizes are missing, and to look at a few paths takes less than to start Nix.
take_for_granted() {
  [ "$tries" = 0 ] && ! wants_repair || return 1
  find_nix
  [ -n "$nix" ] || return 1
  granted=yes
  [ -n "$described" ] || glance_at_sizes 2>/dev/null || return 1
  start_registering
  examine_elsewhere &
  helpers="$helpers $!" examining=$!
}

# Writes to $work/missing what the store lacks, but for what cannot be a path: that is nobody's, and Nix does not want to hear of it. Where little is missing, it is
# known by heart: $few_names and $few_paths.
name_few() {
  lacking=$(comm -23 "$work/names" "$work/there")
  IFS=$LF
  # shellcheck disable=SC2086
  set -- $lacking
  unset IFS
  for name; do
    if is_path_name "$name"; then printf '%s\n' "$name"; else printf '%s\n' "$name" >&3; fi
  done >"$work/missing" 3>"$work/odd"
  if [ -s "$work/odd" ]; then
    drop_odd names
    # shellcheck disable=SC2046
    set -- $(cat "$work/missing")
  fi
  [ $# -gt 0 ] && [ $# -le 2000 ] || return 0
  few_names=$* few_paths=$(printf '/nix/store/%s ' "$@")
}

# usage: drop_odd LIST
drop_odd() {
  comm -23 "$work/$1" "$work/odd" >"$work/sound"
  mv "$work/sound" "$work/$1"
  rm -f "$work/count"
}

# usage: with_missing COMMAND [ARGUMENT]...      the names of what is missing as further arguments
with_missing() {
  if [ -z "$few_names" ]; then
    in_chunks "$work/missing" "$@"
  else
    # shellcheck disable=SC2086
    "$@" $few_names
  fi
}

# usage: with_missing_paths LIST COMMAND [ARGUMENT]...      their paths; where they are many, they are in the file LIST for that
with_missing_paths() {
  if [ -z "$few_names" ]; then
    as_paths "$work/missing" >"$1" && in_chunks "$@"
  else
    shift
    # shellcheck disable=SC2086
    "$@" $few_paths
  fi
}

# Sizes of the few on the image's disk, two at a time, and their sum. Fails where to look takes long, or where there might be no room for them: what is
# refused is refused by what Nix says.
glance_at_sizes() {
  [ -n "$few_names" ] || [ ! -s "$work/missing" ] || return 1
  : >"$work/to-copy"
  total_bytes=0 total_paths=0 glanced=yes
  # shellcheck disable=SC2086
  set -- $few_names
  [ $# -gt 0 ] || return 0
  du=$(program du) half=$((($# + 1) / 2)) first_half=''
  (shift "$half" && look_at "$@") >"$work/glance-second" &
  second=$!
  for name; do
    [ "$half" -gt 0 ] || break
    first_half="$first_half $name" half=$((half - 1))
  done
  # shellcheck disable=SC2086
  look_at $first_half >"$work/glance" &
  first=$!
  measure_volume
  wait "$first" && wait "$second" || return 1
  measure_reserve
  sizes=$(sort -rn "$work/glance" "$work/glance-second") left_kib=$((free_kib - aside_kib))
  # By turns a number of bytes and a name.
  for word in $sizes; do
    case $word in
      *[!0-9]*) total_paths=$((total_paths + 1)) ;;
      *) total_bytes=$((total_bytes + word)) left_kib=$((left_kib - word / 1024 - 1)) ;;
    esac
  done
  # shellcheck disable=SC2086
  [ -z "$sizes" ] || printf '%s\t%s\n' $sizes >"$work/to-copy"
  [ "$total_paths" = $# ] && [ "$left_kib" -gt 0 ]
}

# usage: look_at NAME...
look_at() {
  [ $# -gt 0 ] || exit 0
  cd "$SEED_SOURCE/store" && exec timeout 0.3 "$du" -ls -B 1 "$@"
}

examine_elsewhere() {
  trap - EXIT USR1 TERM INT HUP
  list_present && mkdir "$work/examined" && unremembered >"$work/examined/names" && as_paths "$work/examined/names" >"$work/examined/paths" || return 1
  in_chunks "$work/examined/paths" on_volume --check-validity --print-invalid >"$work/examined/invalid" 2>/dev/null && : >"$work/examined/whole"
}

# Of what the store has in common with the image, what an earlier seed has not noted as registered in the very database that is there now.
unremembered() {
  recall "$work/examined/remembered" && comm -23 "$work/present" "$work/examined/remembered"
}

# Whether what was taken for granted is so: of the store, before anything moves there.
store_holds_true() {
  [ "$granted" = yes ] || return 0
  why_again='Nix does not know all that lies in the store'
  wait "$examining" && [ -e "$work/examined/whole" ] && [ ! -s "$work/examined/invalid" ]
}

# And of the image, before what moved there is registered. Else that goes back to the stage, where it need not be copied again.
image_holds_true() {
  [ -z "$asking" ] || wait "$asking" || true
  [ "$granted" = yes ] && [ -s "$work/missing" ] && [ ! -s "$work/loadable" ] || return 0
  why_again='Nix does not know all that lies in the image'
  dismiss_loader
  put_back
  placed=no
  return 1
}

put_back() {
  list_placed
  (cd "$volume/store" && in_chunks "$work/placed" move_to "$whole") 2>"$work/errors" || why_not_moved
}
