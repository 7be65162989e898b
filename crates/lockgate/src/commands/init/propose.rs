//! Finds version files and build scripts of a repository. The results are proposals for the user, never decisions.

use lockgate_core::Version;

use super::Found;
use crate::cli::Scheme;

/// The proposals.
pub(super) struct Proposals {
    /// Files that contain a version and nothing else.
    pub version_files: Vec<String>,
    /// Scripts that seem to build.
    pub scripts: Vec<String>,
}

/// The number of each that are shown.
const MOST: usize = 5;

/// Searches the files that git knows.
pub(super) fn look(found: &Found, scheme: Scheme) -> Proposals {
    let files = found.git.files().unwrap_or_default();
    let holds_version = |path: &&String| {
        let bytes = std::fs::read(found.root.join(path)).unwrap_or_default();
        bytes.len() < 100 && Version::from_file(super::answers::scheme(scheme), &bytes).is_ok()
    };
    let version_files = files
        .iter()
        .filter(|path| is_version_file(path))
        .filter(holds_version);
    let scripts = files.iter().filter(|path| is_build_script(path));
    Proposals {
        version_files: version_files.take(MOST).cloned().collect(),
        scripts: scripts.take(MOST).cloned().collect(),
    }
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase()
}

fn is_version_file(path: &str) -> bool {
    let name = name_of(path);
    name == "version" || name.contains("version") && name.ends_with(".txt")
}

fn is_build_script(path: &str) -> bool {
    let name = name_of(path);
    let (stem, end) = name.rsplit_once('.').unwrap_or((&name, ""));
    let script = matches!(end, "py" | "sh" | "");
    script && (stem == "build" || stem.starts_with("build_") || stem.starts_with("build-"))
}

impl Proposals {
    /// Returns the command that runs the first script.
    pub(super) fn command(&self) -> Option<String> {
        let script = self.scripts.first()?;
        Some(match script.ends_with(".py") {
            true => format!("python3 {script} --arch {{arch}}"),
            false => format!("sh {script} {{arch}}"),
        })
    }

    /// Returns the pattern for the first script's folder, or for the whole repository.
    pub(super) fn sources(&self) -> Option<String> {
        let (folder, _) = self.scripts.first()?.rsplit_once('/')?;
        Some(format!("{folder}/**"))
    }

    /// Formats the proposals for an error message, if there is no terminal.
    pub(super) fn summary(&self) -> String {
        let mut found = Vec::new();
        if let Some(path) = self.version_files.first() {
            found.push(format!("--version-file {path}"));
        }
        if let Some(sources) = self.sources() {
            found.push(format!("--sources '{sources}'"));
        }
        if let Some(command) = self.command() {
            found.push(format!("--build-command '{command}'"));
        }
        match found.is_empty() {
            true => String::new(),
            false => format!(
                "; what was found would be: {}",
                lockgate_core::escape::line(&found.join(" "))
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_files_and_build_scripts_are_known_by_their_names() {
        for path in ["VERSION", "a/version", "src/tool/tool_support_version.txt"] {
            assert!(is_version_file(path), "{path}");
        }
        for path in ["version.py", "a/conversion", "notes.txt"] {
            assert!(!is_version_file(path), "{path}");
        }
        for path in [
            "build.py",
            "x/build_within_container.py",
            "build.sh",
            "build",
        ] {
            assert!(is_build_script(path), "{path}");
        }
        for path in ["rebuild.py", "build.rs", "builder.md"] {
            assert!(!is_build_script(path), "{path}");
        }
    }
}
