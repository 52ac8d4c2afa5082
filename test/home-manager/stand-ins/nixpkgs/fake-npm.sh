#!/bin/sh
# What is asked of npm before it installs: whether the registry answers. NPM_PING is what npm would say.
set -eu
case $1 in
  ping)
    echo "npm $*" >>"$NPX_RECORD.pings"
    if [ "${NPM_PING:-}" = silence ]; then sleep 30; fi
    [ -z "${NPM_PING:-}" ] || { echo "npm error code $NPM_PING" >&2; exit 1; }
    echo "npm notice PONG 5ms" >&2
    ;;
  *)
    echo "npm error the stand-in does not know $1" >&2
    exit 1
    ;;
esac
