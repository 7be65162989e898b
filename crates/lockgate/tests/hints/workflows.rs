//! Codes of `check`: a workflow that breaks a rule is named, and passes once the hint is followed.

use crate::repository::Repository;

const BUILD: &str = ".github/workflows/build-tool.yml";

fn repository() -> Repository {
    let repository = Repository::empty();
    repository.write("src/build.sh", "");
    repository.works(
        "init --package tool --version-file VERSION --first-version 1 --sources 'src/**' \
         --build-command 'sh src/build.sh {arch}'",
    );
    repository.works("check");
    repository
}

#[test]
fn init_writes_what_differs_or_is_absent_and_what_is_left_over_is_deleted() {
    let repository = repository();
    repository.replace(BUILD, "fail-fast: false", "fail-fast: true");
    repository.refused("check", "check.drift", "run `lockgate init`");
    repository.works("init");
    repository.works("check");
    repository.remove(BUILD);
    repository.refused("check", "check.absent", "run `lockgate init`");
    repository.works("init");
    repository.works("check");
    let left = ".github/workflows/build-gone.yml";
    std::fs::copy(repository.dir.join(BUILD), repository.dir.join(left)).unwrap();
    repository.refused("check", "check.left-over", "delete it");
    repository.remove(left);
    repository.works("check");
}

/// Code, words of the hint, steps of a build that break the rule, and the same as the hint says.
const STEPS: &[(&str, &str, &str, &str)] = &[
    (
        "lint.cache",
        "build without a cache",
        "- uses: actions/setup-node@0123456789012345678901234567890123456789 # v6\n        with:\n          cache: npm",
        "- run: npm ci",
    ),
    (
        "lint.foreign-output",
        "never write the environment",
        "- run: echo \"A=$B\" >> \"$GITHUB_ENV\"",
        "- env:\n          A: b\n        run: echo \"$A\"",
    ),
    (
        "lint.expression",
        "hand the value over by `env:`",
        "- run: echo ${{ github.head_ref }}",
        "- env:\n          REF: ${{ github.head_ref }}\n        run: echo \"$REF\"",
    ),
    (
        "lint.actions",
        "do it in a `run:` step",
        "- uses: o/x@0123456789012345678901234567890123456789 # v1",
        "- run: ./x",
    ),
    (
        "lint.action-runtime",
        "move it to the newest version",
        "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n        with:\n          persist-credentials: false",
        "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false",
    ),
    (
        "lint.credentials",
        "write `persist-credentials: false`",
        "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false",
    ),
];

#[test]
fn a_step_of_the_build_that_breaks_a_rule_passes_as_the_hint_says() {
    let repository = repository();
    let written = std::fs::read_to_string(repository.dir.join(BUILD)).unwrap();
    let mark = "      # lockgate:begin-custom before-build\n";
    for (code, hint, wrong, right) in STEPS {
        let with = |step: &str| written.replace(mark, &format!("{mark}      {step}\n"));
        repository.write(BUILD, with(wrong));
        repository.refused("check", code, hint);
        repository.write(BUILD, with(right));
        repository.works("check");
    }
}

#[test]
fn init_moves_the_actions_that_it_wrote_and_takes_a_filter_away() {
    let repository = repository();
    let (new, old) = (
        "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        "11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    );
    repository.replace(BUILD, new, old);
    repository.refused(
        "check",
        "lint.action-runtime",
        "`lockgate init` moves those",
    );
    repository.works("init");
    repository.works("check");
    let types = "    types: [opened,";
    repository.replace(BUILD, types, &format!("    paths: ['src/**']\n{types}"));
    repository.refused(
        "check",
        "lint.path-filter",
        "let it run for every pull request",
    );
    repository.works("init");
    repository.works("check");
}

/// Code, words of the hint, and a workflow of the user's own that breaks the rule, and the same as the hint says.
const FILES: &[(&str, &str, &str, &str)] = &[
    (
        "lint.unreadable",
        "a key stands in a table only once",
        "on: push\non: push\n",
        "on: push\n",
    ),
    (
        "lint.statuses",
        "name only the rights that the job needs",
        "on: push\npermissions:\n  statuses: write\n",
        "on: push\npermissions:\n  contents: read\n",
    ),
    (
        "lint.checkout",
        "runs on `pull_request`, without rights",
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n",
        "on: pull_request\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n",
    ),
    (
        "lint.pin",
        "write the 40 digits of the commit",
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v7\n",
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n",
    ),
    (
        "lint.permissions",
        "`permissions: {}` at the top",
        "on: pull_request_target\njobs:\n  a:\n    steps:\n      - run: make\n",
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    permissions: {}\n    steps:\n      - run: make\n",
    ),
];

#[test]
fn a_workflow_of_ones_own_passes_as_the_hint_says() {
    let repository = repository();
    for (code, hint, wrong, right) in FILES {
        repository.write(".github/workflows/own.yml", wrong);
        repository.refused("check", code, hint);
        repository.write(".github/workflows/own.yml", right);
        repository.works("check");
    }
}
