//! Parses and prints faults as lines of text.

use std::fmt;
use std::str::FromStr;

use super::{Fault, FaultKind, Moment, Nth, When};

/// A line that is not a valid fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` is no fault: {why}")]
pub struct FaultSyntax {
    line: String,
    why: String,
}

impl FromStr for Fault {
    type Err = FaultSyntax;

    fn from_str(line: &str) -> Result<Self, FaultSyntax> {
        fault(line).map_err(|why| FaultSyntax {
            line: line.to_owned(),
            why,
        })
    }
}

impl FromStr for FaultKind {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, FaultSyntax> {
        kind(text).map_err(|why| FaultSyntax {
            line: text.to_owned(),
            why,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.when.method.as_deref().unwrap_or("*");
        write!(out, "{} {method} {}", self.what, self.when.path)?;
        match self.when.nth {
            Nth::Only(1) => {}
            Nth::Only(nth) => write!(out, " nth={nth}")?,
            Nth::Every => write!(out, " nth=every")?,
        }
        match &self.when.actor {
            Some(actor) => write!(out, " actor={actor}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(moment, status) => write!(out, "{moment}={status}"),
            Self::Drop(moment) => write!(out, "drop-{moment}"),
            Self::Kill(moment) => write!(out, "kill-{moment}"),
            Self::KillMidway { bytes } => write!(out, "kill-midway={bytes}"),
            Self::Late { calls } => write!(out, "late={calls}"),
            Self::Stall { moment, millis } => {
                write!(out, "stall-{moment}")?;
                millis.map_or(Ok(()), |millis| write!(out, "={millis}"))
            }
            Self::Truncated { bytes } => write!(out, "truncated={bytes}"),
            Self::RateLimited {
                status,
                retry,
                reset,
            } => {
                write!(out, "rate-limited={status}")?;
                retry.map_or(Ok(()), |retry| write!(out, ",retry={retry}"))?;
                reset.map_or(Ok(()), |reset| write!(out, ",reset={reset}"))
            }
            Self::Starter => out.write_str("starter"),
            Self::Tamper => out.write_str("tamper"),
            Self::NullDigest => out.write_str("null-digest"),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

fn fault(line: &str) -> Result<Fault, String> {
    let mut words = line.split_ascii_whitespace();
    let what = kind(words.next().ok_or("it is empty")?)?;
    let method = words.next().ok_or("it names no method")?;
    let path = words.next().ok_or("it names no path")?;
    let mut when = When {
        method: (method != "*").then(|| method.to_owned()),
        path: path.to_owned(),
        nth: Nth::Only(1),
        actor: None,
    };
    for word in words {
        match word.split_once('=') {
            Some(("nth", "every")) => when.nth = Nth::Every,
            Some(("nth", nth)) => when.nth = Nth::Only(number(nth)?),
            Some(("actor", actor)) => when.actor = Some(actor.to_owned()),
            Some(_) | None => return Err(format!("`{word}` is neither nth= nor actor=")),
        }
    }
    if when.nth == Nth::Only(0) {
        return Err("nth counts from 1".into());
    }
    Ok(Fault { what, when })
}

fn kind(text: &str) -> Result<FaultKind, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let required = || value.ok_or_else(|| format!("`{name}` needs a number: {name}=N"));
    let kind = match name {
        "before" => FaultKind::Status(Moment::Before, status(required()?)?),
        "after" => FaultKind::Status(Moment::After, status(required()?)?),
        "kill-midway" => FaultKind::KillMidway {
            bytes: number(required()?)?,
        },
        "late" => FaultKind::Late {
            calls: number(required()?)?,
        },
        "truncated" => FaultKind::Truncated {
            bytes: number(required()?)?,
        },
        "rate-limited" => rate_limited(required()?)?,
        "stall-before" => stall(Moment::Before, value)?,
        "stall-after" => stall(Moment::After, value)?,
        _ if value.is_some() => return Err(format!("`{name}` is no kind that takes a number")),
        "drop-before" => FaultKind::Drop(Moment::Before),
        "drop-after" => FaultKind::Drop(Moment::After),
        "kill-before" => FaultKind::Kill(Moment::Before),
        "kill-after" => FaultKind::Kill(Moment::After),
        "starter" => FaultKind::Starter,
        "tamper" => FaultKind::Tamper,
        "null-digest" => FaultKind::NullDigest,
        _ => return Err(format!("`{name}` is no kind of fault")),
    };
    Ok(kind)
}

fn stall(moment: Moment, value: Option<&str>) -> Result<FaultKind, String> {
    let millis = value.map(number).transpose()?;
    Ok(FaultKind::Stall { moment, millis })
}

fn rate_limited(value: &str) -> Result<FaultKind, String> {
    let mut parts = value.split(',');
    let status = status(parts.next().unwrap_or_default())?;
    let (mut retry, mut reset) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some(("retry", seconds)) => retry = Some(number(seconds)?),
            Some(("reset", seconds)) => reset = Some(number(seconds)?),
            Some(_) | None => return Err(format!("`{part}` is neither retry= nor reset=")),
        }
    }
    Ok(FaultKind::RateLimited {
        status,
        retry,
        reset,
    })
}

fn status(text: &str) -> Result<u16, String> {
    let status = number(text)?;
    let known = (200..600).contains(&status);
    known
        .then_some(status)
        .ok_or_else(|| format!("{status} is no status"))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number, or too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_back_as_they_were_written() {
        for line in [
            "before=500 GET /pulls/*",
            "after=502 PATCH /releases/* nth=3",
            "drop-before POST */assets*",
            "drop-after PATCH /releases/* nth=every actor=automation",
            "kill-before POST */assets* nth=2",
            "kill-after * /git/refs",
            "kill-midway=1000 POST */assets*",
            "late=3 PATCH /releases/*",
            "stall-before GET /user",
            "stall-after=250 POST /releases",
            "truncated=100 GET /_storage/*",
            "rate-limited=403 GET /pulls",
            "rate-limited=429,retry=60,reset=120 GET /pulls",
            "starter POST */assets?name=tool*",
            "tamper GET /actions/artifacts/*",
            "null-digest POST */assets*",
        ] {
            let fault: Fault = line.parse().unwrap();
            assert_eq!(fault.to_string(), line);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_a_reason() {
        for (line, why) in [
            ("", "empty"),
            ("drop", "no kind"),
            ("drop-after", "no method"),
            ("drop-after GET", "no path"),
            ("drop-after=3 GET /x", "takes a number"),
            ("before GET /x", "needs a number"),
            ("before=9999999 GET /x", "too large"),
            ("before=42 GET /x", "no status"),
            ("drop-after GET /x nth=0", "counts from 1"),
            ("drop-after GET /x twice", "neither nth= nor actor="),
        ] {
            let refused = line.parse::<Fault>().unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
