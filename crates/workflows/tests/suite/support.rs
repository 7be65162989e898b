//! Configs for the tests.

use lockgate_core::config::Config;
use lockgate_workflows::files::{self, File};
use lockgate_workflows::yaml::read::{Node, read};

/// Valid names that YAML, or a later consumer, has been known to mangle.
pub(crate) const HOSTILE: &[&str] = &[
    "on",
    "null",
    "1e3",
    "yes",
    "0x10",
    "true",
    "2024-01-01",
    "no",
    "off",
    "0",
    "007",
    "1-2",
    "y",
    "nan",
    "e",
    "12e03",
];

/// Returns a config with these packages, each with these variants.
pub(crate) fn config(packages: &[&str], variants: &[&str], more: &str) -> Config {
    let mut text = String::new();
    for name in packages {
        text += &format!(
            "[package.{name}]\nversion-file = \"{name}/V\"\nsources = [\"{name}/**\"]\ntag = \"tag-{name}-v{{version}}\"\nasset = \"{name}-{{variant}}-v{{version}}\"\n\
             [package.{name}.build]\ncommand = [\"make\"]\noutput = \"{name}/{{asset}}\"\n"
        );
        for (at, variant) in variants.iter().enumerate() {
            // A floor of its own each, so that they are for different machines.
            text += &format!(
                "[package.{name}.variant.{variant}]\narch = \"amd64\"\nglibc-floor = \"2.{at}\"\n"
            );
        }
    }
    text += more;
    Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Returns a table `[workflows]` with every key.
pub(crate) fn settings(level: &str) -> String {
    let (commit, digest) = ("0123456789".repeat(4), "0123456789abcdef".repeat(4));
    format!(
        "[workflows]\nlevel = \"{level}\"\nlockgate = \"o/lockgate@{commit}\"\n[workflows.sha256]\namd64 = \"{digest}\"\narm64 = \"{digest}\"\n"
    )
}

/// Returns configs that differ in everything that matters to a workflow.
pub(crate) fn configs() -> Vec<Config> {
    let many: Vec<String> = (0..12).map(|at| format!("v{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut all = Vec::new();
    for level in ["basic", "hardened"] {
        for more in [
            format!("[workflows]\nlevel = \"{level}\"\n"),
            settings(level),
        ] {
            for variants in [&["amd64"][..], &["amd64", "arm64"], &many] {
                all.push(config(&["tool"], variants, &more));
                all.push(config(&["one", "two", "three"], variants, &more));
            }
            all.push(config(HOSTILE, HOSTILE, &more));
        }
    }
    all
}

/// Returns the files of a config for an empty repository.
pub(crate) fn fresh(config: &Config) -> Vec<File> {
    files::of(config, &|_| None)
}

/// Returns a file as a tree.
pub(crate) fn tree(file: &File) -> Node {
    read(&file.text).unwrap_or_else(|error| panic!("{}: {error}\n{}", file.path, file.text))
}
