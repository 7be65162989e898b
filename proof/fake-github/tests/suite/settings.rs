use lockgate_forge_embedded::state::people::Role;
use lockgate_forge_embedded::state::settings::{BranchPolicy, Environment, Grouping, Ruleset};
use serde_json::json;

use crate::support::Rehearsal;

#[test]
fn roles_are_told_apart_by_role_name() {
    let rehearsal = Rehearsal::start();
    rehearsal.forge.add_person("triager", Role::Triage);
    for (login, permission, role) in [
        ("developer", "write", "write"),
        ("maintainer", "write", "maintain"),
        ("admin", "admin", "admin"),
        ("triager", "read", "triage"),
        ("stranger", "read", "read"),
    ] {
        let path = format!("/collaborators/{login}/permission");
        let shown = rehearsal.get("automation", &path).json();
        assert_eq!(
            (&shown["permission"], &shown["role_name"]),
            (&json!(permission), &json!(role))
        );
    }
    let path = "/collaborators/maintainer/permission";
    for (label, status) in [("fork", 200), ("stranger", 403), ("anonymous", 401)] {
        assert_eq!(rehearsal.get(label, path).status, status, "{label}");
    }
    assert_eq!(
        rehearsal
            .get("automation", "/collaborators/nobody/permission")
            .status,
        404
    );
    let user = rehearsal
        .ask("developer", "GET", "/api/v3/user", &[], b"")
        .unwrap();
    assert_eq!(user.json()["login"], "developer");
    let bot = rehearsal
        .ask("automation", "GET", "/api/v3/user", &[], b"")
        .unwrap();
    assert_eq!(bot.status, 403);
    assert_eq!(
        rehearsal.get("maintainer", "").json()["permissions"]["maintain"],
        true
    );
    assert_eq!(
        rehearsal.get("automation", "").json()["permissions"]["admin"],
        false
    );
}

#[test]
fn settings_show_to_those_who_may_see_them() {
    let rehearsal = Rehearsal::start();
    let immutability = |label: &str| rehearsal.get(label, "/immutable-releases").status;
    assert_eq!(immutability("admin"), 404);
    rehearsal.forge.set_immutable_releases(true);
    assert_eq!(
        (immutability("admin"), immutability("automation")),
        (200, 404)
    );

    assert_eq!(
        rehearsal.get("automation", "/environments/release").status,
        404
    );
    let environment = Environment {
        reviewers: vec!["maintainer".into()],
        prevent_self_review: true,
        branches: Some(BranchPolicy::Protected),
        ..Environment::default()
    };
    rehearsal.forge.set_environment("release", environment);
    let shown = rehearsal.get("automation", "/environments/release").json();
    let kinds: Vec<&str> = shown["protection_rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["type"].as_str())
        .collect();
    assert_eq!(kinds, ["required_reviewers", "branch_policy"]);
    let review = &shown["protection_rules"][0];
    assert_eq!(review["reviewers"][0]["reviewer"]["login"], "maintainer");
    assert_eq!(
        shown["deployment_branch_policy"]["protected_branches"],
        true
    );
    assert_eq!(rehearsal.get("automation", "/rulesets").json(), json!([]));
    let ruleset = Ruleset {
        id: 9,
        name: "gate".into(),
        tags: false,
        bypass: vec![("Integration".into(), 7)],
        enforcement: "active".into(),
        include: vec!["~DEFAULT_BRANCH".into()],
        rules: vec!["deletion".into()],
        required_checks: vec![("lockgate/tool".into(), Some(7))],
        strict: true,
        queue: Some(Grouping::Last),
    };
    rehearsal
        .forge
        .set(|settings| settings.rulesets.push(ruleset));
    let rules = rehearsal.get("automation", "/rules/branches/main").json();
    assert_eq!(rules[0]["type"], "deletion");
    assert_eq!(rules[1]["type"], "merge_queue");
    assert_eq!(rules[1]["parameters"]["grouping_strategy"], "HEADGREEN");
    let checks = &rules[2]["parameters"];
    assert_eq!(checks["required_status_checks"][0]["integration_id"], 7);
    assert_eq!(checks["strict_required_status_checks_policy"], true);
    assert_eq!(
        rehearsal.get("automation", "/rules/branches/bump").json(),
        json!([])
    );
    assert_eq!(
        rehearsal.get("automation", "/rulesets/9").json()["name"],
        "gate"
    );
    // The bypass list is visible only to accounts that may change the ruleset.
    let bypass = |who: &str| rehearsal.get(who, "/rulesets/9").json()["bypass_actors"].clone();
    assert_eq!(bypass("automation"), json!(null));
    assert_eq!(
        bypass("admin"),
        json!([{ "actor_id": 7, "actor_type": "Integration", "bypass_mode": "always" }])
    );
    let workflows = |who: &str| rehearsal.get(who, "/actions/permissions/workflow");
    assert_eq!(workflows("automation").status, 404);
    assert_eq!(
        workflows("admin").json(),
        json!({ "default_workflow_permissions": "read", "can_approve_pull_request_reviews": false })
    );
}
