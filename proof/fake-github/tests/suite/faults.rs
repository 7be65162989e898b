use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use lockgate_forge_embedded::faults::Moment;
use serde_json::json;

use crate::support::Rehearsal;

fn struck(line: &str) -> Rehearsal {
    let rehearsal = Rehearsal::start();
    rehearsal.forge.arm(line.parse().unwrap());
    rehearsal
}

fn post_draft(rehearsal: &Rehearsal) -> std::io::Result<crate::support::Reply> {
    let body = json!({ "tag_name": "v1", "draft": true }).to_string();
    let path = format!("{}/releases", crate::support::REPO);
    rehearsal.ask("automation", "POST", &path, &[], body.as_bytes())
}

fn drafts(rehearsal: &Rehearsal) -> usize {
    rehearsal.forge.look(|state| {
        let actor = state.holder("automation-token").unwrap();
        state.releases(&actor).len()
    })
}

#[test]
fn each_fault_answers_and_acts_as_it_says() {
    for (line, status, effects) in [
        ("before=500 POST /releases", Some(500), 0),
        ("after=502 POST /releases", Some(502), 1),
        ("drop-before POST /releases", None, 0),
        ("drop-after POST /releases", None, 1),
        ("kill-before POST /releases", None, 0),
        ("kill-after POST /releases", None, 1),
        ("stall-before=1 POST /releases", None, 0),
        ("stall-after=1 POST /releases", None, 1),
        ("late=100 POST /releases", Some(504), 0),
        ("late=0 POST /releases", Some(504), 1),
        ("rate-limited=429,retry=7 POST /releases", Some(429), 0),
        ("before=500 POST /releases actor=developer", Some(201), 1),
        ("before=500 POST /releases nth=2", Some(201), 1),
    ] {
        let rehearsal = struck(line);
        let reply = post_draft(&rehearsal);
        assert_eq!(reply.ok().map(|reply| reply.status), status, "{line}");
        assert_eq!(drafts(&rehearsal), effects, "{line}");
        let journal = rehearsal.forge.journal();
        assert_eq!(journal.len(), 1, "{line}");
        assert_eq!(journal[0].status, status, "{line}");
    }
}

#[test]
fn a_late_effect_lands_after_other_calls() {
    let rehearsal = struck("late=2 POST /releases");
    assert_eq!(post_draft(&rehearsal).unwrap().status, 504);
    for expected in [0, 1] {
        assert_eq!(drafts(&rehearsal), 0);
        let listed = rehearsal.get("automation", "/releases").json();
        assert_eq!(listed, json!([]), "{expected}");
    }
    assert_eq!(drafts(&rehearsal), 1);
    assert_eq!(rehearsal.forge.late_effects(), 0);
}

#[test]
fn a_late_upload_lands_too() {
    let rehearsal = struck("late=1 POST */assets*");
    let id = rehearsal.draft("v1");
    assert_eq!(rehearsal.upload(id, "tool", b"bytes").unwrap().status, 504);
    let path = format!("/releases/{id}/assets");
    assert_eq!(rehearsal.get("automation", &path).json(), json!([]));
    assert_eq!(rehearsal.get("automation", &path).json()[0]["size"], 5);
}

#[test]
fn the_hook_is_called_where_the_client_is_to_die() {
    let rehearsal = struck("kill-after POST /releases");
    let points = Arc::new(Mutex::new(Vec::new()));
    let (seen, handle) = (Arc::clone(&points), rehearsal.forge.handle());
    rehearsal.forge.on_kill(move |point| {
        let effects = handle.journal().len(); // the hook may use the server
        seen.lock().unwrap().push((point.clone(), effects));
    });
    assert!(post_draft(&rehearsal).is_err());
    let points = points.lock().unwrap();
    let [(point, 1)] = points.as_slice() else {
        panic!("{points:?}");
    };
    assert_eq!((point.request, point.moment), (1, Moment::After));
    assert_eq!(point.path, "/repos/octo/tools/releases");
}

#[test]
fn uploads_can_be_killed_lost_or_kept_without_digest() {
    for (line, status, state, digest) in [
        ("starter POST */assets*", Some(502), "starter", false),
        ("kill-midway=3 POST */assets*", None, "starter", false),
        ("null-digest POST */assets*", Some(201), "uploaded", false),
        ("drop-after POST */assets*", None, "uploaded", true),
    ] {
        let rehearsal = struck(line);
        let id = rehearsal.draft("v1");
        let reply = rehearsal.upload(id, "tool", b"bytes");
        assert_eq!(reply.ok().map(|reply| reply.status), status, "{line}");
        let assets = rehearsal
            .get("automation", &format!("/releases/{id}/assets"))
            .json();
        assert_eq!(assets[0]["state"], state, "{line}");
        assert_eq!(!assets[0]["digest"].is_null(), digest, "{line}");
    }
}

#[test]
fn an_upload_can_be_changed_on_its_way_in() {
    let rehearsal = struck("tamper POST */assets*");
    let id = rehearsal.draft("v1");
    let tampered = rehearsal.upload(id, "tool", b"bytes").unwrap().json();
    let honest = rehearsal.upload(id, "other", b"bytes").unwrap().json();
    assert_eq!(tampered["size"], honest["size"]);
    assert_ne!(tampered["digest"], honest["digest"]);
}

#[test]
fn bytes_can_be_changed_or_cut_on_their_way_out() {
    for pattern in ["GET /octo/tools/releases/download/*", "GET /_storage/*"] {
        for kind in ["tamper", "truncated=4"] {
            let rehearsal = struck(&format!("{kind} {pattern}"));
            let id = rehearsal.draft("v1");
            rehearsal.upload(id, "tool", b"0123456789").unwrap();
            rehearsal.publish(id);
            let address = format!(
                "{}/octo/tools/releases/download/v1/tool",
                rehearsal.forge.base_url()
            );
            let bytes = || {
                let found = rehearsal.follow(&address, &[]);
                rehearsal.follow(found.header("location").unwrap(), &[])
            };
            let reply = bytes();
            let expected: (&[u8], bool) = match kind {
                "tamper" => (b"0123446789", true),
                _ => (b"0123", false),
            };
            assert_eq!(
                (&reply.body[..], reply.complete()),
                expected,
                "{kind} {pattern}"
            );
            assert_eq!(bytes().text(), "0123456789", "{kind} {pattern}");
        }
    }
}

#[test]
fn an_answer_can_be_cut() {
    let rehearsal = struck("truncated=10 GET /releases");
    let reply = rehearsal.get("automation", "/releases");
    assert_eq!((reply.status, reply.complete()), (200, true)); // `[]` is shorter
    rehearsal.draft("v1");
    rehearsal
        .forge
        .arm("truncated=10 GET /releases".parse().unwrap());
    let reply = rehearsal.get("automation", "/releases");
    assert_eq!(
        (reply.status, reply.body.len(), reply.complete()),
        (200, 10, false)
    );
}

#[test]
fn a_limit_says_how_long_to_wait() {
    let rehearsal = struck("rate-limited=403,retry=60,reset=120 GET /releases");
    let reply = rehearsal.get("automation", "/releases");
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (403, Some("60"))
    );
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
    let reset = (rehearsal.forge.now() + 120).to_string();
    assert_eq!(reply.header("x-ratelimit-reset"), Some(reset.as_str()));
    assert!(
        reply.json()["message"]
            .as_str()
            .unwrap()
            .contains("secondary rate limit")
    );
    assert_eq!(rehearsal.get("automation", "/releases").status, 200);
}

#[test]
fn a_client_that_is_stalled_can_leave() {
    let rehearsal = struck("stall-after POST /releases");
    let body = json!({ "tag_name": "v1", "draft": true }).to_string();
    let mut stream = TcpStream::connect(rehearsal.forge.addr()).unwrap();
    let request = format!(
        "POST /api/v3/repos/octo/tools/releases HTTP/1.1\r\nhost: x\r\n\
         authorization: token automation-token\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    while drafts(&rehearsal) == 0 {
        std::thread::yield_now();
    }
    assert_eq!(rehearsal.forge.journal()[0].status, None);
    drop(stream);
    assert_eq!(rehearsal.get("automation", "/releases").status, 200);
    assert_eq!(rehearsal.forge.journal()[0].status, None);
}

#[test]
fn faults_that_have_struck_are_not_pending() {
    let rehearsal = struck("before=500 GET /releases");
    rehearsal
        .forge
        .arm("before=500 GET /pulls".parse().unwrap());
    rehearsal.get("automation", "/releases");
    let pending: Vec<String> = rehearsal
        .forge
        .pending_faults()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(pending, ["before=500 GET /pulls"]);
    let line = rehearsal.forge.journal()[0].to_string();
    assert_eq!(
        line,
        "automation GET /repos/octo/tools/releases -> 500 [before=500]"
    );
}
