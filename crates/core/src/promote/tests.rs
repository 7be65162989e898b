pub(crate) use self::manifests::manifest;
use super::*;
use crate::detect;
use crate::document::{Candidate, FailedVariant, HeaderRanges, Receipt};
use crate::ids::*;
use crate::reason::{Reason, Verdict};
use crate::settings::{Branches, Environment, Reading, Reviewer};
use crate::version::Version;

mod approval;
mod decision;
mod faults;
mod manifests;
mod overtaken;
mod protocol;
mod recheck;
mod releases;
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
