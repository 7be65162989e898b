//! The runtime token of a job: a JSON web token whose scope contains run and job.
//!
//! Clients only read its payload. The service remembers its tokens, so the signature is never verified.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::ids::RunId;

/// A job of an attempt of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) run: RunId,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u64,
    /// A number that distinguishes the jobs of an attempt.
    pub(crate) number: u64,
}

impl Job {
    /// Returns the service's id for the attempt of the run.
    pub(crate) fn run_backend_id(self) -> String {
        uuid(self.attempt, self.run.0)
    }

    /// Returns the service's id for the job.
    pub(crate) fn job_backend_id(self) -> String {
        uuid(self.attempt, self.number)
    }

    /// Returns the token; `secret` makes it unguessable.
    pub(crate) fn token(self, secret: &str) -> String {
        let scope = format!(
            "Actions.Results:{}:{}",
            self.run_backend_id(),
            self.job_backend_id()
        );
        let head = json!({ "alg": "none", "typ": "JWT" });
        let payload = json!({ "iss": "rehearsal-forge", "scp": scope });
        let said = [head, payload].map(|part| base64url(part.to_string().as_bytes()));
        let said = said.join(".");
        let sealed = Sha256::digest(format!("{secret} {said}"));
        format!("{said}.{}", base64url(&sealed))
    }
}

/// Formats two numbers as a random UUID.
fn uuid(first: u64, second: u64) -> String {
    format!("{first:08x}-0000-4000-8000-{second:012x}")
}

/// Encodes with the alphabet of RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let mut padded = [0; 3];
        padded
            .iter_mut()
            .zip(group)
            .for_each(|(to, from)| *to = *from);
        let [a, b, c] = padded;
        let indexes = [
            a >> 2,
            (a & 3) << 4 | b >> 4,
            (b & 15) << 2 | c >> 6,
            c & 63,
        ];
        let letters = indexes.map(|index| char::from(ALPHABET[usize::from(index)]));
        out.extend(letters.iter().take(group.len() + 1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Job, base64url};
    use crate::ids::RunId;

    #[test]
    fn bytes_are_written_as_the_rfc_has_it() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("~~~?", "fn5-Pw"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn no_two_attempts_have_the_same_token() {
        let job = |run, attempt| Job {
            run: RunId(run),
            attempt,
            number: 1,
        };
        let token = job(5_000_000_001, 1).token("s");
        assert_ne!(token, job(5_000_000_001, 2).token("s"));
        assert_ne!(token, job(5_000_000_002, 1).token("s"));
        assert_ne!(token, job(5_000_000_001, 1).token("t"));
        assert_eq!(token.split('.').count(), 3);
    }
}
