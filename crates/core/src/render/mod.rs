//! Decisions as text for display: the comment on the pull request, the notes of a release, the step summary.
//!
//! A closed template: untrusted text appears only inside code spans or as escaped text, so that no name, version or log line
//! can become markup, a link, a mention or a marker. Nothing that is rendered here is ever read back as state.

mod comment;
pub mod markdown;

pub use comment::{Artifacts, Outcome, Report, comment, marker};

use crate::document::Receipt;

/// The first line of the notes of every release that Lockgate drafts; invisible when rendered.
pub const RELEASE_MARK: &str = "<!-- lockgate:release -->";

/// Renders the notes of a release in Markdown.
///
/// They begin with [`RELEASE_MARK`], which identifies a draft as one of ours.
pub fn release_notes(receipt: &Receipt) -> String {
    use markdown::{code, row};
    let manifest = &receipt.manifest;
    let mut text = format!(
        "{RELEASE_MARK}\n{} {}, promoted from pull request #{} by @{}.\n\n",
        code(manifest.package.as_str()),
        code(&manifest.package_version.to_string()),
        receipt.origin.pull_request,
        // A login consists of letters, digits and hyphens, so it cannot contain markup.
        receipt.promoter.login,
    );
    text += &row(&["executable", "size", "SHA-256"]);
    text += &row(&["---", "---:", "---"]);
    for executable in &manifest.executables {
        text += &row(&[
            &code(executable.name.as_str()),
            &size(executable.size),
            &code(&executable.sha256.to_string()),
        ]);
    }
    text += &format!(
        "\nBuilt from commit {} by run {}, attempt {}. Source fingerprint {}.\n",
        manifest.commit,
        manifest.run,
        manifest.attempt,
        code(&manifest.fingerprint.to_string())
    );
    text
}

/// Formats a size for display: `14.2 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, factor) in UNITS {
        if bytes >= factor {
            let tenths = bytes.saturating_mul(10) / factor;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}
