#!/bin/sh
# Starts nginx as a binary cache that other pods share. Process 1 is nginx itself, so that the signals of the
# kubelet reach it.
#
# CACHE_DIR               the cache volume
# CACHE_BYPASS_BELOW_KIB  with less free space than this, answers are passed on without being stored
# CACHE_RUN_DIR           a writable folder outside of the volume (default /tmp); holds
#                           resolver.conf  the name servers, for nginx.conf to include
#                           disk-full      exists while nothing is to be stored
set -eu

run_dir=${CACHE_RUN_DIR:-/tmp}
config=$(dirname "$0")/nginx.conf

# nginx looks names up by itself and not through libc, so that an upstream may move, or be down at start; it
# has to be told where to ask. The cluster tells every pod in /etc/resolv.conf.
name_servers() {
  while read -r keyword address _; do
    case $keyword:$address in
      nameserver:*%*) ;; # a link-local address with a zone, which nginx cannot ask
      nameserver:*:*) printf ' [%s]' "$address" ;;
      nameserver:*) printf ' %s' "$address" ;;
    esac
  done < /etc/resolv.conf
}

# Without an address beyond this link every IPv6 answer would cost a failed connection.
has_ipv6() {
  [ -r /proc/net/if_inet6 ] || return 1
  while read -r _ _ _ scope _; do
    [ "$scope" != 00 ] || return 0
  done < /proc/net/if_inet6
  return 1
}

write_resolver() {
  servers=$(name_servers)
  if [ -z "$servers" ]; then
    echo "start-binary-cache: no name server in /etc/resolv.conf: only upstreams given by address can be asked" >&2
    : > "$run_dir/resolver.conf"
  elif has_ipv6; then
    echo "resolver$servers;" > "$run_dir/resolver.conf"
  else
    echo "resolver$servers ipv6=off;" > "$run_dir/resolver.conf"
  fi
}

free_kib() {
  df -Pk "$CACHE_DIR" | {
    read -r _
    read -r _ _ _ free _
    echo "$free"
  }
}

# nginx stores an answer while it passes it on, and cuts the answer off when the disk is full. So it must not
# begin to store what may not fit: the flag tells it, at the next request.
check_disk() {
  free=$(free_kib) || free=0
  if [ "${free:-0}" -lt "$CACHE_BYPASS_BELOW_KIB" ]; then
    [ -e "$run_dir/disk-full" ] || echo "start-binary-cache: ${free:-0} KiB free on the volume: nothing is stored until there is more" >&2
    : > "$run_dir/disk-full"
  elif [ -e "$run_dir/disk-full" ]; then
    echo "start-binary-cache: $free KiB free on the volume: storing again" >&2
    rm -f "$run_dir/disk-full"
  fi
}

# Ends with process 1, like everything else in the container.
watch_disk() {
  while sleep 1; do
    check_disk
  done
}

write_resolver
check_disk
watch_disk &
exec nginx -e stderr -c "$config" -g 'daemon off;'
