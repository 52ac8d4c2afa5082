#!/bin/sh
# Links of a store that is mounted elsewhere than at /nix, which they mean all the same.
# Sourced by scripts that look at such a store.

# shellcheck disable=SC2034 # for those who look for them
certificates_in_profile=/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt

# Lines of a place, a tab and where it leads, which one process has told of all at once.
known_links='' followed='' asked_anew=no recalled=0
# Those of them that were believed.
believed=''
links_newline='
'
links_tab='	'

# usage: find_in_store PATH      sets $place, where PATH, which begins with /nix, leads in the store at $NIX_FOLDER; it is empty if that is no
# file of the store. Fails if it leads nowhere, which is never believed.
find_in_store() {
  on_belief=no
  ! follow "$1" || return 0
  doubt_links && follow "$1"
}

# What is believed no more, after it led to something wrong. Fails where it was not believed at all.
doubt_links() {
  [ "$on_belief" = yes ] || return 1
  known_links=$sure believed=''
}

follow() {
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
      case $believed in *"$links_newline$1$links_tab"*) on_belief=yes ;; esac
      ;;
    *)
      target=$(exec readlink "$1") asked_anew=yes
      know_link "$1"
      ;;
  esac
  case $followed in *"$links_newline$1$links_tab"*) ;; *) followed=$followed$links_newline$1$links_tab$target$links_newline ;; esac
}

# More of them would cost more to read than they spare.
MOST_RECALLED=32

# What was followed before is asked for at once. Where it led then is looked at first: most often it is what the image has as well, and then the shell can
# tell without a process whether the link still leads there. Where the image has not got it, links in the store are believed: what lies there never changes.
# usage: recall_links FILE
recall_links() {
  doubted='' sure=''
  [ -f "$1" ] && [ -r "$1" ] || return 0
  while IFS=$links_tab read -r path target; do
    recalled=$((recalled + 1)) path=$NIX_FOLDER/$path
    [ -L "$path" ] || continue
    if leads_to "$path" "$target"; then
      know_link "$path"
    elif [ -n "$target" ] && ! [ -e "$path" ] && [ "${path#"$NIX_FOLDER/store/"}" != "$path" ]; then
      believed=$believed$links_newline$path$links_tab$target$links_newline
    else
      doubted=$doubted$links_newline$path$links_tab$target$links_newline
      set -- "$@" "$path"
    fi
  done 2>/dev/null <"$1"
  ask_for_links "$@"
  sure=$known_links
  known_links=$known_links$believed
}

# usage: ask_for_links FILE [PLACE]...
ask_for_links() {
  shift
  [ $# -gt 0 ] || return 0
  if answers=$(exec readlink "$@" 2>/dev/null)$links_newline; then
    sure=$known_links
    for path; do
      target=${answers%%"$links_newline"*}
      answers=${answers#*"$links_newline"}
      [ -n "$target" ] || { known_links=$sure && return 0; }
      learn_link "$path"
    done
    [ -z "$answers" ] || known_links=$sure
  # Some readlink takes no more than one.
  elif answers=$(ls -lnd "$@" 2>/dev/null)$links_newline; then
    for path; do
      case $answers in
        *" $path -> "*)
          target=${answers#*" $path -> "}
          target=${target%%"$links_newline"*}
          learn_link "$path"
          ;;
      esac
    done
  fi
}

# usage: leads_to LINK TARGET     whether both are one file here, where /nix is the image's. Links in the store never change, and those of profiles lead to
# folders, which have one name only: there is no other target that would be the same file.
leads_to() {
  # shellcheck disable=SC3013 # dash, bash and busybox know -ef
  case $2 in
    '') return 1 ;;
    /*) [ "$1" -ef "$2" ] ;;
    *) [ "$1" -ef "${1%/*}/$2" ] ;;
  esac
}

# usage: learn_link PLACE     it leads to $target, and not to what was remembered
learn_link() {
  case $doubted in *"$links_newline$1$links_tab$target$links_newline"*) ;; *) asked_anew=yes ;; esac
  know_link "$1"
}

# usage: know_link PLACE      it leads to $target
know_link() {
  known_links=$known_links$links_newline$1$links_tab$target$links_newline
}

# With what others follow on the same store, as long as that is not too much. Nobody has to be able to.
# usage: remember_links FILE
remember_links() {
  [ "$asked_anew" = yes ] && [ -w "${1%/*}" ] && [ ! -d "$1" ] || return 0
  read -r links_token </proc/sys/kernel/random/uuid
  if [ "$recalled" -lt "$MOST_RECALLED" ]; then rest=$known_links; else rest=$followed; fi
  while [ -n "$rest" ]; do
    path=${rest%%"$links_newline"*}
    rest=${rest#*"$links_newline"}
    [ -z "$path" ] || printf '%s\n' "${path#"$NIX_FOLDER/"}"
  done 2>/dev/null >"$1.$links_token" && mv -f "$1.$links_token" "$1" 2>/dev/null || rm -f "$1.$links_token" 2>/dev/null || true
}
