//! JSON objects that many responses share: users, repositories, commits.
//!
//! Every property that GitHub's description requires is present, even if the fake has no value for it, because strict
//! clients check.

use serde_json::{Map, Value, json};

use super::links::Links;
use crate::ids::RepositoryId;
use crate::repository::{Commit, Signature};
use crate::state::people::Person;
use crate::state::pulls::HeadRepository;
use crate::state::{Hosted, State};
use crate::time::rfc3339;

/// Returns a time, or null.
pub(crate) fn moment(at: Option<i64>) -> Value {
    at.map_or(Value::Null, |at| rfc3339(at).into())
}

/// Returns the opaque id that GraphQL would use.
pub(crate) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{kind}_{id}")
}

/// Returns a user by login; a deleted one appears as `ghost`.
pub(crate) fn user(state: &State, links: &Links, login: &str) -> Value {
    let ghost = || Person {
        id: 10_137,
        login: "ghost".into(),
        role: crate::state::people::Role::None,
        bot: false,
    };
    person(links, &state.person(login).cloned().unwrap_or_else(ghost))
}

/// Returns a user.
pub(crate) fn person(links: &Links, person: &Person) -> Value {
    let login = super::input::encoded(&person.login);
    let of = |rest: &str| links.api(&format!("/users/{login}{rest}"));
    json!({
        "login": person.login,
        "id": person.id,
        "node_id": node_id("U", person.id),
        "avatar_url": links.web(&format!("/avatars/{}", person.id)),
        "gravatar_id": "",
        "url": of(""),
        "html_url": links.web(&format!("/{login}")),
        "followers_url": of("/followers"),
        "following_url": of("/following{/other_user}"),
        "gists_url": of("/gists{/gist_id}"),
        "starred_url": of("/starred{/owner}{/repo}"),
        "subscriptions_url": of("/subscriptions"),
        "organizations_url": of("/orgs"),
        "repos_url": of("/repos"),
        "events_url": of("/events{/privacy}"),
        "received_events_url": of("/received_events"),
        "type": if person.bot { "Bot" } else { "User" },
        "site_admin": false,
    })
}

/// Returns this repository.
pub(crate) fn repository(state: &State, links: &Links) -> Value {
    hosted(state, links, state.repository(), false)
}

/// Returns the repository of a head branch; null if it was deleted.
pub(crate) fn head_repository(state: &State, links: &Links, head: &HeadRepository) -> Value {
    match head {
        HeadRepository::Here => repository(state, links),
        HeadRepository::Fork { id, owner, name } => {
            let fork = fork_of(state, *id, owner, name);
            hosted(state, links, &fork, true)
        }
        HeadRepository::Deleted => Value::Null,
    }
}

fn fork_of(state: &State, id: RepositoryId, owner: &str, name: &str) -> Hosted {
    Hosted {
        id,
        owner: owner.to_owned(),
        name: name.to_owned(),
        ..state.repository().clone()
    }
}

/// The last parts of a repository's addresses.
const PARTS: [(&str, &str); 37] = [
    ("url", ""),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

fn hosted(state: &State, links: &Links, repository: &Hosted, fork: bool) -> Value {
    let full_name = repository.full_name();
    let web = links.web(&format!("/{full_name}"));
    let at = rfc3339(repository.created_at);
    let mut body = json!({
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": full_name,
        "owner": user(state, links, &repository.owner),
        "private": state.settings().private,
        "visibility": if state.settings().private { "private" } else { "public" },
        "html_url": web,
        "description": null,
        "fork": fork,
        "default_branch": repository.default_branch,
        "git_url": format!("{web}.git"),
        "ssh_url": format!("{web}.git"),
        "clone_url": format!("{web}.git"),
        "svn_url": web,
        "mirror_url": null,
        "homepage": null,
        "language": null,
        "license": null,
        "forks": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "size": 0,
        "open_issues": 0,
        "open_issues_count": 0,
        "has_issues": true,
        "has_projects": false,
        "has_wiki": false,
        "has_pages": false,
        "has_downloads": true,
        "has_discussions": false,
        "archived": false,
        "disabled": false,
        "created_at": at,
        "updated_at": at,
        "pushed_at": at,
    });
    let parts = PARTS.iter().map(|(name, rest)| {
        let address = links.api(&format!("/repos/{full_name}{rest}"));
        ((*name).to_owned(), Value::from(address))
    });
    if let Value::Object(map) = &mut body {
        map.extend(parts.collect::<Map<String, Value>>());
    }
    body
}

/// Returns the author or committer of a commit.
pub(crate) fn signature(signature: &Signature) -> Value {
    json!({
        "name": signature.name,
        "email": signature.email,
        "date": rfc3339(signature.at),
    })
}

/// Returns a commit, as in `GET /commits/{ref}`.
pub(crate) fn commit(links: &Links, commit: &Commit) -> Value {
    let id = &commit.id;
    let parents = commit
        .parents
        .iter()
        .map(|parent| parent_of(links, parent.as_str()));
    json!({
        "url": links.repo(&format!("/commits/{id}")),
        "sha": id,
        "node_id": node_id("C", id),
        "html_url": links.page(&format!("/commit/{id}")),
        "comments_url": links.repo(&format!("/commits/{id}/comments")),
        "commit": {
            "url": links.repo(&format!("/git/commits/{id}")),
            "author": signature(&commit.author),
            "committer": signature(&commit.committer),
            "message": commit.message.trim_end(),
            "comment_count": 0,
            "tree": tree_of(links, &commit.tree),
            "verification": verification(),
        },
        "author": null,
        "committer": null,
        "parents": parents.collect::<Vec<Value>>(),
    })
}

/// Returns a commit, as in `GET /git/commits/{sha}`.
pub(crate) fn git_commit(links: &Links, commit: &Commit) -> Value {
    let id = &commit.id;
    let parents = commit
        .parents
        .iter()
        .map(|parent| parent_of(links, parent.as_str()));
    json!({
        "sha": id,
        "node_id": node_id("C", id),
        "url": links.repo(&format!("/git/commits/{id}")),
        "html_url": links.page(&format!("/commit/{id}")),
        "author": signature(&commit.author),
        "committer": signature(&commit.committer),
        "message": commit.message.trim_end(),
        "tree": tree_of(links, &commit.tree),
        "parents": parents.collect::<Vec<Value>>(),
        "verification": verification(),
    })
}

fn tree_of(links: &Links, tree: &str) -> Value {
    json!({ "sha": tree, "url": links.repo(&format!("/git/trees/{tree}")) })
}

fn parent_of(links: &Links, id: &str) -> Value {
    json!({
        "sha": id,
        "url": links.repo(&format!("/commits/{id}")),
        "html_url": links.page(&format!("/commit/{id}")),
    })
}

fn verification() -> Value {
    json!({
        "verified": false,
        "reason": "unsigned",
        "signature": null,
        "payload": null,
        "verified_at": null,
    })
}
