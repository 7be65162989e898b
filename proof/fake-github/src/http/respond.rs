//! Handles one request: admits it, applies its fault, makes the call, builds the response.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, Response};

use super::Shared;
use super::head::RequestHead;
use super::receive::{self, Unread};
use super::reply::Reply;
use super::{hooks, response, results};
use crate::exchange::{Exchange, Trace};
use crate::faults::{FaultKind, Moment, Target};
use crate::forge::{Forge, KillPoint, Late, Upload};
use crate::ids::ReleaseId;
use crate::journal::Side;
use crate::rates::Rate;
use crate::rest::{Answer, Call, Method, assets, message, rights};
use crate::state::people::Actor;
use crate::state::refusal::MissingPermission;

/// The connection closes without a response.
#[derive(Debug, thiserror::Error)]
#[error("the connection closes without an answer")]
pub(crate) struct Dropped;

/// A request that was counted, and how to handle it.
struct Admitted {
    number: u64,
    label: String,
    call: Call,
    head: RequestHead,
    fault: Option<FaultKind>,
    /// The response, if no call is needed.
    early: Option<Answer>,
    /// Whether the request contains a token where none belongs.
    leaks: bool,
    trace: Trace,
}

/// Responds to a request, or applies its fault instead.
pub(crate) async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Dropped> {
    let head = RequestHead::read(&request, &shared.address);
    let admitted = admit(&mut shared.lock(), head);
    let number = admitted.number;
    let outcome = struck(&shared, &admitted, request.into_body()).await;
    let status = outcome
        .as_ref()
        .ok()
        .map(|response| response.status().as_u16());
    shared.lock().journal.end(number, status);
    if admitted.trace.is_wanted() {
        hooks::show(&shared, admitted.exchange(status)).await;
    }
    outcome
}

fn admit(forge: &mut Forge, head: RequestHead) -> Admitted {
    let known = head.actor(&forge.state, forge.clock.now());
    let label = known.as_ref().map_or("bad-token", Actor::label).to_owned();
    let fault = forge.script.strike(Target {
        method: &head.method,
        path: &head.path,
        query: &head.query,
        actor: &label,
    });
    let number = forge
        .journal
        .begin(head.entry(&label, fault.as_ref().map(ToString::to_string)));
    let actor = known.clone().unwrap_or(Actor::Anonymous);
    let counted = match head.side {
        Side::Api => {
            let cost = u32::from(head.path != "/rate_limit");
            forge.rates.count(&actor, forge.clock.now(), cost)
        }
        Side::Storage | Side::Results | Side::Web => Ok(Rate::default()),
    };
    let (Ok(rate) | Err(rate)) = counted;
    let call = head.call(forge, actor, rate);
    let early = match (known.is_some(), counted.is_ok()) {
        (false, _) => Some(message(401, "Bad credentials", &call.path)),
        (true, false) => {
            let text = format!("API rate limit exceeded for {}.", call.actor.label());
            Some(message(403, &text, &call.path))
        }
        (true, true) if hidden(forge, &head, &call) => Some(message(404, "Not Found", &call.path)),
        (true, true) if !allowed(forge, &head, &call) => Some(message(
            403,
            &MissingPermission::Integration.to_string(),
            &call.path,
        )),
        (true, true) => None,
    };
    Admitted {
        number,
        label,
        call,
        leaks: head.leaks(&forge.state),
        head,
        fault,
        early,
        trace: Trace::new(forge.watch.is_some()),
    }
}

/// Returns whether the repository is private and the caller has no access. Signed storage addresses need no token.
fn hidden(forge: &Forge, head: &RequestHead, call: &Call) -> bool {
    let is_stranger = call.actor == Actor::Anonymous && call.app.is_none();
    forge.state.settings().private && is_stranger && matches!(head.side, Side::Api | Side::Web)
}

/// Returns whether a token with restricted permissions may make the call.
fn allowed(forge: &Forge, head: &RequestHead, call: &Call) -> bool {
    let rights = head.token().and_then(|token| forge.state.rights(token));
    head.side != Side::Api
        || rights.is_none_or(|rights| rights::suffice(rights, call.method, &call.path))
}

/// Applies the fault before or after the effect.
async fn struck(
    shared: &Arc<Shared>,
    admitted: &Admitted,
    body: Incoming,
) -> Result<Response<Reply>, Dropped> {
    let mut fault = admitted.fault.clone();
    let canned = |status: u16, text: &str| message(status, text, &admitted.call.path);
    let answer = match &fault {
        Some(FaultKind::Status(Moment::Before, status)) => {
            receive::drain(body).await;
            canned(*status, "a fault of the rehearsal forge, without effect")
        }
        Some(FaultKind::RateLimited { status, .. }) => {
            receive::drain(body).await;
            let text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
            canned(*status, text)
        }
        Some(FaultKind::Drop(Moment::Before)) => return Err(Dropped),
        Some(FaultKind::Kill(Moment::Before)) => {
            return hooks::kill(shared, admitted.killed_at(Moment::Before)).await;
        }
        Some(FaultKind::Stall {
            moment: Moment::Before,
            millis,
        }) => {
            receive::drain(body).await;
            return hooks::stall(*millis).await;
        }
        _ => {
            let (answer, came_along) = effect(shared, admitted, body).await?;
            fault = fault.or(came_along);
            match &fault {
                Some(FaultKind::Status(Moment::After, status)) => {
                    canned(*status, "a fault of the rehearsal forge, after the effect")
                }
                Some(FaultKind::Drop(Moment::After)) => return Err(Dropped),
                Some(FaultKind::Kill(Moment::After)) => {
                    return hooks::kill(shared, admitted.killed_at(Moment::After)).await;
                }
                Some(FaultKind::Stall {
                    moment: Moment::After,
                    millis,
                }) => {
                    return hooks::stall(*millis).await;
                }
                _ => answer,
            }
        }
    };
    let facts = response::Facts {
        number: admitted.number,
        side: admitted.head.side,
        rate: admitted.call.rate,
        now: admitted.call.now,
        fault,
    };
    admitted.trace.answered(&answer);
    response::build(&shared.blobs, facts, answer)
}

/// Makes the requested change; returns the fault that came with a storage address.
async fn effect(
    shared: &Arc<Shared>,
    admitted: &Admitted,
    body: Incoming,
) -> Result<(Answer, Option<FaultKind>), Dropped> {
    let (call, head) = (&admitted.call, &admitted.head);
    if let Some(early) = &admitted.early {
        receive::drain(body).await;
        return Ok((early.clone(), None));
    }
    if head.side == Side::Storage && call.method == Method::Put {
        let flip = admitted.fault == Some(FaultKind::Tamper);
        return Ok((results::put(shared, call, head, flip, body).await?, None));
    }
    if head.side == Side::Storage {
        let forge = shared.lock();
        return Ok(forge
            .signer
            .answer(&call.path, &call.query, &head.part, call.now));
    }
    Ok((ask(shared, admitted, body).await?, None))
}

/// Handles a request to the API, the results service or the pages.
async fn ask(shared: &Arc<Shared>, admitted: &Admitted, body: Incoming) -> Result<Answer, Dropped> {
    let (mut call, head) = (admitted.call.clone(), &admitted.head);
    if head.side == Side::Api && head.upload {
        let release = assets::upload_target(&shared.lock().state, &call);
        return match release {
            Some(release) => upload(shared, admitted, release, body).await,
            None => {
                receive::drain(body).await;
                Ok(message(404, "Not Found", &call.path))
            }
        };
    }
    call.body = match receive::small(body).await {
        Ok(bytes) => bytes,
        Err(Unread::TooLarge) => return Ok(message(413, "Payload too big", &call.path)),
        Err(Unread::Short | Unread::Store(_) | Unread::Midway) => return Err(Dropped),
    };
    admitted.trace.asked(&call.body);
    if let Some(FaultKind::Late { calls }) = &admitted.fault {
        let late = Late {
            calls_left: *calls,
            call,
            upload: None,
        };
        return put_off(shared, late).await;
    }
    let (side, token) = (head.side, head.token().map(str::to_owned));
    on_forge(shared, move |forge| match side {
        Side::Results => forge.results(&call, token.as_deref()),
        Side::Web => forge.web(&call),
        Side::Api | Side::Storage => forge.api(&call),
    })
    .await
}

/// Receives an upload: the asset exists before its bytes do.
async fn upload(
    shared: &Arc<Shared>,
    admitted: &Admitted,
    release: ReleaseId,
    body: Incoming,
) -> Result<Answer, Dropped> {
    let call = admitted.call.clone();
    let content_type = admitted.head.content_type.clone();
    admitted
        .trace
        .uploaded(admitted.head.length.unwrap_or_default());
    if admitted.head.length.is_none_or(|length| length == 0) {
        receive::drain(body).await;
        return Ok(message(400, "Bad Content-Length", &call.path));
    }
    let writer = shared.blobs.writer().map_err(|_| Dropped)?;
    let flip = admitted.fault == Some(FaultKind::Tamper);
    if let Some(FaultKind::Late { calls }) = &admitted.fault {
        let blob = receive::upload(body, writer, false, None)
            .await
            .map_err(|_| Dropped)?;
        let upload = Upload {
            release,
            content_type,
            blob,
        };
        let late = Late {
            calls_left: *calls,
            call,
            upload: Some(upload),
        };
        return put_off(shared, late).await;
    }
    let begin = call.clone();
    let begun = on_forge(shared, move |forge| {
        forge.begin_upload(&begin, release, &content_type)
    });
    let asset = match begun.await? {
        Ok(asset) => asset,
        Err(refused) => {
            receive::drain(body).await;
            return Ok(refused);
        }
    };
    let stop_at = match &admitted.fault {
        Some(FaultKind::KillMidway { bytes }) => Some(*bytes),
        _ => None,
    };
    let blob = match receive::upload(body, writer, flip, stop_at).await {
        Ok(blob) => blob,
        Err(Unread::Midway) => {
            return hooks::kill(shared, admitted.killed_at(Moment::Before)).await;
        }
        Err(Unread::Store(error)) => return Ok(message(500, &error.to_string(), &call.path)),
        Err(Unread::Short | Unread::TooLarge) => return Err(Dropped),
    };
    if admitted.fault == Some(FaultKind::Starter) {
        return Ok(message(
            502,
            "a fault of the rehearsal forge: the bytes are lost",
            &call.path,
        ));
    }
    let hide = admitted.fault == Some(FaultKind::NullDigest);
    on_forge(shared, move |forge| {
        forge.finish_upload(&call, asset, blob, hide)
    })
    .await
}

async fn put_off(shared: &Arc<Shared>, late: Late) -> Result<Answer, Dropped> {
    let answer = message(
        504,
        "a fault of the rehearsal forge: it takes long",
        &late.call.path,
    );
    on_forge(shared, move |forge| forge.put_off(late)).await?;
    Ok(answer)
}

impl Admitted {
    fn killed_at(&self, moment: Moment) -> KillPoint {
        KillPoint {
            request: self.number,
            method: self.head.method.clone(),
            path: self.head.path.clone(),
            moment,
        }
    }

    fn exchange(self, status: Option<u16>) -> Exchange {
        let fault = self.fault.as_ref().map(ToString::to_string);
        let mut exchange = self.head.exchange(&self.label, self.leaks, fault);
        exchange.number = self.number;
        exchange.status = status;
        self.trace.fill(&mut exchange);
        exchange
    }
}

/// Makes a call on a thread that may block.
pub(crate) async fn on_forge<T: Send + 'static>(
    shared: &Arc<Shared>,
    call: impl FnOnce(&mut Forge) -> T + Send + 'static,
) -> Result<T, Dropped> {
    let shared = Arc::clone(shared);
    let done = tokio::task::spawn_blocking(move || call(&mut shared.lock()));
    done.await.map_err(|_| Dropped)
}
