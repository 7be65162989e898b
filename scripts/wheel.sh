#!/bin/sh
# Builds the wheel: the Python package, the extension that it calls, and the command.
#
#     scripts/wheel.sh                  into target/wheels, as it is to be given to others
#     scripts/wheel.sh dev DIR          quickly, for the tests of this machine
#
# The one line on standard output is the wheel's path.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
venv=$root/target/tools/wheel-venv
kind=${1:-release}
out=${2:-$target/wheels}

case $kind in
    # A panic in the extension has to become an exception, so it has a profile of its own.
    release) extension=wheel folder=release ;;
    dev) extension=dev folder=debug ;;
    *) echo "wheel: there is no kind '$kind'; the kinds are: release, dev" >&2; exit 2 ;;
esac

cd "$root"
if [ "$kind" = dev ]; then
    # As `make test` builds it: what is built already is not built again with other features.
    cargo test --workspace --no-run --quiet --locked >&2
else
    cargo build --quiet --locked --release -p lockgate >&2
fi
# Where maturin looks for what belongs beside Python's own commands.
scripts=crates/python/lockgate.data/scripts
mkdir -p "$scripts" "$out"
rm -f "$scripts/lockgate"
cp "$target/$folder/lockgate" "$scripts/lockgate"
if [ "$kind" = dev ]; then
    strip "$scripts/lockgate"
    compatibility=linux
else
    # The tag of the wheel names the oldest glibc that it runs with. maturin looks at the extension, and refuses if that needs a
    # newer one; what the command needs is said here.
    minor=$(readelf --wide --version-info "$scripts/lockgate" | sed -n 's/.*Name: GLIBC_2\.\([0-9]*\).*/\1/p' | sort -n | tail -n 1)
    compatibility=manylinux_2_$minor
fi

rm -f "$out"/lockgate-*.whl
"$venv/bin/maturin" build --quiet --locked --profile "$extension" --compatibility "$compatibility" \
    --interpreter "$venv/bin/python" --manifest-path crates/python/Cargo.toml --out "$out" >&2
set -- "$out"/lockgate-*.whl
echo "$1"
