//! The results service: a job's upload becomes an artifact of its run in the REST API.

use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{RunId, START, Side};
use serde_json::{Value, json};

use crate::support::{REPO, Rehearsal, Reply, send};

/// A job of a run in progress, and the server.
struct Job {
    rehearsal: Rehearsal,
    run: RunId,
    token: String,
}

impl Job {
    fn start() -> Self {
        let rehearsal = Rehearsal::start();
        let run = run(&rehearsal);
        let token = rehearsal.forge.runtime_token(run).unwrap();
        Self {
            rehearsal,
            run,
            token,
        }
    }

    fn call_as(&self, token: &str, method: &str, mut body: Value) -> Reply {
        let (run, job) = backend_ids(&self.token);
        body["workflow_run_backend_id"] = run.into();
        body["workflow_job_run_backend_id"] = job.into();
        let target = format!("/twirp/github.actions.results.api.v1.ArtifactService/{method}");
        let headers = [("authorization", &*format!("Bearer {token}"))];
        let body = body.to_string();
        send(
            self.rehearsal.forge.addr(),
            "POST",
            &target,
            &headers,
            body.as_bytes(),
        )
        .unwrap()
    }

    fn call(&self, method: &str, body: Value) -> Reply {
        self.call_as(&self.token, method, body)
    }

    /// Reserves a name; returns the address to write to.
    fn create(&self, name: &str) -> String {
        let reply = self.call("CreateArtifact", json!({ "name": name, "version": 4 }));
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json()["ok"], true);
        reply.json()["signed_upload_url"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn put(&self, address: &str, query: &str, bytes: &[u8]) -> Reply {
        let start = address.find("/_storage").unwrap();
        let target = format!("{}{query}", &address[start..]);
        let headers = [("x-ms-blob-type", "BlockBlob")];
        send(self.rehearsal.forge.addr(), "PUT", &target, &headers, bytes).unwrap()
    }

    /// Uploads in two blocks, sent in the wrong order.
    fn upload(&self, name: &str, first: &[u8], second: &[u8]) -> Reply {
        let address = self.create(name);
        let block =
            |id: &str, bytes| self.put(&address, &format!("&comp=block&blockid={id}"), bytes);
        assert_eq!(block("Yg%3D%3D", second).status, 201);
        assert_eq!(block("YQ%3D%3D", first).status, 201);
        let list = "<BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>";
        let reply = self.put(&address, "&comp=blocklist", list.as_bytes());
        assert_eq!(reply.status, 201, "{reply:?}");
        let size = (first.len() + second.len()).to_string();
        self.call("FinalizeArtifact", json!({ "name": name, "size": size }))
    }

    fn artifacts(&self) -> Value {
        let path = format!("/actions/runs/{}/artifacts", self.run);
        self.rehearsal.get("automation", &path).json()["artifacts"].clone()
    }
}

fn run(rehearsal: &Rehearsal) -> RunId {
    let workflow = rehearsal
        .forge
        .register_workflow("Build", ".github/workflows/build.yml");
    let order = NewRun {
        workflow,
        event: "pull_request".into(),
        head_sha: rehearsal.bump.clone(),
        head_branch: Some("bump".into()),
        actor: "developer".into(),
        pull: None,
    };
    rehearsal.forge.start_run(order).unwrap()
}

/// Returns the ids of run and job in the token, read as clients read it.
fn backend_ids(token: &str) -> (String, String) {
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&unbase64url(payload)).unwrap();
    let mut parts = claims["scp"].as_str().unwrap().split(':').skip(1);
    let mut next = || parts.next().unwrap().to_owned();
    (next(), next())
}

fn unbase64url(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = String::new();
    for letter in text.chars() {
        bits.push_str(&format!("{:06b}", alphabet.find(letter).unwrap()));
    }
    let whole = bits.as_bytes().chunks_exact(8);
    whole
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

#[test]
fn what_a_job_uploads_in_blocks_is_an_artifact_of_its_run() {
    let job = Job::start();
    let reply = job.upload("tool", b"first ", b"second");
    assert_eq!(reply.status, 200, "{reply:?}");
    let shown = job.artifacts();
    assert_eq!(
        shown[0]["id"].to_string(),
        reply.json()["artifact_id"].as_str().unwrap()
    );
    assert_eq!(shown[0]["name"], "tool");
    assert_eq!(shown[0]["size_in_bytes"], 12);
    assert_eq!(shown[0]["workflow_run"]["id"], job.run.0);
    let path = format!("{REPO}/actions/artifacts/{}/zip", shown[0]["id"]);
    let redirect = job
        .rehearsal
        .ask("automation", "GET", &path, &[], b"")
        .unwrap();
    let location = redirect.header("location").unwrap();
    assert_eq!(job.rehearsal.follow(location, &[]).text(), "first second");
}

#[test]
fn an_upload_in_one_piece_is_one_too_and_blocks_that_no_list_names_are_not() {
    let job = Job::start();
    let address = job.create("whole");
    assert_eq!(
        job.put(&address, "&comp=block&blockid=YQ", b"lost").status,
        201
    );
    assert_eq!(job.put(&address, "", b"all of it").status, 201);
    let order = json!({ "name": "whole", "size": "9" });
    assert_eq!(job.call("FinalizeArtifact", order).status, 200);
    assert_eq!(job.artifacts()[0]["size_in_bytes"], 9);
}

#[test]
fn nothing_is_shown_before_it_is_finalized() {
    let job = Job::start();
    let address = job.create("tool");
    assert_eq!(job.put(&address, "", b"bytes").status, 201);
    assert_eq!(job.artifacts(), json!([]));
}

#[test]
fn a_name_is_taken_once_in_a_run_and_free_in_another() {
    let job = Job::start();
    let again = || job.call("CreateArtifact", json!({ "name": "tool", "version": 4 }));
    job.create("tool");
    assert_eq!(again().status, 409, "while it is uploaded");
    job.create("other");
    assert_eq!(job.upload("done", b"a", b"b").status, 200);
    let reply = job.call("CreateArtifact", json!({ "name": "done", "version": 4 }));
    assert_eq!(reply.status, 409);
    assert_eq!(reply.json()["code"], "already_exists");
    let run = run(&job.rehearsal);
    let token = job.rehearsal.forge.runtime_token(run).unwrap();
    let other = Job { run, token, ..job };
    other.create("done");
}

#[test]
fn a_deleted_artifact_frees_its_name() {
    let job = Job::start();
    let first = job.upload("tool", b"a", b"b").json();
    let reply = job.call("DeleteArtifact", json!({ "name": "tool" }));
    assert_eq!(reply.json()["artifact_id"], first["artifact_id"]);
    assert_eq!(
        job.call("DeleteArtifact", json!({ "name": "tool" })).status,
        404
    );
    assert_eq!(job.upload("tool", b"c", b"d").status, 200);
}

#[test]
fn artifacts_are_listed_and_downloaded_by_the_job_too() {
    let job = Job::start();
    job.upload("one", b"a", b"b");
    let id = job.upload("two", b"c", b"d").json()["artifact_id"].clone();
    let names = |filter: Value| -> Vec<String> {
        let reply = job.call("ListArtifacts", filter).json();
        let all = reply["artifacts"].as_array().unwrap().iter();
        all.map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(json!({})), ["two", "one"]);
    assert_eq!(names(json!({ "name_filter": "one" })), ["one"]);
    assert_eq!(names(json!({ "id_filter": id })), ["two"]);
    let reply = job
        .call("GetSignedArtifactURL", json!({ "name": "two" }))
        .json();
    let bytes = job
        .rehearsal
        .follow(reply["signed_url"].as_str().unwrap(), &[]);
    assert_eq!(bytes.text(), "cd");
}

#[test]
fn an_artifact_is_kept_as_long_as_asked_and_ninety_days_at_most() {
    let job = Job::start();
    let day = |number: u32| format!("2026-01-{number:02}T00:00:00.500Z");
    for (name, expires_at, shown) in [
        ("short", day(8), "2026-01-08T00:00:00Z"),
        (
            "long",
            "2099-01-01T00:00:00Z".to_owned(),
            "2026-04-01T00:00:00Z",
        ),
    ] {
        let order = json!({ "name": name, "version": 4, "expires_at": expires_at });
        let reply = job.call("CreateArtifact", order).json();
        let address = reply["signed_upload_url"].as_str().unwrap();
        assert_eq!(job.put(address, "", b"x").status, 201);
        job.call("FinalizeArtifact", json!({ "name": name, "size": "1" }));
        assert_eq!(job.artifacts()[0]["expires_at"], shown, "{name}");
    }
    let past = json!({ "name": "past", "version": 4, "expires_at": day(1) });
    assert_eq!(job.call("CreateArtifact", past).status, 400);
}

#[test]
fn bytes_that_are_not_what_the_client_says_make_no_artifact() {
    let job = Job::start();
    let address = job.create("tool");
    let finalize = |size: &str, hash: Value| {
        let order = json!({ "name": "tool", "size": size, "hash": hash });
        job.call("FinalizeArtifact", order).status
    };
    assert_eq!(finalize("0", Value::Null), 400, "nothing was uploaded");
    assert_eq!(job.put(&address, "", b"bytes").status, 201);
    assert_eq!(finalize("4", Value::Null), 400);
    let other = format!("sha256:{}", "0".repeat(64));
    assert_eq!(finalize("5", other.into()), 400);
    assert_eq!(job.artifacts(), json!([]));
    let digest = "sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";
    assert_eq!(finalize("5", digest.into()), 200);
    assert_eq!(
        finalize("5", digest.into()),
        404,
        "it is no upload any more"
    );
    assert_eq!(job.artifacts()[0]["digest"], digest);
    assert_eq!(job.put(&address, "", b"late").status, 404);
}

#[test]
fn a_list_that_names_an_unknown_block_is_refused() {
    let job = Job::start();
    let address = job.create("tool");
    let put = |list: &str| job.put(&address, "&comp=blocklist", list.as_bytes());
    let unknown = put("<BlockList><Latest>YQ==</Latest></BlockList>");
    assert_eq!(unknown.status, 400);
    assert!(unknown.text().contains("InvalidBlockList"));
    assert_eq!(put("no list").status, 400);
    assert_eq!(job.put(&address, "&comp=page", b"x").status, 400);
    assert_eq!(job.put(&address, "&comp=block", b"x").status, 400);
}

#[test]
fn an_address_is_for_one_upload_and_one_hour() {
    let job = Job::start();
    let address = job.create("tool");
    let other = address.replace("/uploads/1?", "/uploads/2?");
    assert_ne!(address, other);
    assert_eq!(job.put(&other, "", b"x").status, 403);
    let later = address.replace("se=", "se=9");
    assert_eq!(job.put(&later, "", b"x").status, 403);
    job.rehearsal.forge.set_now(START + 3600);
    assert_eq!(job.put(&address, "", b"x").status, 201);
    job.rehearsal.forge.advance(1);
    assert_eq!(job.put(&address, "", b"x").status, 403);
}

#[test]
fn a_token_is_for_one_attempt_of_one_run_and_ends_with_it() {
    let job = Job::start();
    let forge = &job.rehearsal.forge;
    let list = |token: &str| job.call_as(token, "ListArtifacts", json!({})).status;
    assert_eq!(list(&job.token), 200);
    assert_eq!(list("automation-token"), 401);
    let elsewhere = forge.runtime_token(run(&job.rehearsal)).unwrap();
    assert_eq!(
        list(&elsewhere),
        403,
        "the ids are this run's, the token is another's"
    );
    forge
        .set_run(job.run, "completed", Some("success"))
        .unwrap();
    assert_eq!(list(&job.token), 401);
    forge.rerun(job.run, "developer").unwrap();
    assert_eq!(list(&job.token), 401);
    assert_ne!(forge.runtime_token(job.run).unwrap(), job.token);
}

#[test]
fn what_is_no_call_is_refused_in_twirp_s_words() {
    let job = Job::start();
    for (method, order, status, code) in [
        ("Migrate", json!({}), 404, "bad_route"),
        (
            "CreateArtifact",
            json!({ "name": "a", "version": 3 }),
            400,
            "invalid_argument",
        ),
        (
            "CreateArtifact",
            json!({ "name": "a/b", "version": 4 }),
            400,
            "invalid_argument",
        ),
        (
            "CreateArtifact",
            json!({ "name": 5, "version": 4 }),
            400,
            "malformed",
        ),
        (
            "FinalizeArtifact",
            json!({ "name": "a", "size": "x" }),
            400,
            "malformed",
        ),
        (
            "FinalizeArtifact",
            json!({ "name": "a", "size": "1" }),
            404,
            "not_found",
        ),
        (
            "GetSignedArtifactURL",
            json!({ "name": "a" }),
            404,
            "not_found",
        ),
    ] {
        let reply = job.call(method, order);
        assert_eq!(reply.status, status, "{method}: {reply:?}");
        assert_eq!(reply.json()["code"], code, "{method}");
    }
}

#[test]
fn faults_strike_here_too_and_the_journal_tells() {
    let job = Job::start();
    let fault = "after=503 POST /twirp/*".parse().unwrap();
    job.rehearsal.forge.arm(fault);
    let reply = job.call("CreateArtifact", json!({ "name": "tool", "version": 4 }));
    assert_eq!(reply.status, 503);
    let again = job.call("CreateArtifact", json!({ "name": "tool", "version": 4 }));
    assert_eq!(again.status, 409, "the lost answer has had its effect");
    let journal = job.rehearsal.forge.journal();
    assert!(journal.iter().all(|entry| entry.side == Side::Results));
    assert!(journal[0].fault.is_some());
    assert!(!format!("{journal:?}").contains(&job.token));
}
