//! `schema/lockgate.schema.json` and the parser of `lockgate.toml` say the same.
//!
//! The schema is for editors and other tools, the parser is what counts. Each row of the table says how both decide;
//! where only the parser refuses, the row says why a schema cannot.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, in its helpers too, and reads the repository's files"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockgate_core::Reason as _;
use lockgate_core::config::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A config without anything that can be left out; rows replace a piece of it.
const BASE: &str = r#"
[package.tool]
version-file = "tool/VERSION"
sources = ["tool/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"

[package.tool.build]
command = ["make", "ARCH={arch}"]
output = "dist/{asset}"

[package.tool.variant.amd64]
"#;

/// A second package, to collide with the first.
const OTHER: &str = r#"
[package.other]
version-file = "other/VERSION"
sources = ["other/**"]
tag = "other-v{version}"
asset = "other-{variant}-v{version}"
pins = "other/SHA256SUMS"
build = { command = ["make"], output = "dist/{asset}" }
variant.arm64 = {}
"#;

const ACTION: &str = "o/lockgate@0123456789abcdef0123456789abcdef01234567";
const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Expect {
    /// Both accept it.
    Fine,
    /// Both refuse it.
    Refused,
    /// Only the parser refuses it, with this code, because a schema cannot say it for this reason.
    Beyond(&'static str, &'static str),
}
use Expect::{Beyond, Fine, Refused};

const GLOBS: &str = "the syntax of patterns nests, and belongs to a library";
const TWO_PACKAGES: &str = "a schema cannot compare two tables";
const FILLED: &str = "what fills a template comes from other keys, and so does its length";
const CASE: &str = "a schema cannot compare two keys, nor without case";
const BYTES: &str = "a schema counts characters, file systems count bytes";

/// `(what to replace in BASE, with what, how both decide)`.
#[rustfmt::skip] // a table
const TABLE: &[(&str, &str, Expect)] = &[
    ("", "", Fine),
    // Names.
    ("package.tool", "package.a", Fine),
    ("package.tool", "package.9-9", Fine),
    ("package.tool", "package.Tool", Refused),
    ("package.tool", "package.to_ol", Refused),
    ("package.tool", "package.-tool", Refused),
    ("package.tool", "package.tool-", Refused),
    ("package.tool", "package.\"\"", Refused),
    ("package.tool", "package.\"tool\\n\"", Refused),
    ("package.tool", "package.@40@", Fine),
    ("package.tool", "package.@41@", Refused),
    ("package.tool", "package.@39@-", Refused),
    // Tables and keys.
    (BASE, "", Refused),
    (BASE, "[package]", Refused),
    (BASE, "package = 1", Refused),
    (BASE, "[package.tool]", Refused),
    ("[package.tool]", "package-default = 1\n[package.tool]", Refused),
    ("[package.tool]", "\"$schema\" = \"x\"\n[package.tool]", Refused),
    ("tag =", "Tag =", Refused),
    ("version-file =", "version_file =", Refused),
    ("version-file = \"tool/VERSION\"", "", Refused),
    ("sources = [\"tool/**\"]", "", Refused),
    ("tag = \"tool-v{version}\"", "", Refused),
    ("asset = \"tool-{variant}-v{version}\"", "", Refused),
    ("[package.tool.build]", "[package.tool.make]", Refused),
    ("[package.tool.variant.amd64]", "", Refused),
    ("[package.tool.variant.amd64]", "[package.tool.variant]", Refused),
    ("command = [\"make\", \"ARCH={arch}\"]", "", Refused),
    ("output = \"dist/{asset}\"", "", Refused),
    ("output =", "shell = \"sh\"\noutput =", Refused),
    ("[package.tool.build]", "[package.tool.policy]\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.steps = \"any\"\n[package.tool.build]", Refused),
    // Paths.
    ("tool/VERSION", "VERSION", Fine),
    ("tool/VERSION", "tööl/.x/..y/z z/VERSION", Fine),
    ("tool/VERSION", "", Refused),
    ("tool/VERSION", "/VERSION", Refused),
    ("tool/VERSION", "tool//VERSION", Refused),
    ("tool/VERSION", "tool/", Refused),
    ("tool/VERSION", "./VERSION", Refused),
    ("tool/VERSION", "tool/../VERSION", Refused),
    ("tool/VERSION", "..", Refused),
    ("tool/VERSION", "tool/.GIT/VERSION", Refused),
    ("tool/VERSION", ".git", Refused),
    ("tool/VERSION", ".github/VERSION", Fine),
    ("tool/VERSION", "tool\\\\VERSION", Refused),
    ("tool/VERSION", "tool\\u0007/VERSION", Refused),
    ("tool/VERSION", "tool\\u0085/VERSION", Refused),
    ("tool/VERSION", "tool\\n", Refused),
    ("tool/VERSION", "tool\\u2028/VERSION", Refused),
    ("tool/VERSION", "tool\\u3000/VERSION", Refused),
    ("tool/VERSION", "tool\\ue000/VERSION", Refused),
    ("tool/VERSION", "@1000@", Fine),
    ("tool/VERSION", "@1001@", Refused),
    ("tool/VERSION", "ä@999@", Beyond("config.bad-value", BYTES)),
    ("\"tool/VERSION\"", "7", Refused),
    ("\"tool/VERSION\"", "1979-05-27", Refused),
    ("tag =", "pins = \"tool/SHA256SUMS\"\ntag =", Fine),
    ("tag =", "pins = \"../SHA256SUMS\"\ntag =", Refused),
    ("tag =", "pins = false\ntag =", Refused),
    // Choices.
    ("tag =", "scheme = \"semver\"\ntag =", Fine),
    ("tag =", "scheme = \"integer\"\ntag =", Fine),
    ("tag =", "scheme = \"SemVer\"\ntag =", Refused),
    ("tag =", "scheme = 1\ntag =", Refused),
    ("[package.tool.build]", "policy.step = \"any\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.step = \"next\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.change-without-bump = \"deny\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.change-without-bump = \"any\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.bump-without-change = \"warn\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.bump-without-change = true\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy.environment = \"unchecked\"\n[package.tool.build]", Fine),
    ("[package.tool.build]", "policy.environment = \"none\"\n[package.tool.build]", Refused),
    ("[package.tool.build]", "policy = []\n[package.tool.build]", Refused),
    // Patterns.
    ("[\"tool/**\"]", "[\"a\", \"**/*.[ch]\", \"{a,b}/?\"]", Fine),
    ("[\"tool/**\"]", "[]", Refused),
    ("[\"tool/**\"]", "\"tool/**\"", Refused),
    ("[\"tool/**\"]", "[\"tool/**\", 1]", Refused),
    ("tool/**", "", Refused),
    ("tool/**", "/tool/**", Refused),
    ("tool/**", "./tool/**", Refused),
    ("tool/**", ".tool/**", Fine),
    ("tool/**", "tool/", Refused),
    ("tool/**", "tool\\t/**", Refused),
    ("tool/**", "a", Fine),
    ("tool/**", "tool/[**", Beyond("config.bad-glob", GLOBS)),
    ("tool/**", "tool/{a", Beyond("config.bad-glob", GLOBS)),
    ("tag =", "exclude = []\ntag =", Fine),
    ("tag =", "exclude = [\"**/*.md\"]\ntag =", Fine),
    ("tag =", "exclude = [\"**/[a\"]\ntag =", Beyond("config.bad-glob", GLOBS)),
    ("tag =", "exclude = [\"\"]\ntag =", Refused),
    ("tag =", "exclude = \"**/*.md\"\ntag =", Refused),
    // Tags.
    ("tool-v{version}", "{version}", Fine),
    ("tool-v{version}", "{package}{package}-{version}.x_Y-9", Fine),
    ("tool-v{version}", "tool", Refused),
    ("tool-v{version}", "{version}-{version}", Refused),
    ("tool-v{version}", "{version}-{variant}", Refused),
    ("tool-v{version}", "{version", Refused),
    ("tool-v{version}", "{{version}}", Refused),
    ("tool-v{version}", "tool v{version}", Refused),
    ("tool-v{version}", "tool/v{version}", Refused),
    ("tool-v{version}", "töol-v{version}", Refused),
    ("tool-v{version}", "tool-v{version}\\n", Refused),
    ("tool-v{version}", "a..b{version}", Refused),
    ("tool-v{version}", "{version}..b", Refused),
    ("tool-v{version}", "{version}.", Refused),
    ("tool-v{version}", "{version}.lock", Refused),
    ("tool-v{version}", "{version}.locks", Fine),
    ("tool-v{version}", "{version}lock", Refused),
    ("tool-v{version}", "{version}k", Refused),
    ("tool-v{version}", "{version}-k", Fine),
    ("tool-v{version}", "{version}block", Fine),
    ("package.tool", "@LOCK@", Beyond("config.bad-template", FILLED)),
    ("tool-v{version}", ".{version}", Refused),
    ("tool-v{version}", "-{version}", Refused),
    ("tool-v{version}", "_{version}", Fine),
    ("tool-v{version}", "withdrawn-{version}", Refused),
    ("tool-v{version}", "withdrawn{version}", Fine),
    ("tool-v{version}", "@126@{version}", Fine),
    ("tool-v{version}", "@127@{version}", Beyond("config.bad-template", FILLED)),
    ("package.tool", "package.withdrawn-tool", Fine),
    ("package.tool", "@WITHDRAWN@", Beyond("config.bad-template", FILLED)),
    ("\"tool-v{version}\"", "2", Refused),
    // Assets.
    ("tool-{variant}-v{version}", "{version}{variant}", Fine),
    ("tool-{variant}-v{version}", "{package}_{variant}..{version}.x", Fine),
    ("tool-{variant}-v{version}", "tool-v{version}", Refused),
    ("tool-{variant}-v{version}", "tool-{variant}", Refused),
    ("tool-{variant}-v{version}", "{variant}{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "{arch}{variant}{version}", Refused),
    ("tool-{variant}-v{version}", ".{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "-{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "{variant}{version}.", Refused),
    ("tool-{variant}-v{version}", "{variant} {version}", Refused),
    ("tool-{variant}-v{version}", "bin/{variant}{version}", Refused),
    ("tool-{variant}-v{version}", "@131@{variant}{version}", Fine),
    ("tool-{variant}-v{version}", "@132@{variant}{version}", Beyond("config.bad-template", FILLED)),
    // Commands.
    ("\"ARCH={arch}\"", "\"\", \"x y\\n\", \"{os}{libc}{output}{asset}{variant}{version}{package}\"", Fine),
    ("[\"make\", \"ARCH={arch}\"]", "[]", Refused),
    ("[\"make\", \"ARCH={arch}\"]", "\"make\"", Refused),
    ("[\"make\", \"ARCH={arch}\"]", "[\"make\", 1]", Refused),
    ("ARCH={arch}", "{Arch}", Refused),
    ("ARCH={arch}", "{arch", Refused),
    ("ARCH={arch}", "arch}", Refused),
    ("ARCH={arch}", "${HOME}", Refused),
    ("ARCH={arch}", "{}", Refused),
    ("ARCH={arch}", "a\\u0000b", Refused),
    ("output =", "smoke = [\"{output}\", \"healthcheck\"]\noutput =", Fine),
    ("output =", "smoke = []\noutput =", Refused),
    ("output =", "smoke = [\"{out}\"]\noutput =", Refused),
    // Where the executable lies.
    ("dist/{asset}", "{asset}", Fine),
    ("dist/{asset}", "{arch}/{package}/tool-{version}", Fine),
    ("dist/{asset}", "a\\u2028b/{variant}", Refused),
    ("dist/{asset}", "größe/{variant}", Fine),
    ("dist/{asset}", "dist/tool", Refused),
    ("dist/{asset}", "dist/{version}", Refused),
    ("dist/{asset}", "dist/{os}/{asset}", Refused),
    ("dist/{asset}", "{output}/{asset}", Refused),
    ("dist/{asset}", "/dist/{asset}", Refused),
    ("dist/{asset}", "../{asset}", Refused),
    ("dist/{asset}", "dist//{asset}", Refused),
    ("dist/{asset}", "{asset}/", Refused),
    ("dist/{asset}", ".git/{asset}", Refused),
    ("dist/{asset}", "dist\\\\{asset}", Refused),
    ("dist/{asset}", "dist/{asset}}", Refused),
    ("dist/{asset}", "@923@/{asset}", Fine),
    ("dist/{asset}", "@924@/{asset}", Beyond("config.bad-template", FILLED)),
    ("dist/{asset}", "@GIT@", Beyond("config.bad-template", FILLED)),
    // Variants.
    ("variant.amd64", "variant.amd64-musl", Fine),
    ("variant.amd64", "variant.static-386", Fine),
    ("variant.amd64", "variant.small-arm-static", Fine),
    ("variant.amd64", "variant.mips", Refused),
    ("variant.amd64", "variant.xamd64", Refused),
    ("variant.amd64", "variant.amd64x-musl", Refused),
    ("variant.amd64", "variant.AMD64", Refused),
    ("variant.amd64", "variant.amd64_musl", Refused),
    ("variant.amd64]", "variant.small]\narch = \"s390x\"", Fine),
    ("variant.amd64]", "variant.small]\nlibc = \"static\"", Refused),
    ("variant.amd64]", "variant.amd64]\narch = \"riscv64\"", Fine),
    ("variant.amd64]", "variant.amd64]\narch = \"x86_64\"", Refused),
    ("variant.amd64]", "variant.amd64]\nos = \"linux\"", Fine),
    ("variant.amd64]", "variant.amd64]\nos = \"darwin\"", Refused),
    ("variant.amd64]", "variant.amd64]\nlibc = \"musl\"", Fine),
    ("variant.amd64]", "variant.amd64]\nlibc = \"uclibc\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31\"", Fine),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"0.65535\"", Fine),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.65536\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.031\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31.1\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"+2.31\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = \"2.31\\n\"", Refused),
    ("variant.amd64]", "variant.amd64]\nglibc-floor = 2.31", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"self-hosted_1.x\"", Fine),
    ("variant.amd64]", "variant.amd64]\nrunner = \"\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"a b\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = \"${{ x }}\"", Refused),
    ("variant.amd64]", "variant.amd64]\nrunner = [\"a\", \"b\"]", Refused),
    ("variant.amd64]", "variant.amd64]\nallow-rpath = true\nallow-exec-stack = false", Fine),
    ("variant.amd64]", "variant.amd64]\nallow-rpath = \"true\"", Refused),
    ("variant.amd64]", "variant.amd64]\nallow-setuid = true", Refused),
    ("variant.amd64]", "variant]\namd64 = 1", Refused),
    ("variant.amd64]", "variant.amd64]\n[package.tool.variant.amd64-v3]", Beyond("config.same-variants", TWO_PACKAGES)),
    ("variant.amd64]", "variant.amd64]\n[package.tool.variant.amd64-v3]\nlibc = \"static\"", Fine),
    // Two packages.
    ("", "@OTHER@", Fine),
    ("tool-v{version}", "other-v{version}@OTHER@", Beyond("config.collision", TWO_PACKAGES)),
    ("tool-v{version}", "other-v1{version}@OTHER@", Beyond("config.collision", TWO_PACKAGES)),
    ("tag =", "pins = \"other/SHA256SUMS\"@OTHER@\ntag =", Beyond("config.collision", TWO_PACKAGES)),
    // how the workflows are written
    ("[package.tool]", "@W@level = \"hardened\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@level = \"harder\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"release/2\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@branch = \"a..b\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"a b\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branch = \"x.lock\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"release/2\", \"next\"]\n[package.tool]", Fine),
    ("[package.tool]", "@W@branches = [\"a..b\"]\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = \"next\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"next\", \"next\"]\n[package.tool]", Refused),
    ("[package.tool]", "@W@branches = [\"next\", \"Next\"]\n[package.tool]", Beyond("config.bad-value", CASE)),
    ("[package.tool]", "@W@branches = [\"main\"]\n[package.tool]", Beyond("config.bad-value", CASE)),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@sha256.amd64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.amd64 = \"@DIGEST@\"\n[package.tool]", Fine),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.arm64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"o/lockgate#v1\"\nsha256.amd64 = \"@DIGEST@\"\n[package.tool]", Refused),
    ("[package.tool]", "@W@lockgate = \"@ACTION@\"\nsha256.amd64 = \"abc\"\n[package.tool]", Refused),
];

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
