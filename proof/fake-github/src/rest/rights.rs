//! The permission that each call of the API needs of a workflow's token, named as under `permissions:`.
//!
//! On GitHub, public data can be read without any permission. Here a restricted token needs the permission even then,
//! so that a workflow declares everything that it uses.

use super::Method;
use crate::state::people::{Access, Rights};

/// Returns whether a token with these permissions may make a call; `path` is in segments, without `/api/v3`.
pub(crate) fn suffice(rights: &Rights, method: Method, path: &[String]) -> bool {
    let access = match method {
        Method::Get => Access::Read,
        Method::Post | Method::Put | Method::Patch | Method::Delete | Method::Other => {
            Access::Write
        }
    };
    let path: Vec<&str> = path.iter().skip(3).map(String::as_str).collect();
    let any = scopes(&path);
    any.is_empty() || any.iter().any(|scope| rights.get(*scope) >= Some(&access))
}

/// Returns the scopes, one of which is enough, for the path after `/repos/OWNER/NAME`.
fn scopes(path: &[&str]) -> &'static [&'static str] {
    match path {
        ["issues", "comments", ..] | ["issues", _, "comments" | "events", ..] => {
            &["issues", "pull-requests"]
        }
        ["issues", ..] => &["issues"],
        ["pulls", _, "merge"] => &["contents"],
        ["pulls", ..] | ["commits", _, "pulls"] => &["pull-requests"],
        ["statuses", ..] | ["commits", .., "status" | "statuses"] => &["statuses"],
        ["actions" | "environments", ..] => &["actions"],
        [
            "releases" | "git" | "commits" | "branches" | "compare" | "contents",
            ..,
        ] => &["contents"],
        _ => &[], // allowed for every token
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, suffice};
    use crate::rest::input::segments;
    use crate::state::people::{Access, Rights};

    #[test]
    fn a_call_needs_the_right_that_github_s_documentation_names() {
        for (method, path, scope, access) in [
            (Method::Post, "/releases", "contents", Access::Write),
            (
                Method::Post,
                "/releases/5/assets",
                "contents",
                Access::Write,
            ),
            (Method::Get, "/releases/tags/v1", "contents", Access::Read),
            (Method::Post, "/git/refs", "contents", Access::Write),
            (Method::Post, "/statuses/abc", "statuses", Access::Write),
            (Method::Get, "/commits/abc/status", "statuses", Access::Read),
            (Method::Get, "/commits/abc", "contents", Access::Read),
            (Method::Get, "/pulls/1", "pull-requests", Access::Read),
            (
                Method::Post,
                "/issues/1/comments",
                "pull-requests",
                Access::Write,
            ),
            (Method::Patch, "/issues/comments/1", "issues", Access::Write),
            (
                Method::Get,
                "/actions/runs/1/artifacts",
                "actions",
                Access::Read,
            ),
            (
                Method::Get,
                "/actions/artifacts/1/zip",
                "actions",
                Access::Read,
            ),
        ] {
            let path = segments(&format!("/repos/octo/tools{path}"));
            let enough = Rights::from([(scope.to_owned(), access)]);
            assert!(suffice(&enough, method, &path), "{path:?}");
            assert!(!suffice(&Rights::new(), method, &path), "{path:?}");
            if access == Access::Write {
                let reads = Rights::from([(scope.to_owned(), Access::Read)]);
                assert!(!suffice(&reads, method, &path), "{path:?}");
            }
        }
    }

    #[test]
    fn the_role_of_a_person_is_known_to_every_token() {
        let path = segments("/repos/octo/tools/collaborators/dev/permission");
        assert!(suffice(&Rights::new(), Method::Get, &path));
    }
}
