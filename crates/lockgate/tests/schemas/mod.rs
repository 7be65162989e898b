//! Validates what commands print with `--output-format json` against `schema/output/`.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Returns the folder of the schemas.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/output")
}

/// Returns the one document of a command, or what is wrong with it.
pub(crate) fn document(stdout: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(stdout);
    let parsed: Result<Value, _> = serde_json::from_str(&text);
    let document = parsed.map_err(|error| format!("not one document: {error}\n{text}"))?;
    let schema = schema(document["command"].as_str().unwrap_or("document"));
    let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
    let errors = validator.iter_errors(&document);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    match errors.is_empty() {
        true => Ok(document),
        false => Err(format!("{}\n{text}", errors.join("\n"))),
    }
}

/// Returns the schema of a command, with the common one bundled.
fn schema(command: &str) -> Value {
    let mut schema = read(command);
    if command != "document" {
        schema["$defs"] = serde_json::json!({ "document": read("document") });
    }
    schema
}

fn read(name: &str) -> Value {
    let path = folder().join(format!("{name}.schema.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
