//! Inspects the output of a build: size, digest, headers, and whether it contains a token. One pass over the bytes; then the
//! headers are read at the offsets that the file gives.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lockgate_artifact::executable::{
    self, Arch, Facts, GlibcVersion, InspectError, KEPT_PREFIX, Libc as Found, LibcKind,
    Requirements, Violation,
};
use lockgate_core::Digest;
use lockgate_core::config::{Libc, Variant};
use lockgate_core::document::HeaderRanges;
use lockgate_core::escape::quoted;
use sha2::{Digest as _, Sha256};

use crate::command_error::CommandError;

/// The exclusive upper limit for a file of a release, in bytes (GitHub, "About releases", quotas).
const RELEASE_FILE: u64 = 2 * 1024 * 1024 * 1024;

/// The result of the inspection.
pub struct BuildOutput {
    /// The size, in bytes.
    pub size: u64,
    /// The digest of the bytes.
    pub sha256: Digest,
    /// The headers as text.
    pub headers: String,
    /// The ranges of the file that contain the headers, beyond what every promotion keeps.
    pub header_ranges: HeaderRanges,
}

/// Inspects an executable.
///
/// # Errors
/// [`CommandError`] names the requirement of the variant that is not met.
pub fn inspect_output(
    path: &Path,
    variant: &Variant,
    secrets: &[&str],
) -> Result<BuildOutput, CommandError> {
    let shown = quoted(&path.display().to_string());
    let meta = std::fs::symlink_metadata(path).map_err(|_| CommandError::NoOutput {
        path: shown.clone(),
    })?;
    if !meta.is_file() {
        return Err(CommandError::NotAFile { path: shown });
    }
    if meta.len() >= RELEASE_FILE {
        let size = meta.len();
        return Err(CommandError::TooLarge { path: shown, size });
    }
    let operation = || format!("read {shown}");
    let mut file = File::open(path).map_err(|error| CommandError::file(operation(), &error))?;
    let (sha256, size) = read(&mut file, secrets, &shown)?;
    file.rewind()
        .map_err(|error| CommandError::file(operation(), &error))?;
    let refuse = |refused: Refused| CommandError::NotAsAsked {
        variant: variant.name.to_string(),
        problems: refused.problems,
        codes: refused.codes,
        next: refused.next,
    };
    let (facts, ranges) = executable::inspect_noting(file, KEPT_PREFIX)
        .map_err(|error| refuse(Refused::unreadable(&error)))?;
    let wanted = requirements(variant).ok_or_else(|| {
        let problem = format!("{} executables cannot be looked into", variant.arch);
        let hint = "Build for another architecture.";
        refuse(Refused::all(&[(problem, "executable.arch", hint)]))
    })?;
    let violations = executable::check(&facts, &wanted, Some(meta.permissions().mode()));
    if let Some(refused) = Refused::violations(&violations) {
        return Err(refuse(refused));
    }
    let header_ranges = HeaderRanges::new(ranges).map_err(|problem| {
        let hint = "Link it with an ordinary linker.";
        refuse(Refused::all(&[(problem, "elf.too-large", hint)]))
    })?;
    Ok(BuildOutput {
        size,
        sha256,
        headers: describe(&facts),
        header_ranges,
    })
}

/// The reason why an executable is refused, in the same words at the build and at the promotion.
pub struct Refused {
    /// The problems, as sentences.
    pub problems: String,
    /// The codes of the problems.
    pub codes: String,
    /// What to do next.
    pub next: String,
}

impl Refused {
    /// Describes a file that is not an executable, is broken, or could not be read completely.
    pub fn unreadable(error: &InspectError) -> Self {
        Self::all(&[(error.to_string(), error.code(), error.hint())])
    }

    /// Describes the violations of the requirements, if there are any.
    pub fn violations(violations: &[Violation]) -> Option<Self> {
        let all: Vec<_> = (violations.iter())
            .map(|it| (it.to_string(), it.code(), it.hint()))
            .collect();
        (!all.is_empty()).then(|| Self::all(&all))
    }

    fn all(all: &[(String, &str, &str)]) -> Self {
        let mut hints: Vec<String> = Vec::new();
        for (_, _, hint) in all {
            let hint = next(hint);
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        let problems: Vec<&str> = all.iter().map(|(problem, ..)| problem.as_str()).collect();
        let codes: Vec<&str> = all.iter().map(|(_, code, _)| *code).collect();
        Self {
            problems: problems.join("; "),
            codes: codes.join(", "),
            next: hints.join("; "),
        }
    }
}

/// Formats a hint for use behind `next:`.
fn next(hint: &str) -> String {
    let mut letters = hint.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Returns a variant's requirements for its executable.
pub fn requirements(variant: &Variant) -> Option<Requirements> {
    let arch: Arch = variant.arch.parse().ok()?;
    Some(Requirements {
        libc: variant.libc.map(|libc| match libc {
            Libc::Glibc => LibcKind::Glibc,
            Libc::Musl => LibcKind::Musl,
            Libc::Static => LibcKind::Static,
        }),
        glibc_floor: variant
            .glibc_floor
            .map(|(major, minor)| GlibcVersion::new(major, minor)),
        allow_rpath: variant.allow_rpath,
        allow_exec_stack: variant.allow_exec_stack,
        ..Requirements::strict(arch)
    })
}

fn describe(facts: &Facts) -> String {
    let arch = facts.arch().map_or_else(
        || "another architecture".to_owned(),
        |arch| arch.to_string(),
    );
    let libc = match facts.libc() {
        Found::Static => "static".to_owned(),
        Found::Musl => "musl".to_owned(),
        Found::Glibc { floor } => match floor {
            Some(version) => format!("glibc {version} or newer"),
            None => "glibc".to_owned(),
        },
        Found::Other { interpreter } => format!("loaded by {}", quoted(&interpreter)),
    };
    format!("{} {arch}, {libc}", facts.format())
}

/// Reads the file once: digest, size, and a search for tokens.
fn read(file: &mut File, secrets: &[&str], shown: &str) -> Result<(Digest, u64), CommandError> {
    let mut hash = Sha256::new();
    let mut size = 0_u64;
    let longest = secrets.iter().map(|secret| secret.len()).max();
    let longest = longest.unwrap_or_default().max(LONGEST_TOKEN);
    let mut buffer = vec![0; 256 * 1024 + longest];
    // The end of the previous chunk, in which a token may begin.
    let mut kept = 0;
    loop {
        let workspace = buffer.get_mut(kept..).unwrap_or_default();
        let count = file
            .read(workspace)
            .map_err(|error| CommandError::file(format!("read {shown}"), &error))?;
        if count == 0 {
            break;
        }
        hash.update(workspace.get(..count).unwrap_or_default());
        size += count as u64;
        let seen = buffer.get(..kept + count).unwrap_or_default();
        if let Some(shape) = token_in(seen, secrets) {
            return Err(CommandError::Secret {
                path: shown.to_owned(),
                shape,
            });
        }
        let keep = seen.len().min(longest);
        buffer.copy_within(kept + count - keep..kept + count, 0);
        kept = keep;
    }
    Ok((Digest::new(hash.finalize().into()), size))
}

const LONGEST_TOKEN: usize = 512;

/// Returns the shape of the first token in some bytes. The prefixes are GitHub's (docs: "About authentication to GitHub").
fn token_in(bytes: &[u8], secrets: &[&str]) -> Option<&'static str> {
    const PREFIXES: [(&[u8], usize); 6] = [
        (b"ghp_", 36),
        (b"gho_", 36),
        (b"ghu_", 36),
        (b"ghs_", 36),
        (b"ghr_", 36),
        (b"github_pat_", 22),
    ];
    let own = |secret: &&str| secret.len() >= 8 && find(bytes, secret.as_bytes());
    if secrets.iter().any(own) {
        return Some("a credential of this run");
    }
    let starts = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'g')
        .map(|(at, _)| at);
    let token = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        PREFIXES.iter().any(|(prefix, length)| {
            let body = rest
                .strip_prefix(*prefix)
                .and_then(|body| body.get(..*length));
            body.is_some_and(|body| {
                body.iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            })
        })
    };
    starts.into_iter().any(token).then_some("a GitHub token")
}

fn find(bytes: &[u8], needle: &[u8]) -> bool {
    let first = needle.first().copied();
    let mut starts = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| Some(**byte) == first)
        .map(|(at, _)| at);
    starts.any(|at| bytes.get(at..at + needle.len()) == Some(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_token_is_found_even_across_two_chunks() {
        // Assembled here, so that no scanner takes this file for a leak.
        let token = format!("{}_{}", "ghs", "A1b2".repeat(9));
        for at in [0, 1000, 256 * 1024 - 7, 512 * 1024 - 600] {
            let mut bytes = vec![b'x'; 600 * 1024];
            bytes[at..at + token.len()].copy_from_slice(token.as_bytes());
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), &bytes).unwrap();
            let found = read(&mut File::open(path.path()).unwrap(), &[], "x");
            assert!(matches!(found, Err(CommandError::Secret { .. })), "at {at}");
        }
    }

    /// A sparse file without blocks: it is refused before it is read.
    #[test]
    fn what_no_release_takes_is_refused_at_once() {
        use lockgate_core::Reason as _;

        let config = "[package.tool]\nversion-file = \"V\"\nsources = [\"s\"]\ntag = \"t-v{version}\"\nasset = \"t-{variant}-v{version}\"\n\
            build = { command = [\"make\"], output = \"o/{asset}\" }\nvariant.amd64 = {}\n";
        let config = lockgate_core::config::Config::parse(config).unwrap();
        let package = config.packages.values().next().unwrap();
        let variant = &package.variants[0];
        let file = tempfile::NamedTempFile::new().unwrap();
        let code = |size| {
            file.as_file().set_len(size).unwrap();
            inspect_output(file.path(), variant, &[])
                .err()
                .map(|it| it.code())
        };
        assert_eq!(code(RELEASE_FILE), Some("build.too-large"));
        assert_eq!(code(RELEASE_FILE + 5), Some("build.too-large"));
        assert_eq!(code(10), Some("build.executable"));
    }

    #[test]
    fn a_long_credential_is_found_wherever_it_lies() {
        let secret = "s3cr3t-".repeat(300);
        for at in [
            0,
            256 * 1024 - 1,
            256 * 1024 + 600,
            512 * 1024 - 1500,
            600 * 1024,
        ] {
            let mut bytes = vec![b'x'; 700 * 1024];
            bytes[at..at + secret.len()].copy_from_slice(secret.as_bytes());
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(path.path(), &bytes).unwrap();
            let found = read(&mut File::open(path.path()).unwrap(), &[&secret], "x");
            assert!(matches!(found, Err(CommandError::Secret { .. })), "at {at}");
        }
    }

    #[test]
    fn the_runs_own_credentials_are_found_whatever_their_shape() {
        assert_eq!(
            token_in(b"...hunter22-secret...", &["hunter22-secret"]),
            Some("a credential of this run")
        );
        assert_eq!(token_in(b"ghs_short and github_ and ghp", &["short"]), None);
    }
}
