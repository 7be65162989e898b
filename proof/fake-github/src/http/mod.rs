//! The socket side: HTTP in, HTTP out, and what faults do to a connection.
//!
//! Knows no rules of GitHub: each request becomes one call on the [`Forge`], made on a thread that
//! may block.

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

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) forge: Mutex<Forge>,
    pub(crate) blobs: Blobs,
    /// `127.0.0.1:PORT`, for requests that name no host.
    pub(crate) address: String,
}

impl Shared {
    /// The forge, for as long as the guard lives.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Forge> {
        self.forge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections until the runtime ends.
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
    // Small answers shall not wait for company; that they might is no reason to fail.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond::respond(Arc::clone(&shared), request));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(1 << 20);
    // Broken connections are what this server is for.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
