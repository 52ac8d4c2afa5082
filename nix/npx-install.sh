# Joined by npx-wrapper.nix: how an installation is made, and what tells a whole one.
# shellcheck shell=bash
# shellcheck disable=SC2154

# The command that lies in an installation.
executable_in() {
  echo "$1"/npm/_npx/*/node_modules/.bin/"$command"
}

# What was proven has a list of its files with their sizes: one that is missing or cut off, and it is none. Asked at each start, so nothing is read.
is_complete() {
  local files
  [ -s "$1/proven" ] || return 1
  mapfile -t files <"$1/proven"
  (cd "$1" && [ "$(stat -L -c '%s %n' -- "${files[@]#* }" 2>/dev/null)" = "$(cat proven)" ])
}

# Where it is to be made sure that what others will use is whole, all is read. Those of the store are for Nix to verify.
is_sound() {
  is_complete "$1" && { [ ! -e "$1/sums" ] || (cd "$1" && sha256sum --check --status sums 2>/dev/null); }
}

# What somebody else has left, or a folder that is read only, may stay: only room is lost.
discard() {
  local entry
  if rm -rf -- "$@" 2>/dev/null; then return 0; fi
  for entry; do
    [ -L "$entry" ] || chmod -R u+rwX -- "$entry" 2>/dev/null || true
  done
  rm -rf -- "$@" 2>/dev/null || true
}

# npm ends well even if the program that fits this machine could not be had, so only running it tells.
prove() {
  # It leaves files in the home it has.
  { mkdir -p "$1/home" && : >"$1/version"; } 2>/dev/null || return 1
  (HOME="$1/home" start "$(executable_in "$1")" --version) </dev/null >"$1/version" 2>&1 9>&- || return 1
  discard "$1/home" "$1/version"
  (
    cd "$1" || exit
    shopt -s globstar dotglob
    files=()
    for file in npm/**; do
      [ ! -f "$file" ] || files+=("$file")
    done
    sha256sum -- "${files[@]}" >sums.part && stat -L -c '%s %n' -- "${files[@]}" >proven.part && mv sums.part sums && mv proven.part proven
  )
}

# Why npm may have left something out without a word, as far as it can be seen.
explain() {
  local log free inodes
  log=$(cat "$logs"/*.log 2>/dev/null) || log=
  free=$(df -Pk "$place" | tail -n 1 | { read -r _ _ _ free _ && echo "$free"; }) || free=0
  inodes=$(df -Pi "$place" | tail -n 1 | { read -r _ _ _ inodes _ && echo "$inodes"; }) || inodes=0
  if is_full || grep -qE 'ENOSPC|EDQUOT' <<<"$log"; then
    say "no space left: $((free / 1024)) MiB and $inodes inodes are free in $place; while it is installed, $package needs up to 1 GiB"
  fi
  grep -oE 'http fetch [A-Z]+ [45][0-9][0-9] [^ ]+' <<<"$log" | sort -u | while read -r _ _ _ answer; do
    say "the registry answered: $answer"
  done || true
  if [ -n "$log" ] && [[ $logs != "$part"/* ]]; then say "the log of npm is in $logs"; fi
}

# npm, which takes back what it began, has made room by now; the log may have found none.
is_full() {
  local status=0
  dd if=/dev/zero of="$part/full" bs=1M count=1 2>/dev/null || status=$?
  rm -f "$part/full"
  [ "$status" != 0 ]
}

# One at a time makes an installation: the kernel takes the lock from who is killed, and what it left behind is nobody's. npm inherits the lock, so it
# is free only when npm is gone too. Who has removed the file has given the lock back. Without a lock, as where something else has its name, two
# installations at once are a waste, not a mistake.
lock_installation() {
  local told_so=
  locked=
  command -v flock >/dev/null || return 0
  while :; do
    [ ! -e "$installed.lock" ] || [ -f "$installed.lock" ] || rmdir "$installed.lock" 2>/dev/null || return 0
    { exec 9>>"$installed.lock" || exec 9<"$installed.lock"; } 2>/dev/null || return 0
    if ! flock -n 9 2>/dev/null; then
      [ -n "$told_so" ] || say "another start is installing $package@$version: waiting for it"
      told_so=yes
      # Some network file systems have no locks.
      flock 9 2>/dev/null || return 0
    fi
    if [ "$installed.lock" -ef /dev/fd/9 ]; then
      locked=yes
      return 0
    fi
  done
}

unlock_installation() {
  discard "$part"
  [ -z "$locked" ] || rm -f "$installed.lock" 2>/dev/null || true
  exec 9>&-
}

# Of installations that were killed, some hundred MB each.
# usage: remove_leftovers PLACE
remove_leftovers() {
  local lock
  for lock in "$1/$command"-*.lock; do
    [ -f "$lock" ] || continue
    (
      exec 8>>"$lock"
      if flock -n 8 && [ "$lock" -ef /dev/fd/8 ]; then
        discard "${lock%.lock}".?????? "${lock%.lock}.log"
        rm -f "$lock"
      fi
    ) 2>/dev/null || true
  done
}

install_package() {
  find_place
  installed=$place/$name
  logs=$installed.log
  callers_umask=$(umask)
  umask 022
  part=$installed.none
  lock_installation
  trap unlock_installation EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # Others may have been quicker; or it was made by an earlier version of this script, which proved nothing.
  if ! is_whole "$installed" && ! { [ -d "$installed" ] && [ ! -e "$installed/proven" ] && prove "$installed"; }; then
    [ -z "$locked" ] || discard "$installed".??????
    part=$(mktemp -d "$installed.XXXXXX") || fail "cannot write to $place"
    chmod 755 "$part"
    make_installation
  fi
  unlock_installation
  trap - EXIT INT TERM
  umask "$callers_umask"
}

make_installation() {
  discard "$logs"
  if [ -e "$logs" ]; then logs=$part/logs; fi
  settle_npm
  ask_registry
  if is_there "$installed"; then say "the installation in $installed is broken, and is replaced"; fi
  say "installing $package@$version, once"
  if ! npm_does 0 npx --yes --package="$package@$version" -- true >&2; then
    explain
    fail "npx could not install $package@$version from $named: see above"
  fi
  rm -rf "$part/npm/_cacache" "$part"/npmrc* "$part/package.json" "$part/answer"
  if ! prove "$part"; then
    cat "$part/version" >&2 || true
    explain
    fail "$package@$version is installed from $named, but does not run: see above"
  fi
  discard "$logs"
  put_in_place
}

# Something, which may be a link that leads nowhere.
is_there() {
  [ -e "$1" ] || [ -L "$1" ]
}

# Asked before anything is downloaded: what is at an installation's place has to go out of the way.
# usage: can_rename FILE
can_rename() {
  local owner device
  read -r owner device < <(stat -c '%u %d' "$1")
  # Volumes are mounted there, or only owners may, as in /tmp.
  [ -L "$1" ] || [ ! -d "$1" ] || [ "$device" = "$(stat -L -c %d "${1%/*}")" ] || return 1
  [ ! -k "${1%/*}" ] || [ "$EUID" = 0 ] || [ "$owner" = "$EUID" ] || [ -O "${1%/*}" ]
}

# Without locks somebody else may have been quicker. What is broken goes out of the way first, and may be in use. A folder of somebody else's can be
# renamed where it is, but not moved.
put_in_place() {
  local broken
  if is_there "$installed" && ! is_whole "$installed"; then
    broken=$(mktemp -d "$installed.XXXXXX")
    rmdir "$broken"
    mv -T "$installed" "$broken" 2>/dev/null || true
    discard "$broken"
  fi
  mv -T "$part" "$installed" 2>/dev/null || is_complete "$installed" ||
    fail "cannot rename $part to $installed: remove that, or set CDK8S_NIX_ASSISTANTS to another folder"
}
