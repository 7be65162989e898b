//! The decision: each fact that stops a promotion, alone.

use super::*;

#[test]
fn a_legitimate_candidate_is_planned_with_all_that_it_is_bound_to() {
    let plan = plan();
    insta::assert_snapshot!(plan.notes, @"
    <!-- lockgate:release -->
    `tool-support` `2`, promoted from pull request #7 by @mia.

    | executable | size | SHA-256 |
    | --- | ---: | --- |
    | `inspect-tool-support-amd64-v2` | 1000 B | `5861314d7fccb39c2192173240eab44fa35ca66426201ca2acd0630a6258dd51` |
    | `inspect-tool-support-arm64-v2` | 1000 B | `f69162950f235e3cdbbad33f1f912d1a504be90d8a37d002c735d6f3e3882265` |

    Built from commit aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa by run 9001, attempt 1. Source fingerprint `dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622`.
    ");
    let items: Vec<_> = plan.items.iter().map(|item| item.name().as_str()).collect();
    assert_eq!(
        items,
        [
            "inspect-tool-support-amd64-v2",
            "inspect-tool-support-arm64-v2",
            "SHA256SUMS",
            "lockgate-receipt.json"
        ]
    );
    assert_eq!(
        (plan.tag.as_str(), plan.title.as_str(), &plan.target),
        ("tool-support-v2", "tool-support 2", &commit('a'))
    );
}

/// One mutated field per case, each refused by a code of its own (threats: the binding tuple).
#[test]
fn each_part_of_the_binding_is_checked_by_itself() {
    assert_eq!(code(|_| ()), "proceed");
    assert_eq!(
        code(|f| f.actor.role = Role::Write),
        "promote.not-a-maintainer"
    );
    for environment in [
        Reading::NotFound,
        Reading::Denied,
        Reading::Read(Environment {
            reviewers: Vec::new(),
            branches: Branches::Listed(vec!["main".to_owned()]),
            self_review: true,
            admins_bypass: None,
        }),
        Reading::Read(Environment {
            reviewers: vec![Reviewer::Team],
            branches: Branches::All,
            self_review: true,
            admins_bypass: None,
        }),
    ] {
        let open = |f: &mut Facts| f.environment = Some(environment.clone());
        assert_eq!(code(open), "promote.environment");
        let unchecked = |f: &mut Facts| {
            open(f);
            f.package.policy.environment = crate::config::EnvironmentCheck::Unchecked;
        };
        assert_eq!(code(unchecked), "proceed");
    }
    assert_eq!(code(|f| f.environment = None), "proceed");
    assert_eq!(code(|f| f.private = true), "promote.private");
    assert_eq!(
        code(|f| f.pull.state = PullState::Closed),
        "promote.pull-closed"
    );
    assert_eq!(
        code(|f| f.expect_head = Some(commit('9'))),
        "promote.head-moved"
    );
    assert_eq!(code(|f| f.expect_head = Some(commit('a'))), "proceed");
    assert_eq!(
        code(|f| f.merged_fingerprint = None),
        "promote.update-branch"
    );
    assert_eq!(
        code(|f| f.merged_fingerprint = Some(Fingerprint(Digest::of(b"x")))),
        "promote.update-branch"
    );
    assert_eq!(
        code(|f| f.workflow.in_head = Some(object('d'))),
        "promote.edited-workflow"
    );
    assert_eq!(
        code(|f| f.workflow.in_head = None),
        "promote.edited-workflow"
    );
    assert_eq!(
        code(|f| (f.workflow.in_head, f.workflow.in_base) = (None, None)),
        "promote.edited-workflow"
    );
    assert_eq!(
        code(|f| f.workflow.changed.push(".github/workflows/x.yml".into())),
        "promote.workflows-changed"
    );
    assert_eq!(code(|f| f.run = None), "promote.no-build");
    assert_eq!(
        code(|f| run(f).workflow_path = ".github/workflows/evil.yml".into()),
        "promote.other-workflow"
    );
    assert_eq!(
        code(|f| run(f).event = "push".into()),
        "promote.other-event"
    );
    assert_eq!(
        code(|f| run(f).event = "workflow_dispatch".into()),
        "proceed"
    );
    assert_eq!(
        code(|f| run(f).head_repository = Some(RepositoryId(43))),
        "promote.fork-run"
    );
    assert_eq!(code(|f| run(f).head_repository = None), "promote.fork-run");
    assert_eq!(
        code(|f| f.pull.head_repository = Some(RepositoryId(43))),
        "promote.fork-run"
    );
    assert_eq!(code(|f| run(f).head = commit('9')), "promote.stale-run");
    assert_eq!(
        code(|f| run(f).outcome = RunOutcome::Running),
        "promote.building"
    );
    assert_eq!(
        code(|f| run(f).outcome = RunOutcome::Failed("failure".into())),
        "promote.build-failed"
    );
}

#[test]
fn each_part_of_the_candidate_is_checked_by_itself() {
    assert_eq!(
        code(|f| f.candidate = CandidateFacts::Absent),
        "promote.artifact-missing"
    );
    assert_eq!(
        code(|f| drop(f.artifacts.remove(2))),
        "promote.artifact-missing"
    );
    assert_eq!(
        code(|f| drop(f.artifacts.remove(0))),
        "promote.artifact-missing"
    );
    assert_eq!(
        code(|f| f
            .artifacts
            .push(artifact(9, "inspect-tool-support-amd64-v2"))),
        "promote.artifact-twice"
    );
    assert_eq!(
        code(|f| f.artifacts[1].expired = true),
        "promote.artifact-expired"
    );
    assert_eq!(
        code(|f| f.artifacts[1].run = Some(RunId(1))),
        "promote.artifact-foreign"
    );
    assert_eq!(
        code(|f| f.artifacts[1].head_repository = Some(RepositoryId(1))),
        "promote.artifact-foreign"
    );
    assert_eq!(
        code(|f| f.artifacts[1].head = Some(commit('9'))),
        "promote.artifact-foreign"
    );
    let unreadable = || crate::document::DocumentProblem::TooNew {
        what: "candidate's manifest",
        found: 9,
    };
    assert_eq!(
        code(|f| f.candidate = CandidateFacts::Unreadable(unreadable())),
        "promote.manifest-unreadable"
    );
    assert_eq!(
        code(|f| listed(f).package = "other".parse().unwrap()),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).package_version = Version::Integer(3)),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).commit = commit('9')),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).run = RunId(1)),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).attempt = Attempt(2)),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).fingerprint = Fingerprint(Digest::of(b"x"))),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| drop(listed(f).executables.pop())),
        "promote.manifest-differs"
    );
    assert_eq!(
        code(|f| listed(f).executables[0].name = "evil".parse().unwrap()),
        "promote.manifest-differs"
    );
}

#[test]
fn a_failed_candidate_names_its_variants() {
    let mut facts = facts();
    run(&mut facts).outcome = RunOutcome::Failed("failure".into());
    facts.candidate = CandidateFacts::Read(Candidate::Failed {
        package: "tool-support".parse().unwrap(),
        package_version: Version::Integer(2),
        run: RunId(9001),
        attempt: Attempt(1),
        failed: vec![FailedVariant {
            variant: "arm64".parse().unwrap(),
            code: "build.command-failed".into(),
            problem: "the build command ended with 1".into(),
            next: "fix it, and push".into(),
            log_tail: vec![],
        }],
    });
    let Verdict::Refuse(refusal) = decide(&facts) else {
        panic!("not refused")
    };
    insta::assert_snapshot!(refusal, @"run 9001 made no candidate: arm64: the build command ended with 1 (build.command-failed)");
    assert_eq!(refusal.full_hint(), "fix it, and push");
}

#[test]
fn what_is_published_already_decides_before_anything_else() {
    let release = published(&plan());
    let with = |change: fn(&mut PublishedRelease), more: fn(&mut Facts)| {
        let mut release = release.clone();
        change(&mut release);
        code(|f| {
            f.release = ReleaseFacts::Published(Box::new(release));
            more(f);
        })
    };
    assert_eq!(with(|_| (), |_| ()), "done, same bytes: true");
    assert_eq!(
        with(
            |_| (),
            |f| f.artifacts.iter_mut().for_each(|a| a.expired = true)
        ),
        "done, same bytes: true"
    );
    assert_eq!(
        with(|_| (), |f| f.candidate = CandidateFacts::Absent),
        "done, same bytes: false"
    );
    assert_eq!(
        with(|r| r.receipt = Err("no receipt".into()), |_| ()),
        "promote.version-taken"
    );
    assert_eq!(
        with(|r| drop(r.assets.remove(0)), |_| ()),
        "promote.release-broken"
    );
    assert_eq!(
        with(|r| r.assets[0].size += 1, |_| ()),
        "promote.release-broken"
    );
    assert_eq!(
        with(|r| r.assets[0].sha256 = Some(Digest::of(b"x")), |_| ()),
        "promote.release-broken"
    );
    assert_eq!(
        with(|r| r.assets[0].sha256 = None, |_| ()),
        "done, same bytes: true"
    );
    let other = |r: &mut PublishedRelease| {
        r.receipt.as_mut().unwrap().manifest.fingerprint = Fingerprint(Digest::of(b"x"))
    };
    assert_eq!(with(other, |_| ()), "promote.version-taken");
    assert_eq!(
        code(|f| f.release = ReleaseFacts::TagOnly),
        "promote.tag-taken"
    );
    let below = || Some("tool-support-v2/old".to_owned());
    assert_eq!(code(|f| f.blocked = below()), "promote.tag-blocked");
    let merged = |f: &mut Facts| {
        f.pull.state = PullState::Merged;
        let version = Version::Integer(2);
        f.detected = Verdict::Done(detect::Done::Unchanged { version });
        f.blocked = below();
    };
    assert_eq!(code(merged), "promote.tag-blocked");
}

#[test]
fn what_detect_says_is_passed_on() {
    let lowered = detect::Refusal::Lowered {
        from: Version::Integer(3),
        to: Version::Integer(2),
        free: "4".into(),
    };
    assert_eq!(
        code(|f| f.detected = Verdict::Refuse(lowered)),
        "detect.lowered"
    );
    let unchanged = || {
        Verdict::Done(detect::Done::Unchanged {
            version: Version::Integer(2),
        })
    };
    assert_eq!(
        code(|f| f.detected = unchanged()),
        "promote.nothing-to-promote"
    );
    // Merged before it was promoted: the release is still owed.
    assert_eq!(
        code(|f| (f.detected, f.pull.state) = (unchanged(), PullState::Merged)),
        "proceed"
    );
}
