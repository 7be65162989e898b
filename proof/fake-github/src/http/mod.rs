//! The socket side: HTTP in, HTTP out, and the effect of faults on a connection.
//!
//! It knows no rules of GitHub: each request becomes one call on the [`Forge`], made on a thread that may block.

mod head;
mod hooks;
mod receive;
mod reply;
mod respond;
mod response;
mod results;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::blobs::Blobs;
use crate::forge::Forge;

/// The state that all connections share.
pub(crate) struct Shared {
    pub(crate) forge: Mutex<Forge>,
    pub(crate) blobs: Blobs,
    /// `127.0.0.1:PORT`, for requests without a host.
    pub(crate) address: String,
}

impl Shared {
    /// Locks the fake for the lifetime of the guard.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Forge> {
        self.forge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections until the runtime ends.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Small responses should not be delayed; a failure to set this is harmless.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond::respond(Arc::clone(&shared), request));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(1 << 20);
    // Broken connections are expected here.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
