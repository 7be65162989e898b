#!/bin/sh
# Installs what the rehearsals and the tests need, and nothing that is there already.
#
#     scripts/setup.sh rehearse     what `make rehearse` needs
#     scripts/setup.sh test         what `make test` needs
#     scripts/setup.sh lint         what `make lint` needs
#     scripts/setup.sh bench        what `make bench` needs
#     scripts/setup.sh runner       of the tests, what executes the workflows
#     scripts/setup.sh wheel        what `make wheel` needs, and the tests of the wheel
#     scripts/setup.sh fidelity     of the tests, what holds the rehearsal forge against GitHub
#     scripts/setup.sh workflows    of the tests, what reads the workflows that Lockgate writes
#     scripts/setup.sh mutants      what `make mutants` needs
#     scripts/setup.sh deny         what `make deny` needs
#     scripts/setup.sh fuzz         what `make fuzz` needs
#     scripts/setup.sh              what the tests need
#
# It says what it installs and why, one line each, and where the disk is nearly full; otherwise nothing. It asks only
# package managers (apt, cargo, go, npm, pip, rustup). What comes from cargo, go, npm and pip stays inside the checkout, under target/tools/.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
tools=$root/target/tools
requirements=$root/scripts/zig-requirements.txt
apt_updated=no
room=4000 # MiB

main() {
    [ $# -gt 0 ] || set -- test
    look_for_room
    for group in "$@"; do
        case $group in
            rehearse) need_git; need_python; need_cargo; need_zig; need_qemu ;;
            test) need_git; need_python; need_cargo; need_zig; need_qemu; need_cc; need_readelf; need_unzip; need_tinyproxy; need_busybox; need_act; need_actions; need_npm_files; need_octokit; need_python_clients; need_zizmor; need_actionlint; need_parser; need_wheel_tools ;;
            lint) need_cargo; need_component rustfmt "the format is checked"; need_component clippy "the lints are clippy's" ;;
            bench) need_git; need_python; need_cargo; need_curl; need_wget; need_python_clients ;;
            runner) need_git; need_python; need_cargo; need_act; need_actions ;;
            wheel) need_cargo; need_python; need_readelf; need_wheel_tools ;;
            fidelity) need_cargo; need_python; need_node; need_npm_files; need_octokit; need_python_clients ;;
            workflows) need_git; need_python; need_cargo; need_zizmor; need_actionlint; need_parser ;;
            mutants) need_cargo; need_mutants ;;
            deny) need_cargo; need_deny ;;
            fuzz) need_cargo; need_cxx ;;
            *) fail "there is no group '$group'; the groups are: rehearse, test, lint, bench, runner, fidelity, workflows, wheel, mutants, deny, fuzz" ;;
        esac
    done
}

# A full disk shows as the error of whichever compiler met it first. Only a warning: what is built already needs less.
look_for_room() {
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$room" ] || say "only $free MiB are free for $root; a first \`make test\` writes about $room"
}

# --- one function a tool: look, install, or say what to do -----------------------------------------------------------

need_git() { # 2.38 has `git merge-tree --write-tree`, which computes what a merge would give
    has git || install_package git "the rehearsals work in real git repositories"
    version=$(git --version | sed 's/^git version //')
    at_least "$version" 2 38 || fail "git $version is too old: Lockgate needs git 2.38 or newer; please upgrade it"
}

need_python() {
    has python3 || install_package python3 "the examples' build scripts are written in Python"
    version=$(python3 -ISc 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "python3 doesn't start (its words are above)"
    at_least "$version" 3 9 || fail "Python $version is too old: the examples need Python 3.9 or newer; please upgrade it"
}

need_cargo() {
    has cargo || fail "cargo is not installed: Lockgate is written in Rust; please install Rust (with rustup) and run this again"
}

need_component() { # NAME WHY
    cargo "${1#rust}" --version >/dev/null 2>&1 && return
    has rustup || fail "cargo ${1#rust} is missing ($2), and there is no rustup to install it: please install $1 and run this again"
    say "$1 (rustup): $2"
    retry rustup component add "$1" >&2 || fail "$1 couldn't be installed: 'rustup component add $1' failed (its words are above)"
}

need_cc() {
    has cc || install_package gcc "the C example is tested with the address and undefined-behaviour sanitizers"
}

need_cxx() {
    has c++ || install_package g++ "the fuzz targets are linked with libFuzzer, which is C++"
}

need_unzip() {
    has unzip || install_package unzip "the tests read the accepted zips with unzip as a second opinion"
}

need_tinyproxy() { # the package without the service
    has tinyproxy || install_package tinyproxy-bin "the client is tested through a real proxy"
}

need_busybox() {
    has busybox || install_package busybox "the client is tested with its web server as a mirror"
}

need_curl() {
    has curl || install_package curl "fetching is measured beside it"
}

need_wget() {
    has wget || install_package wget "fetching is measured beside it"
}

need_readelf() {
    has readelf || install_package binutils "the tests read the executables with readelf as a second opinion"
}

need_node() { # 20 is what the actions ask for
    has node || install_package nodejs "the actions of a workflow are written in JavaScript"
    has npm || install_package npm "the libraries of the actions come from npm"
    version=$(node --version | sed 's/^v//')
    at_least "$version" 20 0 || fail "node $version is too old: the tests need Node.js 20 or newer; please upgrade it"
}

need_act() { # go checks what it fetches against its log of checksums
    wanted=0.2.89
    case $("$tools/bin/act" --version 2>/dev/null) in *" $wanted") return ;; esac
    has go || install_package golang-go "the workflow runner is written in Go"
    say "act $wanted (go, into $tools/bin): executes the workflow files in tests, on this machine"
    mkdir -p "$tools/bin"
    retry env GOBIN="$tools/bin" go install "github.com/nektos/act@v$wanted" >&2 ||
        fail "act couldn't be installed: 'go install github.com/nektos/act@v$wanted' failed (its words are above)"
}

need_mutants() {
    wanted=27.1.0
    case $("$tools/bin/cargo-mutants" mutants --version 2>/dev/null) in *" $wanted") return ;; esac
    say "cargo-mutants $wanted (cargo, into $tools/bin): changes the code to see whether a test notices"
    retry cargo install --quiet --locked --root "$tools" --version "=$wanted" cargo-mutants >&2 ||
        fail "cargo-mutants couldn't be installed: 'cargo install cargo-mutants' failed (its words are above)"
}

need_deny() {
    wanted=0.20.2
    case $("$tools/bin/cargo-deny" --version 2>/dev/null) in *" $wanted") return ;; esac
    say "cargo-deny $wanted (cargo, into $tools/bin): checks the dependencies against deny.toml"
    retry cargo install --quiet --locked --root "$tools" --version "=$wanted" cargo-deny >&2 ||
        fail "cargo-deny couldn't be installed: 'cargo install cargo-deny' failed (its words are above)"
}

need_actionlint() {
    wanted=1.7.12
    case $("$tools/bin/actionlint" -version 2>/dev/null) in *"$wanted"*) return ;; esac
    has go || install_package golang-go "actionlint is written in Go"
    say "actionlint $wanted (go, into $tools/bin): reads the workflows that Lockgate writes"
    mkdir -p "$tools/bin"
    retry env GOBIN="$tools/bin" go install "github.com/rhysd/actionlint/cmd/actionlint@v$wanted" >&2 ||
        fail "actionlint couldn't be installed: 'go install github.com/rhysd/actionlint/cmd/actionlint@v$wanted' failed (its words are above)"
}

need_zizmor() {
    pinned=$root/scripts/zizmor-requirements.txt
    cmp -s "$pinned" "$tools/zizmor-venv/.installed" && return
    say "zizmor (pip, into $tools/zizmor-venv): reads the workflows that Lockgate writes, as an auditor"
    fill_venv "$tools/zizmor-venv" "$pinned" "zizmor"
}

need_parser() {
    need_node
    pinned=$root/tests/workflows
    place=$tools/workflows
    cmp -s "$pinned/package-lock.json" "$place/.installed" && return
    say "GitHub's parser of workflows (npm, into $place): reads the workflows that Lockgate writes"
    rm -rf "$place"
    mkdir -p "$place"
    cp "$pinned/package.json" "$pinned/package-lock.json" "$place"
    (cd "$place" && retry npm ci --silent --ignore-scripts --no-audit --no-fund >&2) ||
        fail "GitHub's parser couldn't be installed: 'npm ci' failed (its words are above)"
    cp "$pinned/package-lock.json" "$place/.installed"
}

need_actions() {
    need_node
    pinned=$root/crates/lockgate/tests/runner/npm
    place=$tools/runner
    cmp -s "$pinned/package-lock.json" "$place/.installed" && return
    say "@actions/artifact and GitHub's webhook examples (npm, into $place): what stands in for the actions is made of them"
    rm -rf "$place"
    mkdir -p "$place"
    cp "$pinned/package.json" "$pinned/package-lock.json" "$place"
    (cd "$place" && retry npm ci --silent --ignore-scripts --no-audit --no-fund >&2) ||
        fail "the actions' libraries couldn't be installed: 'npm ci' failed (its words are above)"
    cp "$pinned/package-lock.json" "$place/.installed"
}

need_npm_files() { # the pinned files of packages that are too large to install
    while read -r package version folder integrity files; do
        case $package in '' | '#'*) continue ;; esac
        place=$tools/node/$folder
        [ "$(cat "$place/.version" 2>/dev/null)" != "$version $files" ] || continue
        say "$package $version (npm, into $place): what the rehearsal forge and the adapter are held against"
        rm -rf "$place"
        mkdir -p "$place"
        (cd "$place" && retry npm pack --silent --ignore-scripts "$package@$version" >/dev/null) ||
            fail "$package couldn't be fetched: 'npm pack $package@$version' failed (its words are above)"
        found=$(python3 -ISc 'import base64, hashlib, sys; print("sha512-" + base64.b64encode(hashlib.sha512(open(sys.argv[1], "rb").read()).digest()).decode())' "$place"/*.tgz)
        [ "$found" = "$integrity" ] || fail "$package $version is not what scripts/npm-files.txt pins: it is $found"
        # shellcheck disable=SC2086 # the files are words
        tar -xzf "$place"/*.tgz -C "$place" $files
        rm "$place"/*.tgz
        echo "$version $files" >"$place/.version"
    done <"$root/scripts/npm-files.txt"
}

need_octokit() {
    place=$tools/node/octokit
    cmp -s "$root/tests/clients/package-lock.json" "$place/.installed" && return
    say "octokit (npm, into $place): a client that drives the rehearsal forge"
    rm -rf "$place"
    mkdir -p "$place"
    cp "$root/tests/clients/package.json" "$root/tests/clients/package-lock.json" "$place"
    retry npm --prefix "$place" ci --silent --ignore-scripts --no-audit --no-fund >&2 ||
        fail "octokit couldn't be installed: 'npm ci' failed (its words are above)"
    cp "$place/package-lock.json" "$place/.installed"
}

need_python_clients() { # gh too: it comes as a wheel
    pinned=$root/scripts/clients-requirements.txt
    place=$tools/clients-venv
    cmp -s "$pinned" "$place/.installed" && return
    say "PyGithub and gh (pip, into $place): clients that drive the rehearsal forge"
    fill_venv "$place" "$pinned" "PyGithub and gh"
}

need_wheel_tools() {
    pinned=$root/scripts/wheel-requirements.txt
    place=$tools/wheel-venv
    cmp -s "$pinned" "$place/.installed" && return
    say "maturin, mypy and flit (pip, into $place): the Python package is built and its types are checked with them"
    fill_venv "$place" "$pinned" "maturin"
}

need_qemu() { # only to run the executables of the other architecture; each host needs one of the two
    case $(uname -s)/$(uname -m) in
        Linux/x86_64 | Linux/amd64) emulator=qemu-aarch64 ;;
        Linux/aarch64 | Linux/arm64) emulator=qemu-x86_64 ;;
        *) fail "executables for Linux can't be run on $(uname -s)/$(uname -m): please use Linux on x86-64 or arm64" ;;
    esac
    has "$emulator-static" || has "$emulator" ||
        install_package qemu-user-static "the executables of the foreign architecture are really run ($emulator)"
    has "$emulator-static" || has "$emulator" || fail "qemu-user-static is installed, but there is no $emulator-static on PATH"
}

need_zig() {
    wanted=$(sed -n 's/^ziglang==\([0-9.]*\).*/\1/p' "$requirements")
    [ "$("$tools/bin/zig" version 2>/dev/null)" != "$wanted" ] || return 0
    say "zig $wanted (pip, into $tools/zig-venv): compiles the example for both architectures"
    fill_venv "$tools/zig-venv" "$requirements" "zig"
    write_zig_wrapper
    [ "$("$tools/bin/zig" version)" = "$wanted" ] || fail "zig was installed, but $tools/bin/zig doesn't answer with $wanted"
}

fill_venv() { # PLACE PINNED NAME; .installed says what is in it, once all of it is
    make_venv "$1"
    retry "$1/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary :all: --requirement "$2" ||
        fail "$3 couldn't be installed: 'pip install --requirement $2' failed (its words are above)"
    cp "$2" "$1/.installed"
}

make_venv() {
    rm -rf "$1" # half a one, or one of another version
    mkdir -p "$tools"
    python3 -m venv "$1" >/dev/null 2>&1 && return
    rm -rf "$1"
    install_package python3-venv "pip needs a virtual environment of its own"
    python3 -m venv "$1" >&2 || fail "python3 -m venv $1 failed (its words are above)"
}

write_zig_wrapper() { # relative to itself: the checkout may be moved
    mkdir -p "$tools/bin"
    cat >"$tools/bin/zig.new" <<'WRAPPER'
#!/bin/sh
# Written by scripts/setup.sh.
for zig in "$(dirname -- "$0")"/../zig-venv/lib/python*/site-packages/ziglang/zig; do
    exec "$zig" "$@"
done
WRAPPER
    chmod 755 "$tools/bin/zig.new"
    mv "$tools/bin/zig.new" "$tools/bin/zig"
}

# --- the means -------------------------------------------------------------------------------------------------------

install_package() { # NAME WHY
    has apt-get || fail "$1 is missing ($2), and this machine has no apt-get: please install $1 yourself and run this again"
    say "$1 (apt): $2"
    mkdir -p "$tools"
    if [ "$apt_updated" = no ]; then
        retry as_root apt-get -qq update || fail "apt-get update failed, so $1 can't be installed (its words are above)"
        apt_updated=yes
    fi
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$1" >"$tools/apt.log" 2>&1 || {
        cat "$tools/apt.log" >&2
        fail "$1 couldn't be installed: 'apt-get install $1' failed (its words are above)"
    }
    rm -f "$tools/apt.log"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo; then
        say "    with sudo: $*"
        sudo "$@"
    else
        fail "this needs root, and there is no sudo: please run '$*' as root and then this again"
    fi
}

retry() { # registries have bad moments
    "$@" && return
    sleep 2
    "$@" && return
    sleep 8
    "$@"
}

at_least() { # VERSION MAJOR MINOR
    major=${1%%.*}
    minor=${1#*.}
    minor=${minor%%.*}
    [ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "$minor" -ge "$3" ]; }
}

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

main "$@"
