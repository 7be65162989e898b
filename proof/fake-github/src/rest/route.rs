//! Maps paths to endpoints: one match over method and segments.

use super::Method::{Delete, Get, Patch, Post, Put};
use super::{
    Answer, Outcome, RequestContext, actions, apps, artifacts, assets, basics, comments, commits,
    contents, git, graphql, message, pull_orders, pulls, releases, settings, statuses,
};
use crate::state::refusal::{MissingPermission, Refusal};

/// Finds the endpoint and calls it.
pub(crate) fn handle(context: &mut RequestContext<'_>) -> Outcome {
    let path: Vec<&str> = context.call.path.iter().map(String::as_str).collect();
    match (context.call.method, path.as_slice()) {
        (Get, []) => basics::root(context),
        (Get, ["user"]) => basics::user(context),
        (Get, ["rate_limit"]) => basics::rate_limit(context),
        (Post, ["graphql"]) => graphql::ask(context),
        (Get, ["app"]) => apps::app(context),
        (Post, ["app", "installations", id, "access_tokens"]) => apps::give(context, id),
        (_, ["repos", owner, name, rest @ ..]) => {
            let repository = context.state.repository();
            let here = repository.owner.eq_ignore_ascii_case(owner)
                && repository.name.eq_ignore_ascii_case(name);
            if !here {
                return Err(Refusal::NotFound);
            }
            in_repository(context, rest)
        }
        _ => Ok(not_implemented(context)),
    }
}

fn in_repository(context: &mut RequestContext<'_>, path: &[&str]) -> Outcome {
    match (context.call.method, path) {
        (Get, []) => basics::repository(context),
        (Get, ["installation"]) => apps::installation(context),
        // An App's statement is valid for nothing else.
        _ if context.call.app.is_some() => Err(Refusal::Forbidden(MissingPermission::Integration)),
        (_, ["pulls" | "issues", ..]) => on_pulls(context, path),
        (_, ["git", ..]) => on_git(context, path),
        (_, ["releases", rest @ ..]) => on_releases(context, rest),
        (Get, ["actions", "permissions", "workflow"]) => settings::workflow_rights(context),
        (_, ["actions", rest @ ..]) => on_actions(context, rest),
        (Get, ["commits", id, "pulls"]) => pulls::of_commit(context, id),
        (Get, ["commits", id @ .., "status"]) => statuses::combined(context, &id.join("/")),
        (Get, ["commits", id @ .., "statuses"]) => statuses::list(context, &id.join("/")),
        (Get, ["commits"]) => commits::list(context),
        (Get, ["commits", id @ ..]) if !id.is_empty() => commits::get(context, &id.join("/")),
        (Get, ["branches", name @ ..]) if !name.is_empty() => {
            commits::branch(context, &name.join("/"))
        }
        (Get, ["compare", range @ ..]) => commits::compare(context, &range.join("/")),
        (Get, ["contents", path @ ..]) => contents::get(context, &path.join("/")),
        (Post, ["statuses", id]) => statuses::create(context, id),
        (Get, ["collaborators", login, "permission"]) => settings::permission(context, login),
        (Get, ["environments", name]) => settings::environment(context, name),
        (Get, ["environments", name, "deployment-branch-policies"]) => {
            settings::branch_policies(context, name)
        }
        (Get, ["rulesets"]) => settings::rulesets(context),
        (Get, ["rulesets", id]) => settings::ruleset(context, id),
        (Get, ["rules", "branches", name @ ..]) => {
            settings::rules_of_branch(context, &name.join("/"))
        }
        (Get, ["immutable-releases"]) => settings::immutability(context),
        _ => Ok(not_implemented(context)),
    }
}

fn on_pulls(context: &mut RequestContext<'_>, path: &[&str]) -> Outcome {
    match (context.call.method, path) {
        (Get, ["pulls"]) => pulls::list(context),
        (Post, ["pulls"]) => pull_orders::open(context),
        (Get, ["pulls", number]) => pulls::get(context, number),
        (Patch, ["pulls", number]) => pull_orders::edit(context, number),
        (Get, ["pulls", number, "files"]) => pulls::files(context, number),
        (Put, ["pulls", number, "merge"]) => pulls::merge(context, number),
        (Get, ["issues", "comments", id]) => comments::get(context, id),
        (Patch, ["issues", "comments", id]) => comments::edit(context, id),
        (Delete, ["issues", "comments", id]) => comments::delete(context, id),
        (Get, ["issues", number, "events"]) => pulls::events(context, number),
        (Get, ["issues", number, "comments"]) => comments::list(context, number),
        (Post, ["issues", number, "comments"]) => comments::create(context, number),
        _ => Ok(not_implemented(context)),
    }
}

fn on_git(context: &mut RequestContext<'_>, path: &[&str]) -> Outcome {
    match (context.call.method, path) {
        (Get, ["git", "ref", name @ ..]) => git::reference(context, &name.join("/")),
        (Get, ["git", "matching-refs", name @ ..]) => git::matching(context, &name.join("/")),
        (Post, ["git", "refs"]) => git::create(context),
        (Patch, ["git", "refs", name @ ..]) => git::update(context, &name.join("/")),
        (Delete, ["git", "refs", name @ ..]) => git::delete(context, &name.join("/")),
        (Get, ["git", "commits", id]) => git::commit(context, id),
        (Get, ["git", "trees", id @ ..]) => git::tree(context, &id.join("/")),
        (Get, ["git", "blobs", id]) => git::blob(context, id),
        _ => Ok(not_implemented(context)),
    }
}

fn on_releases(context: &mut RequestContext<'_>, path: &[&str]) -> Outcome {
    match (context.call.method, path) {
        (Get, []) => releases::list(context),
        (Post, []) => releases::create(context),
        (Get, ["latest"]) => releases::latest(context),
        (Get, ["tags", tag @ ..]) => releases::by_tag(context, &tag.join("/")),
        (Get, ["assets", id]) => assets::get(context, id),
        (Patch, ["assets", id]) => assets::edit(context, id),
        (Delete, ["assets", id]) => assets::delete(context, id),
        (Get, [id]) => releases::get(context, id),
        (Patch, [id]) => releases::edit(context, id),
        (Delete, [id]) => releases::delete(context, id),
        (Get, [id, "assets"]) => assets::list(context, id),
        // Uploads go to the address in `upload_url`; GitHub has no endpoint here.
        (Post, [_, "assets"]) => Err(Refusal::NotFound),
        _ => Ok(not_implemented(context)),
    }
}

fn on_actions(context: &mut RequestContext<'_>, path: &[&str]) -> Outcome {
    match (context.call.method, path) {
        (Get, ["workflows"]) => actions::workflows(context),
        (Get, ["workflows", key]) => actions::workflow(context, key),
        (Get, ["workflows", key, "runs"]) => actions::runs_of(context, key),
        (Post, ["workflows", key, "dispatches"]) => actions::dispatch(context, key),
        (Get, ["runs"]) => actions::runs(context),
        (Get, ["runs", id]) => actions::run(context, id),
        (Get, ["runs", id, "attempts", number]) => actions::attempt(context, id, number),
        (Get, ["runs", id, "jobs"]) => actions::jobs(context, id),
        (Get, ["runs", id, "artifacts"]) => artifacts::of_run(context, id),
        (Get, ["artifacts"]) => artifacts::list(context),
        (Get, ["artifacts", id]) => artifacts::get(context, id),
        (Get, ["artifacts", id, "zip"]) => artifacts::download(context, id),
        (Delete, ["artifacts", id]) => artifacts::delete(context, id),
        _ => Ok(not_implemented(context)),
    }
}

fn not_implemented(context: &RequestContext<'_>) -> Answer {
    message(
        501,
        "not implemented by the rehearsal forge",
        &context.call.path,
    )
}
