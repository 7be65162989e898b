use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::support::{Rehearsal, read};

#[test]
fn an_upload_becomes_an_asset_with_size_and_digest() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    let reply = rehearsal
        .upload(id, "tool-v2&label=The+tool", b"hello")
        .unwrap();
    assert_eq!(reply.status, 201);
    let asset = reply.json();
    assert_eq!(asset["name"], "tool-v2");
    assert_eq!(asset["label"], "The tool");
    assert_eq!(asset["state"], "uploaded");
    assert_eq!(asset["size"], 5);
    let digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(asset["digest"], digest);
    assert_eq!(asset["uploader"]["login"], "github-actions[bot]");
    assert_eq!(asset["uploader"]["type"], "Bot");
    let listed = rehearsal
        .get("automation", &format!("/releases/{id}/assets"))
        .json();
    assert_eq!(listed[0]["id"], asset["id"]);
    let release = rehearsal
        .get("automation", &format!("/releases/{id}"))
        .json();
    assert_eq!(release["assets"][0]["digest"], digest);
}

#[test]
fn a_name_is_rewritten_and_taken_once() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    let reply = rehearsal.upload(id, "my%20tool%7Ev2", b"x").unwrap();
    assert_eq!(reply.json()["name"], "my.tool.v2");
    let again = rehearsal.upload(id, "my.tool.v2", b"y").unwrap();
    assert_eq!(again.status, 422);
    assert_eq!(again.json()["errors"][0]["code"], "already_exists");
}

#[test]
fn a_body_that_breaks_off_leaves_a_starter_that_blocks_its_name() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    let mut stream = TcpStream::connect(rehearsal.forge.addr()).unwrap();
    let head = format!(
        "POST /api/uploads/repos/octo/tools/releases/{id}/assets?name=tool HTTP/1.1\r\nhost: x\r\n\
         authorization: Bearer automation-token\r\ncontent-length: 1000\r\n\r\nonly this"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let _ = read(&mut stream); // the connection has ended in any case
    let assets = rehearsal
        .get("automation", &format!("/releases/{id}/assets"))
        .json();
    assert_eq!(assets[0]["state"], "starter");
    assert_eq!(
        (&assets[0]["size"], &assets[0]["digest"]),
        (&json!(0), &Value::Null)
    );
    let again = rehearsal.upload(id, "tool", b"x").unwrap();
    assert_eq!(again.json()["errors"][0]["code"], "already_exists");
    let path = format!("/releases/assets/{}", assets[0]["id"]);
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", &path, Value::Null)
            .status,
        204
    );
    assert_eq!(rehearsal.upload(id, "tool", b"x").unwrap().status, 201);
}

#[test]
fn an_upload_without_length_or_name_or_release_is_refused() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    assert_eq!(rehearsal.upload(id, "tool", b"").unwrap().status, 400);
    assert_eq!(rehearsal.upload(id, "", b"x").unwrap().status, 422);
    assert_eq!(
        rehearsal.upload(id + 1000, "tool", b"x").unwrap().status,
        404
    );
    // The API's own host does not accept uploads.
    let path = format!("/releases/{id}/assets?name=tool");
    assert_eq!(
        rehearsal.api("automation", "POST", &path, json!({})).status,
        404
    );
}

#[test]
fn a_large_upload_comes_back_byte_for_byte() {
    let rehearsal = Rehearsal::start_with(|_| {});
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let id = rehearsal.draft("tool-v2");
    let asset = rehearsal.upload(id, "tool", &bytes).unwrap().json();
    assert_eq!(rehearsal.publish(id).status, 200);
    let address = asset["browser_download_url"].as_str().unwrap();
    assert!(address.contains("untagged-"));
    let address = format!(
        "{}/octo/tools/releases/download/tool-v2/tool",
        rehearsal.forge.base_url()
    );
    let found = rehearsal.follow(&address, &[]);
    let bytes_back = rehearsal.follow(found.header("location").unwrap(), &[]);
    assert!(bytes_back.body == bytes);
}
