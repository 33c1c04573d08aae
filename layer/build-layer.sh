#!/bin/sh
# Builds the layer: the same as `npx litellm-bridge layer build`, with the same options.
# With --help it tells them.
exec node "$(dirname "$0")/../lib/cli/index.js" layer build "$@"
