#!/usr/bin/env bash
# Builds graph.min.js, the graph library of the HTML report, from the versions that package-lock.json pins.
#   build.sh           writes graph.min.js and LICENSES.txt
#   build.sh --check   fails if the committed files differ from the built ones; 2 if the npm registry cannot be reached
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/package.json "$here"/package-lock.json "$here"/graph.js "$work"
cd "$work"
# No package's own script runs.
if ! npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1; then
  cat npm.log >&2
  grep -Eq 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH' npm.log && exit 2
  exit 1
fi
node_modules/.bin/esbuild graph.js --bundle --minify --format=iife --target=es2020 --charset=ascii \
  --legal-comments=none --log-level=warning --outfile=graph.min.js
for package in cytoscape cytoscape-fcose cose-base layout-base; do
  printf '== %s %s\n\n' "$package" "$(node -p "require('./node_modules/$package/package.json').version")"
  cat "node_modules/$package/LICENSE"
  printf '\n'
done >LICENSES.txt
if [[ "${1:-}" == --check ]]; then
  cmp graph.min.js "$here/graph.min.js"
  cmp LICENSES.txt "$here/LICENSES.txt"
  exit
fi
cp graph.min.js LICENSES.txt "$here"
