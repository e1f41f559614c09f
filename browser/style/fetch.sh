#!/usr/bin/env bash
# Fetches github-markdown.css, the style that GitHub gives to comments, in the version named here from the npm registry.
#   fetch.sh           writes github-markdown.css and LICENSE
#   fetch.sh --check   fails if the committed files differ; 2 if the npm registry cannot be reached
set -euo pipefail
version=5.9.0
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! npm pack --silent "github-markdown-css@$version" >pack.txt 2>npm.log; then
  cat npm.log >&2
  grep -Eq 'ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH' npm.log && exit 2
  exit 1
fi
tar xzf "$(tail -n 1 pack.txt)"
if [[ "${1:-}" == --check ]]; then
  cmp package/github-markdown.css "$here/github-markdown.css"
  cmp package/license "$here/LICENSE"
  exit
fi
cp package/github-markdown.css "$here/github-markdown.css"
cp package/license "$here/LICENSE"
