//! Path patterns over git tree entries.
//!
//! The language is that of crate `globset`, which resembles gitignore's, with these settings, which are part of the
//! fingerprint's definition: `*` and `?` do not match `/`; `**` matches any number of whole parts; `[a-z]` and `{a,b}`
//! work; `\` takes the next character literally; matching is case-sensitive and over the path's bytes; a pattern matches
//! the whole path. A pattern without a wildcard matches one file, never a folder.

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use regex_automata::Anchored;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::util::{start, syntax};

/// A set of patterns; a path matches if any of them does.
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
    /// The same patterns as an automaton, for testing a prefix of a path.
    steps: DFA,
    /// The folders of the patterns that end in `/**`.
    folders: GlobSet,
}

impl Globs {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The number of the first invalid pattern, and the problem with it.
    pub fn new(patterns: &[&str]) -> Result<Self, (usize, String)> {
        let read = |(at, pattern): (usize, &&str)| one(pattern).map_err(|problem| (at, problem));
        let globs: Vec<Glob> = patterns
            .iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        let steps = steps(&globs).map_err(|problem| (0, problem))?;
        Ok(Self {
            patterns: patterns.iter().map(|&p| p.to_owned()).collect(),
            set: set(globs).map_err(|problem| (0, problem))?,
            steps,
            folders: set(patterns.iter().filter_map(|pattern| folder(pattern)))
                .map_err(|problem| (0, problem))?,
        })
    }

    /// Returns whether a path, as git stores it, matches.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.set.is_match_candidate(&Candidate::from_bytes(path))
    }

    /// Returns whether a pattern matches any text that begins with a folder's path and a slash.
    pub fn match_below(&self, folder: &[u8]) -> bool {
        let mut cache = self.steps.create_cache();
        let start = start::Config::new().anchored(Anchored::Yes);
        let mut state = self.steps.start_state(&mut cache, &start).ok();
        for &byte in folder.iter().chain(b"/") {
            state = state.and_then(|at| self.steps.next_state(&mut cache, at, byte).ok());
        }
        // The dead state has no way out, and from any other state some text leads to a match.
        state.is_none_or(|at| !at.is_dead())
    }

    /// Returns whether a pattern matches everything below a folder: `dir/**`, or anything that matches the folder's own path.
    pub fn match_all_below(&self, folder: &[u8]) -> bool {
        self.matches(folder)
            || self
                .folders
                .is_match_candidate(&Candidate::from_bytes(folder))
    }

    /// Returns the patterns as written.
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

/// Returns `dir` of `dir/**`.
fn folder(pattern: &str) -> Option<Glob> {
    let mut folder = pattern.strip_suffix("/**")?;
    while let Some(shorter) = folder.strip_suffix("/**") {
        folder = shorter;
    }
    one(folder).ok()
}

fn set(globs: impl IntoIterator<Item = Glob>) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(glob);
    }
    set.build().map_err(|error| error.to_string())
}

/// Compiles the patterns to one automaton that reads byte by byte. The syntax is the one in which `globset` writes them.
fn steps(globs: &[Glob]) -> Result<DFA, String> {
    let patterns: Vec<&str> = globs.iter().map(Glob::regex).collect();
    DFA::builder()
        .syntax(syntax::Config::new().utf8(false).dot_matches_new_line(true))
        .configure(DFA::config().skip_cache_capacity_check(true))
        .build_many(&patterns)
        .map_err(|error| error.to_string())
}

fn one(pattern: &str) -> Result<Glob, String> {
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
    fn a_folder_is_below_a_pattern_if_any_path_in_it_could_match() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "dir/**",
                &["dir", "dir/sub", "dir/sub/a"],
                &["di", "dirs", "x/dir", "d"],
            ),
            (
                "dir/x/**",
                &["dir", "dir/x", "dir/x/y"],
                &["dir/y", "x", "dir/xy"],
            ),
            (
                "dir/x/main.c",
                &["dir", "dir/x"],
                &["dir/x/main.c", "dir/y"],
            ),
            ("dir", &[], &["dir", "dir/x"]),
            ("**/*.c", &["a", "a/b", "straße"], &[]),
            ("**/tests/**", &["a", "tests", "a/tests/b"], &[]),
            ("*/x", &["a", "b"], &["a/x", "a/b"]),
            ("a*/x", &["a", "ab"], &["b", "a/b"]),
            ("{a/b,c}/**", &["a", "a/b", "c", "c/d"], &["b", "a/c"]),
            ("a\\*b/**", &["a*b"], &["axb"]),
            ("**", &["a"], &[]),
        ];
        for (pattern, yes, no) in table {
            let globs = Globs::new(&["other", pattern]).unwrap();
            for (paths, expected) in [(yes, true), (no, false)] {
                for path in *paths {
                    let found = globs.match_below(path.as_bytes());
                    assert_eq!(found, expected, "{pattern} below {path}");
                }
            }
        }
        let none = Globs::new(&[]).unwrap();
        assert!(!none.match_below(b"dir") && !none.match_all_below(b"dir"));
        let bytes = Globs::new(&["dir/**"]).unwrap();
        assert!(bytes.match_below(b"dir/\xff\xfe") && !bytes.match_below(b"\xff"));
    }

    /// The definition, tested by trial: a folder is below a pattern if a path in it matches.
    #[test]
    fn a_path_that_matches_is_below_each_of_its_folders() {
        let parts = ["a", "b", "ab", "x.c"];
        let mut paths: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
        for _ in 0..2 {
            let longer = paths
                .iter()
                .flat_map(|path| parts.map(|part| format!("{path}/{part}")));
            paths = longer.chain(parts.map(ToOwned::to_owned)).collect();
        }
        for pattern in [
            "a/**",
            "**/b/*",
            "a/{b,ab}/x.c",
            "?/b/**",
            "*/*.c",
            "[!a]/**",
        ] {
            let globs = Globs::new(&[pattern]).unwrap();
            for path in paths.iter().filter(|path| globs.matches(path.as_bytes())) {
                for (at, _) in path.match_indices('/') {
                    assert!(
                        globs.match_below(&path.as_bytes()[..at]),
                        "{pattern} {path} {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn all_below_a_folder_is_only_what_says_so() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("dir/**", &["dir", "dir/sub"], &["di", "x/dir"]),
            ("*/lib/**/**", &["a/lib"], &["a", "lib"]),
            ("dir", &["dir"], &["dir/sub"]),
            ("**", &["dir"], &[]),
            ("**/*.md", &["notes.md"], &["dir"]),
            ("dir/*", &["dir/sub"], &["dir"]),
        ];
        for (pattern, yes, no) in table {
            let globs = Globs::new(&[pattern]).unwrap();
            let all = |path: &&str| globs.match_all_below(path.as_bytes());
            assert!(yes.iter().all(all), "{pattern}");
            assert!(!no.iter().any(all), "{pattern}");
        }
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
