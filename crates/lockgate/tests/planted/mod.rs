//! The tokens that a rehearsal hands to its processes, and every place where none of them may turn up.

use std::path::Path;

/// What the jobs are given, and how it looks in base64, with and without the name that git puts before it.
const TOKENS: [&str; 6] = [
    "automation-token",
    "fork-token",
    "runtime-token-of-a-job",
    "id-token-of-a-job",
    "YXV0b21hdGlvbi10b2tlb",
    "Zm9yay10b2tlb",
];

/// What was looked at, and where a token was found.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) files: usize,
    pub(crate) found: Vec<String>,
}

impl Looked {
    /// Looks at every file below a folder, but not at the forge's own state: it has to know its tokens.
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

    /// Looks at some bytes.
    pub(crate) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let holds = |token: &&str| bytes.windows(token.len()).any(|w| w == token.as_bytes());
        let found = TOKENS.iter().filter(|token| holds(token));
        self.found
            .extend(found.map(|token| format!("{token} in {what}")));
    }

    /// Looks at what the forge was asked: to storage and to pages no token goes, to the API only in the one header.
    pub(crate) fn journal(&mut self, text: &str) {
        let leaks = text.lines().filter(|line| {
            let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
            exchange["leaks"].as_bool().unwrap()
        });
        self.found
            .extend(leaks.map(|line| format!("a token in the head of {line}")));
    }
}
