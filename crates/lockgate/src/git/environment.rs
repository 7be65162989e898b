//! Selects which of git's own variables reach the `git` process.
//!
//! git knows more than a hundred variables, and each version adds some. Many choose what is read: the repository, its objects,
//! index and grafts, and any setting at all (`GIT_CONFIG_COUNT`, `GIT_CONFIG_PARAMETERS`). A hook, an alias or an earlier step
//! may have set them for another repository. The content of a commit must not depend on them, so every variable that is not
//! listed here is removed, including variables of future versions of git.

use std::ffi::OsStr;
use std::process::Command;

/// Variables for git's access to a remote and its credentials, for its reports on that, and for the paths of its programs and
/// settings. The settings files belong to the machine, as the home folder does: without them git would lack credential
/// helpers, and the owners that it trusts.
const KEPT: [&str; 10] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CURL_VERBOSE",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
];

/// Prefixes of variables of the same kind.
const KEPT_FAMILIES: [&str; 4] = ["GIT_HTTP_", "GIT_PROXY_SSL_", "GIT_SSL_", "GIT_TRACE"];

/// Removes the variables that do not belong to this repository, and sets the required ones.
pub(super) fn set(git: &mut Command) {
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| !is_kept(name)) {
        git.env_remove(name);
    }
    // The id of a commit determines its content: neither replaced objects nor grafts of this clone change that.
    git.env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_GRAFT_FILE", "/dev/null")
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0");
}

fn is_kept(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    !name.starts_with(b"GIT_")
        || KEPT.iter().any(|kept| name == kept.as_bytes())
        || KEPT_FAMILIES
            .iter()
            .any(|family| name.starts_with(family.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_to_a_remote_and_the_files_of_settings_come_from_outside() {
        for kept in [
            "PATH",
            "HOME",
            "SSH_AUTH_SOCK",
            "GITHUB_TOKEN",
            "GIT_SSH_COMMAND",
            "GIT_ASKPASS",
            "GIT_SSL_CAINFO",
            "GIT_PROXY_SSL_CAINFO",
            "GIT_HTTP_LOW_SPEED_TIME",
            "GIT_TRACE",
            "GIT_TRACE2_EVENT",
            "GIT_CONFIG_GLOBAL",
        ] {
            assert!(is_kept(OsStr::new(kept)), "{kept}");
        }
        for gone in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_SHALLOW_FILE",
            "GIT_GRAFT_FILE",
            "GIT_NAMESPACE",
            "GIT_CEILING_DIRECTORIES",
            "GIT_CONFIG",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG_KEY_0",
            "GIT_CONFIG_VALUE_0",
            "GIT_CONFIG_PARAMETERS",
            "GIT_ATTR_SOURCE",
            "GIT_EXTERNAL_DIFF",
            "GIT_LITERAL_PATHSPECS",
            "GIT_SSH_COMMANDER",
            "GIT_OF_A_LATER_VERSION",
        ] {
            assert!(!is_kept(OsStr::new(gone)), "{gone}");
        }
    }
}
