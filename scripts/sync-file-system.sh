#!/bin/sh
# Sourced by seed-nix-store.sh and bring-programs.sh.

# usage: sync_file_system FOLDER ERRORS
# Until all that was written to the folder's file system is durable; what goes wrong is in the file ERRORS. Some sync can do that with all of them only.
sync_file_system() {
  sync -f "$1" 2>"$2" && return 0
  case $(cat "$2") in
    *option*) sync ;;
    *) return 1 ;;
  esac
}
