#!/usr/bin/env bash
# The fuzz targets, without tools beyond cargo and a C++ compiler.
#
#     scripts/fuzz.sh soak SECONDS [TARGET...]     fuzzes each target for so long; what it finds is in proof/fuzz/artifacts
#
# Where a nightly toolchain is installed, soak builds with it and the address sanitizer watches; that also catches a single
# allocation of more than 64 MiB. SANITIZE=none goes without. The default toolchain serves then: coverage is a plain
# compiler option. What soak learns is kept under the target folder, not among the seeds.
# `cargo test -p lockgate-fuzz-seeds` runs each target over its committed seeds, without a fuzzer.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
built=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"

main() {
    [ proof/fuzz/Cargo.lock -nt Cargo.lock ] || cp Cargo.lock proof/fuzz/Cargo.lock
    case ${1:-} in
        soak) soak "${@:2}" ;;
        *) fail "say 'soak SECONDS [TARGET...]'" ;;
    esac
}

targets() {
    local file
    for file in proof/fuzz/fuzz_targets/*.rs; do basename "$file" .rs; done
}

soak() { # SECONDS [TARGET...]
    [ $# -gt 0 ] || fail "for how many seconds each?"
    local seconds=$1 toolchain=() flags=$coverage sanitizer target
    shift
    [ $# -gt 0 ] || set -- $(targets)
    sanitizer=$(sanitizer)
    if [ "$sanitizer" = address ]; then
        toolchain=(+nightly)
        flags="$flags -Zsanitizer=address"
    fi
    printf 'fuzz: sanitizer: %s\n' "$sanitizer"
    # Overflows and debug assertions are what a fuzzer should see, so the release profile keeps them here. Optimizing over
    # crate borders would only take long.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=line-tables-only \
        RUSTFLAGS="$(printf '%s ' $flags) -Cdebug-assertions -Coverflow-checks" \
        cargo "${toolchain[@]}" build --quiet --release --manifest-path proof/fuzz/Cargo.toml --bins --target "$host" --target-dir "$built/fuzz"
    local broken=()
    for target in "$@"; do
        mkdir -p "$built/fuzz/learned/$target" "proof/fuzz/artifacts/$target"
        printf 'fuzz: %s, %s s\n' "$target" "$seconds"
        quietly "$built/fuzz/$host/release/$target" "$built/fuzz/learned/$target" "proof/fuzz/corpus/$target" \
            -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=64 -timeout=10 \
            -artifact_prefix="proof/fuzz/artifacts/$target/" -print_final_stats=1 ||
            broken+=("$target")
        # Executions, edges covered (cov), and inputs that are worth keeping (corp).
        grep -E 'number_of_executed_units|peak_rss_mb|DONE +cov' "$built/fuzz.log" | sed 's/^/fuzz:   /' || true
    done
    [ ${#broken[@]} = 0 ] || fail "broken: ${broken[*]}; the inputs lie in proof/fuzz/artifacts"
}

sanitizer() {
    if [ -z "${SANITIZE:-}" ] && rustc +nightly -vV >/dev/null 2>&1; then
        echo address
    else
        echo "${SANITIZE:-none}"
    fi
}

quietly() { # its words are shown only if it fails
    mkdir -p "$built"
    "$@" >"$built/fuzz.log" 2>&1 && return
    tail -n 60 "$built/fuzz.log" >&2
    return 1
}

fail() {
    printf 'fuzz: %s\n' "$*" >&2
    exit 1
}

main "$@"
