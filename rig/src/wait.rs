//! Waiting for a level with a limit; tests never sleep and hope.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks again and again until the probe gives a value, or the limit is over. What the probe said last is in the error.
pub async fn until<T>(what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let begun = Instant::now();
    loop {
        let last = match probe().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if begun.elapsed() > limit {
            match last {
                Some(error) => return Err(error.context(format!("waited {} s in vain for {what}", limit.as_secs()))),
                None => bail!("waited {} s in vain for {what}", limit.as_secs()),
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
