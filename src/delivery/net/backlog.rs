//! Unix sockets whose backlog is full: connections that nobody has accepted yet. The system does
//! not report when there is room again, so somebody has to look; one does for all, and ever more
//! rarely.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fork::ForkLock;

/// How long after the first look the next comes, and the longest time between two.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LAST_DELAY: Duration = Duration::from_millis(160);

/// By path, those whose backlog was full.
#[derive(Default)]
pub(crate) struct FullBacklogs(ForkLock<HashMap<PathBuf, Full>>);

struct Full {
    look_at: Instant,
    delay: Duration,
}

impl FullBacklogs {
    /// Connects, unless there is known to be no room; the error is when to try again.
    pub fn connect<T>(
        &self,
        path: &Path,
        connect: impl FnOnce() -> io::Result<T>,
    ) -> Result<io::Result<T>, Instant> {
        let mut backlogs = self.0.lock();
        let now = Instant::now();
        if let Some(full) = backlogs.get(path)
            && now < full.look_at
        {
            return Err(full.look_at);
        }
        match connect() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let before = backlogs.get(path).map(|full| full.delay);
                let delay = before.map_or(FIRST_DELAY, |delay| (2 * delay).min(LAST_DELAY));
                let look_at = now + delay;
                backlogs.insert(path.to_owned(), Full { look_at, delay });
                Err(look_at)
            }
            result => {
                backlogs.remove(path);
                Ok(result)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_looks_for_all() {
        let (backlogs, path) = (FullBacklogs::default(), Path::new("/full"));
        let full = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let first = backlogs.connect(path, full).unwrap_err();
        assert_eq!(backlogs.connect::<()>(path, || panic!("looked too early")).unwrap_err(), first);
        while Instant::now() < first {}
        let second = backlogs.connect(path, full).unwrap_err();
        assert!(second > first + FIRST_DELAY);
        while Instant::now() < second {}
        assert!(backlogs.connect(path, || Ok(())).unwrap().is_ok());
        assert!(backlogs.connect(path, || Ok(())).unwrap().is_ok());
    }
}
