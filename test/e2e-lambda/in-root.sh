#!/bin/sh
# Runs a shell command in a build root, with folders of this machine in it.
#
# in-root.sh ROOT [SOURCE:TARGET]... -- COMMAND
#
# Needs root. The command sees /usr/local/node/bin first, has the machine's network, and its
# variables are few. What is mounted is gone when it ends.
set -eu

if [ "${IN_ROOT:-}" = '' ]; then
  IN_ROOT=1 exec unshare --mount --fork --pid --kill-child sh "$0" "$@"
fi
mount --make-rprivate /
root=$1
shift
while [ "$1" != -- ]; do
  mkdir -p "$root${1#*:}"
  mount --bind "${1%%:*}" "$root${1#*:}"
  shift
done
shift
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec env -i PATH=/usr/local/node/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C MAKEFLAGS=-j2 \
  npm_config_nodedir=/usr/local/node "$(command -v chroot)" "$root" /bin/sh -euc "$1"
