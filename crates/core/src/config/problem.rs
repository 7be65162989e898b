//! What can be wrong with a config, each with its code, sentence and hint.

use std::fmt;

use crate::reason::{Reason, reasons};

reasons! {
    /// What is wrong with a `lockgate.toml`.
    pub enum ConfigProblem {
        /// Not TOML at all.
        Syntax { /** What the TOML reader says. */ message: String } =>
            "config.syntax", "this is not TOML: {message}", "fix the line; toml.io describes the format";
        /// A key that nobody reads.
        UnknownKey { /** Key. */ key: String, /** Where. */ table: String, /** What to write. */ instead: String } =>
            "config.unknown-key", "{table} has no key {key}", "{instead}";
        /// A key or table that must be there.
        Missing { /** Key. */ key: &'static str, /** Where. */ table: String, /** An example. */ example: &'static str } =>
            "config.missing", "{table} lacks `{key}`", "add, for example, {example}";
        /// A value of another type.
        WrongType { /** Key. */ key: String, /** What it is. */ found: &'static str, /** What it should be. */ expected: &'static str } =>
            "config.wrong-type", "`{key}` is {found}, not {expected}", "write {expected}";
        /// A value that its key does not take.
        BadValue { /** Key. */ key: String, /** The value, quoted. */ value: String, /** What it should be. */ expected: String } =>
            "config.bad-value", "`{key}` is {value}, which is not {expected}", "write {expected}";
        /// A pattern that cannot be read.
        BadGlob { /** Key. */ key: String, /** The pattern, quoted. */ glob: String, /** What is wrong. */ problem: String } =>
            "config.bad-glob", "`{key}` has the pattern {glob}, which cannot be read: {problem}",
            "fix the pattern; `dir/**` is all below dir, `**/*.md` every Markdown file";
        /// A template lacks a placeholder, or has one that has no meaning there.
        BadTemplate { /** Key. */ key: String, /** The template, quoted. */ template: String, /** What is wrong. */ problem: String } =>
            "config.bad-template", "`{key}` is {template}, but {problem}", "`{{version}}` and the other placeholders are explained in docs/config.md";
        /// Two packages would write the same thing.
        Collision { /** One. */ one: String, /** The other. */ other: String, /** What. */ what: String } =>
            "config.collision", "the packages {one} and {other} would both use {what}", "give one of them another name";
        /// Two variants that differ in nothing but their names.
        SameVariants { /** One. */ one: String, /** The other. */ other: String } =>
            "config.same-variants", "the variants {one} and {other} are for the same machines, so `fetch` could not choose between them",
            "set `arch`, `libc` or `glibc-floor` so that they differ, or make a package of its own for one of them; a processor level in a name such as `amd64-v3` is not read";
    }
}

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub problem: ConfigProblem,
}

impl ConfigError {
    pub(super) fn at(text: &str, offset: usize, problem: ConfigProblem) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        Self {
            line,
            column,
            problem,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )
    }
}

impl std::error::Error for ConfigError {}

impl Reason for ConfigError {
    fn code(&self) -> &'static str {
        self.problem.code()
    }

    fn hint(&self) -> String {
        self.problem.hint()
    }
}
