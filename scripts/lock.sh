#!/usr/bin/env bash
# Makes the lock files anew: lib/python/requirements.lock, layer/requirements.lock, and in test/ requirements.lock,
# newer.lock and aws/requirements.lock.
# Needs uv on PATH. The runtime's lock must fit every supported Python and machine: it is
# resolved for each of them, and the results must not differ.
set -euo pipefail
cd "$(dirname "$0")/.."

# The packages are those of the days of the locked LiteLLM: with newer ones (openai, pydantic)
# its import takes 40 % longer. hf-xet is left out: LiteLLM never downloads models.
PERIOD=2025-10-25

resolve() { # requirements, python, platform, output
  uv pip compile "$1" --quiet --generate-hashes --only-binary :all: \
    --exclude-newer "$PERIOD" --no-emit-package hf-xet --no-annotate --no-header \
    --python-version "$2" --python-platform "$3" --output-file "$4"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for python in 3.11 3.12 3.13; do
  for platform in {x86_64,aarch64}-manylinux_2_28 {x86_64,aarch64}-apple-darwin; do
    echo "Python $python on $platform"
    resolve lib/python/requirements.in "$python" "$platform" "$work/$python-$platform"
    cmp "$work/$python-$platform" "$work/3.11-x86_64-manylinux_2_28"
  done
done

{
  echo '# Made by scripts/lock.sh from requirements.in, for Python 3.11 to 3.13 on Linux and macOS.'
  cat "$work/3.11-x86_64-manylinux_2_28"
} >lib/python/requirements.lock
printf '{ "sha256": "%s" }\n' "$(sha256sum lib/python/requirements.lock | cut -d ' ' -f 1)" >lib/python/lock.json

for platform in {x86_64,aarch64}-manylinux_2_28; do
  echo "The layer on $platform"
  resolve layer/requirements.txt 3.11 "$platform" "$work/layer-$platform"
  cmp "$work/layer-$platform" "$work/layer-x86_64-manylinux_2_28"
done
{
  echo '# Made by scripts/lock.sh from layer/requirements.txt, for Python 3.11 on Linux, x86-64 and arm64.'
  cat "$work/layer-x86_64-manylinux_2_28"
} >layer/requirements.lock

for name in requirements newer aws/requirements; do
  uv pip compile "test/$name.in" --quiet --generate-hashes --only-binary :all: --universal \
    --python-version 3.11 --no-emit-package hf-xet --no-header --no-annotate --output-file "test/$name.lock"
done
