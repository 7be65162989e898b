#!/usr/bin/env bash
# Packs every crate that is meant for crates.io, builds the command from those packages alone, and lets it rehearse.
#
# `cargo package` can verify a crate only against what a registry has, and none has ours yet. So the packages are unpacked
# into one workspace outside of the repository's folders, where nothing but them is found, and built there. The profiles
# are the repository's, so that dependencies that are compiled already serve here, too.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
alone=$target/package/alone

main() {
    rm -rf "$target/package"
    # --allow-dirty, so that what is not committed yet can be tried; --no-verify, see above.
    cargo package --workspace --locked --no-verify --allow-dirty --quiet "${unpublished[@]}"
    mkdir -p "$alone"
    local package
    # With the time of now (-m): cargo packs with a constant one, and would take what it built of another package for this one.
    for package in "$target"/package/*.crate; do tar -xzmf "$package" -C "$alone"; done
    workspace >"$alone/Cargo.toml"
    cp Cargo.lock "$alone/Cargo.lock"
    # Not --locked: the members are fewer than the repository's, and cargo takes what is not needed out of the copy.
    cargo build --quiet --manifest-path "$alone/Cargo.toml" --target-dir "$target" -p lockgate
    local elsewhere
    elsewhere=$(mktemp -d)
    (cd "$elsewhere" && "$target/debug/lockgate" rehearse --quiet "$@")
    rm -rf "$elsewhere"
    printf 'package: %s build and rehearse from their packages alone\n' "$(ls "$target"/package/*.crate | wc -l) crates"
}

# The packages as members of one workspace, each in the place of the one that a registry would have.
workspace() {
    local member
    printf '[workspace]\nresolver = "3"\nmembers = ["*-[0-9]*"]\n\n[patch.crates-io]\n'
    for member in "$alone"/*/; do
        member=$(basename "$member")
        printf '%s = { path = "%s" }\n' "${member%-[0-9]*}" "$member"
    done
    sed -n '/^\[profile/,$p' "$root/Cargo.toml"
}

unpublished=()
for manifest in crates/*/Cargo.toml proof/*/Cargo.toml; do
    if grep -q '^publish = false' "$manifest" && [ "$manifest" != proof/fuzz/Cargo.toml ]; then
        unpublished+=(--exclude "$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -1)")
    fi
done

main "$@"
