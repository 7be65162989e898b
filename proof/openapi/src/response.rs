//! Validates a response against its operation: the status and the body.

use serde_json::{Value, json};

use crate::description::{Call, Description};
use crate::deviations;
use crate::exchange::{Content, Exchange};
use crate::undescribed;

/// Returns where the response does not match the description, and why.
pub(crate) fn problems(
    description: &Description,
    call: &Call<'_>,
    exchange: &Exchange,
) -> Vec<(String, String)> {
    let Some(status) = exchange.status else {
        return Vec::new();
    };
    let at = |place: &str| format!("response {status} {place}");
    let documented = call.operation["responses"].get(status.to_string());
    let documented = documented.map(|one| description.in_full(one));
    let error = json!({ "$ref": "#/components/schemas/basic-error" });
    let schema = match documented {
        _ if deviations::by_fault(exchange) || deviations::lacking(exchange) => Some(&error),
        None if deviations::unchanged(exchange) => None,
        None if deviations::refusal(status) => Some(&error),
        None => return vec![(at(""), "is not described".to_owned())],
        Some(one) => one["content"]
            .get("application/json")
            .map(|json| &json["schema"]),
    };
    match (&exchange.response, schema) {
        (Content::None, None) | (Content::Bytes(_), _) => Vec::new(),
        (Content::None, Some(_)) if deviations::bare(status) => Vec::new(),
        (Content::None, Some(_)) => vec![(at(""), "has no body".to_owned())],
        (Content::Json(value), Some(schema)) => {
            let key = format!("{} {status} {schema}", call.name());
            described(description, &key, schema, value, status)
                .into_iter()
                .map(|(place, reason)| (at(&place), reason))
                .collect()
        }
        // A refusal has a body, described or not.
        (Content::Json(value), None) if status >= 400 => {
            described(description, "error", &error, value, status)
                .into_iter()
                .map(|(place, reason)| (at(&place), reason))
                .collect()
        }
        (Content::Json(_), None) => vec![(at(""), "has a body that is not described".to_owned())],
        (Content::Text(_), _) => vec![(at(""), "is no JSON".to_owned())],
    }
}

fn described(
    description: &Description,
    key: &str,
    schema: &Value,
    value: &Value,
    status: u16,
) -> Vec<(String, String)> {
    let validator = description.validator(key, schema);
    let mut found: Vec<(String, String)> = validator
        .iter_errors(value)
        .map(|error| (error.instance_path().to_string(), error.to_string()))
        .filter(|(place, _)| !deviations::value(place, value))
        .map(|(place, reason)| (place, reason.chars().take(300).collect()))
        .collect();
    let unknown = undescribed::members(description, schema, value);
    found.extend(
        unknown
            .into_iter()
            .filter(|place| !deviations::member(status, place))
            .map(|place| (place, "is not described".to_owned())),
    );
    found
}
