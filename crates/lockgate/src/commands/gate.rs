//! `lockgate gate`: posts one commit status per package on every head and every merge group. Runs in the privileged workflow: it
//! reads git objects and the API, and never runs code of the pull request.

mod which;

use std::collections::BTreeSet;

use lockgate_core::BranchName;
use serde_json::json;

use self::which::{Group, Subjects};
use super::Context;
use crate::cli;
use crate::event::Event;
use crate::exit::Failure;
use crate::observe::Trees;
use crate::observe::gate::{self, Vouched};
use crate::observe::remote::{Remote, View};
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
    render(context, &done.posted)?;
    context.reporter.output("pulls", &done.to_report(&event))?;
    done.end(context)
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
    fn end(mut self, context: &Context) -> Result<(), Failure> {
        self.failures
            .sort_by_key(|(_, failure)| failure.exit.severity());
        let Some((what, worst)) = self.failures.pop() else {
            return Ok(());
        };
        for (what, failure) in &self.failures {
            context.reporter.say(&format!(
                "could not judge {what} ({}): {}",
                failure.code, failure.message
            ));
        }
        let message = match self.failures.len() + self.posted.len() {
            0 => worst.message,
            _ => format!("{what}: {}", worst.message),
        };
        Err(Failure { message, ..worst })
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

fn render(context: &Context, posted: &[Posted]) -> Result<(), Failure> {
    let text: Vec<String> = posted
        .iter()
        .map(|p| {
            format!(
                "{} on {}: {} ({})",
                p.context,
                p.commit.short(),
                p.status.state.as_str(),
                p.status.description
            )
        })
        .collect();
    let objects: Vec<_> = posted
        .iter()
        .map(|p| json!({ "package": p.package, "context": p.context, "commit": p.commit, "state": p.status.state, "code": p.status.code, "description": p.status.description, "posted": p.written }))
        .collect();
    context.reporter.summary(
        &text
            .iter()
            .map(|line| format!("- {}\n", lockgate_core::render::markdown::summary(line)))
            .collect::<String>(),
    )?;
    context
        .reporter
        .result("gate", &text.join("\n"), json!({ "statuses": objects }));
    Ok(())
}
