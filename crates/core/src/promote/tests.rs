pub(crate) use self::manifests::manifest;
use super::*;
use crate::detect;
use crate::document::{Candidate, FailedVariant, HeaderRanges, Receipt};
use crate::ids::*;
use crate::reason::{Reason, Verdict};
use crate::settings::{Branches, Environment, Reading, Reviewer};
use crate::version::Version;

mod approval;
mod faults;
mod manifests;
mod protocol;
mod recheck;
mod sources;
mod world;

fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn object(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn artifact(id: u64, name: &str) -> ArtifactFacts {
    ArtifactFacts {
        id: ArtifactId(id),
        name: name.into(),
        size: 700,
        sha256: Some(Digest::of(name.as_bytes())),
        expired: false,
        run: Some(RunId(9001)),
        head_repository: Some(RepositoryId(42)),
        head_branch: Some("bump".to_owned()),
        head: Some(commit('a')),
    }
}

/// A legitimate promotion: every field as it should be.
fn facts() -> Facts {
    let text = crate::config::tests::EXAMPLE.replace("arm64-musl", "arm64");
    let package = crate::config::Config::parse(&text)
        .unwrap()
        .packages
        .into_values()
        .next()
        .unwrap();
    let manifest = manifest();
    let fingerprint = manifest.fingerprint;
    Facts {
        expect_head: None,
        approved: None,
        changes: Changes::default(),
        environment: Some(Reading::Read(Environment {
            reviewers: vec![Reviewer::Team],
            branches: Branches::Listed(vec!["main".to_owned()]),
            self_review: true,
            admins_bypass: None,
        })),
        actor: ActorFacts {
            login: "mia".parse().unwrap(),
            role: Role::Maintain,
        },
        package,
        repository_id: RepositoryId(42),
        repository: "o/r".parse().unwrap(),
        private: false,
        pull: PullFacts {
            number: PullNumber(7),
            state: PullState::Open,
            head: commit('a'),
            head_branch: "bump".to_owned(),
            head_repository: Some(RepositoryId(42)),
            base: "main".parse().unwrap(),
        },
        default_branch: "main".parse().unwrap(),
        context: Some("lockgate/tool".to_owned()),
        base_commit: commit('b'),
        detected: Verdict::Proceed(detect::Plan {
            from: Some(Version::Integer(1)),
            version: Version::Integer(2),
            fingerprint,
            behind: false,
            without_change: false,
        }),
        head_fingerprint: fingerprint,
        merged_fingerprint: Some(fingerprint),
        workflow: WorkflowFacts {
            path: ".github/workflows/build-tool-support.yml".into(),
            in_head: Some(object('c')),
            in_base: Some(object('c')),
            changed: vec![],
        },
        run: Some(RunFacts {
            id: RunId(9001),
            attempt: Attempt(1),
            outcome: RunOutcome::Succeeded,
            event: "pull_request".into(),
            head: commit('a'),
            head_branch: Some("bump".to_owned()),
            head_repository: Some(RepositoryId(42)),
            created: Some("2026-11-27T10:30:00Z".parse().unwrap()),
            workflow_id: WorkflowId(5),
            workflow_path: ".github/workflows/build-tool-support.yml".into(),
        }),
        history: runs::BaseHistory::default(),
        artifacts: vec![
            artifact(1, "inspect-tool-support-amd64-v2"),
            artifact(2, "inspect-tool-support-arm64-v2"),
            artifact(3, "lockgate-tool-support-v2-candidate-attempt1"),
            artifact(4, "something-else"),
        ],
        candidate: CandidateFacts::Read(Candidate::Complete(manifest)),
        release: ReleaseFacts::Absent,
        blocked: None,
        now: 1_790_000_000,
        lockgate: "0.1.0".into(),
    }
}

fn plan() -> Plan {
    match decide(&facts()) {
        Verdict::Proceed(plan) => *plan,
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => panic!("{other:?}"),
    }
}

#[test]
fn where_headers_lie_is_told_to_the_upload_and_not_in_the_receipt() {
    let ranges = HeaderRanges::new(vec![10..20, 500..1000]).unwrap();
    let mut facts = facts();
    listed(&mut facts).executables[0].header_ranges = ranges.clone();
    let Verdict::Proceed(with) = decide(&facts) else {
        panic!("refused");
    };
    let Item::Executable { executable, .. } = &with.items[0] else {
        panic!("{:?}", with.items);
    };
    assert_eq!(executable.header_ranges, ranges);
    // Nothing else differs: not the receipt, not what the plan is bound to.
    let without = plan();
    assert_eq!(with.receipt, without.receipt);
    assert_eq!(with.binding, without.binding);
    assert_eq!(with.items[1..], without.items[1..]);
}

fn published(plan: &Plan) -> PublishedRelease {
    PublishedRelease {
        id: ReleaseId(77),
        tag: plan.tag.clone(),
        assets: plan
            .items
            .iter()
            .map(|i| PublishedAsset {
                name: i.name().clone(),
                size: i.size(),
                sha256: Some(i.sha256()),
            })
            .collect(),
        receipt: Ok(plan.receipt.clone()),
        others: Vec::new(),
        commit: Some(plan.target.clone()),
        origin: ReleaseOrigin::Promotion,
    }
}

fn code(change: impl FnOnce(&mut Facts)) -> String {
    let mut facts = facts();
    change(&mut facts);
    match decide(&facts) {
        Verdict::Done(done) => format!("done, same bytes: {}", done.same_bytes),
        Verdict::Proceed(_) => "proceed".into(),
        Verdict::Wait(wait) => wait.code().into(),
        Verdict::Refuse(refusal) => refusal.full_code().into(),
    }
}

fn run(facts: &mut Facts) -> &mut RunFacts {
    facts.run.as_mut().unwrap()
}

fn listed(facts: &mut Facts) -> &mut crate::document::Manifest {
    match &mut facts.candidate {
        CandidateFacts::Read(Candidate::Complete(manifest)) => manifest,
        other @ (CandidateFacts::Absent
        | CandidateFacts::Unreadable(_)
        | CandidateFacts::Read(_)) => panic!("{other:?}"),
    }
}

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

#[test]
fn the_binding_names_the_first_thing_that_moved() {
    let before = plan().binding;
    let after = |change: fn(&mut Binding)| {
        let mut now = before.clone();
        change(&mut now);
        before.difference(&now).unwrap_or("nothing")
    };
    let moved = [
        after(|_| ()),
        after(|b| b.repository_id = RepositoryId(1)),
        after(|b| b.pull = PullNumber(1)),
        after(|b| b.state = PullState::Closed),
        after(|b| b.head = commit('9')),
        after(|b| b.base = "other".parse().unwrap()),
        after(|b| b.run = RunId(1)),
        after(|b| b.attempt = Attempt(2)),
        after(|b| b.workflow_id = WorkflowId(1)),
        after(|b| b.workflow_path = "x".into()),
        after(|b| b.workflow_blob = object('9')),
        after(|b| b.artifacts[0].id = ArtifactId(99)),
        after(|b| b.artifacts[0].sha256 = None),
        after(|b| b.merged = Fingerprint(Digest::of(b"x"))),
    ];
    let distinct: std::collections::BTreeSet<_> = moved.iter().collect();
    assert_eq!((moved[0], distinct.len()), ("nothing", 13), "{moved:?}");
}

/// Found by the simulator: a file deleted from the draft between the read-back and the publish call.
#[test]
fn a_release_whose_sums_are_missing_or_other_is_broken() {
    let mut release = published(&plan());
    assert_eq!(release.problem(), None);
    let sums = |asset: &PublishedAsset| asset.name.as_str() == crate::config::SUMS_ASSET;
    let at = release.assets.iter().position(sums).unwrap();
    release.assets[at].sha256 = Some(Digest::of(b"others"));
    assert_eq!(release.problem().unwrap(), "SHA256SUMS has other bytes");
    release.assets.remove(at);
    assert_eq!(release.problem().unwrap(), "SHA256SUMS is missing");
}

#[test]
fn a_release_is_whole_only_if_all_of_it_is_what_was_promoted() {
    let defect = |change: fn(&mut PublishedRelease)| {
        let mut release = published(&plan());
        change(&mut release);
        release.problem().unwrap_or_default()
    };
    assert_eq!(defect(|_| ()), "");
    assert_eq!(defect(|it| it.commit = None), "");
    assert!(defect(|it| it.commit = Some(commit('9'))).contains("its tag names"));
    assert!(defect(|it| it.others.push("in stall.sh".to_owned())).contains("was not promoted"));
    assert!(
        defect(|it| it.assets.push(PublishedAsset {
            name: "install.sh".parse().unwrap(),
            size: 1,
            sha256: None,
        }))
        .contains("\"install.sh\" was not promoted")
    );
    assert!(
        defect(|it| {
            if let Ok(receipt) = &mut it.receipt {
                receipt.origin.head = commit('9');
            }
            it.commit = None;
        })
        .contains("its receipt is of the head")
    );
}

#[test]
fn a_release_of_somebody_else_is_never_taken_for_done() {
    let release = |origin: ReleaseOrigin, candidate: bool| {
        code(|facts| {
            let seen = PublishedRelease {
                origin,
                ..published(&plan())
            };
            facts.release = ReleaseFacts::Published(Box::new(seen));
            if !candidate {
                facts.candidate = CandidateFacts::Absent;
            }
        })
    };
    let why = || "x".to_owned();
    assert_eq!(
        release(ReleaseOrigin::Promotion, false),
        "done, same bytes: false"
    );
    assert_eq!(
        release(ReleaseOrigin::Unproven(why()), true),
        "done, same bytes: true"
    );
    assert_eq!(
        release(ReleaseOrigin::Unproven(why()), false),
        "promote.release-foreign"
    );
    assert_eq!(
        release(ReleaseOrigin::Foreign(why()), true),
        "promote.release-foreign"
    );
    // The candidate's bytes, said to be of what main would get; or of a commit that is not its head.
    let claims = |change: fn(&mut Receipt)| {
        code(|facts| {
            let other = Fingerprint(Digest::of(b"other"));
            facts.merged_fingerprint = Some(other);
            let mut seen = published(&plan());
            seen.origin = ReleaseOrigin::Unproven(why());
            seen.receipt.as_mut().map(change).unwrap();
            seen.commit = None;
            facts.release = ReleaseFacts::Published(Box::new(seen));
        })
    };
    let fingerprint = |receipt: &mut Receipt| {
        receipt.manifest.fingerprint = Fingerprint(Digest::of(b"other"));
    };
    assert_eq!(claims(fingerprint), "promote.release-foreign");
    let head = |receipt: &mut Receipt| {
        receipt.manifest.commit = commit('9');
        receipt.origin.head = commit('9');
    };
    assert_eq!(claims(head), "promote.release-foreign");
    assert_eq!(claims(|_| {}), "done, same bytes: true");
    // The bytes of a candidate that would not be published: its run may have executed another workflow file.
    let ambiguous = code(|facts| {
        let mut seen = published(&plan());
        seen.origin = ReleaseOrigin::Unproven(why());
        facts.release = ReleaseFacts::Published(Box::new(seen));
        facts.history.others.push(runs::OtherPull {
            number: PullNumber(8),
            base: "other".parse().unwrap(),
            opened: None,
        });
    });
    assert_eq!(ambiguous, "promote.release-foreign");
    let late = code(|facts| facts.release = ReleaseFacts::NotReadable(why()));
    assert_eq!(late, "promote.not-readable");
}
