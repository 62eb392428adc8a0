"""The file system that a converter sees: system programs to read, one folder to write, and nothing else at all.

It is made of bind mounts in the mount namespace of unshare(1), which then changes its root to it. What is not named
here is not there: settings, keys, files, databases, backups, sockets, homes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

SYSTEM = (
    *(f"/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64")),
    *(f"/usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "share")),
    *(f"/usr/local/{name}" for name in ("bin", "lib", "share")),
    *(f"/etc/{name}" for name in ("alternatives", "fonts", "ld.so.cache", "libreoffice", "localtime")),
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
)
"""Programs, libraries and fonts, and what LibreOffice and fontconfig read: nothing that a site writes anything into."""
INTERPRETER = ("bin", "lib", "lib64", "pyvenv.cfg")
BEGUN = ".begun"
"""A file in the working folder from the moment the command is called: without it all was over before."""
BUILD = r"""
set -e
root=/sys/root folder=$1
shift
mount -t tmpfs -o mode=755,size=64k none /sys
mkdir $root
mount -t tmpfs -o mode=755,size=1m none $root
until [ "$1" = -- ]; do
    mkdir -p "$root${1%/*}"
    if [ -L "$1" ]; then
        ln -s "$(readlink "$1")" "$root$1"
    elif [ -d "$1" ]; then
        mkdir "$root$1"
        mount --rbind "$1" "$root$1"
    else
        : > "$root$1"
        mount --bind "$1" "$root$1"
    fi
    shift
done
shift
while read -r _ _ _ _ place _; do
    case $place in
        $root/*) mount -o remount,bind,ro,nosuid,nodev "$(printf %b "$place")" ;;
    esac
done < /proc/self/mountinfo
mkdir -p $root/dev $root/proc $root/old $root/var "$root$folder"
for place in $root/tmp $root/var/tmp; do
    [ -e $place ] || ln -s "$folder" $place
done
for device in null zero full random urandom; do
    : > $root/dev/$device
    mount --bind /dev/$device $root/dev/$device
    mount -o remount,bind,ro,nosuid,noexec $root/dev/$device
done
mount -t proc -o ro,nosuid,nodev,noexec proc $root/proc
mount --bind "$folder" "$root$folder"
mount -o remount,bind,nosuid,nodev "$root$folder"
pivot_root $root $root/old
cd "$folder"
umount -l /old
rmdir /old
mount -o remount,bind,ro,nosuid,nodev /
: > BEGUN
exec "$@"
""".replace("BEGUN", BEGUN)
"""Made over /sys, which every system has and no path of ours lies in.

/proc is read-only, since a root without any capability still may write /proc/sys. LibreOffice wants a socket in /tmp or
/var/tmp: they are the working folder here. Sockets of others are not to be had, since they lie in no folder that is there.
"""


def into_new_root(folder: Path, programs: Iterable[str | Path] = ()) -> list[str]:
    """The words before a command that is to see `programs` and can write only `folder`; they need new namespaces.

    A mount point that is below another is part of it.
    """
    shown = _outermost(str(Path(place).absolute()) for place in (*SYSTEM, *programs))
    return ["sh", "-c", BUILD, "sh", str(folder.resolve()), *shown, "--"]


def of_python(package: Path) -> tuple[Path, ...]:
    """What this interpreter needs to run a module of `package`."""
    homes = {Path(home) for home in (sys.prefix, sys.base_prefix)}
    homes |= {home.resolve() for home in homes}
    return (*(home / part for home, part in product(sorted(homes), INTERPRETER)), package)


def _outermost(places: Iterable[str]) -> Sequence[str]:
    """Those that are there and lie in no other."""
    found: list[str] = []
    for place in sorted({place for place in places if os.path.lexists(place)}):
        if not any(place.startswith(f"{other}/") for other in found):
            found.append(place)
    return found
