//! `promote-<package>.yml`: a maintainer starts it, with the number of a pull request or of a run.
//!
//! It has two jobs. A job in a protected environment starts only after its approval, so its plan has to be on the page
//! before: `plan` shows it, with read permissions only; `publish` publishes exactly that plan or nothing.

use lockgate_core::promote::ENVIRONMENT;

use crate::steps::{MACHINE, Settings, read, token, write};
use crate::workflow::{Concurrency, Job, Step, Trigger, Workflow};
use crate::yaml::write::{Table, Value};

/// Returns the workflow.
pub fn workflow(settings: &Settings<'_>) -> Workflow {
    let name = &settings.package.name;
    Workflow {
        about: settings.about(&[
            "Publishes a candidate's very bytes. Started by a maintainer, with the number of a pull request or of a run.",
        ]),
        name: workflow_name(settings),
        run_name: Some(format!(
            "Promote {name}, ${{{{ inputs.pr && format('pull request {{0}}', inputs.pr) || format('run {{0}}', inputs.run) }}}}"
        )),
        on: vec![Trigger {
            event: "workflow_dispatch",
            why: None,
            settings: inputs(),
        }],
        concurrency: Concurrency {
            group: format!("lockgate-promote-{name}-${{{{ inputs.pr || inputs.run }}}}"),
            cancel: false,
            why: "a promotion is never cut off",
        },
        jobs: vec![plan(settings), publish(settings)],
    }
}

fn inputs() -> Table {
    let input = |description: &str, kind: &str| {
        let mut table = Table::default();
        table.text("description", description);
        table.text("type", kind);
        Value::Table(table)
    };
    let mut all = Table::default();
    all.put(
        "pr",
        input("Pull request whose candidate is to be published", "number"),
    );
    all.put("run", input("Or the run that built it", "number"));
    all.put(
        "expect-head",
        input(
            "The head that was reviewed, to refuse any other (optional)",
            "string",
        ),
    );
    let mut table = Table::default();
    table.put("inputs", Value::Table(all));
    table
}

/// Returns the workflow's name on GitHub. With several packages it contains the package; with one it is the usual name.
pub(crate) fn workflow_name(settings: &Settings<'_>) -> String {
    match settings.alone {
        true => "Promote to Release".to_owned(),
        false => format!("Promote to Release ({})", settings.package.name),
    }
}

/// Returns the maintainer's inputs for both jobs.
fn said(head: &str) -> [(&'static str, String); 3] {
    [
        ("PR", "${{ inputs.pr }}".to_owned()),
        ("RUN", "${{ inputs.run }}".to_owned()),
        ("EXPECT_HEAD", format!("${{{{ {head} }}}}")),
    ]
}

/// The environment's rules allow only this branch to publish; this check fails before anyone is asked for approval.
const ON_DEFAULT: &str =
    "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)";

fn plan(settings: &Settings<'_>) -> Job {
    let mut env = vec![token()];
    env.extend(said("inputs.expect-head"));
    let mut steps = vec![settings.checkout(None)];
    steps.extend(settings.install(None));
    steps.push(Step::Run {
        id: Some("plan"),
        condition: None,
        env,
        command: settings.call(
            "promote",
            " --dry-run --pr \"$PR\" --run \"$RUN\" --expect-head \"$EXPECT_HEAD\"",
        ),
    });
    let output = |name: &'static str| (name, format!("${{{{ steps.plan.outputs.{name} }}}}"));
    Job {
        id: "plan",
        name: "Plan".to_owned(),
        condition: Some(ON_DEFAULT.to_owned()),
        runs_on: MACHINE.to_owned(),
        timeout: Some(10),
        permissions: vec![
            read("contents", "the sources, and what is published"),
            read("actions", "the run, its artifacts, and the environment"),
            read("pull-requests", "what is to be published"),
        ],
        outputs: vec![output("head"), output("plan")],
        steps,
        ..Job::default()
    }
}

fn publish(settings: &Settings<'_>) -> Job {
    let mut env = settings.credentials();
    env.extend(said("needs.plan.outputs.head"));
    env.push(("EXPECT_PLAN", "${{ needs.plan.outputs.plan }}".to_owned()));
    let mut steps = vec![settings.checkout(None)];
    steps.extend(settings.install(None));
    steps.push(Step::Run {
        id: Some("promote"),
        condition: None,
        env,
        command: settings.call(
            "promote",
            " --pr \"$PR\" --run \"$RUN\" --expect-head \"$EXPECT_HEAD\" --expect-plan \"$EXPECT_PLAN\"",
        ),
    });
    // The run keeps the receipt: a release published by hand has none that a run of this file has kept.
    steps.push(settings.upload(
        "promote",
        "receipt-",
        "steps.promote.outputs.receipt-path != '' && !cancelled()",
        true,
    ));
    steps.push(Step::Place("after-promotion"));
    let permissions = match settings.hardened() {
        true => vec![read("contents", "to check out; all else is the App's")],
        false => vec![
            write("contents", "the release"),
            read("actions", "the run and its artifacts"),
            write("statuses", "the gate goes green"),
            write("pull-requests", "the comment"),
        ],
    };
    Job {
        id: "publish",
        name: "Publish".to_owned(),
        why: Some("the plan stands in the summary; approve it there"),
        needs: &["plan"],
        condition: Some(ON_DEFAULT.to_owned()),
        runs_on: MACHINE.to_owned(),
        timeout: Some(60),
        environment: Some(ENVIRONMENT),
        permissions,
        steps,
        ..Job::default()
    }
}
