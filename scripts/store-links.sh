#!/bin/sh
# Links of a store that is mounted elsewhere than at /nix, which they mean all the same.
# Sourced by scripts that look at such a store.

# shellcheck disable=SC2034 # for those who look for them
certificates_in_profile=/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt

# Lines of a place, a tab and where it leads, which one process has told of all at once.
known_links='' followed='' asked_anew=no recalled=0
links_newline='
'
links_tab='	'

# usage: find_in_store PATH      sets $place, where PATH, which begins with /nix, leads in the store at $NIX_FOLDER; it is empty if that is no
# file of the store. Fails if it leads nowhere.
find_in_store() {
  ahead=${1#/nix/} place=$NIX_FOLDER hops=0
  while [ -n "$ahead" ]; do
    next=${ahead%%/*}
    case $ahead in */*) ahead=${ahead#*/} ;; *) ahead='' ;; esac
    [ -n "$next" ] || continue
    place=$place/$next
    [ -L "$place" ] || continue
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || return 1
    read_link "$place"
    case $target in
      /nix/*) place=$NIX_FOLDER ahead=${target#/nix/}/$ahead ;;
      # A file of the workload's own image, which is not this one's.
      /*) place='' && return 0 ;;
      *) place=${place%/*} ahead=$target/$ahead ;;
    esac
  done
  [ -e "$place" ]
}

# usage: read_link PLACE      sets $target
read_link() {
  case $known_links in
    *"$links_newline$1$links_tab"*)
      target=${known_links#*"$links_newline$1$links_tab"}
      target=${target%%"$links_newline"*}
      ;;
    *)
      target=$(readlink "$1") asked_anew=yes
      know_link "$1"
      ;;
  esac
  case $followed in *"$links_newline$1$links_newline"*) ;; *) followed=$followed$links_newline$1$links_newline ;; esac
}

# More of them would cost more to read than they spare.
MOST_RECALLED=32

# What was followed before is asked for at once: only which links these are is remembered, never where they lead.
# usage: recall_links FILE
recall_links() {
  [ -r "$1" ] || return 0
  while IFS= read -r path; do
    recalled=$((recalled + 1))
    [ ! -L "$NIX_FOLDER/$path" ] || set -- "$@" "$NIX_FOLDER/$path"
  done <"$1"
  shift
  [ $# -gt 1 ] || return 0
  if answers=$(readlink "$@" 2>/dev/null)$links_newline; then
    for path; do
      target=${answers%%"$links_newline"*}
      answers=${answers#*"$links_newline"}
      [ -n "$target" ] || { known_links='' && return 0; }
      know_link "$path"
    done
    [ -z "$answers" ] || known_links=''
  # Some readlink takes no more than one.
  elif answers=$(ls -lnd "$@" 2>/dev/null)$links_newline; then
    for path; do
      case $answers in
        *" $path -> "*)
          target=${answers#*" $path -> "}
          target=${target%%"$links_newline"*}
          know_link "$path"
          ;;
      esac
    done
  fi
}

# usage: know_link PLACE      it leads to $target
know_link() {
  known_links=$known_links$links_newline$1$links_tab$target$links_newline
}

# With what others follow on the same store, as long as that is not too much. Nobody has to be able to.
# usage: remember_links FILE
remember_links() {
  [ "$asked_anew" = yes ] && [ -w "${1%/*}" ] || return 0
  read -r links_token </proc/sys/kernel/random/uuid
  if [ "$recalled" -lt "$MOST_RECALLED" ]; then rest=$known_links; else rest=$followed; fi
  while [ -n "$rest" ]; do
    path=${rest%%"$links_newline"*}
    rest=${rest#*"$links_newline"}
    path=${path%%"$links_tab"*}
    [ -z "$path" ] || printf '%s\n' "${path#"$NIX_FOLDER/"}"
  done 2>/dev/null >"$1.$links_token" && mv -f "$1.$links_token" "$1" 2>/dev/null || rm -f "$1.$links_token" 2>/dev/null || true
}
