//! Converts schemas of OpenAPI 3.0 to validators for JSON Schema.
//!
//! The one difference that matters is `nullable`. Formats are checked if JSON Schema has them (`date-time`, `uri`);
//! GitHub's own (`int64`, `timestamp`) mean nothing to a validator.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Returns the validator for a schema whose references point into `root`.
///
/// An unreadable schema matches nothing, so that it causes a finding.
pub(crate) fn validator(root: &Value, schema: &Value) -> Validator {
    let mut components = Map::new();
    reach(root, schema, &mut components);
    let whole = json!({ "allOf": [converted(schema)], "components": { "schemas": components } });
    let built = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&whole);
    built.unwrap_or_else(|_| nothing())
}

#[expect(clippy::expect_used, reason = "a constant")]
fn nothing() -> Validator {
    jsonschema::validator_for(&Value::Bool(false)).expect("`false` is a schema")
}

/// Converts the components that a schema references.
fn reach(root: &Value, schema: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Array(all) => all.iter().for_each(|one| reach(root, one, found)),
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let name = reference.rsplit('/').next().unwrap_or_default();
                if !found.contains_key(name)
                    && let Some(named) = root.pointer(reference.trim_start_matches('#'))
                {
                    found.insert(name.to_owned(), converted(named));
                    reach(root, named, found);
                }
            }
            members.values().for_each(|one| reach(root, one, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn converted(schema: &Value) -> Value {
    match schema {
        Value::Array(all) => all.iter().map(converted).collect(),
        Value::Object(members) => {
            let rest = members.iter().filter(|(name, value)| {
                // A property may be called `nullable`.
                *name != "nullable" || !value.is_boolean()
            });
            let plain = rest
                .map(|(name, value)| (name.clone(), converted(value)))
                .collect();
            if members.get("nullable") == Some(&Value::Bool(true)) {
                or_null(plain)
            } else {
                Value::Object(plain)
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn or_null(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    json!({ "anyOf": [{ "type": "null" }, schema] })
}
