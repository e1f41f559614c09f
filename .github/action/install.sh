#!/usr/bin/env bash
# Gets the program for this runner and sets the output "program" to its path.
#
# The file "release" beside this script stands in the commits that releases are tagged at, and there alone. It says where
# the release's files are and what their SHA-256 sums must be. A commit without it (a branch, a fork) is built from its
# source with the runner's Go.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
release=${NETPOL_IMPACT_RELEASE_FILE:-$here/release}

fail() {
  echo "::error title=netpol-impact::$1"
  exit 2
}

case "$(uname -s)" in
  Linux) system=linux ending= ;;
  Darwin) system=darwin ending= ;;
  MINGW* | MSYS* | CYGWIN*) system=windows ending=.exe ;;
  *) fail "there is no program for this runner's system, $(uname -s)" ;;
esac
case "${RUNNER_ARCH:-$(uname -m)}" in
  X64 | x86_64 | amd64) machine=amd64 ;;
  ARM64 | arm64 | aarch64) machine=arm64 ;;
  *) fail "there is no program for this runner's processor, ${RUNNER_ARCH:-$(uname -m)}" ;;
esac

work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/netpol-impact.XXXXXX")
program=$work/netpol-impact$ending

sum() {
  if command -v sha256sum >/dev/null; then
    sha256sum <"$1" | cut -d ' ' -f 1
  else
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  fi
}

if [[ -f $release ]]; then
  name=netpol-impact_${system}_$machine$ending.gz
  from=$(sed -n 's/^from //p' "$release")
  want=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$release")
  [[ -n $want ]] || fail "this release has no program for $system/$machine"
  # On a runner that is kept, the file is fetched once. Its sum is checked every time: other jobs write there, too.
  kept=${RUNNER_TOOL_CACHE:-$work}/netpol-impact/$want.gz
  if [[ ! -f $kept || $(sum "$kept") != "$want" ]]; then
    mkdir -p "$(dirname "$kept")"
    curl --fail --silent --show-error --location --retry 4 --output "$work/fetched" "$from/$name" ||
      fail "the program could not be fetched from $from/$name"
    got=$(sum "$work/fetched")
    [[ $got == "$want" ]] || fail "what was fetched from $from/$name has the sum $got, not $want: it is not run"
    mv -f "$work/fetched" "$kept"
  fi
  cp "$kept" "$work/checked.gz"
  [[ $(sum "$work/checked.gz") == "$want" ]] || fail "the kept program changed while it was read: it is not run"
  gunzip -c "$work/checked.gz" >"$program"
  chmod +x "$program"
else
  command -v go >/dev/null || fail "this commit of the action has no release; to build it, put actions/setup-go before it, or use a released version"
  echo "This commit of the action has no release: building it from source."
  (cd "$here/../.." && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$program" ./cmd/netpol-impact) ||
    fail "the program could not be built"
fi
echo "program=$program" >>"$GITHUB_OUTPUT"
