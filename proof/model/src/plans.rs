//! The product's own plans, drafts and releases for the contents of the model, built only to be given to the shipped machine.

use std::str::FromStr;

use lockgate_core::document::{
    Document as _, Executable, HeaderRanges, Manifest, Origin, Promoter, Receipt,
};
use lockgate_core::ids::{
    ArtifactId, AssetName, Attempt, Digest, Fingerprint, PullNumber, ReleaseId, RepositoryId,
    RunId, WorkflowId,
};
use lockgate_core::promote::{
    ArtifactFacts, Binding, BoundArtifact, Item, ObservedAsset, ObservedDraft, Plan,
    PublishedAsset, PublishedRelease, PullFacts, PullState, Recheck, ReleaseFacts, ReleaseOrigin,
    RunFacts, RunOutcome, WorkflowFacts,
};
use lockgate_core::version::Version;

use crate::release::{Content, sources};

const EXECUTABLE: &str = "hello-2-amd64";
const RECEIPT: &str = "lockgate.json";
const SUMS: &str = "SHA256SUMS";
const ARTIFACT: &str = "lockgate-hello-amd64";
const WORKFLOW: &str = ".github/workflows/build.yml";

#[expect(
    clippy::expect_used,
    reason = "the texts are constants, and each search reads them all"
)]
fn valid<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a valid constant")
}

fn object<T: FromStr<Err: std::fmt::Debug>>(kind: u8, pull: u8, head: u8) -> T {
    valid(&format!("{kind:02x}{pull:02x}{head:036x}"))
}

fn digest(content: Content) -> Digest {
    Digest::of(&[content.0])
}

fn fingerprint(sources: u8) -> Fingerprint {
    Fingerprint(Digest::of(&[b's', sources]))
}

fn run(pull: u8, head: u8) -> RunId {
    RunId(100 + 10 * u64::from(pull) + u64::from(head))
}

/// Returns the plan for a candidate: one executable, and the receipt as the one document.
pub fn plan(bound: Content) -> Plan {
    let (pull, head, attempt) = bound.built_from();
    let receipt = receipt(bound);
    let manifest = &receipt.manifest;
    let binding = Binding {
        repository_id: receipt.origin.repository_id,
        pull: receipt.origin.pull_request,
        state: PullState::Open,
        head: manifest.commit.clone(),
        base: valid("main"),
        run: run(pull, head),
        attempt: Attempt(u64::from(attempt) + 1),
        workflow_id: WorkflowId(1),
        workflow_path: WORKFLOW.to_owned(),
        workflow_blob: object(3, 0, 0),
        artifacts: vec![BoundArtifact {
            name: ARTIFACT.to_owned(),
            id: ArtifactId(bound.0.into()),
            sha256: Some(digest(bound)),
        }],
        merged: manifest.fingerprint,
    };
    let executables = manifest.executables.iter();
    let executables = executables.map(|executable| Item::Executable {
        executable: executable.clone(),
        artifact: ArtifactId(bound.0.into()),
        stored_sha256: Some(digest(bound)),
    });
    let document = Item::Document {
        name: valid(RECEIPT),
        bytes: receipt.to_json().into_bytes(),
    };
    Plan {
        tag: receipt.tag.clone(),
        title: "hello 2".to_owned(),
        notes: String::new(),
        prerelease: false,
        target: manifest.commit.clone(),
        binding,
        items: executables.chain([document]).collect(),
        receipt,
        shown: Vec::new(),
    }
}

fn receipt(bound: Content) -> Receipt {
    let (pull, head, attempt) = bound.built_from();
    let executable = Executable {
        variant: valid("amd64"),
        name: valid(EXECUTABLE),
        size: size(bound),
        sha256: digest(bound),
        headers: String::new(),
        header_ranges: HeaderRanges::default(),
        smoke: None,
        build_seconds: 1,
        attempt: None,
    };
    let manifest = Manifest {
        package: valid("hello"),
        package_version: Version::Integer(2),
        fingerprint: fingerprint(sources(pull, head)),
        commit: object(1, pull, head),
        run: run(pull, head),
        attempt: Attempt(u64::from(attempt) + 1),
        executables: vec![executable],
    };
    let origin = Origin {
        repository_id: RepositoryId(1),
        repository: valid("owner/hello"),
        pull_request: PullNumber(u64::from(pull) + 1),
        head: manifest.commit.clone(),
        base: valid("main"),
        base_commit: object(2, 0, 0),
        workflow_id: WorkflowId(1),
        workflow_path: WORKFLOW.to_owned(),
        workflow_blob: object(3, 0, 0),
        artifacts: Vec::new(),
    };
    Receipt {
        tag: valid("hello-2"),
        manifest,
        origin,
        promoter: Promoter {
            login: valid("maintainer"),
            lockgate: "0".to_owned(),
        },
        promoted_at: 0,
    }
}

/// All executables have one size, so that only their digests differ; a `starter` has none.
fn size(content: Content) -> u64 {
    if content == Content::STARTER { 0 } else { 1000 }
}

/// Returns what reading a draft gives: as planned, except for the contents of its files.
pub fn draft(plan: &Plan, files: [Content; 2], draft: bool) -> ObservedDraft {
    let receipt = |content: Content| self::plan(content).items.pop();
    let files = plan.items.iter().zip(files);
    let assets = files.filter(|(_, content)| *content != Content::ABSENT);
    let assets = assets.map(|(item, content)| {
        let (size, sha256) = match item {
            Item::Document { .. } if content.is_built() => {
                receipt(content).map_or((0, digest(content)), |item| (item.size(), item.sha256()))
            }
            Item::Document { .. } | Item::Executable { .. } => (size(content), digest(content)),
        };
        ObservedAsset {
            name: item.name().to_string(),
            size,
            complete: content != Content::STARTER,
            sha256,
        }
    });
    ObservedDraft {
        draft,
        tag: plan.tag.to_string(),
        target: plan.target.to_string(),
        title: plan.title.clone(),
        notes: plan.notes.clone(),
        prerelease: plan.prerelease,
        assets: assets.collect(),
    }
}

/// A published release as a promoter reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Published {
    /// The executables, and the receipt.
    pub files: [Content; 2],
    /// Whether a writer published it by hand.
    pub forged: bool,
    /// Whether its tag points to another commit than its receipt names.
    pub tagged_elsewhere: bool,
}

/// Returns the facts about a published release.
pub fn release(seen: Published, id: ReleaseId) -> ReleaseFacts {
    let [executables, document] = seen.files;
    let receipt = if document.is_built() {
        Ok(receipt(document))
    } else {
        Err("the receipt cannot be read".to_owned())
    };
    let asset = |name: &str, size, sha256| PublishedAsset {
        name: valid::<AssetName>(name),
        size,
        sha256: Some(sha256),
    };
    let mut assets = Vec::new();
    if executables != Content::ABSENT {
        assets.push(asset(EXECUTABLE, size(executables), digest(executables)));
    }
    if let Ok(receipt) = &receipt {
        let sums = receipt.sums().to_string().into_bytes();
        assets.push(asset(SUMS, sums.len() as u64, Digest::of(&sums)));
    }
    let (pull, head, _) = document.built_from();
    ReleaseFacts::Published(Box::new(PublishedRelease {
        id,
        tag: valid("hello-2"),
        assets,
        receipt,
        others: Vec::new(),
        commit: Some(if seen.tagged_elsewhere {
            object(4, 0, 0)
        } else {
            object(1, pull, head)
        }),
        origin: if seen.forged {
            ReleaseOrigin::Foreign("a writer published it".to_owned())
        } else {
            ReleaseOrigin::Promotion
        },
    }))
}

/// What a plan is bound to, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Now {
    /// The head of the pull request.
    pub head: u8,
    /// The attempt of its run.
    pub attempt: u8,
    /// Whether the artifacts were deleted.
    pub gone: bool,
    /// The sources that a merge would give, if they were built.
    pub merged: Option<u8>,
    /// Whether the tag exists.
    pub tagged: bool,
}

/// Returns the facts of the last check for the pull request of a candidate.
pub fn recheck(bound: Content, now: Now) -> Recheck {
    let (pull, ..) = bound.built_from();
    let built = Content::candidate(pull, now.head, now.attempt);
    let artifact = ArtifactFacts {
        id: ArtifactId(built.0.into()),
        name: ARTIFACT.to_owned(),
        size: size(built),
        sha256: Some(digest(built)),
        expired: false,
        run: Some(run(pull, now.head)),
        head_repository: Some(RepositoryId(1)),
        head_branch: None,
        head: None,
    };
    Recheck {
        repository_id: RepositoryId(1),
        pull: PullFacts {
            number: PullNumber(u64::from(pull) + 1),
            state: PullState::Open,
            head: object(1, pull, now.head),
            head_branch: String::new(),
            head_repository: Some(RepositoryId(1)),
            base: valid("main"),
        },
        run: RunFacts {
            id: run(pull, now.head),
            attempt: Attempt(u64::from(now.attempt) + 1),
            outcome: RunOutcome::Succeeded,
            event: "pull_request".to_owned(),
            head: object(1, pull, now.head),
            head_branch: None,
            head_repository: Some(RepositoryId(1)),
            created: None,
            workflow_id: WorkflowId(1),
            workflow_path: WORKFLOW.to_owned(),
        },
        artifacts: Some(artifact).filter(|_| !now.gone).into_iter().collect(),
        workflow: WorkflowFacts {
            path: WORKFLOW.to_owned(),
            in_head: Some(object(3, 0, 0)),
            in_base: Some(object(3, 0, 0)),
            changed: Vec::new(),
        },
        merged: Some(now.merged.map_or(fingerprint(u8::MAX), fingerprint)),
        tagged: now.tagged,
        blocked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Draft;

    /// The model's gate and decision ask [`Draft::whole`]; the shipped code asks [`PublishedRelease::problem`] and the origin.
    #[test]
    fn the_model_and_the_shipped_code_call_the_same_releases_complete() {
        let contents = || (0..16).map(Content);
        let files = contents().flat_map(|one| contents().map(move |other| [one, other]));
        for files in files.filter(|files| !files.contains(&Content::FOREIGN)) {
            for (forged, tagged_elsewhere) in [(false, false), (true, false), (false, true)] {
                let mut draft = Draft::new();
                (0..).zip(files).for_each(|(at, it)| draft.put(at, it));
                if forged {
                    draft.forge();
                }
                if tagged_elsewhere {
                    draft.tag_elsewhere();
                }
                let seen = Published {
                    files,
                    forged,
                    tagged_elsewhere,
                };
                let ReleaseFacts::Published(facts) = release(seen, ReleaseId(1)) else {
                    panic!("not published");
                };
                let complete =
                    facts.problem().is_none() && facts.origin == ReleaseOrigin::Promotion;
                assert_eq!(draft.whole(), complete, "{seen:?}: {:?}", facts.problem());
            }
        }
    }
}
