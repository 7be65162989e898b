# The order of the steps and the refspecs are those of actions/checkout: src/git-source-provider.ts, src/ref-helper.ts.
set -euo pipefail

main() {
    [ -z "$UNSUPPORTED" ] || fail "path, filter, sparse-checkout and ssh-key are not stood in for"
    [ "$OFF" = "false false" ] || fail "submodules and lfs are not stood in for"
    [ "$REPOSITORY" = "$HERE" ] || fail "only the repository of the run is stood in for, not $REPOSITORY"
    [ -n "$TOKEN" ] || fail "Input required and not supplied: token"
    case $DEPTH in '' | *[!0-9]*) fail "fetch-depth '$DEPTH' is no number" ;; esac
    inputs
    cd "$GITHUB_WORKSPACE"
    rm -rf ./* ./.[!.]* # what a former run left
    git init --quiet .
    git remote add origin "$SERVER/$REPOSITORY"
    git config --local gc.auto 0
    header="http.$SERVER/.extraheader"
    git config --local "$header" "AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)"
    fetch
    point
    [ "$PERSIST" = true ] || git config --local --unset-all "$header"
    git rev-parse HEAD
}

inputs() { # a full commit id is a commit; a missing ref is the event's
    commit=
    if [[ $REF =~ ^[0-9a-f]{40}$ ]]; then
        commit=$REF REF=
    elif [ -z "$REF" ]; then
        REF=$EVENT_REF commit=$EVENT_SHA
    fi
}

fetch() {
    local flags=(--prune --no-recurse-submodules) specs=()
    if [ "$DEPTH" = 0 ]; then
        specs=('+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*')
        case $REF in refs/pull/*) specs+=("+$commit:refs/remotes/pull/${REF#refs/pull/}") ;; esac
        again git fetch --quiet --no-tags "${flags[@]}" origin "${specs[@]}"
        [ -z "$commit" ] || git cat-file -e "$commit^{commit}" 2>/dev/null && return
        specs=()
    else
        flags+=("--depth=$DEPTH")
    fi
    case $REF in
        refs/heads/*) specs+=("+${commit:-$REF}:refs/remotes/origin/${REF#refs/heads/}") ;;
        refs/pull/*) specs+=("+${commit:-$REF}:refs/remotes/pull/${REF#refs/pull/}") ;;
        refs/tags/*) specs+=("+${commit:-$REF}:$REF") ;;
        '') specs+=("$commit") ;;
        *) specs+=("+refs/heads/$REF*:refs/remotes/origin/$REF*" "+refs/tags/$REF*:refs/tags/$REF*") ;;
    esac
    [ "$TAGS" = true ] || flags+=(--no-tags)
    again git fetch --quiet "${flags[@]}" origin "${specs[@]}"
}

point() {
    case $REF in
        '') at "$commit" ;;
        refs/heads/*) branch "${REF#refs/heads/}" ;;
        refs/pull/*) at "refs/remotes/pull/${REF#refs/pull/}" ;;
        refs/tags/*) at "$REF" ;;
        *)
            if git rev-parse --quiet --verify "refs/remotes/origin/$REF" >/dev/null; then
                branch "$REF"
            elif git rev-parse --quiet --verify "refs/tags/$REF" >/dev/null; then
                at "refs/tags/$REF"
            else
                fail "A branch or tag with the name '$REF' could not be found"
            fi
            ;;
    esac
}

branch() { git checkout --quiet --progress --force -B "$1" "refs/remotes/origin/$1"; }
at() { git -c advice.detachedHead=false checkout --quiet --progress --force "$1"; }

again() { # the real one tries three times too, with pauses
    "$@" || "$@" || fail "'$*' failed"
}

fail() {
    echo "::error::$*"
    exit 1
}

main
