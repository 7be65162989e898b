//! The committed part of GitHub's description, and how a request is matched to an operation.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

use crate::exchange::decoded;
use crate::schema;

static GITHUB: LazyLock<Description> = LazyLock::new(|| Description {
    root: serde_json::from_str(include_str!("../openapi/github.json")).unwrap_or_default(),
    validators: Mutex::default(),
});

/// The description, with the validators that were needed so far.
pub(crate) struct Description {
    root: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// A request matched to an operation of the description.
pub(crate) struct Call<'d> {
    method: String,
    /// The template of its path.
    pub(crate) path: &'d str,
    /// The operation's object.
    pub(crate) operation: &'d Value,
    /// The path's parameters, decoded.
    pub(crate) places: Vec<(&'d str, String)>,
}

impl Call<'_> {
    /// Returns the operation's name for display.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Returns the committed part of GitHub's description.
pub(crate) fn github() -> &'static Description {
    &GITHUB
}

impl Description {
    /// Returns the operation of a method and an encoded path: the one with the most literal template. `HEAD` is `GET`
    /// without a body.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Call<'_>> {
        let method = if method == "HEAD" { "GET" } else { method };
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let paths = self.root.get("paths")?.as_object()?;
        let fitting = paths.iter().filter_map(|(template, operations)| {
            let operation = operations.get(method.to_ascii_lowercase())?;
            let wanted: Vec<&str> = template.trim_matches('/').split('/').collect();
            let mut places = Vec::new();
            self.fits(operation, &wanted, &segments, &mut places)
                .then_some((wanted.len(), template, operation, places))
        });
        // The fewest parameters; of those, the longest literal part.
        let best = fitting.min_by_key(|(length, _, _, places)| (places.len(), Reverse(*length)));
        let (_, path, operation, places) = best?;
        Some(Call {
            method: method.to_owned(),
            path,
            operation,
            places,
        })
    }

    /// Returns the parameters of an operation, with references resolved.
    pub(crate) fn parameters<'d>(
        &'d self,
        operation: &'d Value,
    ) -> impl Iterator<Item = &'d Value> {
        let all = operation["parameters"].as_array().map(Vec::as_slice);
        all.unwrap_or_default().iter().map(|one| self.in_full(one))
    }

    /// Resolves a reference; returns anything else unchanged.
    pub(crate) fn in_full<'d>(&'d self, one: &'d Value) -> &'d Value {
        let name = one.get("$ref").and_then(Value::as_str);
        let named = name.and_then(|name| self.root.pointer(name.trim_start_matches('#')));
        named.unwrap_or(one)
    }

    /// Returns the validator for a schema of this description; `key` is unique for each schema.
    pub(crate) fn validator(&self, key: &str, schema: &Value) -> Arc<Validator> {
        let known = |validators: &BTreeMap<String, Arc<Validator>>| validators.get(key).cloned();
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = known(&validators) {
            return validator;
        }
        let validator = Arc::new(schema::validator(&self.root, schema));
        validators.insert(key.to_owned(), Arc::clone(&validator));
        validator
    }

    fn fits<'d>(
        &'d self,
        operation: &'d Value,
        wanted: &[&'d str],
        segments: &[&str],
        places: &mut Vec<(&'d str, String)>,
    ) -> bool {
        let Some((first, wanted)) = wanted.split_first() else {
            return segments.is_empty();
        };
        let Some((here, rest)) = segments.split_first() else {
            return false;
        };
        let Some(name) = first.strip_prefix('{').and_then(|it| it.strip_suffix('}')) else {
            return first == here && self.fits(operation, wanted, rest, places);
        };
        let longest = if self.is_long(operation, name) {
            segments.len()
        } else {
            1
        };
        (1..=longest).rev().any(|length| {
            let (own, rest) = segments.split_at(length);
            let count = places.len();
            places.push((name, decoded(&own.join("/"))));
            let fits = self.fits(operation, wanted, rest, places);
            if !fits {
                places.truncate(count);
            }
            fits
        })
    }

    /// Returns whether a path parameter may contain slashes.
    fn is_long(&self, operation: &Value, name: &str) -> bool {
        self.parameters(operation)
            .filter(|one| one["in"] == "path" && one["name"] == name)
            .any(|one| one["x-multi-segment"] == true || LONG.contains(&name))
    }
}

/// Parameters that accept slashes on GitHub although the description does not say so.
const LONG: [&str; 4] = ["branch", "path", "ref", "basehead"];
