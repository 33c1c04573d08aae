#!/bin/sh
# A stand-in for docker, where no engine is to be had: it writes its arguments to $DOCKER_RECORD,
# a line each. With $DOCKER_ROOT, the root of a system as the image has it, `run` runs the command
# there, with the volumes of its command line, as Docker would.
set -eu

if [ "$1" = version ]; then
  [ "${DOCKER_FAILS:-}" = '' ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
  echo 28.2.2
  exit
fi
if [ "${DOCKER_INSIDE:-}" = '' ]; then
  printf '%s\n' "$@" >"$DOCKER_RECORD"
  [ "${DOCKER_ROOT:-}" != '' ] || exit 1
  DOCKER_INSIDE=1 exec unshare --mount --fork --pid --kill-child sh "$0" "$@"
fi

mount --make-rprivate /
variables='PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
user=0:0
shift # run
while :; do
  case $1 in
    --rm | --init) ;;
    --name | --platform) shift ;;
    --user) user=$2; shift ;;
    --env) variables="$variables $2=$(printenv "$2")"; shift ;;
    --volume)
      volume=${2%:ro}
      mkdir -p "$DOCKER_ROOT${volume#*:}"
      mount --bind "${volume%%:*}" "$DOCKER_ROOT${volume#*:}"
      [ "$volume" = "$2" ] || mount -o remount,bind,ro "$DOCKER_ROOT${volume#*:}"
      shift
      ;;
    *) break ;;
  esac
  shift
done
shift # the image
mount -t proc proc "$DOCKER_ROOT/proc"
mount --bind /dev "$DOCKER_ROOT/dev"
[ ! -e /etc/resolv.conf ] || cp -L /etc/resolv.conf "$DOCKER_ROOT/etc/resolv.conf"
# shellcheck disable=SC2086 # each variable is a word
exec env -i $variables "$(command -v chroot)" --userspec="$user" "$DOCKER_ROOT" "$@"
