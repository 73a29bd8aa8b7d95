//! The certificate authorities that the platform trusts, in files that may change at any time.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use openssl_probe::{ENV_CERT_DIR, ENV_CERT_FILE};
use rustls::RootCertStore;
use rustls_native_certs::{ErrorKind, load_certs_from_paths};

use crate::delivery::net::{is_lack_of_resources, is_privileged};
use crate::error::{Error, Result, Status};

/// Where the files of authorities are.
pub(super) struct Store {
    pub file: Option<PathBuf>,
    pub directories: Vec<PathBuf>,
}

/// The contents of a store, without certificates that cannot be parsed.
pub(super) struct Authorities {
    pub roots: RootCertStore,
    /// Why some are missing.
    pub failure: Option<String>,
}

impl Authorities {
    pub fn none() -> Self {
        Self { roots: RootCertStore::empty(), failure: None }
    }
}

impl Store {
    /// Where OpenSSL would look. A user who runs a privileged program must not choose whom it
    /// trusts.
    pub fn find() -> Self {
        let is_privileged = is_privileged();
        let told = |name| env::var_os(name).filter(|_| !is_privileged);
        let file = told(ENV_CERT_FILE).map(PathBuf::from);
        let directories: Vec<_> = told(ENV_CERT_DIR)
            .iter()
            .flat_map(env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if file.is_some() || !directories.is_empty() {
            return Self { file, directories };
        }
        // probe() follows the variable: then the directories have to do, where the file is as well.
        let is_file_named = env::var_os(ENV_CERT_FILE).is_some();
        Self {
            file: if is_file_named { None } else { openssl_probe::probe().cert_file },
            directories: openssl_probe::candidate_cert_dirs().map(PathBuf::from).collect(),
        }
    }

    /// A number that changes when any of the files is replaced or changed.
    pub fn stamp(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for path in self.file.iter().chain(&self.directories) {
            version(path).hash(&mut hasher);
        }
        for entry in self.directories.iter().flat_map(fs::read_dir).flatten().flatten() {
            version(&entry.path()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Reads everything that can be read, unless the system lacks descriptors or memory.
    pub fn read(&self) -> Result<Authorities> {
        let mut directories = self.directories.iter().map(PathBuf::as_path);
        let mut read = load_certs_from_paths(self.file.as_deref(), directories.next());
        for directory in directories {
            let more = load_certs_from_paths(None, Some(directory));
            read.certs.extend(more.certs);
            read.errors.extend(more.errors);
        }
        read.certs.sort_unstable_by(|one, other| one.cmp(other));
        read.certs.dedup();
        let failures = read.errors.into_iter().filter_map(|error| match error.kind {
            ErrorKind::Io { inner, path } => Some(unreadable(&path, &inner)),
            _ => None,
        });
        let mut failures: Vec<_> = failures.collect();
        if let Some(at) = failures.iter().position(|failure| failure.status == Status::System) {
            return Err(failures.swap_remove(at));
        }
        let failure = failures.pop().map(|failure| failure.sentence.into_owned());
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(read.certs);
        Ok(Authorities { roots, failure })
    }
}

/// Which file it is and when it last changed: no program can set that time.
fn version(path: &Path) -> Option<(u64, u64, i64, i64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec(), found.size()))
}

/// A file of certificates that cannot be read: a failure of the system if it lacks descriptors or
/// memory.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let (status, why) = match is_lack_of_resources(error) {
        true => (Status::System, " because there are no descriptors or no memory"),
        false => (Status::Certificate, ""),
    };
    Error::new(status, format!("cannot read {path:?}{why}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_is_short_of_is_no_fault_of_a_file() {
        for (number, status) in [
            (libc::EMFILE, Status::System),
            (libc::ENFILE, Status::System),
            (libc::ENOMEM, Status::System),
            (libc::EACCES, Status::Certificate),
            (libc::EIO, Status::Certificate),
        ] {
            let error = unreadable(Path::new("a\nb"), &io::Error::from_raw_os_error(number));
            assert_eq!(error.status, status, "{error}");
            assert!(error.sentence.contains(r"a\nb"), "{error}");
        }
    }
}
