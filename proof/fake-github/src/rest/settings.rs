//! The settings that `doctor` reads: roles, environments, rulesets, immutable releases.

use serde_json::{Value, json};

use super::{Answer, Outcome, RequestContext, paging, schema};
use crate::state::people::Role;
use crate::state::refusal::Refusal;
use crate::state::settings::{BranchPolicy, Environment, Grouping, Ruleset};
use crate::time::rfc3339;

/// `GET /collaborators/{user}/permission`
pub(crate) fn permission(context: &mut RequestContext<'_>, login: &str) -> Outcome {
    let person = context.state.collaborator(&context.call.actor, login)?;
    // Everyone may read a public repository.
    let role = person.role.max(Role::Read);
    let mut user = schema::person(&context.call.links, person);
    user["role_name"] = role.name().into();
    user["permissions"] = json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Maintain,
        "push": role >= Role::Write,
        "triage": role >= Role::Triage,
        "pull": true,
    });
    Ok(Answer::ok(&json!({
        "permission": role.permission(),
        "role_name": role.name(),
        "user": user,
    })))
}

/// `GET /environments/{name}`
pub(crate) fn environment(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    let environment = context.state.environment(name)?;
    let links = &context.call.links;
    let at = rfc3339(environment.created_at);
    let policy = environment.branches.as_ref().map(|policy| {
        let protected = *policy == BranchPolicy::Protected;
        json!({ "protected_branches": protected, "custom_branch_policies": !protected })
    });
    Ok(Answer::ok(&json!({
        "id": environment.id,
        "node_id": schema::node_id("EN", environment.id),
        "name": name,
        "url": links.repo(&format!("/environments/{name}")),
        "html_url": links.page(&format!("/deployments/activity_log?environments_filter={name}")),
        "created_at": at,
        "updated_at": at,
        "protection_rules": protection_rules(context, environment),
        "deployment_branch_policy": policy,
    })))
}

/// `GET /environments/{name}/deployment-branch-policies`
pub(crate) fn branch_policies(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    let environment = context.state.environment(name)?;
    let names = match &environment.branches {
        Some(BranchPolicy::Named(names)) => names.as_slice(),
        Some(BranchPolicy::Protected) | None => &[],
    };
    let shown = names.iter().zip(1_u64..).map(|(name, at)| {
        let id = environment.id + at;
        json!({ "id": id, "node_id": schema::node_id("DBP", id), "name": name, "type": "branch" })
    });
    let shown: Vec<_> = shown.collect();
    Ok(Answer::ok(
        &json!({ "total_count": shown.len(), "branch_policies": shown }),
    ))
}

/// `GET /rulesets`
pub(crate) fn rulesets(context: &mut RequestContext<'_>) -> Outcome {
    let all = context.state.settings().rulesets.iter();
    let shown = all
        .map(|ruleset| ruleset_shape(context, ruleset, false))
        .collect();
    Ok(paging::list(context, shown))
}

/// `GET /rulesets/{id}`
pub(crate) fn ruleset(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let id: u64 = RequestContext::id(id)?;
    let found = context
        .state
        .settings()
        .rulesets
        .iter()
        .find(|ruleset| ruleset.id == id);
    Ok(Answer::ok(&ruleset_shape(
        context,
        found.ok_or(Refusal::NotFound)?,
        true,
    )))
}

/// `GET /rules/branches/{branch}`
pub(crate) fn rules_of_branch(context: &mut RequestContext<'_>, branch: &str) -> Outcome {
    let name = format!("refs/heads/{branch}");
    let default = branch == context.state.repository().default_branch;
    let covers = |pattern: &String| {
        pattern == "~ALL" || *pattern == name || default && pattern == "~DEFAULT_BRANCH"
    };
    let all = context.state.settings().rulesets.iter();
    let active = all.filter(|it| !it.tags && it.enforcement == "active");
    let active = active.filter(|it| it.include.iter().any(covers));
    let shown = active.flat_map(|ruleset| {
        rules(ruleset).into_iter().map(|mut rule| {
            rule["ruleset_source_type"] = "Repository".into();
            rule["ruleset_source"] = context.state.repository().full_name().into();
            rule["ruleset_id"] = ruleset.id.into();
            rule
        })
    });
    Ok(paging::list(context, shown.collect()))
}

/// `GET /actions/permissions/workflow`
pub(crate) fn workflow_rights(context: &mut RequestContext<'_>) -> Outcome {
    let settings = context.state.workflow_rights(&context.call.actor)?;
    let rights = match settings.workflows_write {
        true => "write",
        false => "read",
    };
    Ok(Answer::ok(&json!({
        "default_workflow_permissions": rights,
        "can_approve_pull_request_reviews": settings.workflows_approve,
    })))
}

/// `GET /immutable-releases`
pub(crate) fn immutability(context: &mut RequestContext<'_>) -> Outcome {
    context.state.immutability(&context.call.actor)?;
    Ok(Answer::ok(
        &json!({ "enabled": true, "enforced_by_owner": false }),
    ))
}

fn protection_rules(context: &RequestContext<'_>, environment: &Environment) -> Value {
    let mut rules = Vec::new();
    let rule = |number: u64, kind: &str| {
        let id = environment.id * 10 + number;
        json!({ "id": id, "node_id": schema::node_id("GA", id), "type": kind })
    };
    if environment.wait_minutes > 0 {
        let mut wait = rule(1, "wait_timer");
        wait["wait_timer"] = environment.wait_minutes.into();
        rules.push(wait);
    }
    if !environment.reviewers.is_empty() {
        let reviewers = environment.reviewers.iter().map(|login| {
            let reviewer = schema::user(context.state, &context.call.links, login);
            json!({ "type": "User", "reviewer": reviewer })
        });
        let mut review = rule(2, "required_reviewers");
        review["prevent_self_review"] = environment.prevent_self_review.into();
        review["reviewers"] = reviewers.collect();
        rules.push(review);
    }
    if environment.branches.is_some() {
        rules.push(rule(3, "branch_policy"));
    }
    rules.into()
}

fn ruleset_shape(context: &RequestContext<'_>, ruleset: &Ruleset, whole: bool) -> Value {
    let mut body = json!({
        "id": ruleset.id,
        "name": ruleset.name,
        "target": if ruleset.tags { "tag" } else { "branch" },
        "source_type": "Repository",
        "source": context.state.repository().full_name(),
        "enforcement": ruleset.enforcement,
    });
    if whole {
        body["conditions"] = json!({ "ref_name": { "include": ruleset.include, "exclude": [] } });
        body["rules"] = rules(ruleset).into();
        if context.call.actor.role() >= Role::Admin {
            let actors = ruleset.bypass.iter();
            let shown = actors.map(
                |(kind, id)| json!({ "actor_id": id, "actor_type": kind, "bypass_mode": "always" }),
            );
            body["bypass_actors"] = shown.collect();
        }
    }
    body
}

fn rules(ruleset: &Ruleset) -> Vec<Value> {
    let plain = ruleset.rules.iter().map(|kind| json!({ "type": kind }));
    let mut rules: Vec<Value> = plain.collect();
    if let Some(grouping) = ruleset.queue {
        rules.push(json!({ "type": "merge_queue", "parameters": queue_parameters(grouping) }));
    }
    if ruleset.strict || !ruleset.required_checks.is_empty() {
        let checks = ruleset.required_checks.iter().map(|(context, app)| {
            let mut check = json!({ "context": context });
            if let Some(app) = app {
                check["integration_id"] = (*app).into();
            }
            check
        });
        rules.push(json!({
            "type": "required_status_checks",
            "parameters": {
                "required_status_checks": checks.collect::<Vec<Value>>(),
                "strict_required_status_checks_policy": ruleset.strict,
            },
        }));
    }
    rules
}

/// GitHub's defaults, except for the strategy.
fn queue_parameters(grouping: Grouping) -> Value {
    json!({
        "check_response_timeout_minutes": 60,
        "grouping_strategy": match grouping {
            Grouping::Each => "ALLGREEN",
            Grouping::Last => "HEADGREEN",
        },
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    })
}
