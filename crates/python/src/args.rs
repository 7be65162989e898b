//! The arguments of a call, and the client's settings that follow from them and the environment.
//!
//! Reads the environment while Python's lock is held, so that no thread changes it meanwhile. Does not use the network.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate_client::{
    Client, FetchError, FetchSpec, GlibcVersion, Listener, Naming, Network, Variables, VariantInfo,
    VariantLibc, version_of_file,
};
use pyo3::prelude::*;

use crate::job::Job;

/// How often a pause between two attempts checks whether to stop.
const POLL: Duration = Duration::from_millis(20);

/// The arguments of `lockgate.fetch` from Python, one field for each.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Args {
    server: String,
    repository: String,
    repository_id: Option<u64>,
    package: Option<String>,
    tag: String,
    asset: String,
    version: Option<String>,
    /// The bytes of the version file, and its name.
    version_file: Option<(Vec<u8>, String)>,
    pins: Option<String>,
    variant: Option<String>,
    variants: Vec<VariantRow>,
    file: Option<PathBuf>,
    cache: Option<PathBuf>,
    bundled: Option<PathBuf>,
    mirrors: Option<Vec<String>>,
    offline: bool,
    check_withdrawn: bool,
    proxy: Option<String>,
    ca_files: Vec<PathBuf>,
    timeout: Option<u64>,
    total_timeout: Option<u64>,
    retries: Option<u64>,
    max_size: Option<u64>,
}

/// A row of the table of variants.
#[derive(FromPyObject)]
struct VariantRow {
    name: String,
    os: Option<String>,
    arch: Option<String>,
    libc: Option<String>,
    glibc_floor: Option<(u32, u32)>,
}

impl Args {
    /// Makes the job for these arguments.
    pub(crate) fn job(self, listener: Listener, stop: Arc<AtomicBool>) -> Result<Job, FetchError> {
        let variables = Variables(&|name| std::env::var_os(name));
        let network = Network {
            timeout: self.timeout,
            total_timeout: self.total_timeout,
            retries: self.retries,
            proxy: self.proxy,
            ca_files: self.ca_files,
            max_size: self.max_size,
        };
        let mut options = network.options(&variables)?;
        options.cache = self.cache.or_else(|| variables.cache());
        options.bundled = self.bundled.or_else(|| variables.bundled());
        options.mirrors = self.mirrors.map_or_else(|| variables.mirrors(), Ok)?;
        options.offline = self.offline;
        options.user_agent = concat!("lockgate-python/", env!("CARGO_PKG_VERSION")).to_owned();
        options.listener = Some(listener);
        options.retry.pause = pause_until(Arc::clone(&stop));
        options.stop = Some(stop);
        let naming = Naming::new(self.package.as_deref(), &self.tag, &self.asset)?;
        let (version, origin) = match (self.version, self.version_file) {
            (Some(version), _) => (version.into_bytes(), "the caller".to_owned()),
            (None, Some(file)) => file,
            (None, None) => (Vec::new(), "nowhere".to_owned()),
        };
        let order = FetchSpec {
            server: self.server,
            repository: self.repository,
            package: self.package,
            naming,
            version: version_of_file(&version, &origin)?,
            pins: self.pins,
            repository_id: variables.repository_id(self.repository_id)?,
            variant: self.variant,
            variants: self.variants.into_iter().map(VariantRow::info).collect(),
            check_withdrawn: self.check_withdrawn,
        };
        Ok(Job {
            cache: options.cache.clone(),
            client: Client::new(options)?,
            order,
            file: self.file,
        })
    }
}

impl VariantRow {
    /// Takes what the row omits from the name.
    fn info(self) -> VariantInfo {
        let named = VariantInfo::named(&self.name);
        let libc = self.libc.and_then(|word| match word.as_str() {
            "glibc" => Some(VariantLibc::Glibc),
            "musl" => Some(VariantLibc::Musl),
            "static" => Some(VariantLibc::Static),
            _ => None,
        });
        VariantInfo {
            os: self.os.unwrap_or(named.os),
            arch: self.arch.unwrap_or(named.arch),
            libc: libc.or(named.libc),
            glibc_floor: self
                .glibc_floor
                .map(|(major, minor)| GlibcVersion { major, minor }),
            name: self.name,
        }
    }
}

/// A pause between attempts that ends early once the work is to stop.
fn pause_until(stop: Arc<AtomicBool>) -> Arc<dyn Fn(Duration) + Send + Sync> {
    Arc::new(move |wait| {
        let end = Instant::now() + lockgate_client::jittered(wait);
        while !stop.load(Ordering::Relaxed) && Instant::now() < end {
            std::thread::sleep(POLL.min(end.saturating_duration_since(Instant::now())));
        }
    })
}
