#!/bin/sh
# Renews openapi.json from GitHub's official description, as the npm package @octokit/openapi has it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent @octokit/openapi@23.0.2 >/dev/null
tar -xzf octokit-openapi-*.tgz
cp package/LICENSE "$here/openapi.LICENSE"
cd "$here"
go run ./prune <"$work/package/generated/api.github.com.json" >"$work/openapi.json"
mv "$work/openapi.json" openapi.json
