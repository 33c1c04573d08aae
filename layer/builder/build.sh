#!/usr/bin/env bash
# Brings Debian's packages (interpreter and tools) into the cache, and hands over to the builder
# in Python. Needs a Debian-like system's apt-get and dpkg-deb, and no root: nothing is installed.
#
# build.sh --arch x86_64|arm64 --cache DIR --log FILE [--refresh] [what python -m builder takes]
#
# Says how far it is on standard output, a JSON object a line (builder/progress.py).
set -euo pipefail
export LC_ALL=C
umask 022
here=$(cd "$(dirname "$0")" && pwd)

arch='' cache='' log='' refresh=''
rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --arch) arch=$2; rest+=("$1" "$2"); shift ;;
    --cache) cache=$2; rest+=("$1" "$2"); shift ;;
    --log) log=$2; rest+=("$1" "$2"); shift ;;
    --refresh) refresh=1 ;;
    *) rest+=("$1") ;;
  esac
  shift
done

quote() { # a text as a JSON string
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//[$'\t'$'\r'$'\033']/ }"
}

fail() { # what happened, what to do
  printf '{"error":%s,"hint":%s}\n' "$(quote "$1")" "$(quote "$2")"
  exit 1
}

# Of two builds at once the first to finish stays. Ends the draft's trap.
into_place() { # draft, folder
  mv -T "$1" "$2" 2>>"$log" || [ -d "$2" ] || fail "$2 can't be made" "See the end of $log"
  rm -rf "$1"
  trap - EXIT
}

step() { printf '{"step":%s}\n' "$(quote "$1")"; }

case $arch in
  x86_64) target=amd64 ;;
  arm64) target=arm64 ;;
  *) fail "There is no layer for the architecture \"$arch\"" 'Lambda has x86_64 and arm64: --arch x86_64, or --arch arm64' ;;
esac
for program in apt-get dpkg dpkg-deb; do
  command -v "$program" >/dev/null || fail "$program is not there" \
    'Build on Debian or Ubuntu, or in Docker: --docker'
done
native=$(dpkg --print-architecture)
mkdir -p "$cache" && cd "$cache"
# What a killed build left.
find "$cache" -maxdepth 1 -name '*.draft-*' -mmin +180 -exec rm -rf {} + 2>/dev/null || true

# --- Debian's packages, with an apt state of our own

packages() { sed -n "s/^$1 //p" "$here/../debian.txt"; }

# The machine's own mirrors of Debian; on another system they are named.
sources() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror security
  [ -e "$keyring" ] || fail "$keyring is not there: without it no package of Debian can be checked" \
    'apt-get install debian-archive-keyring, or build in Docker: --docker'
  read -r mirror security <<<"${LITELLM_BRIDGE_DEBIAN_MIRROR:-$(mirrors)}" || true
  [ -n "$mirror" ] && [ -n "$security" ] || fail "This system's apt has no mirror of Debian and of its security updates" \
    'Name both in LITELLM_BRIDGE_DEBIAN_MIRROR, separated by a space, or build in Docker: --docker'
  printf 'deb [signed-by=%s] %s %s main\n' \
    "$keyring" "$mirror" bookworm "$keyring" "$mirror" bookworm-updates "$keyring" "$security" bookworm-security
}

mirrors() { # of the system's apt: Debian, security
  local list
  list=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>>"$log" | sort -u)
  list=$(sed 's/^Debian //' <<<"$list")
  printf '%s %s\n' \
    "$(sed -n 's#^ *\([^ ]*://[^ ]*\) [a-z]*$#\1#p' <<<"$list" | head -n 1)" \
    "$(sed -n 's#^ *\([^ ]*://[^ ]*\) [a-z]*-security$#\1#p' <<<"$list" | head -n 1)"
}

configure_apt() { # folder
  mkdir -p "$1"/{lists/partial,archives/partial,etc}
  : >"$1/status"
  sources >"$1/etc/sources.list" || { cat "$1/etc/sources.list"; exit 1; } # fail() spoke into the file
  cat >"$1/apt.conf" <<CONF
Dir::State "$1"; Dir::State::lists "$1/lists"; Dir::State::status "$1/status";
Dir::Cache "$1"; Dir::Cache::archives "$1/archives";
Dir::Etc::sourcelist "$1/etc/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$native"; APT::Architectures { "$native"; "$target"; };
APT::Sandbox::User ""; APT::Update::Error-Mode "any"; APT::Update::Post-Invoke-Success { };
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
}

download() { # folder: fills interpreter/ and tools/
  local apt=$1/apt list=()
  configure_apt "$apt"
  export APT_CONFIG=$apt/apt.conf
  apt-get update -q >>"$log" 2>&1 || fail "Debian's list of packages can't be had" \
    "See $log. Is the network there? With a cache that was filled once, no network is needed (without --refresh)"
  mkdir "$1/interpreter" "$1/tools"
  mapfile -t list < <(packages interpreter)
  (cd "$1/interpreter" && apt-get download -q "${list[@]/%/:$target}") >>"$log" 2>&1 || download_failed
  mapfile -t list < <(packages interpreter; packages tool)
  (cd "$1/tools" && apt-get download -q "${list[@]/%/:$native}") >>"$log" 2>&1 || download_failed
  unset APT_CONFIG
  rm -rf "$apt"
}

download_failed() {
  if grep -q 'No space left' "$log"; then
    fail "The disk of $cache is full" 'Make room (1 GB), or name another folder with XDG_CACHE_HOME'
  fi
  fail "A package of Debian can't be had" "See the end of $log; try again, what is already there is not fetched twice"
}

# What the packages are depends on the list alone; which versions, on the day they were fetched.
debian=$cache/debian-$target-on-$native-$(sha256sum <"$here/../debian.txt" | cut -c 1-16)
step 'Debian packages'
if [ -n "$refresh" ] || [ ! -d "$debian" ]; then
  draft=$(mktemp -d "$debian.draft-XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  trap 'exit 130' INT TERM
  download "$draft"
  (cd "$draft" && find interpreter tools -name '*.deb' | sort | xargs sha256sum) >"$draft/SHA256SUMS"
  rm -rf "$debian"
  into_place "$draft" "$debian"
fi
(cd "$debian" && sha256sum --quiet -c SHA256SUMS) >>"$log" 2>&1 ||
  fail "A file in $debian is not as it was fetched" "Remove the folder; it is fetched again"

# --- The tools, unpacked; they run through their own loader, so the system's libraries don't matter

tools=$cache/tools-$(grep ' tools/' "$debian/SHA256SUMS" | sha256sum | cut -c 1-16)
if [ ! -d "$tools" ]; then
  draft=$(mktemp -d "$tools.draft-XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  for package in "$debian"/tools/*.deb; do
    dpkg-deb -x "$package" "$draft" 2>>"$log" ||
      fail "$package can't be unpacked" "See the end of $log; is the disk full?"
  done
  find "$draft/usr/share/ca-certificates" -name '*.crt' | sort | xargs cat >"$draft/ca-certificates.crt"
  into_place "$draft" "$tools"
fi

case $native in
  amd64) loader=lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 libraries=x86_64-linux-gnu ;;
  arm64) loader=lib/aarch64-linux-gnu/ld-linux-aarch64.so.1 libraries=aarch64-linux-gnu ;;
  *) fail "The layer can't be built on $native" 'Build on x86-64 or arm64, or in Docker: --docker' ;;
esac
[ -e /etc/ssl/certs/ca-certificates.crt ] || export PIP_CERT=${PIP_CERT:-$tools/ca-certificates.crt}
export LAYER_TOOLS=$tools LAYER_LOADER=$tools/$loader LAYER_LIBRARIES=$tools/lib/$libraries:$tools/usr/lib/$libraries
# Settings of the user's for other Pythons and other installations; index and proxy stay.
unset "${!PYTHON@}" PIP_TARGET PIP_PREFIX PIP_ROOT
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 # not unset: a file of settings may have them, too
export PYTHONPATH=$here/..:$here/../../lib/python PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
unset LD_LIBRARY_PATH LD_PRELOAD
exec "$LAYER_LOADER" --library-path "$LAYER_LIBRARIES" "$tools/usr/bin/python3.11" -s -S -m builder \
  --debian "$debian" "${rest[@]}"
