#!/bin/sh
# Runs a program in a root that is empty but for a layer, as Lambda attaches it: read-only at /opt,
# with no environment but what is given, as nobody's user, /tmp alone being writable.
#
# empty-root.sh [-r FOLDER] [-b SOURCE TARGET]... [-e NAME=VALUE]... TREE PROGRAM [ARGUMENT]...
#
# -r FOLDER is where the root is put together (an empty one); else a new one in TMPDIR, which stays.
# TREE is the folder with python/ in it. -b adds a file or folder, read-only. The network is the
# machine's. Needs root, or a kernel that lets users make namespaces; exit status 125: neither.
set -eu

if [ "${EMPTY_ROOT:-}" = '' ]; then # outside yet: once more, in namespaces of our own
  [ "$(id -u)" = 0 ] && user='' || user='--user --map-root-user'
  if ! unshare $user --mount --pid --fork true 2>/dev/null; then
    echo 'A root of its own needs root, or namespaces for users (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)' >&2
    exit 125
  fi
  EMPTY_ROOT=$([ "$user" = '' ] && echo root || echo user)
  export EMPTY_ROOT
  exec unshare $user --mount --pid --fork --kill-child sh "$0" "$@"
fi

root=''
[ "$1" != -r ] || { root=$2; shift 2; }
[ "$root" != '' ] || root=$(mktemp -d)
mount --make-rprivate / 2>/dev/null || true
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -m 755 "$root/opt" "$root/dev" "$root/proc" "$root/var" "$root/var/task"
mkdir -m 1777 "$root/tmp"

attach() { # what, where: read-only
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")" && : >"$2"; fi
  mount --bind "$1" "$2"
  # The flags that a user's namespace must not take away have to be named again.
  mount -o remount,bind,ro "$2" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$2"
}

count=0
while :; do
  case $1 in
    -b) attach "$2" "$root$3"; shift ;;
    -e) count=$((count + 1)); eval "variable_$count=\$2" ;;
    *) break ;;
  esac
  shift 2
done
attach "$1/python" "$root/opt/python"
shift
mount -t proc proc "$root/proc"
for name in null zero random urandom; do
  : >"$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done

mount -o remount,bind,ro "$root" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

who=''
[ "$EMPTY_ROOT" = user ] || who='--userspec=993:990'
set -- "$(command -v chroot)" $who "$root" "$@"
while [ $count -gt 0 ]; do
  eval "set -- \"\$variable_$count\" \"\$@\""
  count=$((count - 1))
done
exec env -i "$@"
