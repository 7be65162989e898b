use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::{MergeMethod, PullNumber, RepositoryId};
use serde_json::{Value, json};

use crate::support::Rehearsal;

fn opened(rehearsal: &Rehearsal) -> PullNumber {
    rehearsal
        .forge
        .open_pull("developer", "bump", "Version 2")
        .unwrap()
}

#[test]
fn a_pull_request_follows_its_branch() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    let path = format!("/pulls/{number}");
    let pull = rehearsal.get("anonymous", &path).json();
    assert_eq!(pull["head"]["sha"], rehearsal.bump.as_str());
    assert_eq!(pull["base"]["sha"], rehearsal.main.as_str());
    assert_eq!(pull["head"]["label"], "octo:bump");
    assert_eq!(
        (&pull["mergeable"], &pull["mergeable_state"]),
        (&json!(true), &json!("clean"))
    );
    assert_eq!(
        (&pull["commits"], &pull["changed_files"]),
        (&json!(1), &json!(1))
    );
    let test_merge = rehearsal.git(&["rev-parse", &format!("refs/pull/{number}/merge^2")]);
    assert_eq!(test_merge.trim(), rehearsal.bump.as_str());

    let newer = rehearsal.push("bump", &[("src/a.txt", "two\n")]);
    let pull = rehearsal.get("anonymous", &path).json();
    assert_eq!(pull["head"]["sha"], newer.as_str());
    let head = rehearsal.git(&["rev-parse", &format!("refs/pull/{number}/head")]);
    assert_eq!(head.trim(), newer.as_str());
    let files = rehearsal.get("anonymous", &format!("{path}/files")).json();
    let names: Vec<&str> = files
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["filename"].as_str())
        .collect();
    assert_eq!(names, ["VERSION", "src/a.txt"]);
}

#[test]
fn a_conflict_shows_and_forbids_the_merge() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    rehearsal.push("main", &[("VERSION", "3\n")]);
    let pull = rehearsal
        .get("maintainer", &format!("/pulls/{number}"))
        .json();
    assert_eq!(
        (&pull["mergeable"], &pull["mergeable_state"]),
        (&json!(false), &json!("dirty"))
    );
    assert_eq!(pull["merge_commit_sha"], Value::Null);
    let merge = rehearsal.api(
        "maintainer",
        "PUT",
        &format!("/pulls/{number}/merge"),
        json!({}),
    );
    assert_eq!(merge.status, 405);
}

#[test]
fn whether_it_merges_may_be_unknown_at_first() {
    let rehearsal = Rehearsal::start();
    rehearsal
        .forge
        .set(|settings| settings.mergeable_unknown_at_first = true);
    let path = format!("/pulls/{}", opened(&rehearsal));
    let asked: Vec<Value> = (0..3)
        .map(|_| rehearsal.get("anonymous", &path).json()["mergeable"].clone())
        .collect();
    assert_eq!(asked, [Value::Null, json!(true), json!(true)]);
}

#[test]
fn each_method_lands_the_same_files() {
    for (method, parents) in [
        (MergeMethod::Merge, 2),
        (MergeMethod::Squash, 1),
        (MergeMethod::Rebase, 1),
    ] {
        let rehearsal = Rehearsal::start();
        rehearsal.push("bump", &[("src/b.txt", "new\n")]);
        rehearsal.push("main", &[("src/a.txt", "moved on\n")]);
        let number = opened(&rehearsal);
        let body = json!({ "merge_method": method });
        let reply = rehearsal.api("maintainer", "PUT", &format!("/pulls/{number}/merge"), body);
        assert_eq!(reply.status, 200, "{method:?} {}", reply.text());
        let landed = reply.json()["sha"].as_str().unwrap().to_owned();
        assert_eq!(rehearsal.git(&["rev-parse", "main"]).trim(), landed);
        for (path, text) in [
            ("VERSION", "2"),
            ("src/a.txt", "moved on"),
            ("src/b.txt", "new"),
        ] {
            let shown = rehearsal.git(&["show", &format!("main:{path}")]);
            assert_eq!(shown.trim(), text, "{method:?} {path}");
        }
        let line = rehearsal.git(&["rev-list", "--parents", "-1", "main"]);
        assert_eq!(line.split_whitespace().count(), parents + 1, "{method:?}");
        let pull = rehearsal
            .get("anonymous", &format!("/pulls/{number}"))
            .json();
        assert_eq!(
            (&pull["state"], &pull["merged"]),
            (&json!("closed"), &json!(true))
        );
        assert_eq!(pull["merge_commit_sha"], landed);
        assert_eq!(pull["merged_by"]["login"], "maintainer");
        let of_commit = rehearsal
            .get("anonymous", &format!("/commits/{landed}/pulls"))
            .json();
        assert_eq!(of_commit[0]["number"], number.0, "{method:?}");
    }
}

#[test]
fn a_rebase_keeps_every_commit() {
    let rehearsal = Rehearsal::start();
    rehearsal.push("bump", &[("src/b.txt", "new\n")]);
    rehearsal.push("main", &[("src/a.txt", "moved on\n")]);
    let before: usize = rehearsal
        .git(&["rev-list", "--count", "main"])
        .trim()
        .parse()
        .unwrap();
    let number = opened(&rehearsal);
    rehearsal
        .forge
        .merge_pull("maintainer", number, MergeMethod::Rebase)
        .unwrap();
    let after: usize = rehearsal
        .git(&["rev-list", "--count", "main"])
        .trim()
        .parse()
        .unwrap();
    assert_eq!(after, before + 2);
    assert_eq!(
        rehearsal.git(&["log", "-1", "--format=%an", "main"]).trim(),
        "Dev"
    );
}

#[test]
fn required_checks_hold_a_merge_until_they_pass() {
    let rehearsal = Rehearsal::start();
    rehearsal
        .forge
        .set(|settings| settings.required_contexts.push("lockgate/tool".into()));
    let number = opened(&rehearsal);
    let path = format!("/pulls/{number}/merge");
    let merge = |label: &str| rehearsal.api(label, "PUT", &path, json!({})).status;
    let state = || {
        rehearsal
            .get("anonymous", &format!("/pulls/{number}"))
            .json()["mergeable_state"]
            .clone()
    };
    let set = |verdict: &str| {
        let body = json!({ "state": verdict, "context": "Lockgate/Tool" });
        let reply = rehearsal.api(
            "automation",
            "POST",
            &format!("/statuses/{}", rehearsal.bump),
            body,
        );
        assert_eq!(reply.status, 201);
    };
    assert_eq!((merge("maintainer"), state()), (405, json!("blocked")));
    set("failure");
    assert_eq!((merge("maintainer"), state()), (405, json!("blocked")));
    set("success");
    assert_eq!(state(), "clean");
    assert_eq!(merge("stranger"), 403);
    assert_eq!(merge("maintainer"), 200);
}

#[test]
fn a_merge_of_another_head_than_was_seen_is_refused() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    rehearsal.push("bump", &[("src/a.txt", "sneaked in\n")]);
    let body = json!({ "sha": rehearsal.bump.as_str() });
    let reply = rehearsal.api("maintainer", "PUT", &format!("/pulls/{number}/merge"), body);
    assert_eq!(reply.status, 409);
}

#[test]
fn a_fork_shows_as_another_repository() {
    let rehearsal = Rehearsal::start();
    let order = NewPull {
        title: "From afar".into(),
        body: None,
        author: "stranger".into(),
        base: String::new(),
        head: "patch-1".into(),
        head_repository: HeadRepository::Fork {
            id: RepositoryId(77),
            owner: "stranger".into(),
            name: "tools".into(),
        },
        fork_head: Some(rehearsal.bump.clone()),
        draft: false,
    };
    let number = rehearsal.forge.open_pull_with(order).unwrap();
    let path = format!("/pulls/{number}");
    let pull = rehearsal.get("anonymous", &path).json();
    assert_eq!(pull["head"]["label"], "stranger:patch-1");
    let repo = &pull["head"]["repo"];
    assert_eq!((&repo["id"], &repo["fork"]), (&json!(77), &json!(true)));
    assert_eq!(repo["full_name"], "stranger/tools");
    assert_ne!(pull["base"]["repo"]["id"], repo["id"]);
    assert_eq!(
        rehearsal
            .get("anonymous", &format!("/commits/{}/pulls", rehearsal.bump))
            .json(),
        json!([])
    );

    let newer = rehearsal.push("bump", &[("src/a.txt", "two\n")]);
    assert_eq!(
        rehearsal.get("anonymous", &path).json()["head"]["sha"],
        rehearsal.bump.as_str()
    );
    rehearsal.forge.push_fork(number, &newer).unwrap();
    assert_eq!(
        rehearsal.get("anonymous", &path).json()["head"]["sha"],
        newer.as_str()
    );
    rehearsal
        .forge
        .with(|state, _, now| {
            state.edit_pull(now, number, |it| {
                it.head_repository = HeadRepository::Deleted
            })
        })
        .unwrap();
    assert_eq!(
        rehearsal.get("anonymous", &path).json()["head"]["repo"],
        Value::Null
    );
}

#[test]
fn lists_are_filtered_by_state_head_and_base() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    for (query, found) in [
        ("", 1),
        ("?state=open&head=octo:bump&base=main", 1),
        ("?head=octo:other", 0),
        ("?base=other", 0),
        ("?state=closed", 0),
    ] {
        let pulls = rehearsal.get("anonymous", &format!("/pulls{query}")).json();
        assert_eq!(pulls.as_array().unwrap().len(), found, "{query}");
    }
    rehearsal.forge.close_pull(number).unwrap();
    for (query, found) in [("", 0), ("?state=closed", 1), ("?state=all", 1)] {
        let pulls = rehearsal.get("anonymous", &format!("/pulls{query}")).json();
        assert_eq!(pulls.as_array().unwrap().len(), found, "{query}");
    }
}

#[test]
fn a_merge_queue_checks_its_own_commit() {
    let rehearsal = Rehearsal::start();
    rehearsal
        .forge
        .set(|settings| settings.required_contexts.push("lockgate/tool".into()));
    let number = opened(&rehearsal);
    let group = rehearsal.forge.enqueue(number).unwrap();
    assert!(rehearsal.forge.land_queued(number).is_err());
    let body = json!({ "state": "success", "context": "lockgate/tool" });
    assert_eq!(
        rehearsal
            .api("automation", "POST", &format!("/statuses/{group}"), body)
            .status,
        201
    );
    assert_eq!(rehearsal.forge.land_queued(number).unwrap(), group);
    assert_eq!(rehearsal.git(&["rev-parse", "main"]).trim(), group.as_str());
}

#[test]
fn what_is_pushed_takes_a_pull_request_out_of_the_merge_queue() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    rehearsal.forge.enqueue(number).unwrap();
    rehearsal.push("bump", &[("tool/main.c", "int main() {}\n")]);
    assert!(rehearsal.forge.land_queued(number).is_err());
    rehearsal.forge.enqueue(number).unwrap();
    rehearsal.push("main", &[("README.md", "words\n")]);
    assert!(rehearsal.forge.land_queued(number).is_err());
    let group = rehearsal.forge.enqueue(number).unwrap();
    assert_eq!(rehearsal.forge.land_queued(number).unwrap(), group);
}

#[test]
fn a_pushed_head_counts_as_merged() {
    let rehearsal = Rehearsal::start();
    let number = opened(&rehearsal);
    rehearsal.branch("main", "bump");
    let pull = rehearsal
        .get("anonymous", &format!("/pulls/{number}"))
        .json();
    assert_eq!(
        (&pull["merged"], &pull["state"]),
        (&json!(true), &json!("closed"))
    );
}
