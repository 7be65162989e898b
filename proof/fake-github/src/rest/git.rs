//! Git objects and refs: `/repos/{owner}/{repo}/git`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::links::Links;
use super::{Answer, Outcome, RequestContext, paging, schema};
use crate::ids::CommitId;
use crate::repository::Reference;
use crate::state::refusal::Refusal;

/// `GET /git/ref/{ref}`
pub(crate) fn reference(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    let found = context
        .git
        .reference(&format!("refs/{name}"))?
        .ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(&shape(&context.call.links, &found)))
}

/// `GET /git/matching-refs/{prefix}`
pub(crate) fn matching(context: &mut RequestContext<'_>, prefix: &str) -> Outcome {
    let found = context.git.references(&format!("refs/{prefix}"))?;
    let shown = found
        .iter()
        .map(|reference| shape(&context.call.links, reference));
    Ok(paging::list(context, shown.collect()))
}

/// `POST /git/refs`
pub(crate) fn create(context: &mut RequestContext<'_>) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "ref", default)]
        name: String,
        #[serde(default)]
        sha: String,
    }
    let body: Body = parsed(context.call)?;
    let actor = &context.call.actor;
    let made = context
        .state
        .create_reference(actor, context.git, &body.name, &body.sha)?;
    Ok(Answer::created(&shape(&context.call.links, &made)))
}

/// `PATCH /git/refs/{ref}`
pub(crate) fn update(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        sha: String,
        #[serde(default)]
        force: bool,
    }
    let body: Body = parsed(context.call)?;
    let (actor, name) = (&context.call.actor, format!("refs/{name}"));
    let moved = context
        .state
        .move_reference(actor, context.git, &name, &body.sha, body.force)?;
    Ok(Answer::ok(&shape(&context.call.links, &moved)))
}

/// `DELETE /git/refs/{ref}`
pub(crate) fn delete(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    context
        .state
        .delete_reference(&context.call.actor, context.git, &format!("refs/{name}"))?;
    Ok(Answer::empty(204))
}

/// `GET /git/commits/{sha}`
pub(crate) fn commit(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let id = CommitId::parse(id).ok_or(Refusal::NotFound)?;
    let commit = context.git.commit(&id)?.ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(&schema::git_commit(
        &context.call.links,
        &commit,
    )))
}

/// `GET /git/trees/{tree-ish}?recursive=1`
pub(crate) fn tree(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let recursive = context.call.query.get("recursive").is_some();
    let tree = context.git.tree(id, recursive)?.ok_or(Refusal::NotFound)?;
    let links = &context.call.links;
    let entries = tree.entries.iter().map(|entry| {
        let place = if entry.kind == "tree" {
            "trees"
        } else {
            "blobs"
        };
        let mut shown = json!({
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.kind,
            "sha": entry.id,
            "url": links.repo(&format!("/git/{place}/{}", entry.id)),
        });
        if let Some(size) = entry.size {
            shown["size"] = size.into();
        }
        shown
    });
    Ok(Answer::ok(&json!({
        "sha": tree.id,
        "url": links.repo(&format!("/git/trees/{}", tree.id)),
        "tree": entries.collect::<Vec<Value>>(),
        "truncated": false,
    })))
}

/// `GET /git/blobs/{sha}`
pub(crate) fn blob(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let bytes = context.git.blob(id)?.ok_or(Refusal::NotFound)?;
    if context.call.accept.contains("raw") {
        let mut answer = Answer::empty(200).header("content-type", "application/octet-stream");
        answer.body = super::AnswerBody::Bytes(bytes);
        return Ok(answer);
    }
    Ok(Answer::ok(&json!({
        "sha": id,
        "node_id": schema::node_id("B", id),
        "url": context.call.links.repo(&format!("/git/blobs/{id}")),
        "size": bytes.len(),
        "encoding": "base64",
        "content": base64(&bytes),
    })))
}

/// Encodes Base64 as GitHub does: in lines of 60 characters.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for line in bytes.chunks(45) {
        for three in line.chunks(3) {
            let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let index = (bits >> shift & 63) as usize;
                out.push(if at <= three.len() {
                    char::from(LETTERS[index])
                } else {
                    '='
                });
            }
        }
        out.push('\n');
    }
    out
}

fn shape(links: &Links, reference: &Reference) -> Value {
    let kind = if reference.annotated { "tag" } else { "commit" };
    let place = if reference.annotated {
        "tags"
    } else {
        "commits"
    };
    json!({
        "ref": reference.name,
        "node_id": schema::node_id("REF", &reference.name),
        "url": links.repo(&format!("/git/{}", reference.name)),
        "object": {
            "sha": reference.object,
            "type": kind,
            "url": links.repo(&format!("/git/{place}/{}", reference.object)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_padded_and_broken_into_lines() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg==\n"),
            ("fo", "Zm8=\n"),
            ("foo", "Zm9v\n"),
            ("foobar", "Zm9vYmFy\n"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0; 46]), format!("{}\nAA==\n", "A".repeat(60)));
    }
}
