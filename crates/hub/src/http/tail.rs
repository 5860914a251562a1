//! A tail: the events of one session after a cursor, for as long as somebody reads.
//!
//! Invariant: it subscribes first and reads afterwards, and reads only what comes after its cursor, so nothing is lost and nothing
//! comes twice, whatever happens in between. It holds one read at most: a slow reader is read for later, not buffered for.

use crate::event::{self, Page};
use crate::fault::{Done, Fault};
use crate::feed::{News, Watch};
use crate::http::App;
use crate::http::caller::{Asking, Standing};
use crate::{metrics, session};
use fugue_domain::id::SessionId;
use fugue_domain::limits::STREAM_PING_MS;
use fugue_domain::session::History;
use fugue_domain::time::Time;
use futures_util::Stream;
use std::sync::Arc;
use std::time::Duration;

/// What a tail has for its reader.
pub enum Piece {
    /// Events after this number.
    Events {
        /// The reader has everything up to here.
        after: i64,
        /// The pages, of which the first may begin earlier.
        pages: Vec<Arc<Page>>,
    },
    /// Typing, as a JSON object.
    Delta(Arc<str>),
    /// Nothing for a while: say that we are alive.
    Idle,
    /// It ends here, for a reason that the reader may know.
    Over(Over),
}

/// Why a tail ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The hub ends; come back with the cursor.
    Closing,
    /// The credential is no longer good.
    Unauthenticated,
    /// The events cannot be read at the moment; come back with the cursor.
    Broken,
}

/// The events of one session after a cursor.
pub struct Tail {
    app: App,
    session: SessionId,
    standing: Arc<Standing>,
    watch: Watch,
    after: i64,
    /// Up to here everything was history when the reader came, so its age says nothing about our speed.
    history: i64,
    known: i64,
}

impl Tail {
    /// Begins after a number, if the caller may see the session.
    pub async fn open(app: &App, asking: &Asking, session: SessionId, after: i64) -> Done<Self> {
        let watch = app.hub.feed.subscribe(&session);
        let found = session::get(&app.hub, asking, &session).await?;
        let last_seq = found.last_seq;
        if found.history != History::Stored {
            // What cannot be read is told as a problem, before a stream begins that could only break off.
            Box::pin(event::after(&app.hub, &session, after)).await?;
        }
        Ok(Self { standing: app.standings.of(asking), app: app.clone(), session, watch, after, history: last_seq, known: last_seq })
    }

    /// The number that the reader has everything up to.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// Waits for the next piece. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Piece {
        let app = self.app.clone();
        let standing = self.standing.clone();
        tokio::select! {
            biased;
            () = app.closing.cancelled() => Piece::Over(Over::Closing),
            () = standing.over() => Piece::Over(Over::Unauthenticated),
            piece = self.read() => piece.unwrap_or_else(|fault| {
                tracing::error!(session.id = %self.session, cause = %fault, "a live stream broke off");
                Piece::Over(Over::Broken)
            }),
        }
    }

    async fn read(&mut self) -> Result<Piece, Fault> {
        loop {
            if self.known > self.after {
                // Apart, because a stream that waits must not hold room for everything that a read needs.
                let pages = Box::pin(event::after(&self.app.hub, &self.session, self.after)).await?;
                if let Some(last) = pages.last() {
                    let after = std::mem::replace(&mut self.after, last.last);
                    self.measure(&pages);
                    return Ok(Piece::Events { after, pages });
                }
                // Nothing there yet after all: wait for news.
                self.known = self.after;
            }
            match tokio::time::timeout(Duration::from_millis(STREAM_PING_MS), self.watch.changed()).await {
                Ok(News::At(last)) => self.known = self.known.max(last),
                Ok(News::Delta(json)) => return Ok(Piece::Delta(json)),
                Err(_) => return Ok(Piece::Idle),
            }
        }
    }

    fn measure(&self, pages: &[Arc<Page>]) {
        let now = self.app.hub.world.now();
        for page in pages.iter().filter(|page| page.first > self.history) {
            let at = page.body.strip_prefix("{\"at\":\"").and_then(|rest| Time::parse(rest.split('"').next()?));
            if let Some(at) = at {
                ::metrics::histogram!(metrics::STDOUT_TO_SUBSCRIBER).record((now - at.0).max(0) as f64 / 1e3);
            }
        }
    }

    /// The same as a stream, which ends after [`Piece::Over`].
    pub fn stream(self) -> impl Stream<Item = Piece> + Send {
        futures_util::stream::unfold(Some(self), |tail| async {
            let mut tail = tail?;
            let piece = tail.next().await;
            let rest = (!matches!(piece, Piece::Over(_))).then_some(tail);
            Some((piece, rest))
        })
    }
}

/// Calls `each` with the number and the whole JSON of every event of a piece; the text lives only that long.
pub fn each_event(after: i64, pages: &[Arc<Page>], mut each: impl FnMut(i64, &str)) {
    let mut text = String::new();
    let mut after = after;
    for page in pages {
        for (seq, line) in event::lines(page, after) {
            text.clear();
            event::number(seq, line, &mut text);
            each(seq, &text);
        }
        after = after.max(page.last);
    }
}
