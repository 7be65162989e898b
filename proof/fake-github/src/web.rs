//! Serves what needs no token: release downloads, and a few plain pages.
//!
//! Everything here is public; drafts are not visible.

use crate::rest::input::encoded;
use crate::rest::{Answer, AnswerBody, Call, Method};
use crate::state::State;
use crate::state::assets::Asset;
use crate::state::pulls::{PullRequest, PullState};
use crate::state::refusal::Refusal;
use crate::state::releases::Release;
use crate::storage::Signer;
use crate::time::rfc3339;

/// Handles a request outside of API and storage.
pub(crate) fn answer(state: &mut State, call: &Call, signer: &Signer) -> Answer {
    match found(state, call, signer) {
        Ok(answer) => answer,
        Err(_) => page(
            404,
            "Not Found",
            "<p>This is not the page you are looking for.</p>",
        ),
    }
}

fn found(state: &mut State, call: &Call, signer: &Signer) -> Result<Answer, Refusal> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let [owner, name, rest @ ..] = path.as_slice() else {
        return Err(Refusal::NotFound);
    };
    let here = state.repository();
    let ours = here.owner.eq_ignore_ascii_case(owner) && here.name.eq_ignore_ascii_case(name);
    if !ours || call.method != Method::Get {
        return Err(Refusal::NotFound);
    }
    match rest {
        [] => Ok(overview(state)),
        ["releases", "download", tag @ .., asset] => {
            download(state, call, signer, &tag.join("/"), asset)
        }
        ["releases", "latest"] => {
            let tag = encoded(&state.latest_release()?.tag_name);
            Ok(Answer::found(
                call.links.page(&format!("/releases/tag/{tag}")),
            ))
        }
        ["releases", "latest", "download", asset] => {
            let tag = &state.latest_release()?.tag_name;
            Ok(Answer::found(call.links.download(tag, asset)))
        }
        ["releases", "tag", tag @ ..] => Ok(release(state, state.release_by_tag(&tag.join("/"))?)),
        ["pull", number] => {
            let number = number.parse().map_err(|_| Refusal::NotFound)?;
            pull(state, number)
        }
        _ => Err(Refusal::NotFound),
    }
}

fn download(
    state: &mut State,
    call: &Call,
    signer: &Signer,
    tag: &str,
    name: &str,
) -> Result<Answer, Refusal> {
    let asset = state.public_asset(tag, name)?;
    let blob = asset.blob.as_ref().ok_or(Refusal::NotFound)?;
    let path = signer.path(blob, &asset.content_type, &asset.name, call.now);
    let id = asset.id;
    state.count_download(id);
    Ok(Answer::found(call.links.storage(&path)))
}

fn overview(state: &State) -> Answer {
    let full_name = state.repository().full_name();
    let public = state.releases(&crate::state::people::Actor::Anonymous);
    let releases = public.into_iter().map(|release| {
        let tag = escaped(&release.tag_name);
        let address = format!("/{full_name}/releases/tag/{}", encoded(&release.tag_name));
        format!("<li><a href=\"{address}\">{tag}</a></li>")
    });
    let pulls = state.pulls().into_iter().map(|pull| {
        let address = format!("/{full_name}/pull/{}", pull.number);
        let title = escaped(&pull.title);
        format!(
            "<li><a href=\"{address}\">#{} {title}</a> {}</li>",
            pull.number,
            fate(pull)
        )
    });
    let body = format!(
        "<h2>Releases</h2><ul>{}</ul><h2>Pull requests</h2><ul>{}</ul>",
        releases.collect::<String>(),
        pulls.collect::<String>()
    );
    page(200, &full_name, &body)
}

fn release(state: &State, release: &Release) -> Answer {
    let full_name = state.repository().full_name();
    let tag = encoded(&release.tag_name);
    let assets = release
        .assets
        .iter()
        .filter_map(|id| state.asset_anyway(*id))
        .map(|asset: &Asset| {
            let name = escaped(&asset.name);
            let digest = asset.blob.as_ref().map_or("", |blob| blob.sha256.as_str());
            let address = format!(
                "/{full_name}/releases/download/{tag}/{}",
                encoded(&asset.name)
            );
            format!("<li><a href=\"{address}\">{name}</a> <code>sha256:{digest}</code></li>")
        });
    let published = release.published_at.map(rfc3339).unwrap_or_default();
    let immutable = if release.immutable { ", immutable" } else { "" };
    let body = format!(
        "<p>Published {published} by {}{immutable}.</p><pre>{}</pre><ul>{}</ul>",
        escaped(&release.author),
        escaped(release.body.as_deref().unwrap_or_default()),
        assets.collect::<String>()
    );
    page(
        200,
        release.name.as_deref().unwrap_or(&release.tag_name),
        &body,
    )
}

fn pull(state: &State, number: crate::ids::PullNumber) -> Result<Answer, Refusal> {
    let pull = state.pull(number)?;
    let statuses = state
        .newest_statuses(&pull.head_sha)
        .into_iter()
        .map(|status| {
            let why = escaped(status.description.as_deref().unwrap_or_default());
            let context = escaped(&status.context);
            format!("<li>{} <b>{context}</b> {why}</li>", status.verdict.name())
        });
    let comments = state.comments(number)?.into_iter().map(|comment| {
        let (author, text) = (escaped(&comment.author), escaped(&comment.body));
        format!(
            "<h3>{author}, {}</h3><pre>{text}</pre>",
            rfc3339(comment.updated_at)
        )
    });
    let body = format!(
        "<p>{}: {} into {}, head <code>{}</code></p><pre>{}</pre><ul>{}</ul>{}",
        fate(pull),
        escaped(&pull.head_branch),
        escaped(&pull.base_branch),
        pull.head_sha,
        escaped(pull.body.as_deref().unwrap_or_default()),
        statuses.collect::<String>(),
        comments.collect::<String>()
    );
    Ok(page(200, &format!("#{number} {}", pull.title), &body))
}

fn fate(pull: &PullRequest) -> &'static str {
    match pull.state {
        PullState::Open if pull.draft => "draft",
        PullState::Open => "open",
        PullState::Closed { .. } => "closed",
        PullState::Merged { .. } => "merged",
    }
}

fn page(status: u16, title: &str, body: &str) -> Answer {
    let title = escaped(title);
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1>{body}<p><small>The rehearsal forge of Lockgate.</small></p></html>\n"
    );
    let mut answer = Answer::empty(status).header("content-type", "text/html; charset=utf-8");
    answer.body = AnswerBody::Bytes(text.into_bytes());
    answer
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
