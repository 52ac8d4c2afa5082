#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# What the image's Nix knows of a few paths, by one question instead of two: what it registers, and why it trusts them. Its JSON is read as words: quotes and
# commas are blanks, and braces and brackets are where it is cut into pieces. Nix since 2.4 writes a list of objects, since 2.19 one object with a key for each
# path; both are understood. If it writes something else, there are two questions.
# Sourced by seed-nix-store.sh.

# Writes to $work/load what --load-db takes, and to $work/reasons what list_reasons would.
describe_few() {
  [ -n "$few_names" ] || return 1
  # Some Nix takes the name of a derivation for what that builds.
  case "$few_names " in *'.drv '*) return 1 ;; esac
  image_url
  known=0 key='' list=''
  forget_description
  # shellcheck disable=SC2086
  description=$(nix_command path-info --json --store "$image_url" $few_paths | tr -s '",' '\n')
  IFS='{[]'
  # shellcheck disable=SC2086
  set -- $description
  unset IFS
  {
    # Thousands of references are not looked at one by one.
    # shellcheck disable=SC2086
    for piece; do
      case $list in
        references) references=$piece list='' ;;
        signatures) trusted="$trusted $piece" list='' ;;
        *) read_words $piece ;;
      esac
    done
    write_path
  } >"$work/load" 3>"$work/few-reasons"
  # shellcheck disable=SC2086
  set -- $few_names
  [ "$known" = $# ] && mv "$work/few-reasons" "$work/reasons"
}

# usage: read_words WORD...      key and value, with a colon as a word between them, or before the value where that is no text
read_words() {
  for word; do
    case $key:$word in
      *::) ;;
      path:/nix/store/* | :/nix/store/*) write_path && forget_description && path=$word key='' ;;
      deriver:/nix/store/*) deriver=$word key='' ;;
      narHash:sha256[-:]*) hash=$word key='' ;;
      narSize::[0-9]*) size=${word#:} key='' ;;
      ultimate::true*) trusted="$trusted ultimate" key='' ;;
      ca:fixed:* | ca:text:*) trusted="$trusted ca:$word" key='' ;;
      *:references | *:signatures) list=$word key='' ;;
      *::*) key='' ;;
      *) key=$word ;;
    esac
  done
}

forget_description() {
  path='' hash='' size='' deriver='' references='' trusted=''
}

# Path, hash, size, deriver or nothing, number of references, references.
write_path() {
  [ -n "$path" ] && [ -n "$hash" ] && [ -n "$size" ] || return 0
  # shellcheck disable=SC2086
  set -- $references
  case ${1:-/nix/store/} in /nix/store/*) ;; *) return 0 ;; esac
  printf '%s\n%s\n%s\n%s\n%s\n%s' "$path" "$hash" "$size" "$deriver" $# "${references#"$LF"}" || return 0
  # In one line, since long lists are cut between lines.
  # shellcheck disable=SC2086
  set -- $trusted
  ! printf '%s\t%s\n' "$path" "$*" >&3 || known=$((known + 1))
}
