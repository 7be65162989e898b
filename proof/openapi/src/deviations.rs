//! All ways in which the fake GitHub, or GitHub itself, differs from the description, and why;
//! docs/contributing/fidelity.md shows the table.

use serde_json::Value;

use crate::exchange::{Content, Exchange};

/// One deviation from the description.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Its name in the docs.
    pub name: &'static str,
    /// Why it is right.
    pub why: &'static str,
}

/// All deviations.
pub const TABLE: [Deviation; 13] = [
    Deviation {
        name: "outside of the API",
        why: "pages, downloads, storage and the service that receives artifacts (`/twirp/`) are not part of the REST description",
    },
    Deviation {
        name: "501",
        why: "the fake GitHub reports what it does not implement, with a message; GraphQL too",
    },
    Deviation {
        name: "GraphQL",
        why: "three queries of `gh release` are implemented; GraphQL is not part of the REST description",
    },
    Deviation {
        name: "a fault's answer",
        why: "a script of faults requested that status; the body must still be an error in GitHub's format",
    },
    Deviation {
        name: "a refusal that is not listed",
        why: "GitHub gives 400, 401, 403, 404, 405, 409, 410, 413, 422 and 429 to operations whose description does not list them; the body must be an error in GitHub's format",
    },
    Deviation {
        name: "304",
        why: "conditional requests are described in prose, for every `GET`",
    },
    Deviation {
        name: "a request made to be refused",
        why: "tests write malformed requests by hand; if the fake GitHub refused one, only the response is validated",
    },
    Deviation {
        name: "a redirect has no body",
        why: "for downloads the description shows the JSON of the other kind of response",
    },
    Deviation {
        name: "pages everywhere",
        why: "GitHub accepts `per_page` and `page` for lists whose description does not mention them",
    },
    Deviation {
        name: "asset state `starter`",
        why: "the description lists `uploaded` and `open`; a lost upload leaves `starter`, as its own prose states",
    },
    Deviation {
        name: "the members of a refusal",
        why: "`status`, `errors` and `request_id` come with refusals whose schema does not list them",
    },
    Deviation {
        name: "a head without a repository",
        why: "`head.repo` is null if the fork was deleted; the description of pull requests forbids it",
    },
    Deviation {
        name: "a file's bytes",
        why: "the description has no schema for the bytes of a download",
    },
];

/// Returns whether a request is outside the API.
pub(crate) fn outside(exchange: &Exchange) -> bool {
    exchange.side != "api" || exchange.path.starts_with("/twirp/")
}

/// Returns whether an exchange is a GraphQL query or its refusal.
pub(crate) fn graphql(exchange: &Exchange) -> bool {
    let answer = match &exchange.response {
        Content::Json(body) => body,
        Content::None | Content::Text(_) | Content::Bytes(_) => return false,
    };
    let answered = exchange.status == Some(200) && answer["data"].is_object();
    let refused = exchange.status.is_some_and(refusal) && answer["message"].is_string();
    exchange.path == "/graphql" && (answered || refused)
}

/// Returns whether a response is a 501 with a message.
pub(crate) fn lacking(exchange: &Exchange) -> bool {
    let reported = matches!(&exchange.response, Content::Json(body) if body["message"].is_string());
    exchange.status == Some(501) && reported
}

/// Returns whether a fault made the response.
pub(crate) fn by_fault(exchange: &Exchange) -> bool {
    let canned = ["before=", "after=", "rate-limited=", "late=", "starter"];
    exchange
        .fault
        .as_deref()
        .is_some_and(|fault| canned.iter().any(|kind| fault.starts_with(kind)))
}

/// Returns whether a status is a refusal, listed or not.
pub(crate) fn refusal(status: u16) -> bool {
    matches!(
        status,
        400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 422 | 429
    )
}

/// Returns whether a response is a 304 to a read.
pub(crate) fn unchanged(exchange: &Exchange) -> bool {
    exchange.status == Some(304) && matches!(exchange.method.as_str(), "GET" | "HEAD")
}

/// Returns whether a test sent a request to have it refused.
pub(crate) fn refused_by_intent(exchange: &Exchange) -> bool {
    exchange.agent.is_empty() && exchange.status.is_some_and(refusal)
}

/// Returns whether a status is a redirect, which has no body.
pub(crate) fn bare(status: u16) -> bool {
    (300..400).contains(&status)
}

/// Returns whether a query parameter selects a page, which every listing accepts.
pub(crate) fn query(method: &str, name: &str) -> bool {
    method == "GET" && matches!(name, "per_page" | "page")
}

/// Returns whether a value is the asset state `starter`, or the missing repository of a head.
pub(crate) fn value(place: &str, body: &Value) -> bool {
    let value = body.pointer(place).unwrap_or(body);
    let starter = place.ends_with("/state") && value == "starter";
    let headless = place.ends_with("/head/repo") && value.is_null();
    starter || headless
}

/// Returns whether a member belongs to a refusal.
pub(crate) fn member(status: u16, place: &str) -> bool {
    status >= 400 && ["/status", "/errors", "/request_id"].contains(&place)
}
