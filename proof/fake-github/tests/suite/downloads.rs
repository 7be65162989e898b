use lockgate_forge_embedded::Side;
use serde_json::json;

use crate::support::{REPO, Rehearsal, Reply, send};

fn published(rehearsal: &Rehearsal) -> String {
    let id = rehearsal.draft("tool-v2");
    assert_eq!(
        rehearsal.upload(id, "tool", b"0123456789").unwrap().status,
        201
    );
    assert_eq!(rehearsal.publish(id).status, 200);
    format!(
        "{}/octo/tools/releases/download/tool-v2/tool",
        rehearsal.forge.base_url()
    )
}

fn bytes(rehearsal: &Rehearsal, address: &str, headers: &[(&str, &str)]) -> Reply {
    let found = rehearsal.follow(address, &[]);
    assert_eq!(found.status, 302);
    rehearsal.follow(found.header("location").unwrap(), headers)
}

#[test]
fn nobody_downloads_from_a_draft_by_its_address() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    let asset = rehearsal.upload(id, "tool", b"0123456789").unwrap().json();
    let made_up = asset["browser_download_url"].as_str().unwrap().to_owned();
    let plain = format!(
        "{}/octo/tools/releases/download/tool-v2/tool",
        rehearsal.forge.base_url()
    );
    for address in [&made_up, &plain] {
        assert_eq!(rehearsal.follow(address, &[]).status, 404, "{address}");
    }
    rehearsal.publish(id);
    assert_eq!(rehearsal.follow(&plain, &[]).status, 302);
}

#[test]
fn a_download_can_be_taken_up_where_it_broke_off() {
    let rehearsal = Rehearsal::start();
    let address = published(&rehearsal);
    let whole = bytes(&rehearsal, &address, &[]);
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap();
    for (headers, status, body, range) in [
        (
            vec![("range", "bytes=4-")],
            206,
            "456789",
            Some("bytes 4-9/10"),
        ),
        (
            vec![("range", "bytes=2-3")],
            206,
            "23",
            Some("bytes 2-3/10"),
        ),
        (vec![("range", "bytes=-2")], 206, "89", Some("bytes 8-9/10")),
        (
            vec![("range", "bytes=4-"), ("if-range", tag)],
            206,
            "456789",
            Some("bytes 4-9/10"),
        ),
        (
            vec![("range", "bytes=4-"), ("if-range", "\"other\"")],
            200,
            "0123456789",
            None,
        ),
    ] {
        let part = bytes(&rehearsal, &address, &headers);
        assert_eq!(
            (part.status, part.text().as_str()),
            (status, body),
            "{headers:?}"
        );
        assert_eq!(part.header("content-range"), range);
        assert!(part.complete());
    }
    let beyond = bytes(&rehearsal, &address, &[("range", "bytes=10-")]);
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, Some("bytes */10"))
    );
}

#[test]
fn an_asset_by_id_is_facts_or_a_redirect() {
    let rehearsal = Rehearsal::start();
    published(&rehearsal);
    let release = rehearsal.get("automation", "/releases/tags/tool-v2").json();
    let path = format!("{REPO}/releases/assets/{}", release["assets"][0]["id"]);
    let facts = rehearsal.ask("automation", "GET", &path, &[], b"").unwrap();
    assert_eq!(facts.json()["name"], "tool");
    let octets = [("accept", "application/octet-stream")];
    let found = rehearsal
        .ask("automation", "GET", &path, &octets, b"")
        .unwrap();
    assert_eq!(found.status, 302);
    let reply = rehearsal.follow(found.header("location").unwrap(), &[]);
    assert_eq!(reply.text(), "0123456789");
}

#[test]
fn a_storage_address_is_good_for_a_minute() {
    let rehearsal = Rehearsal::start();
    let address = published(&rehearsal);
    let found = rehearsal.follow(&address, &[]);
    let location = found.header("location").unwrap();
    rehearsal.forge.advance(60);
    assert_eq!(rehearsal.follow(location, &[]).status, 200);
    rehearsal.forge.advance(1);
    assert_eq!(rehearsal.follow(location, &[]).status, 403);
    assert_eq!(
        rehearsal
            .follow(&location.replace("/10?", "/11?"), &[])
            .status,
        403
    );
}

#[test]
fn the_journal_knows_who_took_a_token_to_storage() {
    let rehearsal = Rehearsal::start();
    let address = published(&rehearsal);
    bytes(&rehearsal, &address, &[]);
    bytes(&rehearsal, &address, &[("authorization", "Bearer secret")]);
    let journal = rehearsal.forge.journal();
    let on = |side| journal.iter().filter(move |entry| entry.side == side);
    let carried: Vec<bool> = on(Side::Storage).map(|entry| entry.authorized).collect();
    assert_eq!(carried, [false, true]);
    assert_eq!(on(Side::Web).count(), 2);
    assert_eq!(on(Side::Api).count(), 3);
    assert!(
        !format!("{journal:?}").contains("secret")
            && !format!("{journal:?}").contains("signature=")
    );
}

#[test]
fn storage_can_have_a_port_of_its_own() {
    let rehearsal = Rehearsal::start_with(|config| config.storage_port = true);
    let address = published(&rehearsal);
    let found = rehearsal.follow(&address, &[]);
    let location = found.header("location").unwrap();
    assert!(!location.starts_with(&rehearsal.forge.base_url()));
    assert_eq!(rehearsal.follow(location, &[]).text(), "0123456789");
}

#[test]
fn addresses_name_the_host_that_was_asked() {
    let rehearsal = Rehearsal::start();
    published(&rehearsal);
    // As sent to a proxy, and by a program with a hosts entry.
    let absolute = "http://api.github.localhost/repos/octo/tools/releases/latest";
    let host = [("host", "api.github.localhost")];
    for (target, headers) in [
        (absolute, &[][..]),
        ("/repos/octo/tools/releases/latest", &host[..]),
    ] {
        let reply = send(rehearsal.forge.addr(), "GET", target, headers, b"").unwrap();
        let release = reply.json();
        let of = |name: &str| release[name].as_str().unwrap().to_owned();
        assert!(of("url").starts_with("http://api.github.localhost/repos/octo/tools/releases/"));
        assert!(of("upload_url").starts_with("http://api.github.localhost/api/uploads/repos/"));
        assert!(of("html_url").starts_with("http://github.localhost/octo/tools/releases/tag/"));
    }
    let download = "http://github.localhost/octo/tools/releases/download/tool-v2/tool";
    let reply = send(rehearsal.forge.addr(), "GET", download, &[], b"").unwrap();
    assert_eq!(reply.status, 302);
}

#[test]
fn pages_are_plain_and_escaped() {
    let rehearsal = Rehearsal::start();
    published(&rehearsal);
    let number = rehearsal
        .forge
        .open_pull("developer", "bump", "<script>alert(1)</script>")
        .unwrap();
    let path = format!("/issues/{number}/comments");
    rehearsal.api(
        "developer",
        "POST",
        &path,
        json!({ "body": "<img onerror=x>" }),
    );
    let page = |path: &str| {
        let reply = rehearsal.follow(&format!("{}{path}", rehearsal.forge.base_url()), &[]);
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        (reply.status, reply.text())
    };
    let (status, text) = page(&format!("/octo/tools/pull/{number}"));
    assert_eq!(status, 200);
    assert!(
        text.contains("&lt;script&gt;") && text.contains("&lt;img") && !text.contains("<script")
    );
    let (status, text) = page("/octo/tools/releases/tag/tool-v2");
    assert!(status == 200 && text.contains("/releases/download/tool-v2/tool"));
    assert_eq!(page("/octo/tools").0, 200);
    assert_eq!(page("/octo/tools/releases/tag/none").0, 404);
    assert_eq!(page("/other/tools").0, 404);
}
