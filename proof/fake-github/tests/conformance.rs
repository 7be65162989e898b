//! Runs the port's conformance suite against the fake, through the adapter that is also used with GitHub.
#![expect(
    clippy::unwrap_used,
    reason = "a world that cannot be prepared ends the test"
)]

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{CommitId, PullNumber, RunId, Tag};
use lockgate_forge::conformance::{OpenPull, Who, World, failures};
use lockgate_forge::github::{Config, GitHub};
use lockgate_forge::{ErrorKind, Forge, NewRelease, Token};
use lockgate_forge_embedded as embedded;
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::publishing::MakeLatest;
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{
    Files, Handle, MemoryRepository, MergeMethod, Repository as _, START, Server,
};
use lockgate_openapi::Guard;

const WORKFLOW: &str = ".github/workflows/build.yml";

/// A server for a repository in memory, with a few commits for pull requests.
struct Rehearsal {
    server: Server,
    workflow: embedded::WorkflowId,
    spare: Vec<embedded::CommitId>,
    used: Cell<usize>,
    _guard: Guard,
}

impl Rehearsal {
    fn start(storage_port: bool) -> Self {
        let git = MemoryRepository::new();
        let mut files = Files::from([("README".into(), b"Tools.\n".to_vec())]);
        let main = git.commit_files("main", files.clone(), "First", START);
        let spare = (0..5).map(|number| {
            let branch = format!("spare-{number}");
            git.set_reference(&format!("refs/heads/{branch}"), &main)
                .unwrap();
            files.insert(format!("file-{number}"), b"new\n".to_vec());
            let commit = git.commit_files(&branch, files.clone(), "More", START + number);
            files.remove(&format!("file-{number}"));
            commit
        });
        let spare = spare.collect();
        let config = embedded::Config {
            storage_port,
            ..embedded::Config::new("octo", "tools")
        };
        let server = Server::start(config, git).unwrap();
        let guard = Guard::default();
        let collect = guard.collector();
        server.on_exchange(move |exchange| collect(&serde_json::to_string(exchange).unwrap()));
        let workflow = server.register_workflow("build", WORKFLOW);
        Self {
            server,
            workflow,
            spare,
            used: Cell::new(0),
            _guard: guard,
        }
    }

    fn adapter(&self, token: Option<&str>) -> GitHub {
        let repository = "octo/tools".parse().unwrap();
        let mut config = Config::new(self.server.api_url(), repository, token.map(Token::new));
        config.clock.sleep = Arc::new(|_| ());
        GitHub::new(config).unwrap()
    }

    fn handle(&self) -> Handle {
        self.server.handle()
    }
}

fn ours(id: &embedded::CommitId) -> CommitId {
    id.as_str().parse().unwrap()
}

fn theirs(pull: PullNumber) -> embedded::PullNumber {
    embedded::PullNumber(pull.0)
}

impl World for Rehearsal {
    fn forge_as(&self, who: Who) -> Box<dyn Forge> {
        Box::new(self.adapter(match who {
            Who::Maintainer => Some("maintainer-token"),
            Who::Developer => Some("developer-token"),
            Who::Automation => Some("automation-token"),
            Who::Anonymous => None,
        }))
    }

    fn open_pull(&self, branch: &str) -> OpenPull {
        let head = &self.spare[self.used.replace(self.used.get() + 1)];
        let name = format!("refs/heads/{branch}");
        self.handle()
            .with(|_, git, _| git.set_reference(&name, head))
            .unwrap();
        let number = self.handle().open_pull("developer", branch, "Change");
        OpenPull {
            number: PullNumber(number.unwrap().0),
            head: ours(head),
        }
    }

    fn merge(&self, pull: PullNumber) {
        let merged = self
            .handle()
            .merge_pull("maintainer", theirs(pull), MergeMethod::Squash);
        merged.unwrap();
    }

    fn close(&self, pull: PullNumber) {
        self.handle().close_pull(theirs(pull)).unwrap();
    }

    fn workflow(&self) -> &str {
        WORKFLOW
    }

    fn run(&self, pull: PullNumber, artifacts: &[(String, Vec<u8>)]) -> RunId {
        let handle = self.handle();
        let (head_sha, branch) = handle.look(|state| {
            let pull = state.pull(theirs(pull)).unwrap();
            (pull.head_sha.clone(), pull.head_branch.clone())
        });
        let order = NewRun {
            workflow: self.workflow,
            event: "pull_request".into(),
            head_sha,
            head_branch: Some(branch),
            actor: "developer".into(),
            pull: Some(theirs(pull)),
        };
        let run = handle.start_run(order).unwrap();
        handle.set_run(run, "completed", Some("success")).unwrap();
        for (name, bytes) in artifacts {
            let made = handle.add_artifact(run, name, ArtifactForm::Zip, &bytes[..], 90);
            made.unwrap();
        }
        RunId(run.0)
    }

    fn expire(&self) {
        self.handle().advance(91 * 86_400);
    }

    fn freeze(&self) {
        self.handle().set_immutable_releases(true);
    }

    fn publish_other(&self, tag: &Tag) {
        let order = embedded::state::releases::NewRelease {
            tag_name: tag.to_string(),
            target_commitish: "main".into(),
            name: None,
            body: None,
            draft: false,
            prerelease: false,
            make_latest: MakeLatest::True,
        };
        let actor = self.handle().holder("maintainer-token").unwrap();
        let made = self
            .handle()
            .with(|state, git, now| state.create_release(&actor, now, git, order));
        made.unwrap();
    }

    fn latest(&self) -> Option<String> {
        self.handle()
            .look(|state| Some(state.latest_release().ok()?.tag_name.clone()))
    }

    fn tag(&self, tag: &Tag) -> Option<CommitId> {
        let name = format!("refs/tags/{tag}");
        let found = self.handle().with(|_, git, _| git.resolve(&name)).unwrap();
        found.as_ref().map(ours)
    }
}

#[test]
fn every_sentence_of_the_suite_holds() {
    assert_eq!(
        failures(|| Box::new(Rehearsal::start(false))),
        Vec::<String>::new()
    );
}

#[test]
fn every_sentence_of_the_suite_holds_with_storage_on_another_host() {
    assert_eq!(
        failures(|| Box::new(Rehearsal::start(true))),
        Vec::<String>::new()
    );
}

/// The result that a decision sees, and the state of the draft: published or not, its complete assets, whether the name
/// is free.
type Told = (Result<(), ErrorKind>, bool, usize, bool);

/// Uploads an asset to a draft and, if that succeeded, publishes it, while one fault occurs.
fn promoted(fault: &str) -> Told {
    let world = Rehearsal::start(false);
    let (tag, target) = ("tool-v2".parse().unwrap(), world.open_pull("bump").head);
    let forge = world.forge_as(Who::Automation);
    let order = NewRelease {
        tag: &tag,
        target: &target,
        title: "t",
        notes: "n",
        prerelease: false,
    };
    let draft = forge.create_draft(&order).unwrap();
    world.server.arm(fault.parse().unwrap());
    let bytes = vec![b'x'; 1_000_000];
    let sent = forge.upload(&draft, "tool", bytes.len() as u64, &mut &bytes[..]);
    let outcome = sent
        .and_then(|_| forge.publish(draft.id))
        .map(drop)
        .map_err(|error| error.kind);
    let found = forge.release(draft.id).unwrap();
    assert_eq!(world.server.pending_faults(), [], "{fault}");
    let complete = found.assets.iter().filter(|asset| asset.complete).count();
    let free = forge.upload(&draft, "tool", 4, &mut &b"data"[..]).is_ok();
    (outcome, !found.draft, complete, free)
}

#[test]
fn each_fault_is_told_as_what_a_decision_needs() {
    use ErrorKind::{Ambiguous, Conflict, Denied, RateLimited};
    let minutes = |minutes: u64| RateLimited(Some(Duration::from_secs(60 * minutes)));
    let table = [
        // Uploads: any doubt is ambiguous, and the name may be taken.
        (
            "drop-before POST */assets*",
            (Err(Ambiguous), false, 0, true),
        ),
        (
            "drop-after POST */assets*",
            (Err(Ambiguous), false, 1, false),
        ),
        (
            "before=502 POST */assets*",
            (Err(Ambiguous), false, 0, true),
        ),
        ("starter POST */assets*", (Err(Ambiguous), false, 0, false)),
        (
            "kill-midway=500000 POST */assets*",
            (Err(Ambiguous), false, 0, false),
        ),
        ("before=422 POST */assets*", (Err(Conflict), false, 0, true)),
        ("before=403 POST */assets*", (Err(Denied), false, 0, true)),
        (
            "rate-limited=403,retry=120 POST */assets*",
            (Err(minutes(2)), false, 0, true),
        ),
        // Publications.
        (
            "drop-before PATCH /releases/*",
            (Err(Ambiguous), false, 1, false),
        ),
        (
            "drop-after PATCH /releases/*",
            (Err(Ambiguous), true, 1, false),
        ),
        (
            "before=500 PATCH /releases/*",
            (Err(Ambiguous), false, 1, false),
        ),
        (
            "after=502 PATCH /releases/*",
            (Err(Ambiguous), true, 1, false),
        ),
        (
            "late=9 PATCH /releases/*",
            (Err(Ambiguous), false, 1, false),
        ),
        (
            "truncated=20 PATCH /releases/*",
            (Err(Ambiguous), true, 1, false),
        ),
        (
            "before=422 PATCH /releases/*",
            (Err(Conflict), false, 1, false),
        ),
        (
            "rate-limited=429,retry=120 PATCH /releases/*",
            (Err(minutes(2)), false, 1, false),
        ),
        // Reads are repeated.
        ("before=502 GET /releases/*", (Ok(()), true, 1, false)),
    ];
    for (fault, reported) in table {
        assert_eq!(promoted(fault), reported, "{fault}");
    }
}
