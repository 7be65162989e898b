//! Finds members of an object that no schema for it lists: GitHub would not have sent them, or would have ignored them.
//!
//! Schemas of the description hardly ever forbid other members. A name that occurs in any branch of a schema counts as
//! known, so this never reports what a validator would accept in another branch.

use serde_json::Value;

use crate::description::Description;

/// Returns the positions of unknown members below a value, as JSON pointers.
pub(crate) fn members(description: &Description, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(description, &[schema], value, String::new(), &mut found);
    found
}

fn look<'d>(
    description: &'d Description,
    schemas: &[&'d Value],
    value: &Value,
    at: String,
    found: &mut Vec<String>,
) {
    let mut branches = Vec::new();
    for schema in schemas {
        spread(description, schema, &mut branches);
    }
    match value {
        Value::Array(all) => {
            let items: Vec<&'d Value> =
                branches.iter().filter_map(|one| one.get("items")).collect();
            if !items.is_empty() {
                for (index, one) in all.iter().enumerate() {
                    look(description, &items, one, format!("{at}/{index}"), found);
                }
            }
        }
        Value::Object(members) => {
            let described = branches.iter().any(|one| one.get("properties").is_some());
            let open = branches.iter().any(|one| {
                one.get("additionalProperties")
                    .is_some_and(|more| *more != Value::Bool(false))
            });
            if !described || open {
                return;
            }
            for (name, one) in members {
                let here = format!("{at}/{name}");
                let known: Vec<&'d Value> = branches
                    .iter()
                    .filter_map(|branch| branch.get("properties")?.get(name))
                    .collect();
                if known.is_empty() {
                    found.push(here);
                } else {
                    look(description, &known, one, here, found);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns a schema and all its branches.
fn spread<'d>(description: &'d Description, schema: &'d Value, branches: &mut Vec<&'d Value>) {
    let schema = description.in_full(schema);
    branches.push(schema);
    for word in ["allOf", "anyOf", "oneOf"] {
        let all = schema.get(word).and_then(Value::as_array);
        for one in all.map(Vec::as_slice).unwrap_or_default() {
            spread(description, one, branches);
        }
    }
}
