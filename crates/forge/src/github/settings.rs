//! Reads the administrator's settings. A 404 or 403 reveals nothing; the decision knows what that means.

use lockgate_core::BranchName;
use lockgate_core::escape::quoted;
use lockgate_core::settings::{
    BranchRules, Branches, Bypass, Environment, Merging, Reading, RequiredStatus, Reviewer,
    TagRules, WorkflowRights,
};
use serde::Deserialize;

use super::address::encoded;
use super::calls::CachePolicy;
use super::http_client::HttpClient;
use super::paging;
use crate::{ErrorKind, ForgeError};

#[derive(Deserialize)]
struct EnvironmentShape {
    #[serde(default)]
    protection_rules: Vec<Protection>,
    deployment_branch_policy: Option<Policy>,
    /// Returned by GitHub, although its description does not list it.
    can_admins_bypass: Option<bool>,
}

#[derive(Deserialize)]
struct Protection {
    r#type: String,
    #[serde(default)]
    reviewers: Vec<ReviewerShape>,
    #[serde(default)]
    prevent_self_review: bool,
}

#[derive(Deserialize)]
struct ReviewerShape {
    reviewer: Option<ReviewerLogin>,
}

/// A team has no login.
#[derive(Deserialize)]
struct ReviewerLogin {
    login: Option<String>,
}

#[derive(Deserialize)]
struct BranchPolicies {
    branch_policies: Vec<BranchPolicy>,
}

#[derive(Deserialize)]
struct BranchPolicy {
    name: String,
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Policy {
    protected_branches: bool,
}

#[derive(Deserialize)]
struct Rule {
    r#type: String,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    required_status_checks: Vec<Check>,
    #[serde(default)]
    strict_required_status_checks_policy: bool,
    grouping_strategy: Option<String>,
}

#[derive(Deserialize)]
struct Check {
    context: String,
    integration_id: Option<u64>,
}

/// A branch, with the part of the older branch protection that its response contains.
#[derive(Deserialize)]
struct Branch {
    protection: Option<BranchProtection>,
}

#[derive(Deserialize)]
struct BranchProtection {
    required_status_checks: Option<RequiredChecks>,
}

#[derive(Deserialize)]
struct RequiredChecks {
    #[serde(default)]
    contexts: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    target: Option<String>,
    enforcement: String,
}

#[derive(Deserialize)]
struct Ruleset {
    conditions: Option<Conditions>,
    #[serde(default)]
    rules: Vec<Kind>,
    /// Returned only to accounts that may change the ruleset.
    bypass_actors: Option<Vec<BypassActor>>,
}

#[derive(Deserialize)]
struct BypassActor {
    actor_id: Option<u64>,
    actor_type: String,
}

#[derive(Deserialize)]
struct DefaultRights {
    default_workflow_permissions: String,
    can_approve_pull_request_reviews: bool,
}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize)]
struct Conditions {
    ref_name: Option<RefName>,
}

#[derive(Deserialize)]
struct RefName {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
struct Immutability {
    enabled: bool,
}

pub(super) fn environment(
    http_client: &HttpClient,
    name: &str,
) -> Result<Reading<Environment>, ForgeError> {
    let operation = format!("read the environment {name}");
    let url = http_client.at(&format!("/environments/{}", encoded(name)));
    let shape: EnvironmentShape = match reported(http_client.read(&operation, &url))? {
        Reading::Read(shape) => shape,
        Reading::NotFound => return Ok(Reading::NotFound),
        Reading::Denied => return Ok(Reading::Denied),
    };
    let branches = match shape.deployment_branch_policy {
        None => Branches::All,
        Some(policy) if policy.protected_branches => Branches::Protected,
        Some(_) => match reported(patterns(http_client, &operation, &url))? {
            Reading::Read(patterns) => Branches::Listed(patterns),
            Reading::NotFound => return Ok(Reading::NotFound),
            Reading::Denied => return Ok(Reading::Denied),
        },
    };
    let asks = |rule: &Protection| rule.r#type == "required_reviewers";
    let rules: Vec<Protection> = shape.protection_rules.into_iter().filter(asks).collect();
    let self_review = !rules.iter().any(|rule| rule.prevent_self_review);
    let reviewers = rules.into_iter().flat_map(|rule| rule.reviewers).map(|it| {
        let login = it.reviewer.and_then(|it| it.login?.parse().ok());
        login.map_or(Reviewer::Team, |login| Reviewer::Person(login, None))
    });
    Ok(Reading::Read(Environment {
        reviewers: reviewers.collect(),
        branches,
        self_review,
        admins_bypass: shape.can_admins_bypass,
    }))
}

/// Returns the patterns of an environment. A tag pattern admits jobs of runs for a tag, which is not one of our
/// branches.
fn patterns(
    http_client: &HttpClient,
    operation: &str,
    environment: &str,
) -> Result<Vec<String>, ForgeError> {
    let url = format!("{environment}/deployment-branch-policies");
    paging::all(
        http_client,
        operation,
        &url,
        CachePolicy::No,
        |page: BranchPolicies| {
            let named = |policy: BranchPolicy| match policy.r#type.as_deref() {
                Some("tag") => format!("refs/tags/{}", policy.name),
                Some(_) | None => policy.name,
            };
            page.branch_policies.into_iter().map(named).collect()
        },
    )
}

/// Two requests: the rulesets, and the part of the older branch protection that the branch's response contains.
pub(super) fn branch_rules(
    http_client: &HttpClient,
    branch: &BranchName,
) -> Result<Reading<BranchRules>, ForgeError> {
    let operation = format!("read the rules of {branch}");
    let url = http_client.at(&format!("/rules/branches/{}", encoded(branch.as_str())));
    let rules = paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::No,
        |page: Vec<Rule>| page,
    );
    let older = http_client.at(&format!("/branches/{}", encoded(branch.as_str())));
    let older: Branch = http_client.read(&operation, &older)?;
    let older = older
        .protection
        .and_then(|protection| protection.required_status_checks);
    reported(rules.map(|rules| {
        let has = |kind: &str| rules.iter().any(|rule| rule.r#type == kind);
        let mut found = BranchRules {
            required: Vec::new(),
            merging: merging(&rules),
            force_pushes: !has("non_fast_forward"),
        };
        for parameters in rules.iter().filter_map(|rule| rule.parameters.as_ref()) {
            found
                .required
                .extend(
                    parameters
                        .required_status_checks
                        .iter()
                        .map(|check| RequiredStatus {
                            context: check.context.clone(),
                            app: check.integration_id,
                        }),
                );
        }
        // This list does not name an App.
        found.required.extend(
            older
                .map(|it| it.contexts)
                .unwrap_or_default()
                .into_iter()
                .map(|context| RequiredStatus { context, app: None }),
        );
        found
    }))
}

/// With a merge queue, nothing merges outside it, so only its own strategy counts; of several the weakest.
/// "`HEADGREEN`: only the commit at the head of the merge group must pass"
/// ([rules](https://docs.github.com/rest/repos/rules)).
fn merging(rules: &[Rule]) -> Merging {
    let queues = rules.iter().filter(|rule| rule.r#type == "merge_queue");
    let strategies = queues.map(|rule| {
        let parameters = rule.parameters.as_ref();
        match parameters.and_then(|it| it.grouping_strategy.as_deref()) {
            Some("ALLGREEN") => Merging::Queue,
            Some(_) | None => Merging::QueueOfGroups,
        }
    });
    let strict = |it: &Parameters| it.strict_required_status_checks_policy;
    let mut parameters = rules.iter().filter_map(|rule| rule.parameters.as_ref());
    strategies.min().unwrap_or(if parameters.any(strict) {
        Merging::UpToDate
    } else {
        Merging::Lagging
    })
}

/// Makes one request for the list, and one for each active ruleset about tags.
pub(super) fn tag_rules(http_client: &HttpClient) -> Result<Reading<Vec<TagRules>>, ForgeError> {
    let url = http_client.at("/rulesets");
    let listed = paging::all(
        http_client,
        "list the rulesets",
        &url,
        CachePolicy::No,
        |page: Vec<Listed>| page,
    );
    let listed = match reported(listed)? {
        Reading::Read(listed) => listed,
        Reading::NotFound => return Ok(Reading::NotFound),
        Reading::Denied => return Ok(Reading::Denied),
    };
    let mut found = Vec::new();
    for one in listed {
        if one.target.as_deref() != Some("tag") || one.enforcement != "active" {
            continue;
        }
        let operation = format!("read the ruleset {}", one.id);
        let ruleset: Ruleset = http_client.read(
            &operation,
            &http_client.at(&format!("/rulesets/{}", one.id)),
        )?;
        let names = ruleset
            .conditions
            .and_then(|conditions| conditions.ref_name);
        let (include, exclude) =
            names.map_or_else(Default::default, |names| (names.include, names.exclude));
        found.push(TagRules {
            include,
            exclude,
            kinds: ruleset.rules.into_iter().map(|rule| rule.r#type).collect(),
            bypass: ruleset
                .bypass_actors
                .map(|actors| actors.into_iter().map(bypass).collect()),
        });
    }
    Ok(Reading::Read(found))
}

/// Returns the actor of an entry in a ruleset's bypass list ([shape](https://docs.github.com/rest/repos/rules)).
fn bypass(actor: BypassActor) -> Bypass {
    match (actor.actor_type.as_str(), actor.actor_id) {
        ("Integration", Some(app)) => Bypass::App(app),
        // The ids of the roles that every repository has.
        ("RepositoryRole", Some(2)) => Bypass::Other("maintainers".to_owned()),
        ("RepositoryRole", Some(4)) => Bypass::Other("everybody who may write".to_owned()),
        ("RepositoryRole", Some(5)) => Bypass::Other("administrators".to_owned()),
        ("OrganizationAdmin", _) => Bypass::Other("the organization's owners".to_owned()),
        ("DeployKey", _) => Bypass::Other("deploy keys".to_owned()),
        (kind, Some(id)) => Bypass::Other(format!("{} {id}", quoted(kind))),
        (kind, None) => Bypass::Other(quoted(kind)),
    }
}

pub(super) fn workflow_rights(
    http_client: &HttpClient,
) -> Result<Reading<WorkflowRights>, ForgeError> {
    let operation = "read what workflows may do";
    let url = http_client.at("/actions/permissions/workflow");
    let found: Result<DefaultRights, _> = http_client.read(operation, &url);
    reported(found.map(|it| WorkflowRights {
        write: it.default_workflow_permissions != "read",
        approve: it.can_approve_pull_request_reviews,
    }))
}

pub(super) fn immutable_releases(http_client: &HttpClient) -> Result<Reading<bool>, ForgeError> {
    let operation = "read whether releases are immutable";
    let found: Result<Immutability, _> =
        http_client.read(operation, &http_client.at("/immutable-releases"));
    reported(found.map(|it| it.enabled))
}

fn reported<T>(answer: Result<T, ForgeError>) -> Result<Reading<T>, ForgeError> {
    match answer {
        Ok(value) => Ok(Reading::Read(value)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Reading::NotFound),
        Err(error) if error.kind == ErrorKind::Denied => Ok(Reading::Denied),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{Merging, Rule, merging};

    #[test]
    fn a_queue_counts_before_all_else_and_only_if_it_asks_for_each_commit() {
        let of = |rules: &[&str]| {
            let shape = |text: &&str| -> Rule { serde_json::from_str(text).unwrap() };
            merging(&rules.iter().map(shape).collect::<Vec<_>>())
        };
        let strict = r#"{"type":"required_status_checks","parameters":{"strict_required_status_checks_policy":true}}"#;
        let each = r#"{"type":"merge_queue","parameters":{"grouping_strategy":"ALLGREEN"}}"#;
        let last = r#"{"type":"merge_queue","parameters":{"grouping_strategy":"HEADGREEN"}}"#;
        let untold = r#"{"type":"merge_queue"}"#;
        assert_eq!(of(&[r#"{"type":"deletion"}"#]), Merging::Lagging);
        assert_eq!(of(&[strict]), Merging::UpToDate);
        assert_eq!(of(&[strict, each]), Merging::Queue);
        assert_eq!(of(&[strict, last]), Merging::QueueOfGroups);
        assert_eq!(of(&[each, last]), Merging::QueueOfGroups);
        assert_eq!(of(&[untold]), Merging::QueueOfGroups);
    }
}
