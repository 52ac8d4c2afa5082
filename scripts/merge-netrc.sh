#!/bin/sh
# Joins netrc files to one: Nix and curl read a single file, and Kubernetes cannot join Secrets. Nothing of their
# content is printed, and none of it leaves the memory of the pod.
#
# NETRC_PARTS            the folder of the files, taken in the order of their names; the first entry for a host counts
# NETRC_FILE             the file to make; readable by this user only
# NETRC_TERMINATION_LOG  where the line of a failure goes as well: /dev/termination-log
set -eu
umask 077
: "${NETRC_PARTS:=}" "${NETRC_FILE:=}" "${NETRC_TERMINATION_LOG:=/dev/termination-log}"

# The last word of a run that fails, also shown by kubectl describe.
fail() {
  trap - EXIT
  echo "merge-netrc: $*" >&2
  [ ! -w "$NETRC_TERMINATION_LOG" ] || echo "merge-netrc: $*" >"$NETRC_TERMINATION_LOG" || true
  exit 1
}

[ -n "$NETRC_PARTS" ] || fail 'NETRC_PARTS is not set'
[ -n "$NETRC_FILE" ] || fail 'NETRC_FILE is not set'

# What a program could not do ends the script before it is done; the program has said why.
trap 'fail "cannot join the files of $NETRC_PARTS to $NETRC_FILE: see above"' EXIT

# A `default` entry answers for every host, so that nothing after it is ever read. Only the shell's own words are used:
# a seed image need not have awk or sed.
has_default() {
  is_value=no
  while read -r line || [ -n "$line" ]; do
    case $line in '#'*) continue ;; esac
    for word in $line; do
      if [ $is_value = yes ]; then
        is_value=no
        continue
      fi
      case $word in
        machine | login | password | account) is_value=yes ;;
        default) return 0 ;;
      esac
    done
  done < "$1"
  return 1
}

# A password may hold a * .
set -f

parts=$(ls "$NETRC_PARTS")
hidden_by=
for name in $parts; do
  part=$NETRC_PARTS/$name
  [ -s "$part" ] || fail "$name is empty"
  [ -z "$hidden_by" ] || fail "$hidden_by has a \`default\` entry, which hides $name: give it last"
  if has_default "$part"; then
    hidden_by=$name
  fi
  cat "$part"
  # Of its last line no one knows whether it has an end.
  echo
done > "$NETRC_FILE.part"
mv "$NETRC_FILE.part" "$NETRC_FILE"
trap - EXIT
