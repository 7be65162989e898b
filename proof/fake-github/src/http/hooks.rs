//! Calls the embedding program's hooks while a request is handled, and withholds responses for stall faults.
//!
//! A hook runs on a thread of its own without any lock: it may use the server. A panic in a hook is reported on its
//! thread.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::respond::Dropped;
use crate::exchange::Exchange;
use crate::forge::KillPoint;

/// Lets the embedding program kill the client, then closes the connection.
pub(crate) async fn kill<T>(shared: &Arc<Shared>, point: KillPoint) -> Result<T, Dropped> {
    let hook = shared.lock().hook.clone();
    if let Some(hook) = hook {
        let _ = tokio::task::spawn_blocking(move || hook(&point)).await;
    }
    Err(Dropped)
}

/// Passes the exchange to the hook.
pub(crate) async fn show(shared: &Arc<Shared>, exchange: Exchange) {
    let hook = shared.lock().watch.clone();
    if let Some(hook) = hook {
        let _ = tokio::task::spawn_blocking(move || hook(&exchange)).await;
    }
}

/// Does not respond until the time is over or the client disconnects.
pub(crate) async fn stall<T>(millis: Option<u64>) -> Result<T, Dropped> {
    match millis {
        Some(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        None => std::future::pending().await,
    }
    Err(Dropped)
}
