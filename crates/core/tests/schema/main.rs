//! `schema/lockgate.schema.json` and the parser of `lockgate.toml` say the same.
//!
//! The schema is for editors and other tools, the parser is what counts. Each row of the table says how both decide;
//! where only the parser refuses, the row says why a schema cannot.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, in its helpers too, and reads the repository's files"
)]

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockgate_core::Reason as _;
use lockgate_core::config::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

use table::{
    ACTION, BASE, DIGEST,
    Expect::{Beyond, Fine, Refused},
    OTHER, TABLE,
};

/// A row as a whole config. `@N@` is N letters; the other marks are what does not fit into a row.
fn text_of(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from:?} is not in the base");
    let both = |one: (&str, &str), other: (&str, &str)| {
        BASE.replace(one.0, one.1).replace(other.0, other.1)
    };
    match to {
        "@WITHDRAWN@" => {
            let tag = ("tool-v{version}", "{package}-v{version}");
            return both(("package.tool", "package.withdrawn-tool"), tag);
        }
        "@LOCK@" => {
            let tag = ("tool-v{version}", "{version}{package}");
            return both(("package.tool", "package.lock"), tag);
        }
        "@GIT@" => {
            let variant = ("variant.amd64]", "variant.git]\narch = \"amd64\"");
            return both(("dist/{asset}", ".{variant}/x"), variant);
        }
        _ => {}
    }
    if let Some(rest) = to.strip_prefix("@W@") {
        let rest = rest.replace("@ACTION@", ACTION).replace("@DIGEST@", DIGEST);
        return BASE.replacen(from, &format!("[workflows]\n{rest}"), 1);
    }
    if to.contains("@OTHER@") {
        return BASE.replacen(from, &to.replace("@OTHER@", ""), 1) + OTHER;
    }
    let pieces: Vec<&str> = to.split('@').collect();
    let to = match pieces.as_slice() {
        [before, number, after] => {
            format!("{before}{}{after}", "x".repeat(number.parse().unwrap()))
        }
        _ => to.to_owned(),
    };
    if from.is_empty() {
        BASE.to_owned()
    } else {
        BASE.replace(from, &to)
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn schema() -> Value {
    let text = std::fs::read_to_string(checkout().join("schema/lockgate.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn json_of(toml: &str) -> Option<Value> {
    toml::from_str(toml).ok()
}

#[test]
fn the_schema_is_a_schema_and_its_examples_are_examples() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let mut examples = 0;
    each_schema("", &schema, &mut |at, node| {
        for example in node["examples"].as_array().into_iter().flatten() {
            let mut alone = node.clone();
            alone["$defs"] = schema["$defs"].clone();
            let validator = jsonschema::validator_for(&alone).unwrap();
            assert!(validator.is_valid(example), "{at}: {example}");
            examples += 1;
        }
        if node.get("properties").is_some() {
            assert_eq!(node["additionalProperties"], json!(false), "{at}");
        }
    });
    assert!(examples > 25, "{examples}");
}

#[test]
fn every_key_says_what_it_is_for() {
    let schema = schema();
    for (table, properties) in tables(&schema) {
        for (key, node) in properties {
            let node = resolved(&schema, &node);
            for word in ["title", "description"] {
                assert!(
                    node[word].as_str().is_some_and(|said| said.len() > 4),
                    "{table}.{key} has no {word}"
                );
            }
            assert!(node["examples"].is_array(), "{table}.{key} has no example");
        }
    }
}

#[test]
fn schema_and_parser_decide_alike() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut wrong = Vec::new();
    for (from, to, expect) in TABLE {
        let text = text_of(from, to);
        let json = json_of(&text).unwrap_or_else(|| panic!("no TOML: {text}"));
        let parsed = Config::parse(&text).map(|_| "accepts it".to_owned());
        let code = parsed.as_ref().err().map(|error| error.code());
        let valid = validator.is_valid(&json);
        let fits = match expect {
            Fine => valid && code.is_none(),
            Refused => !valid && code.is_some(),
            Beyond(expected, why) => valid && code == Some(*expected) && !why.is_empty(),
        };
        if !fits {
            let schema = if valid { "accepts it" } else { "refuses it" };
            let parser = parsed.unwrap_or_else(|error| error.to_string());
            wrong.push(format!(
                "{from:?} -> {to:?} should be {expect:?}; schema: {schema}; parser: {parser}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_the_repository_are_valid() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut seen = 0;
    for example in std::fs::read_dir(checkout().join("examples")).unwrap() {
        let path = example.unwrap().path().join("lockgate.toml");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        Config::parse(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(validator.is_valid(&json_of(&text).unwrap()), "{path:?}");
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}

/// The parser names all keys of a table when it meets one that resembles none of them.
#[test]
fn the_parser_knows_the_keys_of_the_schema_and_no_others() {
    let places = BTreeMap::from([
        ("", ("[package.tool]", "0000 = 1\n[package.tool]")),
        ("package", ("[package.tool]", "[package.tool]\n0000 = 1")),
        (
            "build",
            ("[package.tool.build]", "[package.tool.build]\n0000 = 1"),
        ),
        (
            "executables",
            (
                "[package.tool]",
                "[workflows.sha256]\n0000 = 1\n[package.tool]",
            ),
        ),
        ("variant", ("variant.amd64]", "variant.amd64]\n0000 = 1")),
        (
            "workflows",
            ("[package.tool]", "[workflows]\n0000 = 1\n[package.tool]"),
        ),
        (
            "policy",
            (
                "[package.tool.build]",
                "policy.0000 = 1\n[package.tool.build]",
            ),
        ),
    ]);
    let tables = tables(&schema());
    assert!(
        tables.keys().map(String::as_str).eq(places.keys().copied()),
        "{:?}",
        tables.keys()
    );
    for (table, properties) in tables {
        let (from, to) = places[table.as_str()];
        let error = Config::parse(&BASE.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.code(), "config.unknown-key", "{table}");
        let hint = error.hint();
        let known: BTreeSet<&str> = hint.split('`').skip(1).step_by(2).collect();
        assert_eq!(
            known,
            properties.keys().map(String::as_str).collect(),
            "{table}"
        );
    }
}

#[test]
fn the_parser_takes_every_example_of_every_key() {
    let schema = schema();
    for (table, properties) in tables(&schema) {
        for (key, node) in properties {
            for example in resolved(&schema, &node)["examples"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let mut config = json_of(BASE).unwrap();
                let package = &mut config["package"]["tool"];
                match table.as_str() {
                    "" => config[&key] = example.clone(),
                    "workflows" if key == "lockgate" || key == "sha256" => {
                        config["workflows"] =
                            json!({ "lockgate": ACTION, "sha256": { "amd64": DIGEST } });
                        config["workflows"][&key] = example.clone();
                    }
                    "workflows" => config["workflows"] = json!({ &key: example }),
                    "executables" => {
                        config["workflows"] =
                            json!({ "lockgate": ACTION, "sha256": { "amd64": DIGEST } });
                        config["workflows"]["sha256"][&key] = example.clone();
                    }
                    "package" => package[&key] = example.clone(),
                    "variant" => package["variant"]["amd64"][&key] = example.clone(),
                    other => package[other][&key] = example.clone(),
                }
                if let Err(error) = Config::parse(&toml_of(&config)) {
                    panic!("{table}.{key} = {example}: {error}");
                }
            }
        }
    }
}

/// Of what the texts of a config are made, as TOML writes it.
#[rustfmt::skip] // many small ones
const PIECES: &[&str] = &[
    "a", "B", "9", "-", "_", ".", "..", "/", ".git", ".lock", "withdrawn-", "ä", " ", "*", "[a]", "\\\\",
    "\\n", "\\u0000", "\\u2028", "{", "}", "{version}", "{version}", "{variant}", "{variant}", "{package}",
    "{arch}", "{asset}", "{os}", "{x}",
];

/// The places of the base that hold a text.
const PLACES: &[&str] = &[
    "tool/VERSION",
    "tool/**",
    "tool-v{version}",
    "tool-{variant}-v{version}",
    "ARCH={arch}",
    "dist/{asset}",
];

thread_local!(static VALIDATOR: jsonschema::Validator = jsonschema::validator_for(&schema()).unwrap());

proptest! {
    #[test]
    fn schema_and_parser_decide_alike_on_any_text(
        place in proptest::sample::select(PLACES),
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..7),
    ) {
        let text = BASE.replacen(place, &pieces.concat(), 1);
        let json = json_of(&text).unwrap();
        let valid = VALIDATOR.with(|validator| validator.is_valid(&json));
        match Config::parse(&text) {
            Ok(_) => prop_assert!(valid, "only the schema refuses {text}"),
            Err(error) if error.code() == "config.bad-glob" => {}
            Err(error) => prop_assert!(!valid, "only the parser refuses {text}: {error}"),
        }
    }
}

/// The properties of each table that has a fixed set of keys; the top of the file is "".
fn tables(schema: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    let defs = schema["$defs"].as_object().unwrap();
    let all = defs.iter().map(|(name, node)| (name.as_str(), node));
    all.chain([("", schema)])
        .filter_map(|(name, node)| {
            let properties = node.get("properties")?.as_object()?;
            Some((name.to_owned(), properties.clone().into_iter().collect()))
        })
        .collect()
}

/// A subschema, with what it refers to beneath what it says itself.
fn resolved(schema: &Value, node: &Value) -> Value {
    let name = node["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix("#/$defs/"));
    let Some(name) = name else {
        return node.clone();
    };
    let mut whole = schema["$defs"][name].clone();
    for (key, value) in node.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

/// Calls `look` with every subschema.
fn each_schema(at: &str, node: &Value, look: &mut impl FnMut(&str, &Value)) {
    const MARKS: [&str; 4] = ["type", "$ref", "enum", "required"];
    match node {
        Value::Object(members) => {
            if MARKS.iter().any(|mark| members.contains_key(*mark)) {
                look(at, node);
            }
            for (key, value) in members.iter().filter(|(key, _)| *key != "examples") {
                each_schema(&format!("{at}/{key}"), value, look);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_schema(at, item, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A config as TOML. JSON's texts, lists and booleans are TOML's as well.
fn toml_of(config: &Value) -> String {
    fn inline(value: &Value) -> String {
        let Some(members) = value.as_object() else {
            return value.to_string();
        };
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("{} = {}", json!(key), inline(value)))
            .collect();
        format!("{{ {} }}", members.join(", "))
    }
    let members = config.as_object().unwrap();
    members
        .iter()
        .map(|(key, value)| format!("{key} = {}\n", inline(value)))
        .collect()
}
