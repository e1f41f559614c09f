#!/usr/bin/env bash
# Builds a release into a folder: the program for every system, the file "release" with their SHA-256 sums for the action,
# and the context of the image. The same commit, version and Go give the same bytes.
#   .github/release/build.sh VERSION FOLDER [SYSTEM/MACHINE…]
set -euo pipefail
version=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
systems=("$@")
if [[ ${#systems[@]} -eq 0 ]]; then
  systems=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64)
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

image=$folder/image
mkdir -p "$image/tmp"
cp /etc/ssl/certs/ca-certificates.crt "$image/"
{
  echo "version $version"
  echo "from https://github.com/${GITHUB_REPOSITORY:-netpol-impact/netpol-impact}/releases/download/$version"
} >"$folder/release"
for system in "${systems[@]}"; do
  ending=
  [[ $system != windows/* ]] || ending=.exe
  name=netpol-impact_${system/\//_}$ending
  GOOS=${system%/*} GOARCH=${system#*/} CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=$version" -o "$folder/$name" ./cmd/netpol-impact
  if [[ $system == linux/* ]]; then
    mkdir -p "$image/$system"
    cp "$folder/$name" "$image/$system/netpol-impact"
  fi
  gzip -9 --no-name --force "$folder/$name"
  (cd "$folder" && sha256sum "$name.gz") >>"$folder/release"
done
