//! The rules about which module may name which: a command never uses another command.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the names of the commands' modules.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(source().join("commands.rs")).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn no_module_but_the_main_function_uses_a_command() {
    let commands = commands();
    assert!(commands.len() >= 15, "{commands:?}");
    let (mut files, mut found) = (0, Vec::new());
    for path in sources(&source()) {
        let module = module_of(&path);
        if module.is_empty() {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(source().join(&path)).unwrap();
        let names = named(&text, &module, &commands);
        found.extend(
            names
                .iter()
                .map(|name| format!("{} uses {name}", path.display())),
        );
    }
    assert!(files > 60, "only {files} files");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What a command prints as JSON is a type, so that its fields are in one place and in one style.
#[test]
fn commands_print_types_and_no_json_that_they_put_together() {
    for path in sources(&source()) {
        if path.starts_with("commands") || path.starts_with("output") {
            let text = std::fs::read_to_string(source().join(&path)).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("json!"), "{} has json!", path.display());
        }
    }
}

#[test]
fn each_way_to_name_another_command_is_found() {
    let commands = ["gate".to_owned(), "report".to_owned()];
    for (module, text) in [
        ("commands::report", "use super::gate::look;"),
        ("commands::report", "use super::{Context, gate};"),
        ("commands::report", "let x = super::gate::look(y);"),
        (
            "commands::report",
            "use crate::commands::{\n    Context,\n    gate::{look, post},\n};",
        ),
        ("commands::report::text", "use super::super::gate;"),
        (
            "commands::report::text",
            "use crate::{cli, commands::gate};",
        ),
        ("observe::pulls", "crate::commands::gate::look(y)"),
    ] {
        assert_eq!(named(text, module, &commands), ["commands::gate"], "{text}");
    }
    for (module, text) in [
        ("commands::gate", "use super::Context;"),
        ("commands::gate", "use crate::commands::gate::which::Group;"),
        ("commands::gate::which", "use super::super::gate;"),
        ("commands::gate::which", "use super::report;"),
        (
            "commands::report",
            "use crate::observe::gate;\n// unlike super::gate",
        ),
        ("observe::pulls", "use super::gate;"),
    ] {
        assert!(named(text, module, &commands).is_empty(), "{text}");
    }
}

/// Returns the commands that the source text of a module names, except its own.
fn named(text: &str, module: &str, commands: &[String]) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code = code.lines().map(|line| line.split("//").next().unwrap());
    let code = code.collect::<Vec<_>>().join("\n");
    let mut paths = Vec::new();
    for tree in code.split("use ").skip(1) {
        let tree = tree.split(';').next().unwrap();
        flatten("", &tree.split_whitespace().collect::<String>(), &mut paths);
    }
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    paths.extend(code.split(|c| !is_path(c)).map(ToOwned::to_owned));
    let absolute = paths.iter().filter_map(|path| absolute(path, module));
    let mut found: Vec<String> = absolute
        .filter_map(|path| {
            let name = path
                .strip_prefix("commands::")?
                .split("::")
                .next()?
                .to_owned();
            let target = format!("commands::{name}");
            let own = module == target || module.starts_with(&format!("{target}::"));
            (commands.contains(&name) && !own).then_some(target)
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Resolves `crate::` and `super::` for a path in a module.
fn absolute(path: &str, module: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let mut rest = path.strip_prefix("self::").unwrap_or(path);
    let mut module: Vec<&str> = module.split("::").collect();
    if !rest.starts_with("super::") {
        return None;
    }
    while let Some(inner) = rest.strip_prefix("super::") {
        rest = inner;
        module.pop()?;
    }
    module.push(rest);
    Some(module.join("::"))
}

/// Expands `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
fn flatten(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let Some((before, rest)) = tree.split_once('{') else {
        into.push(format!("{prefix}{tree}"));
        return;
    };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                flatten(&format!("{prefix}{before}"), &inner[start..at], into);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Returns the module path of a source file; empty for the crate's root.
fn module_of(path: &Path) -> String {
    let path = path.with_extension("");
    let parts = path.iter().map(|part| part.to_str().unwrap());
    let parts: Vec<&str> = parts
        .filter(|part| !["mod", "lib", "main"].contains(part))
        .collect();
    parts.join("::")
}

/// Returns the source files below a folder, relative to `src`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push(path.strip_prefix(source()).unwrap().to_owned());
        }
    }
    all
}
