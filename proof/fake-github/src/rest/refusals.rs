//! Refusals in GitHub's format: `{"message", "documentation_url", "status", "errors"}`.

use serde_json::{Value, json};

use super::Answer;
use crate::state::refusal::{FlawCode, Refusal, ValidationError};

/// Returns the response for a refused call to `path`.
pub(crate) fn refused(refusal: &Refusal, path: &[String]) -> Answer {
    let status = match refusal {
        Refusal::NotFound => 404,
        Refusal::Unauthenticated => 401,
        Refusal::Forbidden(_) => 403,
        Refusal::Invalid(_) | Refusal::Unprocessable(_) => 422,
        Refusal::Conflict(_) => 409,
        Refusal::NotAllowed(_) => 405,
        Refusal::Gone(_) => 410,
        Refusal::Malformed(_) => 400,
        Refusal::Broken(_) => 500,
    };
    let mut body = error(status, &refusal.to_string(), path);
    if let Refusal::Invalid(flaws) = refusal {
        body["errors"] = flaws.iter().map(flaw).collect();
    }
    Answer::json(status, &body)
}

/// Returns a response with this status and message.
pub(crate) fn message(status: u16, text: &str, path: &[String]) -> Answer {
    Answer::json(status, &error(status, text, path))
}

fn error(status: u16, text: &str, path: &[String]) -> Value {
    json!({
        "message": text,
        "documentation_url": documentation(path),
        "status": status.to_string(),
    })
}

fn flaw(flaw: &ValidationError) -> Value {
    let code = match flaw.code {
        FlawCode::MissingField => "missing_field",
        FlawCode::Invalid => "invalid",
        FlawCode::AlreadyExists => "already_exists",
        FlawCode::Custom => "custom",
    };
    let mut body = json!({ "resource": flaw.resource, "code": code, "field": flaw.field });
    if let Some(message) = &flaw.message {
        body["message"] = message.as_str().into();
    }
    body
}

/// Returns the chapter of GitHub's documentation for a path.
fn documentation(path: &[String]) -> String {
    let chapter = match path.get(3).map(String::as_str) {
        Some("releases") => "/releases/releases",
        Some("git") => "/git/refs",
        Some("pulls") => "/pulls/pulls",
        Some("issues") => "/issues/comments",
        Some("statuses" | "commits") => "/commits/statuses",
        Some("actions") => "/actions",
        Some(_) | None => "",
    };
    format!("https://docs.github.com/rest{chapter}")
}
