//! Where the embedding program comes in while a request is answered, and the one answer that never comes.
//!
//! A hook runs on a thread of its own, where nothing is locked: it may use the forge. One that panics has told whoever runs it.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::respond::Dropped;
use crate::exchange::Exchange;
use crate::forge::KillPoint;

/// Lets whoever embeds the forge kill the client, then lets the connection go.
pub(crate) async fn kill<T>(shared: &Arc<Shared>, point: KillPoint) -> Result<T, Dropped> {
    let hook = shared.lock().hook.clone();
    if let Some(hook) = hook {
        let _ = tokio::task::spawn_blocking(move || hook(&point)).await;
    }
    Err(Dropped)
}

/// Shows the exchange to whoever wants to see it.
pub(crate) async fn show(shared: &Arc<Shared>, exchange: Exchange) {
    let hook = shared.lock().watch.clone();
    if let Some(hook) = hook {
        let _ = tokio::task::spawn_blocking(move || hook(&exchange)).await;
    }
}

/// Says nothing, until the time is over or the client leaves.
pub(crate) async fn stall<T>(millis: Option<u64>) -> Result<T, Dropped> {
    match millis {
        Some(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        None => std::future::pending().await,
    }
    Err(Dropped)
}
