use lockgate_forge_embedded::{Config, GitRepository, Server};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Rehearsal, send};

#[test]
fn a_forge_starts_again_where_it_stopped() {
    let place = TempDir::new().unwrap();
    let folder = place.path().join("forge");
    let rehearsal = Rehearsal::start_with(|config| config.folder = Some(folder.clone()));
    let draft = rehearsal.draft("v1");
    rehearsal.upload(draft, "tool", b"bytes").unwrap();
    let number = rehearsal
        .forge
        .open_pull("developer", "bump", "Version 2")
        .unwrap();
    let path = format!("/issues/{number}/comments");
    assert_eq!(
        rehearsal
            .api("automation", "POST", &path, json!({ "body": "Built." }))
            .status,
        201
    );
    assert_eq!(rehearsal.publish(draft).status, 200);
    assert_eq!(rehearsal.forge.unsaved(), None);
    let before = rehearsal.forge.look(Clone::clone);
    let Rehearsal {
        forge,
        folder: repository,
        ..
    } = rehearsal;
    forge.shutdown();

    let git = GitRepository::open(repository.path().join("tools.git")).unwrap();
    let mut config = Config::new("octo", "tools");
    config.folder = Some(folder);
    let again = Server::start(config, git).unwrap();
    assert!(again.look(|state| *state == before));
    let found = send(
        again.addr(),
        "GET",
        "/octo/tools/releases/download/v1/tool",
        &[],
        b"",
    )
    .unwrap();
    let location = found.header("location").unwrap().to_owned();
    let path = location.strip_prefix(&again.base_url()).unwrap();
    assert_eq!(
        send(again.addr(), "GET", path, &[], b"").unwrap().text(),
        "bytes"
    );
}

#[test]
fn a_file_that_is_no_state_is_refused() {
    let folder = TempDir::new().unwrap();
    let bare = folder.path().join("tools.git");
    for (text, complaint) in [
        ("{}", "is not the state of a forge"),
        ("", "is not the state"),
    ] {
        std::fs::write(folder.path().join("state.json"), text).unwrap();
        let git = GitRepository::create(&bare, "main").unwrap();
        let mut config = Config::new("octo", "tools");
        config.folder = Some(folder.path().to_owned());
        let refused = Server::start(config, git).unwrap_err().to_string();
        assert!(refused.contains(complaint), "{refused}");
    }
}
