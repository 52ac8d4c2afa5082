#!/bin/sh
# usage: place-files.sh FROM TO MODE...      copies the files of FROM/0, FROM/1 … to TO/0, TO/1 …, with these modes
#
# Files of a Secret or a ConfigMap belong to root, and the group reads them. ssh, psql, Python's netrc and others insist on
# a file of their own user's that nobody else reads. TO is a volume in memory, from where each is mounted into the home.
set -eu
umask 077

from=$1 to=$2
shift 2
number=0
for mode; do
  mkdir -p "$to/$number"
  # A folder of an fsGroup volume hands its group on.
  chmod g-s "$to/$number"
  # The entries are links into the folder ..data, which is not copied.
  for file in "$from/$number"/* "$from/$number"/.[!.]*; do
    [ -f "$file" ] || continue
    name=${file##*/}
    cp "$file" "$to/$number/$name.new"
    chmod "$mode" "$to/$number/$name.new"
    mv -f "$to/$number/$name.new" "$to/$number/$name"
  done
  number=$((number + 1))
done
