#![doc = include_str!("../README.md")]

mod address;
mod agents;
mod basic;
mod body;
mod config;
mod dial;
mod error;
pub mod escape;
mod exchange;
mod forward;
mod guard;
mod no_proxy;
mod policy;
mod proxies;
mod redirect;
mod retry_after;
mod roots;
mod stop;
mod transport;

pub use address::Address;
pub use agents::Route;
pub use basic::basic;
pub use body::{read_at_most, read_rest, reader};
pub use config::{Config, ConfigError};
pub use error::{FailureKind, SendError};
pub use exchange::{Http, header};
pub use policy::{Attempts, Clock, Policy, Timeouts, jittered};
pub use proxies::{Proxies, Proxy};
pub use redirect::{Followed, follow};
pub use retry_after::retry_after;
pub use ureq::{Body, SendBody, http};
