//! Faults, and the script that says when each strikes.
//!
//! A fault is one line of text, which reads back as it was written:
//!
//! ```text
//! KIND METHOD PATH [nth=N|nth=every] [actor=LABEL]
//!
//! drop-after   PATCH /releases/*            the effect happens, the connection closes unanswered
//! kill-before  POST  */assets* nth=2        at the second upload, before anything is taken in
//! before=500   *     /git/refs actor=automation nth=every
//! rate-limited=403,retry=60 GET /pulls/*
//! ```
//!
//! | kind | what happens |
//! | --- | --- |
//! | `before=STATUS` | answers STATUS, without effect |
//! | `after=STATUS` | the effect happens, the answer is STATUS |
//! | `drop-before`, `drop-after` | the connection closes unanswered, without or after the effect |
//! | `kill-before`, `kill-after` | the same, and the embedding program's hook is called first |
//! | `kill-midway=BYTES` | an upload: the hook is called after so many bytes; a `starter` stays |
//! | `late=CALLS` | answers 504; the effect lands after so many more calls were handled |
//! | `stall-before[=MS]`, `stall-after[=MS]` | no answer until the client leaves, or for MS |
//! | `truncated=BYTES` | the answer's body ends after so many bytes |
//! | `rate-limited=STATUS[,retry=SECS][,reset=SECS]` | 403 or 429, without effect |
//! | `starter` | an upload: the bytes are lost, the asset stays a `starter`, the answer is 502 |
//! | `tamper` | one byte of the body flips: of an upload on its way in, else of the answer |
//! | `null-digest` | an upload: the asset has no digest |
//!
//! METHOD is a method or `*`. In PATH, `*` stands for any characters, slashes too; it is compared
//! with the path without `/api/v3` or `/api/uploads`, and with what follows `/repos/OWNER/NAME`; a
//! pattern with a `?` is compared with path and query. `nth` counts the requests that match, from
//! 1, and is 1 unless given. LABEL is what the token's holder is called. `truncated` and `tamper`
//! on a request that is answered by a redirect to storage strike the bytes there.
//!
//! Knows no HTTP: it picks, the server strikes.

mod text;

pub use text::FaultSyntax;

/// A fault and when it strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub what: FaultKind,
    /// To which requests.
    pub when: When,
}

/// Which requests a fault strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// The method; `None` for any.
    pub method: Option<String>,
    /// The pattern of the path.
    pub path: String,
    /// Which of the requests that match.
    pub nth: Nth,
    /// The label of whoever asks; `None` for anybody.
    pub actor: Option<String>,
}

/// Which of the requests that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// This one, from 1.
    Only(u32),
    /// Every one.
    Every,
}

/// On which side of the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// There is no effect.
    Before,
    /// The effect has happened.
    After,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Answers this status, without or after the effect.
    Status(Moment, u16),
    /// Closes the connection unanswered.
    Drop(Moment),
    /// Calls the hook, then closes the connection unanswered.
    Kill(Moment),
    /// Calls the hook in the middle of an upload.
    KillMidway {
        /// After so many bytes.
        bytes: u64,
    },
    /// Answers 504; the effect comes later.
    Late {
        /// After so many more calls were handled.
        calls: u32,
    },
    /// Does not answer.
    Stall {
        /// Whether the effect happens.
        moment: Moment,
        /// For how long; `None` until the client leaves.
        millis: Option<u64>,
    },
    /// Cuts the answer's body.
    Truncated {
        /// After so many bytes.
        bytes: u64,
    },
    /// Says that there were too many requests.
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
    /// Flips a byte.
    Tamper,
    /// Keeps the digest of an upload.
    NullDigest,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Script {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u32,
}

/// What a fault is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    /// `/repos/o/r/releases/5`, or a path on the web side.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) actor: &'a str,
}

impl Script {
    /// Arms one more fault.
    pub(crate) fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, seen: 0 });
    }

    /// Forgets all faults.
    pub(crate) fn disarm(&mut self) {
        self.armed.clear();
    }

    /// The faults that have not struck, and those that strike every time.
    pub(crate) fn pending(&self) -> Vec<Fault> {
        self.armed.iter().map(|armed| armed.fault.clone()).collect()
    }

    /// The fault that strikes this request, if any: the first one armed. Counts for all.
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

/// Whether `pattern`, in which `*` stands for any characters, covers all of `text`.
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
