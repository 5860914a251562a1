//! Problems: every error that a client of the API can act on (RFC 9457), each with a stable type and a page.
//!
//! The page of a type is `docs/problems/<slug>.md`. `detail` is for people; causes are logged by the hub, never sent.

use serde::{Deserialize, Serialize};

macro_rules! problems {
    ($($(#[doc = $doc:literal])* $name:ident $slug:literal $status:literal $title:literal $hint:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[doc = $doc])* $name),* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];
            /// The last part of the type's URI and the name of its page.
            pub fn slug(self) -> &'static str { match self { $(Kind::$name => $slug),* } }
            /// The HTTP status.
            pub fn status(self) -> u16 { match self { $(Kind::$name => $status),* } }
            /// What it is, always the same words.
            pub fn title(self) -> &'static str { match self { $(Kind::$name => $title),* } }
            /// What to do, unless the place where it happened knows better.
            pub fn hint(self) -> &'static str { match self { $(Kind::$name => $hint),* } }
            /// What it means, for its page.
            pub fn meaning(self) -> &'static str { match self { $(Kind::$name => concat!($($doc, "\n"),*)),* } }
        }
    };
}

problems! {
    /// The body is not JSON, or a header or query parameter cannot be read.
    Malformed "malformed" 400 "The request cannot be read" "Compare the request with /api/v1/openapi.json.";
    /// The Idempotency-Key is empty, too long or not printable ASCII.
    BadIdempotencyKey "bad-idempotency-key" 400 "The Idempotency-Key cannot be used" "Use 1 to 255 printable ASCII characters, for example a UUID.";
    /// There is no credential, or it is unknown, expired or revoked.
    Unauthenticated "unauthenticated" 401 "Who is asking is not known" "Send `Authorization: Bearer fgt_…`. The owner's token of a local install is the file `token` in the data folder.";
    /// The join code, pairing code or ticket is unknown, used or too old. Each works once.
    CodeSpent "code-spent" 401 "The code is not valid any more" "Make a new one: codes and tickets work once and for a short time.";
    /// The credential is good, but its role does not include this.
    Forbidden "forbidden" 403 "The caller may not do this" "Ask an admin for a token with another role.";
    /// The request comes from a web page of another origin.
    WrongOrigin "wrong-origin" 403 "Requests from this origin are not accepted" "Open the cockpit at the hub's own address, or add the origin with --allow-origin.";
    /// There is nothing by this id or name that the caller may see.
    NotFound "not-found" 404 "There is no such thing" "Check the id; ids of other orgs answer the same.";
    /// The path exists, the method does not.
    MethodNotAllowed "method-not-allowed" 405 "This path does not take this method" "See /api/v1/openapi.json for the methods.";
    /// A request with the same Idempotency-Key is being carried out.
    IdempotencyInProgress "idempotency-in-progress" 409 "The first request with this key still runs" "Send the same request again in a moment to get its reply.";
    /// The thing is in a state in which this cannot be done.
    WrongState "wrong-state" 409 "This cannot be done in the present state" "Read the thing again and decide anew.";
    /// The session is closed.
    SessionClosed "session-closed" 409 "The session is closed" "Open a new session; the branch of the old one is kept.";
    /// The message is no longer in the queue.
    NotQueued "not-queued" 409 "The message is not in the queue any more" "Interrupt its turn instead, or send another message.";
    /// The approval has been answered, has expired or was withdrawn. The first answer wins.
    AlreadyAnswered "already-answered" 409 "The question is settled" "Read the approval to see how.";
    /// The verdict is about a commit that is not the change's last one any more.
    StaleReview "stale-review" 409 "The change has gone on" "Look at it as it is now with `fugue task diff`, and judge again.";
    /// The name belongs to another thing of the same kind.
    NameTaken "name-taken" 409 "The name is taken" "Choose another name.";
    /// The session's events were deleted because of their age. Its messages, turns, costs and its branch are still there.
    HistoryExpired "history-expired" 410 "The history has expired" "Read the session's messages and turns instead; how long histories are kept is the hub's setting `expire_after_days`.";
    /// The body is larger than its limit.
    TooLarge "too-large" 413 "The request is too large" "Put long texts in a file of the repository and name it in the message.";
    /// The body is not sent as application/json.
    NotJson "not-json" 415 "The body must be JSON" "Send `Content-Type: application/json`.";
    /// The Host header names a host that this hub does not answer for.
    WrongHost "wrong-host" 421 "This hub does not answer for that host" "Use the address that `fugue up` printed, or add the host with --allow-host.";
    /// One or more fields hold a value that cannot be used.
    Invalid "invalid" 422 "A field cannot be used as it is" "See `errors` for each field.";
    /// The Idempotency-Key was used with another body.
    IdempotencyMismatch "idempotency-mismatch" 422 "The key belongs to another request" "Use a new key for a new request.";
    /// There is no git repository at the path or URL.
    NotARepository "not-a-repository" 422 "There is no git repository" "Give a folder inside a git repository, or a URL that `git ls-remote` can read.";
    /// The repository has no such branch, tag or commit, or no commit at all.
    UnknownBase "unknown-base" 422 "There is no such commit" "Name a branch, a tag or a commit of the repository; a new repository needs its first commit.";
    /// A limit of the queue is reached.
    QueueFull "queue-full" 429 "The queue is full" "Wait until messages are carried out, or take some back.";
    /// Something of ours failed. The log holds the cause under the request's id.
    Internal "internal" 500 "Something went wrong inside the hub" "Look for the request id in the hub's log.";
    /// A file of the archive that holds events of a closed session is missing, or is not what was written. Everything else works.
    ArchiveDamaged "archive-damaged" 500 "A file of the archive cannot be read" "Bring the file back from a backup of the archive folder, under the same name; then send the request again.";
    /// The database cannot be written at the moment: disk full, or connection lost.
    Storage "storage" 503 "The hub cannot store anything at the moment" "Free disk space or bring the database back; nothing was accepted, so send the request again.";
    /// No node is connected that could do this.
    NoNode "no-node" 503 "No node can do this at the moment" "Start `fugue node` on the machine that has the repository, and send the request again.";
    /// The hub is about to end.
    ShuttingDown "shutting-down" 503 "The hub is shutting down" "Send the request again in a moment.";
}

impl Kind {
    /// Reads the slug back.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }

    /// Whether the very same request may succeed later.
    pub fn retryable(self) -> bool {
        match self {
            Self::IdempotencyInProgress | Self::QueueFull | Self::Storage | Self::NoNode | Self::ShuttingDown | Self::Internal => true,
            Self::Malformed | Self::BadIdempotencyKey | Self::Unauthenticated | Self::CodeSpent | Self::Forbidden | Self::WrongOrigin => {
                false
            }
            Self::NotFound | Self::MethodNotAllowed | Self::WrongState | Self::SessionClosed | Self::NotQueued | Self::AlreadyAnswered => {
                false
            }
            Self::StaleReview
            | Self::NameTaken
            | Self::TooLarge
            | Self::NotJson
            | Self::WrongHost
            | Self::Invalid
            | Self::IdempotencyMismatch => false,
            Self::NotARepository | Self::UnknownBase | Self::HistoryExpired | Self::ArchiveDamaged => false,
        }
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field, as a JSON pointer or a parameter's name.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A problem of one request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// Which kind.
    pub kind: Kind,
    /// What happened to which thing, for a person.
    pub detail: String,
    /// What to do, if the place knows better than the kind.
    pub hint: Option<String>,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem of a kind, with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), hint: None, errors: Vec::new() }
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// One field holds something that cannot be used.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let error = FieldError { field: field.to_owned(), message: message.clone() };
        Self { errors: vec![error], ..Self::new(Kind::Invalid, format!("{field}: {message}")) }
    }

    /// There is nothing by this name. The same words whether it never existed or belongs to somebody else.
    pub fn not_found(what: &str, name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        Self::new(Kind::NotFound, format!("There is no {what} {name:?}."))
    }

    /// As it goes over the wire.
    pub fn body(&self, request_id: Option<String>) -> ProblemBody {
        ProblemBody {
            r#type: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status(),
            detail: self.detail.clone(),
            hint: Some(self.hint.clone().unwrap_or_else(|| self.kind.hint().to_owned())),
            request_id,
            errors: self.errors.clone(),
        }
    }
}

/// A problem on the wire, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `/problems/<slug>`, a page that the hub serves.
    pub r#type: String,
    /// What it is.
    pub title: String,
    /// The HTTP status once more.
    pub status: u16,
    /// What happened to which thing.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where to find it in the hub's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl ProblemBody {
    /// The kind, if this version knows it.
    pub fn kind(&self) -> Option<Kind> {
        self.r#type.rsplit('/').next().and_then(Kind::from_slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_page_and_the_page_is_current() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems");
        let mut stale = Vec::new();
        for kind in Kind::ALL {
            let page = format!(
                "# {}\n\nType `/problems/{}`, status {}.\n\n{}\n\n**What to do.** {}\n\n**Worth sending again unchanged?** {}\n",
                kind.title(),
                kind.slug(),
                kind.status(),
                kind.meaning().trim(),
                kind.hint(),
                if kind.retryable() { "Yes, after a moment." } else { "No." },
            );
            let path = format!("{folder}/{}.md", kind.slug());
            if std::env::var_os("FUGUE_GEN").is_some() {
                std::fs::create_dir_all(folder).unwrap();
                std::fs::write(&path, &page).unwrap();
            }
            if std::fs::read_to_string(&path).ok().as_ref() != Some(&page) {
                stale.push(path);
            }
        }
        assert!(stale.is_empty(), "run `cargo xtask gen`: {stale:?}");
    }
}
