//! Path patterns over git tree entries.
//!
//! The language is that of gitignore's cousins in the Rust world (crate `globset`), with these settings, which are part
//! of the fingerprint's definition: `*` and `?` do not match `/`; `**` matches any number of whole parts; `[a-z]` and
//! `{a,b}` work; `\` takes the next character literally; matching is case-sensitive and over the path's bytes; a
//! pattern matches the whole path. A pattern without a wildcard matches one file, never a folder.

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

/// Some patterns; a path matches if any of them does.
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Reads the patterns.
    ///
    /// # Errors
    /// The number of the first pattern that is wrong, and what is wrong with it.
    pub fn new(patterns: &[&str]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (at, pattern) in patterns.iter().enumerate() {
            set.add(one(pattern).map_err(|problem| (at, problem))?);
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self {
            patterns: patterns.iter().map(|&p| p.to_owned()).collect(),
            set,
        })
    }

    /// Whether a path, as git stores it, matches.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.set.is_match_candidate(&Candidate::from_bytes(path))
    }

    /// The patterns as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for Globs {}

fn one(pattern: &str) -> Result<globset::Glob, String> {
    if pattern.is_empty()
        || pattern.starts_with('/')
        || pattern.starts_with("./")
        || pattern.ends_with('/')
    {
        return Err("a pattern is relative to the root of the repository and names files: write \"dir/**\" for all below dir".to_owned());
    }
    if pattern.chars().any(char::is_control) {
        return Err("a pattern has no control characters".to_owned());
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_their_description_says() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "src/**",
                &["src/a", "src/a/b.c"],
                &["src", "xsrc/a", "a/src/b"],
            ),
            ("**/*.md", &["README.md", "a/b/c.md"], &["a.mdx", "a/md"]),
            (
                "**/tests/**",
                &["tests/a", "x/tests/y/z"],
                &["tests", "x/testss/y"],
            ),
            ("src/*.c", &["src/a.c"], &["src/a/b.c", "src/a.h"]),
            ("build.py", &["build.py"], &["a/build.py", "build.pyc"]),
            (
                "a/{b,c}/?.[ch]",
                &["a/b/x.c", "a/c/y.h"],
                &["a/d/x.c", "a/b/xx.c"],
            ),
            ("SRC/**", &["SRC/a"], &["src/a"]),
            ("a\\*b", &["a*b"], &["axb"]),
        ];
        for (pattern, yes, no) in table {
            let globs = Globs::new(&[pattern]).unwrap();
            yes.iter().for_each(|path| {
                assert!(
                    globs.matches(path.as_bytes()),
                    "{pattern} should match {path}"
                )
            });
            no.iter().for_each(|path| {
                assert!(
                    !globs.matches(path.as_bytes()),
                    "{pattern} should not match {path}"
                )
            });
        }
        assert!(Globs::new(&["src/**"]).unwrap().matches(b"src/\xff\xfe"));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        for wrong in ["", "/abs", "./a", "dir/", "a[", "{a", "a\nb"] {
            assert_eq!(
                Globs::new(&["fine", wrong]).map_err(|(at, _)| at),
                Err(1),
                "{wrong:?}"
            );
        }
    }
}
