#!/bin/sh
# Installs the executable of Lockgate for the runner that this runs on: fetched, checked, and only then made executable.
#
#     LOCKGATE_RELEASES   where the releases are; the file is $LOCKGATE_RELEASES/lockgate-v$VERSION/lockgate-$ARCH-v$VERSION
#     LOCKGATE_VERSION    the version
#     LOCKGATE_SHA256     lines of DIGEST, two spaces, ARCH
#     LOCKGATE_EMULATE    an architecture that must be runnable, or nothing
#     RUNNER_TEMP         where a fresh folder is made
#     GITHUB_PATH         the file to which the folder is added
set -eu

main() {
    arch=$(architecture)
    digest=$(digest_for "$arch")
    name=lockgate-$arch-v$(checked_version)
    folder=$(mktemp -d "${RUNNER_TEMP:?is not set: this runs on a runner of GitHub Actions}/lockgate-XXXXXXXX")
    trap 'rm -rf "$folder"' EXIT
    fetch "$LOCKGATE_RELEASES/lockgate-v$LOCKGATE_VERSION/$name" "$folder/fetched"
    verify "$folder/fetched" "$digest" "$name"
    mv "$folder/fetched" "$folder/lockgate"
    chmod 755 "$folder/lockgate"
    [ -z "${LOCKGATE_EMULATE:-}" ] || emulator "$LOCKGATE_EMULATE" "$arch"
    printf '%s\n' "$folder" >>"${GITHUB_PATH:?is not set: this runs on a runner of GitHub Actions}"
    trap - EXIT
    say "$name is installed (sha256:$digest)"
}

architecture() { # in the names that the digests have
    case $(uname -s)/$(uname -m) in
        Linux/x86_64 | Linux/amd64) echo amd64 ;;
        Linux/aarch64 | Linux/arm64) echo arm64 ;;
        *) fail "there is no executable of Lockgate for $(uname -s)/$(uname -m): use a runner with Linux on x86-64 or arm64" ;;
    esac
}

digest_for() { # ARCH
    found=$(printf '%s\n' "${LOCKGATE_SHA256:-}" | sed -n "s/^ *\([0-9a-f]\{64\}\)  $1 *\$/\1/p")
    case $found in
        '') fail "the workflow names no digest for $1: add it to [workflows.sha256] in lockgate.toml and run lockgate init" ;;
        *'
'*) fail "the workflow names several digests for $1" ;;
    esac
    echo "$found"
}

checked_version() { # it becomes part of an address
    case ${LOCKGATE_VERSION:-} in
        '' | *[!0-9A-Za-z.-]*) fail "the version is not one" ;;
    esac
    echo "$LOCKGATE_VERSION"
}

fetch() { # ADDRESS FILE
    case $1 in
        https://*) only='=https' ;;
        *) only='=http,https' ;; # a mirror on this machine; the digest decides anyway
    esac
    curl --disable --fail --silent --show-error --location --proto "$only" --proto-redir "$only" \
        --retry 3 --retry-delay "${LOCKGATE_RETRY_DELAY:-2}" --connect-timeout 20 --max-time 300 --max-filesize 104857600 --output "$2" "$1" ||
        fail "Lockgate could not be fetched from $1: is this the commit of a release?"
}

verify() { # FILE DIGEST NAME
    found=$(sha256sum <"$1")
    found=${found%% *}
    [ "$found" = "$2" ] || fail "wrong bytes: $3 has the digest $found, and the workflow names $2; nothing of it was run"
}

emulator() { # ARCH OWN
    [ "$1" != "$2" ] || return 0
    case $1 in
        amd64) qemu=x86_64 ;;
        arm64) qemu=aarch64 ;;
        386) qemu=i386 ;;
        arm | riscv64 | ppc64le | s390x) qemu=$1 ;;
        *) fail "there is no emulator for the architecture" ;;
    esac
    if command -v "qemu-$qemu-static" >/dev/null || command -v "qemu-$qemu" >/dev/null; then
        return 0
    fi
    say "installing an emulator for $1 (apt, qemu-user-static)"
    sudo apt-get -qq update >&2 && sudo apt-get -qq install --yes --no-install-recommends qemu-user-static >&2 ||
        fail "qemu-user-static could not be installed (its words are above)"
}

say() { printf 'lockgate: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

main "$@"
