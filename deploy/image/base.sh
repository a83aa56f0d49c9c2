#!/bin/sh
# Makes the file system of a base image: Debian 12 and its Python 3.11, as little as possible, with
# today's security updates. For who reaches a Debian mirror but no image registry. As root, on Linux.
#
#   deploy/image/base.sh base.tar       MIRROR= and SECURITY_MIRROR= choose other mirrors than
#                                       debootstrap's, and the archive beside that
set -eu

tar=$(realpath -m "${1:?which file is to be made}")

[ "$(id -u)" = 0 ] || { echo "debootstrap makes device files, which only root may: run this as root." >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root" "$root.log"' EXIT
said() { tail -20 "$root.log" >&2; exit 1; }

echo "== debootstrap, about a minute"
debootstrap --variant=minbase --include=python3-minimal,libpython3-stdlib bookworm "$root" \
    ${MIRROR:+"$MIRROR"} >"$root.log" 2>&1 || said

echo "== security updates"
mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list") # the one it used
security=${SECURITY_MIRROR:-${mirror%/}-security}
printf 'deb %s bookworm main\ndeb %s bookworm-security main\n' "$mirror" "$security" \
    >"$root/etc/apt/sources.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# By itself, `update` is content where a list cannot be had, and nothing would be upgraded.
DEBIAN_FRONTEND=noninteractive chroot "$root" sh -ec '
    apt-get -q -o APT::Update::Error-Mode=any update && apt-get -qy upgrade' >"$root.log" 2>&1 || said

# Nothing here is to become another user, or to be read by people; licences stay.
find "$root" -xdev -type f -perm /6000 -exec chmod a-s {} +
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/etc/resolv.conf \
    "$root"/usr/share/locale/* "$root"/usr/share/man/* "$root"/usr/share/info/*
find "$root/usr/share/doc" -type f ! -name copyright -delete

mkdir -p "$(dirname "$tar")"
tar --create --numeric-owner --sort=name --directory="$root" --exclude=./dev/* --exclude=./proc/* \
    --exclude=./sys/* --file="$tar.part" .
mv "$tar.part" "$tar"
