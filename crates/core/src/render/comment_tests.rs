use super::*;
use crate::detect::{Plan, Refusal};
use crate::gate::StatusState;
use crate::ids::{Digest, Fingerprint};
use crate::version::Version;

fn plan() -> Decision {
    let fingerprint = Fingerprint(Digest::of(b"tree"));
    Verdict::Proceed(Plan {
        from: Some(Version::Integer(1)),
        version: Version::Integer(2),
        fingerprint,
        behind: false,
        without_change: false,
    })
}

fn render(decision: &Decision, outcome: Outcome<'_>, status: &Status) -> String {
    render_of(decision, outcome, status, false)
}

fn render_of(
    decision: &Decision,
    outcome: Outcome<'_>,
    status: &Status,
    from_fork: bool,
) -> String {
    let (package, head) = (
        "tool-support".parse().unwrap(),
        "c".repeat(40).parse().unwrap(),
    );
    comment(&Report {
        package: &package,
        pull: PullNumber(7),
        head: &head,
        decision,
        changed: &[b"src/main.c".to_vec(), b"src/`![x](y)\x1b".to_vec()],
        config: &[],
        machines: &[],
        from_fork,
        outcome,
        status,
        run_url: Some("https://forge.example/o/r/actions/runs/9"),
        release_url: None,
    })
}

fn status(state: StatusState, code: &'static str) -> Status {
    Status {
        state,
        code,
        description: "version 2 is built and waits for a maintainer to promote it".into(),
    }
}

/// Several pull requests of this repository may share the status of head and base: only the comment can tell them apart.
#[test]
fn of_a_fork_s_pull_request_the_comment_says_what_to_do() {
    let manifest = crate::promote::tests::manifest();
    let text = |from_fork| {
        let outcome = Outcome::Built(&manifest, Artifacts { expire: None });
        let status = status(StatusState::Pending, "gate.waits-for-promotion");
        render_of(&plan(), outcome, &status, from_fork)
    };
    assert!(text(true).contains("push them to a branch of this repository"));
    assert!(!text(true).contains("lockgate promote"));
    assert!(text(false).contains("lockgate promote --pr 7"));
    assert!(!text(false).contains("fork"));
}

#[test]
fn a_candidate_is_shown_with_a_row_per_variant_and_what_comes_next() {
    let manifest = crate::promote::tests::manifest();
    let artifacts = Artifacts {
        expire: Some("2026-02-20".into()),
    };
    insta::assert_snapshot!(render(&plan(), Outcome::Built(&manifest, artifacts), &status(StatusState::Pending, "gate.waits-for-promotion")), @r"
    <!-- lockgate:tool-support -->
    ### Lockgate: `tool-support`

    tool-support 1 → 2: building all variants.

    Changed files that decide the build: `src/main.c`, ``src/`![x](y)\u{1b}``.

    | variant | size | SHA-256 | smoke | build | headers |
    | --- | ---: | --- | --- | ---: | --- |
    | `amd64` | 1000 B | `5861314d7fccb39c2192173240eab44fa35ca66426201ca2acd0630a6258dd51` | passed | 3 s | ELF 64-bit little-endian, static |
    | `arm64` | 1000 B | `f69162950f235e3cdbbad33f1f912d1a504be90d8a37d002c735d6f3e3882265` | passed | 3 s | ELF 64-bit little-endian, static |

    The executables are artifacts of [the run](https://forge.example/o/r/actions/runs/9); they expire on `2026-02-20`.

    **Gate: pending**: version 2 is built and waits for a maintainer to promote it.

    Next, for a maintainer: test the executables, then run the workflow *Promote to Release* for pull request 7, or `lockgate promote --pr 7 --expect-head cccccccccccccccccccccccccccccccccccccccc`.

    <sub>For commit cccccccccccc.</sub>
    ");
}

/// The config determines how, where and under which rules a build runs, so its change is shown before the table.
#[test]
fn what_changes_of_the_config_is_shown_as_text_and_never_as_markup() {
    let (package, head) = (
        "tool-support".parse().unwrap(),
        "c".repeat(40).parse().unwrap(),
    );
    let mut config = vec![
        "-command = [\"make\"]".to_owned(),
        "+command = [\"sh\", \"```\", \"<b>\"]".to_owned(),
    ];
    config.resize(CONFIG_LINES + 3, "+x".to_owned());
    let text = comment(&Report {
        package: &package,
        pull: PullNumber(7),
        head: &head,
        decision: &plan(),
        changed: &[],
        config: &config,
        machines: &["self-hosted`".to_owned()],
        from_fork: false,
        outcome: Outcome::None,
        status: &status(StatusState::Pending, "gate.not-built"),
        run_url: None,
        release_url: None,
    });
    let (_, shown) = text.split_once("Changed of `lockgate.toml`:\n\n").unwrap();
    let fence: String = shown.chars().take_while(|&it| it == '`').collect();
    assert!(fence.len() > 3, "{text}");
    assert!(shown.contains("\n-command = [\"make\"]\n"), "{text}");
    assert!(text.contains("**3 more lines are not shown here"), "{text}");
    assert!(
        text.contains("**Built on machines that are not GitHub's own:** ``self-hosted` ``")
            || text.contains("**Built on machines that are not GitHub's own:** `` self-hosted` ``"),
        "{text}"
    );
}

#[test]
fn a_failure_names_the_variant_and_shows_the_end_of_its_log_as_text() {
    let failed = FailedVariant {
        variant: "arm64".parse().unwrap(),
        code: "build.command-failed".into(),
        problem: "the build command ended with 1".into(),
        next: "read the end of its log, fix it, and push".into(),
        log_tail: vec![
            "cc: error: <script>alert(1)</script>".into(),
            "```".into(),
            "::set-output name=x::\u{1b}[31m".into(),
        ],
    };
    insta::assert_snapshot!(render(&plan(), Outcome::Failed(&[failed]), &status(StatusState::Failure, "gate.build-failed")), @r"
    <!-- lockgate:tool-support -->
    ### Lockgate: `tool-support`

    tool-support 1 → 2: building all variants.

    Changed files that decide the build: `src/main.c`, ``src/`![x](y)\u{1b}``.

    **The build failed**, see [its log](https://forge.example/o/r/actions/runs/9).

    - `arm64`: the build command ended with 1 (`build.command-failed`). Next: read the end of its log, fix it, and push

    The last lines of `arm64`:

    ````text
    cc: error: <script>alert(1)</script>
    ```
    ::set-output name=x::\u{1b}[31m
    ````

    **Gate: failure**: version 2 is built and waits for a maintainer to promote it.

    Next: fix the build and push; every push builds again.

    <sub>For commit cccccccccccc.</sub>
    ");
}

#[test]
fn a_refusal_says_what_to_do() {
    let refusal = Refusal::Taken {
        version: Version::Integer(2),
        by: "pull request #3, from other sources".into(),
        free: "3".into(),
    };
    let decision = Verdict::Refuse(refusal);
    insta::assert_snapshot!(render(&decision, Outcome::None, &status(StatusState::Failure, "detect.taken")), @r"
    <!-- lockgate:tool-support -->
    ### Lockgate: `tool-support`

    version 2 is taken: pull request \#3, from other sources.

    **Gate: failure**: version 2 is built and waits for a maintainer to promote it.

    Next: raise the version to 3, which is free. (`detect.taken`)

    <sub>For commit cccccccccccc.</sub>
    ");
}

#[test]
fn a_huge_log_is_cut_and_its_fence_is_closed() {
    let failed = FailedVariant {
        variant: "arm64".parse().unwrap(),
        code: "build.command-failed".into(),
        problem: "x".into(),
        next: String::new(),
        log_tail: vec!["y".repeat(1000); 100],
    };
    let text = render(
        &plan(),
        Outcome::Failed(&[failed]),
        &status(StatusState::Failure, "gate.build-failed"),
    );
    assert!(text.len() < 61_000 && text.contains("Cut here: the rest is in [the log]("));
}
