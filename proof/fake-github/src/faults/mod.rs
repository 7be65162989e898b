//! Injected faults, and when each of them occurs.
//!
//! A fault is one line of text, which is printed as it was written:
//!
//! ```text
//! KIND METHOD PATH [nth=N|nth=every] [actor=LABEL]
//!
//! drop-after   PATCH /releases/*            the effect happens, the connection closes without a response
//! kill-before  POST  */assets* nth=2        at the second upload, before anything is stored
//! before=500   *     /git/refs actor=automation nth=every
//! rate-limited=403,retry=60 GET /pulls/*
//! ```
//!
//! | kind | what happens |
//! | --- | --- |
//! | `before=STATUS` | responds with STATUS, without effect |
//! | `after=STATUS` | the effect happens, the response is STATUS |
//! | `drop-before`, `drop-after` | the connection closes without a response, without or after the effect |
//! | `kill-before`, `kill-after` | the same, after calling the embedding program's hook |
//! | `kill-midway=BYTES` | an upload: the hook is called after this many bytes; a `starter` remains |
//! | `late=CALLS` | responds with 504; the effect happens after this many more calls |
//! | `stall-before[=MS]`, `stall-after[=MS]` | no response until the client disconnects, or for MS |
//! | `truncated=BYTES` | the body of the response ends after this many bytes |
//! | `rate-limited=STATUS[,retry=SECS][,reset=SECS]` | 403 or 429, without effect |
//! | `starter` | an upload: the bytes are lost, the asset remains a `starter`, the response is 502 |
//! | `tamper` | flips a bit in the body: of an upload when it arrives, else of the response |
//! | `null-digest` | an upload: the asset has no digest |
//!
//! METHOD is a method or `*`. In PATH, `*` stands for any characters, including slashes; it is compared with the path
//! without `/api/v3` or `/api/uploads`, and with the part after `/repos/OWNER/NAME`; a pattern with a `?` is compared
//! with path and query. `nth` counts the matching requests from 1, and defaults to 1. LABEL is the label of the token's
//! holder. For a request that is redirected to storage, `truncated` and `tamper` affect the bytes there.
//!
//! This module does not know HTTP: it selects faults, the server applies them.

mod text;

pub use text::FaultSyntax;

/// A fault, and the requests to which it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The effect of the fault.
    pub what: FaultKind,
    /// The requests that it applies to.
    pub when: When,
}

/// Selects the requests that a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The method; `None` for any.
    pub method: Option<String>,
    /// The pattern of the path.
    pub path: String,
    /// Which of the matching requests.
    pub nth: Nth,
    /// The label of the caller; `None` for any.
    pub actor: Option<String>,
}

/// Which of the matching requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// Only this one, from 1.
    Only(u32),
    /// Every one.
    Every,
}

/// Before or after the effect of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// There is no effect.
    Before,
    /// The effect has happened.
    After,
}

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Responds with this status, without or after the effect.
    Status(Moment, u16),
    /// Closes the connection without a response.
    Drop(Moment),
    /// Calls the hook, then closes the connection without a response.
    Kill(Moment),
    /// Calls the hook in the middle of an upload.
    KillMidway {
        /// The number of bytes before that.
        bytes: u64,
    },
    /// Responds with 504; the effect comes later.
    Late {
        /// The number of calls in between.
        calls: u32,
    },
    /// Does not respond.
    Stall {
        /// Whether the effect happens.
        moment: Moment,
        /// The duration; `None` until the client disconnects.
        millis: Option<u64>,
    },
    /// Cuts the body of the response.
    Truncated {
        /// The number of bytes before that.
        bytes: u64,
    },
    /// Reports that the rate limit is exceeded.
    RateLimited {
        /// 403 or 429.
        status: u16,
        /// The seconds to wait, in `retry-after`.
        retry: Option<u32>,
        /// The seconds until the budget is full again, in `x-ratelimit-reset`.
        reset: Option<u32>,
    },
    /// Loses the bytes of an upload.
    Starter,
    /// Flips a bit.
    Tamper,
    /// Withholds the digest of an upload.
    NullDigest,
}

/// The faults that are still pending.
#[derive(Debug, Default)]
pub(crate) struct Script {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u32,
}

/// The properties of a request that faults are compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    /// `/repos/o/r/releases/5`, or a path outside the API.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) actor: &'a str,
}

impl Script {
    /// Adds a fault.
    pub(crate) fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, seen: 0 });
    }

    /// Removes all faults.
    pub(crate) fn disarm(&mut self) {
        self.armed.clear();
    }

    /// Returns the faults that have not occurred, and those that occur every time.
    pub(crate) fn pending(&self) -> Vec<Fault> {
        self.armed.iter().map(|armed| armed.fault.clone()).collect()
    }

    /// Returns the fault for this request, if any: the first one armed. Counts the request for all faults.
    pub(crate) fn strike(&mut self, target: Target<'_>) -> Option<FaultKind> {
        let mut struck = None;
        self.armed.retain_mut(|armed| {
            if !armed.fault.when.matches(target) {
                return true;
            }
            armed.seen += 1;
            let due = match armed.fault.when.nth {
                Nth::Only(nth) => armed.seen == nth,
                Nth::Every => true,
            };
            if !due || struck.is_some() {
                return true;
            }
            struck = Some(armed.fault.what.clone());
            armed.fault.when.nth == Nth::Every
        });
        struck
    }
}

impl When {
    fn matches(&self, target: Target<'_>) -> bool {
        let method = self
            .method
            .as_deref()
            .is_none_or(|method| method == target.method);
        let actor = self
            .actor
            .as_deref()
            .is_none_or(|actor| actor == target.actor);
        if !method || !actor {
            return false;
        }
        let mut full = target.path.to_owned();
        if self.path.contains('?') {
            full = format!("{full}?{}", target.query);
        }
        let inside = full.strip_prefix("/repos/").and_then(|rest| {
            let mut parts = rest.splitn(3, '/');
            parts.nth(2).map(|inside| format!("/{inside}"))
        });
        glob(&self.path, &full) || inside.is_some_and(|inside| glob(&self.path, &inside))
    }
}

/// Returns whether `pattern`, in which `*` stands for any characters, matches all of `text`.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target<'a>(method: &'a str, path: &'a str, actor: &'a str) -> Target<'a> {
        Target {
            method,
            path,
            query: "name=tool-v2",
            actor,
        }
    }

    #[test]
    fn patterns_cover_whole_paths() {
        for (pattern, text, covers) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/ab/c", true),
            ("*/assets*", "/releases/1/assets", true),
            ("*/assets*", "/releases/1", false),
            ("/a*c*e", "/abcde", true),
            ("/a*c*e", "/abcdef", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), covers, "{pattern} {text}");
        }
    }

    #[test]
    fn a_fault_strikes_its_nth_match_and_is_spent() {
        let mut script = Script::default();
        script.arm("drop-after PATCH /releases/* nth=2".parse().unwrap());
        let patch = target("PATCH", "/repos/o/r/releases/5", "automation");
        assert_eq!(
            script.strike(target("GET", "/repos/o/r/releases/5", "automation")),
            None
        );
        assert_eq!(script.strike(patch), None);
        assert_eq!(script.strike(patch), Some(FaultKind::Drop(Moment::After)));
        assert_eq!(script.strike(patch), None);
        assert!(script.pending().is_empty());
    }

    #[test]
    fn a_fault_can_be_for_one_actor_and_for_ever() {
        let mut script = Script::default();
        script.arm(
            "before=500 * /git/refs nth=every actor=automation"
                .parse()
                .unwrap(),
        );
        for _ in 0..3 {
            assert!(
                script
                    .strike(target("POST", "/repos/o/r/git/refs", "automation"))
                    .is_some()
            );
            assert!(
                script
                    .strike(target("POST", "/repos/o/r/git/refs", "developer"))
                    .is_none()
            );
        }
    }

    #[test]
    fn a_pattern_with_a_question_mark_sees_the_query() {
        let mut script = Script::default();
        script.arm(
            "starter POST */assets?name=tool* nth=every"
                .parse()
                .unwrap(),
        );
        assert!(
            script
                .strike(target("POST", "/repos/o/r/releases/5/assets", "x"))
                .is_some()
        );
        assert!(
            script
                .strike(target("POST", "/repos/o/r/releases/5/other", "x"))
                .is_none()
        );
    }
}
