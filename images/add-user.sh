#!/bin/sh
# usage: add-user.sh NAME ID HOME
# Adds a user and a group of this name and id. Written out, because not every base has useradd or adduser, and the two differ.
# Where the id is taken already, that user keeps its name.
set -eu

name=$1 id=$2 home=$3

has_id() {
  grep -q "^[^:]*:[^:]*:$id:" "$1" 2>/dev/null
}

has_id /etc/group || echo "$name:x:$id:" >>/etc/group
has_id /etc/passwd || echo "$name:x:$id:$id:$name:$home:/bin/sh" >>/etc/passwd

# The root group too: it is the only one of users with an arbitrary id.
mkdir -p "$home"
chown "$id:0" "$home"
chmod 2775 "$home"
