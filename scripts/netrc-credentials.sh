#!/bin/sh
# A credential helper for git: user names and passwords of the netrc file that Nix uses (netrc-file), of which git does not know; it reads ~/.netrc
# alone. bring-programs.sh and prefetch-store.sh name it to the git that Nix starts. What it prints goes to git, and nowhere else.
#
# usage: netrc-credentials.sh get      git asks on the standard input: protocol=, host=, username=
set -euf

[ "${1:-}" = get ] || exit 0

host='' asked_user=''
while IFS='=' read -r key value && [ -n "$key" ]; do
  case $key in
    host) host=${value%:*} ;;
    username) asked_user=$value ;;
  esac
done
[ -n "$host" ] || exit 0

# The command has another name in versions before 2.20.
settings=$(nix --extra-experimental-features nix-command config show 2>/dev/null || nix --extra-experimental-features nix-command show-config 2>/dev/null) || exit 0
netrc=
while IFS= read -r setting; do
  case $setting in 'netrc-file = '*) netrc=${setting#netrc-file = } ;; esac
done <<END
$settings
END
[ -r "$netrc" ] || exit 0

# usage: unquote WORD      as curl reads it, which Nix asks
unquote() {
  word=$1
  case $word in \"*\") word=${word#\"} word=${word%\"} ;; esac
}

answer() {
  [ "$matches" = yes ] && [ -n "$password" ] || return 0
  [ -z "$asked_user" ] || [ "$asked_user" = "$user" ] || return 0
  printf 'username=%s\npassword=%s\n' "$user" "$password"
  exit 0
}

matches=no user='' password='' next='' in_macro=no
while IFS= read -r line || [ -n "$line" ]; do
  if [ "$in_macro" = yes ]; then
    [ -n "$line" ] || in_macro=no
    continue
  fi
  case $line in '#'*) continue ;; esac
  for word in $line; do
    case $next in
      machine)
        if [ "$word" = "$host" ]; then matches=yes; fi
        next=
        ;;
      login) unquote "$word" && user=$word next='' ;;
      password) unquote "$word" && password=$word next='' ;;
      account) next='' ;;
      *)
        case $word in
          machine) answer && matches=no user='' password='' next=machine ;;
          default) answer && matches=yes user='' password='' ;;
          macdef) in_macro=yes && break ;;
          login | password | account) next=$word ;;
        esac
        ;;
    esac
  done
done <"$netrc"
answer
