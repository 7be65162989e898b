//! `lockgate gate`: posts one commit status per package on every head and every merge group. Runs in the privileged workflow: it
//! reads git objects and the API, and never runs code of the pull request.

mod which;

use std::collections::BTreeSet;

use lockgate_core::gate::StatusState;
use lockgate_core::{BranchName, CommitId, PackageName};
use serde::Serialize;

use self::which::{Group, Subjects};
use super::Context;
use crate::cli;
use crate::event::Event;
use crate::exit::Failure;
use crate::observe::Trees;
use crate::observe::gate::{self, Vouched};
use crate::observe::remote::{Remote, View};
use crate::output::document::Problem;
use crate::output::status::{Posted, post};

/// Runs the command. Every subject is judged, even if another one fails; the worst failure decides the exit status.
pub fn run(context: &Context, args: &cli::Gate) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let event = context.env.event()?.unwrap_or_default();
    let mut done = Done::default();
    match which::subjects(&remote, &event, args)? {
        Subjects::Group(group) => of_group(context, &remote, &event, args, &group, &mut done)?,
        Subjects::Pulls(pulls) => {
            for pull in pulls {
                let number = pull.facts.number;
                let judged = remote
                    .view_of(pull)
                    .and_then(|view| of_pull(context, &remote, &view, args, &mut done));
                if let Err(failure) = judged {
                    done.failed(format!("pull request #{number}"), failure);
                }
            }
        }
    }
    context.reporter.output("pulls", &done.to_report(&event))?;
    let failure = done.worst(context);
    render(context, &done, failure)
}

/// The results for all subjects.
#[derive(Default)]
struct Done {
    posted: Vec<Posted>,
    failures: Vec<(String, Failure)>,
}

impl Done {
    /// Returns the pull requests whose comment may need an update, separated by commas. After the branch has moved: only those
    /// whose status has changed, because each check costs API calls.
    fn to_report(&self, event: &Event) -> String {
        let moved = event.reference.is_some();
        let due = self.posted.iter().filter(|it| it.written || !moved);
        let numbers: BTreeSet<u64> = due.filter_map(|it| Some(it.pull?.0)).collect();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers.join(",")
    }

    fn failed(&mut self, what: String, failure: Failure) {
        self.failures.push((what, failure));
    }

    /// Returns the worst failure, after reporting the others.
    fn worst(&mut self, context: &Context) -> Option<Failure> {
        self.failures
            .sort_by_key(|(_, failure)| failure.exit.severity());
        let ((what, worst), others) = self.failures.split_last()?;
        for (what, failure) in others {
            context.reporter.say(&format!(
                "could not judge {what} ({}): {}",
                failure.code, failure.message
            ));
        }
        let mut worst = worst.clone();
        if others.len() + self.posted.len() > 0 {
            worst.message = format!("{what}: {}", worst.message);
        }
        Some(worst)
    }
}

fn of_group(
    context: &Context,
    remote: &Remote<'_>,
    event: &Event,
    args: &cli::Gate,
    group: &Group,
    done: &mut Done,
) -> Result<(), Failure> {
    let Group {
        branch,
        base,
        head,
        pull,
    } = group;
    let default = remote.default_branch(event)?;
    let git = &remote.git;
    let wanted = [(head.as_str(), head), (base.as_str(), base)];
    git.fetch(&context.env.remote, &wanted)?;
    let head_of = pull.map(|pull| remote.head(pull)).transpose()?.flatten();
    let trees = Trees::of_merge(git, base, head, head_of.as_ref())?;
    let chosen = args.target.package.as_deref();
    for name in trees.names() {
        if chosen.is_some_and(|chosen| chosen != name.as_str()) {
            continue;
        }
        let Some(posted_as) = remote.context(&name, branch, &default)? else {
            say_ungated(
                context,
                &format!("the merge group {}", head.short()),
                branch,
            );
            break;
        };
        let posted = gate::of_merge_group(remote, &trees, &name)
            .and_then(|status| post(remote, head, &name, &posted_as, &status, None));
        match posted {
            Ok(posted) => done.posted.push(posted),
            Err(failure) => done.failed(format!("package {name}"), failure),
        }
    }
    Ok(())
}

/// Reports that a branch has no gate because it is not listed: a status there would have no effect, or another meaning.
fn say_ungated(context: &Context, what: &str, branch: &BranchName) {
    context.reporter.say(&format!(
        "no status for {what}: {} is neither the default branch nor listed as `branches` in lockgate.toml",
        lockgate_core::escape::quoted(branch.as_str())
    ));
}

/// Judges every package of a pull request; a failure for one does not affect the others.
fn of_pull(
    context: &Context,
    remote: &Remote<'_>,
    view: &View,
    args: &cli::Gate,
    done: &mut Done,
) -> Result<(), Failure> {
    let facts = &view.pull.facts;
    for name in gate::packages(view, args.target.package.as_deref())? {
        let Some(posted_as) = remote.context_of(&view.pull, &name)? else {
            let what = format!("pull request #{}", facts.number);
            say_ungated(context, &what, &facts.base);
            return Ok(());
        };
        let posted =
            gate::of_package(remote, view, &name, Vouched::ByNobody).and_then(|observation| {
                let url = Some(view.pull.url.as_str());
                let posted = post(
                    remote,
                    &facts.head,
                    &name,
                    &posted_as,
                    &observation.status,
                    url,
                )?;
                let pull = Some(facts.number);
                Ok(Posted { pull, ..posted })
            });
        match posted {
            Ok(posted) => done.posted.push(posted),
            Err(failure) => {
                done.failed(format!("{name} of pull request #{}", facts.number), failure)
            }
        }
    }
    Ok(())
}

fn render(context: &Context, done: &Done, failure: Option<Failure>) -> Result<(), Failure> {
    let line = |posted: &Posted| {
        let (commit, status) = (posted.commit.short(), &posted.status);
        let state = status.state.as_str();
        format!(
            "{} on {commit}: {state} ({})",
            posted.context, status.description
        )
    };
    let text: Vec<String> = done.posted.iter().map(line).collect();
    let item = |line: &String| format!("- {}\n", lockgate_core::render::markdown::summary(line));
    context
        .reporter
        .summary(&text.iter().map(item).collect::<String>())?;
    let statuses = done.posted.iter().map(|posted| JudgedStatus {
        package: &posted.package,
        context: &posted.context,
        commit: &posted.commit,
        state: posted.status.state,
        code: posted.status.code,
        description: &posted.status.description,
        posted: posted.written,
    });
    let failed = done.failures.iter().map(|(subject, failure)| Unjudged {
        subject,
        problem: Problem::from(failure),
    });
    let result = Judged {
        statuses: statuses.collect(),
        failed: failed.collect(),
    };
    context.reporter.end(&text.join("\n"), &result, failure)
}

#[derive(Serialize)]
struct Judged<'a> {
    statuses: Vec<JudgedStatus<'a>>,
    failed: Vec<Unjudged<'a>>,
}

#[derive(Serialize)]
struct JudgedStatus<'a> {
    package: &'a PackageName,
    context: &'a str,
    commit: &'a CommitId,
    state: StatusState,
    code: &'static str,
    description: &'a str,
    /// Whether it was posted now; else the newest status is the same.
    posted: bool,
}

/// A pull request or a package that has no status, because of a failure.
#[derive(Serialize)]
struct Unjudged<'a> {
    subject: &'a str,
    #[serde(flatten)]
    problem: Problem,
}
