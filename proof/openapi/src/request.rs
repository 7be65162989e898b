//! Validates a request against its operation: path parameters, query, body.

use serde_json::Value;

use crate::description::{Call, Description};
use crate::deviations;
use crate::exchange::{Content, Exchange, pairs};
use crate::undescribed;

/// Returns where the request does not match the description, and why.
pub(crate) fn problems(
    description: &Description,
    call: &Call<'_>,
    exchange: &Exchange,
) -> Vec<(String, String)> {
    if deviations::refused_by_intent(exchange) {
        return Vec::new();
    }
    let mut found = parameters(description, call, exchange);
    found.extend(body(description, call, exchange));
    found
}

fn parameters(
    description: &Description,
    call: &Call<'_>,
    exchange: &Exchange,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let given = pairs(&exchange.query);
    let mut check = |kind: &str, name: &str, value: &str| {
        let mut all = description.parameters(call.operation);
        let Some(parameter) = all.find(|one| one["in"] == kind && one["name"] == name) else {
            if !deviations::query(&exchange.method, name) {
                found.push((
                    format!("request {kind} {name}"),
                    "is not described".to_owned(),
                ));
            }
            return;
        };
        let key = format!("{} {kind} {name}", call.name());
        let validator = description.validator(&key, &parameter["schema"]);
        if !readings(value)
            .iter()
            .any(|reading| validator.is_valid(reading))
        {
            found.push((
                format!("request {kind} {name}"),
                format!("{value:?} is none of its values"),
            ));
        }
    };
    for (name, value) in &call.places {
        check("path", name, value);
    }
    for (name, value) in &given {
        check("query", name, value);
    }
    for parameter in description.parameters(call.operation) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let wanted = parameter["in"] == "query" && parameter["required"] == true;
        if wanted && !given.iter().any(|(known, _)| known == name) {
            found.push((format!("request query {name}"), "is missing".to_owned()));
        }
    }
    found
}

/// Returns the values that a text in an address may stand for.
fn readings(text: &str) -> Vec<Value> {
    let mut all = vec![Value::from(text)];
    all.extend(text.parse::<i64>().map(Value::from));
    all.extend(text.parse::<bool>().map(Value::from));
    all
}

fn body(description: &Description, call: &Call<'_>, exchange: &Exchange) -> Vec<(String, String)> {
    let described = call.operation.get("requestBody");
    let content = described.and_then(|body| body.get("content"));
    let json = content.and_then(|content| content.get("application/json")?.get("schema"));
    let at = |place: &str| format!("request body {place}");
    match (&exchange.request, json) {
        (Content::None, _) => {
            let required = described.is_some_and(|body| body["required"] == true);
            // If a request was refused early, its body was not checked.
            let taken = exchange.status.is_some_and(|status| status < 300);
            if required && taken {
                return vec![(at(""), "is missing".to_owned())];
            }
            Vec::new()
        }
        (Content::Json(value), Some(schema)) => {
            let key = format!("{} body", call.name());
            let validator = description.validator(&key, schema);
            let wrong = validator.iter_errors(value);
            let mut found: Vec<(String, String)> = wrong
                .map(|error| (at(&error.instance_path().to_string()), error.to_string()))
                .collect();
            let unknown = undescribed::members(description, schema, value);
            found.extend(
                unknown
                    .into_iter()
                    .map(|place| (at(&place), "is not described".to_owned())),
            );
            found
        }
        (Content::Text(_), Some(_)) => vec![(at(""), "is no JSON".to_owned())],
        (Content::Bytes(_), None) if content.is_some() => Vec::new(),
        (Content::Json(_) | Content::Text(_) | Content::Bytes(_), _) => {
            vec![(at(""), "is not described".to_owned())]
        }
    }
}
