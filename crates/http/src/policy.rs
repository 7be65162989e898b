//! One policy for time limits and retries, with a value for downloads and one for calls to an API.
//!
//! Nothing here waits by itself: the clock is injected.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Time limits and retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The time limits.
    pub timeouts: Timeouts,
    /// The most attempts, the first one included.
    pub attempts: u32,
    /// The first wait of the back-off, which doubles each time.
    pub first_wait: Duration,
    /// The longest wait, also if a server asks for more: then there is no other attempt.
    pub longest_wait: Duration,
    /// The shortest wait that a server can ask for.
    pub least_wait: Duration,
    /// The most time that all waits which the server asks for can take together.
    pub budget: Duration,
}

impl Policy {
    /// For downloads that a person or a program waits for.
    pub const DOWNLOAD: Self = Self {
        timeouts: Timeouts::DOWNLOAD,
        attempts: 3,
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(60),
        least_wait: Duration::ZERO,
        budget: Timeouts::DOWNLOAD.total,
    };

    /// For calls to an API: GitHub's rate limits last a minute at most, or much longer than a run can wait.
    pub const API: Self = Self {
        timeouts: Timeouts {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            total: Duration::from_secs(60),
        },
        attempts: 3,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(60),
        least_wait: Duration::from_secs(1),
        budget: Duration::from_secs(60),
    };
}

/// How long to wait before a server counts as unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For its name to resolve, and then for a connection, encryption included. Default: 15 seconds each.
    pub connect: Duration,
    /// For the next bytes. Default: 30 seconds.
    pub idle: Duration,
    /// For one file from one address, all attempts included; and for another process that gets the same file. For a call to
    /// an API, one attempt. Default: 30 minutes.
    pub total: Duration,
}

impl Timeouts {
    const DOWNLOAD: Self = Self {
        connect: Duration::from_secs(15),
        idle: Duration::from_secs(30),
        total: Duration::from_secs(1800),
    };

    /// Sets how long a server may be silent, also while it is connected to.
    pub fn limit_silence(&mut self, idle: Duration) {
        self.idle = idle;
        self.connect = self.connect.min(idle);
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::DOWNLOAD
    }
}

/// The attempts of one request, counted against a policy.
#[derive(Debug, Clone)]
pub struct Attempts<'p> {
    policy: &'p Policy,
    /// The attempts that brought nothing.
    made: u32,
    budget: Duration,
}

impl<'p> Attempts<'p> {
    /// Begins with the first attempt.
    pub fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            made: 1,
            budget: policy.budget,
        }
    }

    /// Records that the last attempt brought a part of what is wanted: it does not count.
    pub fn progress(&mut self) {
        *self = Self {
            made: 0,
            ..Self::new(self.policy)
        };
    }

    /// Returns how long to wait before the next attempt; `None` if there is none. A server that asks for a wait gets it, within
    /// the policy's bounds; otherwise the waits double.
    pub fn next_wait(&mut self, asked_for: Option<Duration>) -> Option<Duration> {
        let policy = self.policy;
        let doubled = 2_u32.saturating_pow(self.made.saturating_sub(1));
        let back_off = policy.first_wait.saturating_mul(doubled);
        let wait = match asked_for {
            Some(asked_for) => asked_for.max(policy.least_wait),
            None => back_off.min(policy.longest_wait),
        };
        if self.made >= policy.attempts || wait > policy.longest_wait {
            return None;
        }
        if asked_for.is_some() {
            self.budget = self.budget.checked_sub(wait)?;
        }
        self.made += 1;
        Some(wait)
    }
}

/// The clock, and how to wait: injected, so that tests need neither.
#[derive(Clone)]
pub struct Clock {
    /// Returns the current time.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// Waits.
    pub sleep: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Clock {
    /// Creates the system's clock, on which a second of waiting takes `second`.
    pub fn scaled(second: Duration) -> Self {
        let scaled = move |wait: Duration| {
            let seconds = jittered(wait).as_secs_f64() * second.as_secs_f64();
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        };
        Self {
            now: Arc::new(SystemTime::now),
            sleep: Arc::new(move |wait| std::thread::sleep(scaled(wait))),
        }
    }
}

impl Default for Clock {
    /// The system's clock.
    fn default() -> Self {
        Self::scaled(Duration::from_secs(1))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Returns a wait with a random part of up to a quarter added, so that clients which failed together do not return together. A
/// server never sees a client earlier than it asked for.
#[must_use]
pub fn jittered(wait: Duration) -> Duration {
    // The standard library seeds each hasher at random.
    let random = RandomState::new().build_hasher().finish();
    wait.saturating_add(share(wait, random))
}

/// Returns `random` / 2^64 of a quarter of a wait.
fn share(wait: Duration, random: u64) -> Duration {
    let nanoseconds = (wait.as_nanos() / 4).saturating_mul(u128::from(random >> 32)) >> 32;
    Duration::from_nanos(nanoseconds.try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds to wait after each failure in turn, for what the server asks for in seconds each time.
    fn waits(policy: &Policy, asked_for: &[Option<u64>]) -> Vec<Option<u128>> {
        let mut attempts = Attempts::new(policy);
        let next = |asked_for: &Option<u64>| {
            let wait = attempts.next_wait(asked_for.map(Duration::from_secs));
            wait.map(|wait| wait.as_millis())
        };
        asked_for.iter().map(next).collect()
    }

    /// The tables of the two policies that were one each in the client and in the adapter.
    #[test]
    fn waits_double_or_are_what_the_server_asks_for_and_are_bounded() {
        let patient = Policy {
            attempts: 50,
            ..Policy::DOWNLOAD
        };
        let (download, api) = (&Policy::DOWNLOAD, &Policy::API);
        type Row<'r> = (&'r Policy, &'r [Option<u64>], &'r [Option<u128>]);
        let table: [Row<'_>; 11] = [
            (download, &[None; 3], &[Some(500), Some(1000), None]),
            (api, &[None; 3], &[Some(1000), Some(2000), None]),
            (download, &[Some(7)], &[Some(7000)]),
            (download, &[Some(61)], &[None]),
            (download, &[Some(0); 3], &[Some(0), Some(0), None]),
            (api, &[Some(0); 3], &[Some(1000), Some(1000), None]),
            (api, &[Some(20), Some(5)], &[Some(20_000), Some(5000)]),
            (api, &[Some(40), Some(40)], &[Some(40_000), None]),
            (api, &[Some(61)], &[None]),
            (api, &[None, Some(60)], &[Some(1000), Some(60_000)]),
            (
                &patient,
                &[Some(60), None, None, Some(60)],
                &[Some(60_000), Some(1000), Some(2000), Some(60_000)],
            ),
        ];
        for (policy, asked_for, expected) in table {
            assert_eq!(waits(policy, asked_for), expected, "{asked_for:?}");
        }
        assert_eq!(waits(&patient, &[None; 40])[39], Some(60_000));
        // Thirty minutes, a minute each.
        let bounded = waits(&patient, &[Some(60); 31]);
        assert_eq!((bounded[29], bounded[30]), (Some(60_000), None));
    }

    #[test]
    fn an_attempt_that_brings_something_does_not_count() {
        let once = Policy {
            attempts: 1,
            ..Policy::DOWNLOAD
        };
        for (policy, more) in [(&once, 0), (&Policy::DOWNLOAD, 2)] {
            let mut attempts = Attempts::new(policy);
            for _ in 0..5 {
                attempts.progress();
                assert_eq!(attempts.next_wait(None), Some(policy.first_wait));
            }
            let left = std::iter::from_fn(|| attempts.next_wait(None)).count();
            assert_eq!(left, more);
        }
    }

    #[test]
    fn jitter_adds_up_to_a_quarter_and_never_takes_away() {
        let wait = Duration::from_secs(8);
        let table = [
            (0, Duration::ZERO),
            (1 << 63, Duration::from_secs(1)),
            (3 << 62, Duration::from_millis(1500)),
        ];
        for (random, expected) in table {
            assert_eq!(share(wait, random), expected);
        }
        assert!(share(wait, u64::MAX) < Duration::from_secs(2));
        assert_eq!(jittered(Duration::ZERO), Duration::ZERO);
        assert_eq!(jittered(Duration::MAX), Duration::MAX);
        let all: std::collections::BTreeSet<_> = (0..20).map(|_| jittered(wait)).collect();
        assert!(all.len() > 1, "clients would return together");
        assert!(all.iter().all(|one| (wait..wait * 5 / 4).contains(one)));
    }
}
