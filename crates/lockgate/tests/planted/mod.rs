//! Searches for the tokens that a rehearsal gives to its processes, in every place that must not contain them.

use std::path::Path;

/// The tokens of the jobs, and their base64 forms, with and without the name that git puts before it.
const TOKENS: [&str; 6] = [
    "automation-token",
    "fork-token",
    "runtime-token-of-a-job",
    "id-token-of-a-job",
    "YXV0b21hdGlvbi10b2tlb",
    "Zm9yay10b2tlb",
];

/// The places that were searched, and where a token was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) files: usize,
    pub(crate) found: Vec<String>,
}

impl Findings {
    /// Searches every file below a folder, except the fake's own state, which has to contain its tokens.
    pub(crate) fn below(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || path.ends_with("forge/state.json") {
                continue;
            }
            if path.is_dir() {
                self.below(&path);
                continue;
            }
            self.files += 1;
            let bytes = std::fs::read(&path).unwrap();
            self.bytes(&path.display().to_string(), &bytes);
        }
    }

    /// Searches some bytes.
    pub(crate) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        // Hundreds of megabytes in all.
        let holds = |token: &&str| memchr::memmem::find(bytes, token.as_bytes()).is_some();
        let found = TOKENS.iter().filter(|token| holds(token));
        self.found
            .extend(found.map(|token| format!("{token} in {what}")));
    }

    /// Searches the requests: those to storage and to pages must not contain a token, those to the API only in the one
    /// header.
    pub(crate) fn journal(&mut self, text: &str) {
        let leaks = text.lines().filter(|line| {
            let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
            exchange["leaks"].as_bool().unwrap()
        });
        self.found
            .extend(leaks.map(|line| format!("a token in the head of {line}")));
    }
}
