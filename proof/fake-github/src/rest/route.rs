//! Maps paths to endpoints: one match over method and segments.

use super::Method::{Delete, Get, Patch, Post, Put};
use super::{
    Answer, Desk, Outcome, actions, apps, artifacts, assets, basics, comments, commits, contents,
    git, graphql, message, pull_orders, pulls, releases, settings, statuses,
};
use crate::state::refusal::{Lack, Refusal};

/// Finds the endpoint and calls it.
pub(crate) fn handle(desk: &mut Desk<'_>) -> Outcome {
    let path: Vec<&str> = desk.call.path.iter().map(String::as_str).collect();
    match (desk.call.method, path.as_slice()) {
        (Get, []) => basics::root(desk),
        (Get, ["user"]) => basics::user(desk),
        (Get, ["rate_limit"]) => basics::rate_limit(desk),
        (Post, ["graphql"]) => graphql::ask(desk),
        (Get, ["app"]) => apps::app(desk),
        (Post, ["app", "installations", id, "access_tokens"]) => apps::give(desk, id),
        (_, ["repos", owner, name, rest @ ..]) => {
            let repository = desk.state.repository();
            let here = repository.owner.eq_ignore_ascii_case(owner)
                && repository.name.eq_ignore_ascii_case(name);
            if !here {
                return Err(Refusal::NotFound);
            }
            in_repository(desk, rest)
        }
        _ => Ok(not_implemented(desk)),
    }
}

fn in_repository(desk: &mut Desk<'_>, path: &[&str]) -> Outcome {
    match (desk.call.method, path) {
        (Get, []) => basics::repository(desk),
        (Get, ["installation"]) => apps::installation(desk),
        // An App's statement is valid for nothing else.
        _ if desk.call.app.is_some() => Err(Refusal::Forbidden(Lack::Integration)),
        (_, ["pulls" | "issues", ..]) => on_pulls(desk, path),
        (_, ["git", ..]) => on_git(desk, path),
        (_, ["releases", rest @ ..]) => on_releases(desk, rest),
        (Get, ["actions", "permissions", "workflow"]) => settings::workflow_rights(desk),
        (_, ["actions", rest @ ..]) => on_actions(desk, rest),
        (Get, ["commits", id, "pulls"]) => pulls::of_commit(desk, id),
        (Get, ["commits", id @ .., "status"]) => statuses::combined(desk, &id.join("/")),
        (Get, ["commits", id @ .., "statuses"]) => statuses::list(desk, &id.join("/")),
        (Get, ["commits"]) => commits::list(desk),
        (Get, ["commits", id @ ..]) if !id.is_empty() => commits::get(desk, &id.join("/")),
        (Get, ["branches", name @ ..]) if !name.is_empty() => {
            commits::branch(desk, &name.join("/"))
        }
        (Get, ["compare", range @ ..]) => commits::compare(desk, &range.join("/")),
        (Get, ["contents", path @ ..]) => contents::get(desk, &path.join("/")),
        (Post, ["statuses", id]) => statuses::create(desk, id),
        (Get, ["collaborators", login, "permission"]) => settings::permission(desk, login),
        (Get, ["environments", name]) => settings::environment(desk, name),
        (Get, ["environments", name, "deployment-branch-policies"]) => {
            settings::branch_policies(desk, name)
        }
        (Get, ["rulesets"]) => settings::rulesets(desk),
        (Get, ["rulesets", id]) => settings::ruleset(desk, id),
        (Get, ["rules", "branches", name @ ..]) => settings::rules_of_branch(desk, &name.join("/")),
        (Get, ["immutable-releases"]) => settings::immutability(desk),
        _ => Ok(not_implemented(desk)),
    }
}

fn on_pulls(desk: &mut Desk<'_>, path: &[&str]) -> Outcome {
    match (desk.call.method, path) {
        (Get, ["pulls"]) => pulls::list(desk),
        (Post, ["pulls"]) => pull_orders::open(desk),
        (Get, ["pulls", number]) => pulls::get(desk, number),
        (Patch, ["pulls", number]) => pull_orders::edit(desk, number),
        (Get, ["pulls", number, "files"]) => pulls::files(desk, number),
        (Put, ["pulls", number, "merge"]) => pulls::merge(desk, number),
        (Get, ["issues", "comments", id]) => comments::get(desk, id),
        (Patch, ["issues", "comments", id]) => comments::edit(desk, id),
        (Delete, ["issues", "comments", id]) => comments::delete(desk, id),
        (Get, ["issues", number, "events"]) => pulls::events(desk, number),
        (Get, ["issues", number, "comments"]) => comments::list(desk, number),
        (Post, ["issues", number, "comments"]) => comments::create(desk, number),
        _ => Ok(not_implemented(desk)),
    }
}

fn on_git(desk: &mut Desk<'_>, path: &[&str]) -> Outcome {
    match (desk.call.method, path) {
        (Get, ["git", "ref", name @ ..]) => git::reference(desk, &name.join("/")),
        (Get, ["git", "matching-refs", name @ ..]) => git::matching(desk, &name.join("/")),
        (Post, ["git", "refs"]) => git::create(desk),
        (Patch, ["git", "refs", name @ ..]) => git::update(desk, &name.join("/")),
        (Delete, ["git", "refs", name @ ..]) => git::delete(desk, &name.join("/")),
        (Get, ["git", "commits", id]) => git::commit(desk, id),
        (Get, ["git", "trees", id @ ..]) => git::tree(desk, &id.join("/")),
        (Get, ["git", "blobs", id]) => git::blob(desk, id),
        _ => Ok(not_implemented(desk)),
    }
}

fn on_releases(desk: &mut Desk<'_>, path: &[&str]) -> Outcome {
    match (desk.call.method, path) {
        (Get, []) => releases::list(desk),
        (Post, []) => releases::create(desk),
        (Get, ["latest"]) => releases::latest(desk),
        (Get, ["tags", tag @ ..]) => releases::by_tag(desk, &tag.join("/")),
        (Get, ["assets", id]) => assets::get(desk, id),
        (Patch, ["assets", id]) => assets::edit(desk, id),
        (Delete, ["assets", id]) => assets::delete(desk, id),
        (Get, [id]) => releases::get(desk, id),
        (Patch, [id]) => releases::edit(desk, id),
        (Delete, [id]) => releases::delete(desk, id),
        (Get, [id, "assets"]) => assets::list(desk, id),
        // Uploads go to the address in `upload_url`; GitHub has no endpoint here.
        (Post, [_, "assets"]) => Err(Refusal::NotFound),
        _ => Ok(not_implemented(desk)),
    }
}

fn on_actions(desk: &mut Desk<'_>, path: &[&str]) -> Outcome {
    match (desk.call.method, path) {
        (Get, ["workflows"]) => actions::workflows(desk),
        (Get, ["workflows", key]) => actions::workflow(desk, key),
        (Get, ["workflows", key, "runs"]) => actions::runs_of(desk, key),
        (Post, ["workflows", key, "dispatches"]) => actions::dispatch(desk, key),
        (Get, ["runs"]) => actions::runs(desk),
        (Get, ["runs", id]) => actions::run(desk, id),
        (Get, ["runs", id, "attempts", number]) => actions::attempt(desk, id, number),
        (Get, ["runs", id, "jobs"]) => actions::jobs(desk, id),
        (Get, ["runs", id, "artifacts"]) => artifacts::of_run(desk, id),
        (Get, ["artifacts"]) => artifacts::list(desk),
        (Get, ["artifacts", id]) => artifacts::get(desk, id),
        (Get, ["artifacts", id, "zip"]) => artifacts::download(desk, id),
        (Delete, ["artifacts", id]) => artifacts::delete(desk, id),
        _ => Ok(not_implemented(desk)),
    }
}

fn not_implemented(desk: &Desk<'_>) -> Answer {
    message(
        501,
        "not implemented by the rehearsal forge",
        &desk.call.path,
    )
}
