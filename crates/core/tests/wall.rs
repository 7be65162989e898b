//! The wall around core and format: no I/O, clock, environment, threads or async, by dependency list and by source.
//!
//! `clippy.toml` beside the manifest forbids the calls by name; this holds where nobody runs clippy, and for what a list
//! of names cannot say.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the crate's sources"
)]

use std::path::{Path, PathBuf};

/// All that core may depend on: pure computation, each. Whoever adds one says here why it does no I/O.
const DEPENDENCIES: [(&str, &str); 10] = [
    (
        "lockgate-format",
        "documents and names; behind the same wall",
    ),
    ("globset", "matches bytes against patterns"),
    ("regex-automata", "runs the automaton of a pattern"),
    ("semver", "parses and orders versions"),
    ("serde", "describes values"),
    ("serde_json", "JSON from and to memory"),
    ("sha2", "digests of bytes in memory"),
    ("strsim", "how alike two words are"),
    ("thiserror", "writes `Display` for errors"),
    ("toml", "TOML from memory"),
];

/// Nothing of these is named in core's sources.
const FORBIDDEN: [&str; 20] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "HashMap",
    "HashSet",
    "RandomState",
    "async fn",
    "async move",
    ".await",
    "extern crate",
];

/// The folders of the crates behind the wall.
fn crates() -> [PathBuf; 2] {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    [core.to_owned(), core.join("../format")]
}

fn manifest(folder: &Path) -> toml::Table {
    let path = folder.join("Cargo.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

#[test]
fn they_depend_on_pure_computation_only() {
    for (folder, all) in crates().into_iter().zip([true, false]) {
        let manifest = manifest(&folder);
        let found = manifest["dependencies"].as_table().unwrap();
        let allowed = |name: &str| DEPENDENCIES.iter().any(|(allowed, _)| *allowed == name);
        assert!(found.keys().all(|name| allowed(name)), "{found:?}");
        assert!(!all || found.len() == DEPENDENCIES.len(), "{found:?}");
        for elsewhere in ["target", "build-dependencies", "features"] {
            assert!(
                !manifest.contains_key(elsewhere),
                "there is a table [{elsewhere}]: list in tests/wall.rs what it may contain"
            );
        }
        assert!(
            !folder.join("build.rs").exists(),
            "a build script can do anything"
        );
    }
}

#[test]
fn no_source_names_what_does_something() {
    let mut sources = Vec::new();
    for folder in crates() {
        let before = sources.len();
        collect(&folder.join("src"), &mut sources);
        assert!(sources.len() > before + 10, "{sources:?}");
    }
    let mut found = Vec::new();
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, forbidden) in violations(&text) {
            found.push(format!("{}:{line} names {forbidden}", path.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_wall_sees_each_way_to_name_a_module() {
    for (text, forbidden) in [
        ("let x = std::fs::read(p);", "std::fs"),
        ("use std::env;", "std::env"),
        ("use std::{fmt, env, io};", "std::env"),
        (
            "use std::{\n    collections::BTreeMap,\n    thread::spawn,\n};",
            "std::thread",
        ),
        (
            "use std::time::{Duration, SystemTime};",
            "std::time::SystemTime",
        ),
        (
            "use std::{time::{Duration, Instant}, fmt};",
            "std::time::Instant",
        ),
        ("use ::std :: process::Command;", "std::process"),
        ("let now = SystemTime::now();", "SystemTime::now"),
        ("pub async fn step() {}", "async fn"),
    ] {
        assert!(
            violations(text).iter().any(|(_, found)| found == forbidden),
            "{text}"
        );
    }
    for text in [
        "use std::time::Duration;",
        "// like std::fs, but pure",
        "//! no `std::env` here",
        "use std::{fmt, io};",
        "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n",
    ] {
        assert_eq!(violations(text), [], "{text}");
    }
}

/// The sources of the library, without the files that are tests only (as their `mod` lines say).
fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if stem == "tests" || stem.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Line numbers and what they name, up to the test module at the end of a file.
fn violations(text: &str) -> Vec<(usize, String)> {
    let code: String = match text.split_once("#[cfg(test)]\nmod tests {") {
        Some((code, _)) => code,
        None => text,
    }
    .lines()
    .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
    .collect();
    let mut found = Vec::new();
    for (at, line) in code.lines().enumerate() {
        let tight = line.replace(" ::", "::").replace(":: ", "::");
        let named = FORBIDDEN.iter().filter(|name| tight.contains(**name));
        found.extend(named.map(|name| (at + 1, (*name).to_owned())));
    }
    for (offset, _) in code.match_indices("use ") {
        let tree = code[offset + 4..].split(';').next().unwrap_or_default();
        let line = code[..offset].matches('\n').count() + 1;
        let paths = flat(
            &tree
                .chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>(),
        );
        for path in paths {
            let path = path.trim_start_matches("::");
            let named = FORBIDDEN
                .iter()
                .filter(|name| path == **name || path.starts_with(&format!("{name}::")));
            found.extend(named.map(|name| (line, (*name).to_owned())));
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn flat(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        return vec![tree.to_owned()];
    };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start, mut branches) = (0_usize, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                branches.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&inner[start..]);
    branches
        .into_iter()
        .flat_map(flat)
        .map(|path| format!("{prefix}{path}"))
        .collect()
}
