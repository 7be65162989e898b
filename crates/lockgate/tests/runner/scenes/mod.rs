//! Scenarios of a repository's life. They compare the resulting state on the fake GitHub, not the runner's output.

mod build;
mod promote;
mod rights;
mod together;

use lockgate_forge_embedded::PullNumber;
use serde_json::json;

use crate::fixture::Fixture;
use crate::github::Ran;
use crate::see::{ended, the};

/// The gate's status for a bump whose candidate waits.
const WAITS: &str = "pending: version 2 is built and waits for a maintainer to promote it";
/// The gate's status for a bump whose release is published.
const PUBLISHED: &str = "success: version 2 is published and verified";
/// The files of a complete release.
const FILES: [&str; 4] = [
    "SHA256SUMS",
    "hello-amd64-v2",
    "hello-arm64-v2",
    "lockgate-receipt.json",
];

impl Fixture {
    /// Opens and builds a pull request from a branch with this name that raises the version to 2.
    fn bump(&self, branch: &str) -> (PullNumber, Vec<Ran>) {
        self.branch(branch, &[("hello/VERSION", "2\n")]);
        let pull = self.open(branch);
        let ran = self.pull_event(pull, "opened");
        assert_eq!(self.gate(pull), WAITS, "{ran:#?}");
        (pull, ran)
    }

    /// Starts the promotion by hand, on `main`, for a pull request.
    fn promote(&self, actor: &str, pull: PullNumber) -> Ran {
        let inputs = json!({ "pr": pull.to_string() });
        self.promote_with(actor, inputs)
    }

    fn promote_with(&self, actor: &str, inputs: serde_json::Value) -> Ran {
        let file = ".github/workflows/promote-hello.yml";
        let mut ran = self.dispatch(file, "main", actor, inputs);
        // Its end, whatever the result, starts the gate.
        assert_eq!(ran.len(), 2, "{ran:#?}");
        ended(the(&ran, "gate-hello.yml", "workflow_run"), "success");
        ran.remove(0)
    }

    /// Publishes a candidate as the maintainer.
    fn publish(&self, pull: PullNumber) {
        let ran = self.promote("maintainer", pull);
        ended(&ran, "success");
        assert_eq!(self.release("hello-v2"), FILES);
    }
}

/// Returns the run of the build workflow.
fn build(all: &[Ran]) -> &Ran {
    the(all, "build-hello.yml", "pull_request")
}
