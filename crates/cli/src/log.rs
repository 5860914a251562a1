//! Logs of the long-running commands: JSON lines on stderr, a short form where a person watches, and daily files on request.
//!
//! Commands that only ask the hub something log nothing; what they have to say is in their output.
//!
//! Invariant: below `info` only our own code speaks. Libraries print whole requests and messages there, with their credentials.

use crate::error::Failure;
use crate::output::{DIM, ERROR, WARN};
use fugue_domain::time::Time;
use fugue_domain::world::SharedWorld;
use std::io::IsTerminal;
use std::path::Path;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Days whose log files are kept.
const LOG_FILES_MAX: usize = 14;

/// RFC 3339 in UTC, by the process's one clock.
#[derive(Clone)]
struct Clock(SharedWorld);

impl FormatTime for Clock {
    fn format_time(&self, to: &mut Writer<'_>) -> std::fmt::Result {
        write!(to, "{}", Time(self.0.now()))
    }
}

/// Begins to log. What it gives back must live as long as the process: dropping it writes out what is still in memory.
pub fn start(directives: &str, folder: Option<&Path>, world: &SharedWorld) -> Result<Option<WorkerGuard>, Failure> {
    let ours = |metadata: &Metadata<'_>| metadata.target().starts_with("fugue") || *metadata.level() <= Level::INFO;
    let filter = || EnvFilter::try_new(directives).map_err(|error| Failure::usage(format!("log: {directives:?} cannot be used: {error}")));
    let (files, guard) = match folder {
        Some(folder) => {
            let daily = tracing_appender::rolling::Builder::new()
                .rotation(tracing_appender::rolling::Rotation::DAILY)
                .filename_prefix("fugue")
                .filename_suffix("log")
                .max_log_files(LOG_FILES_MAX)
                .build(folder)
                .map_err(|error| Failure::file("write log files in", folder, &error))?;
            let (writer, guard) = tracing_appender::non_blocking(daily);
            (Some(json(world).with_writer(writer).with_filter(filter()?)), Some(guard))
        }
        None => (None, None),
    };
    let person = std::io::stderr().is_terminal();
    let short = person.then(|| tracing_subscriber::fmt::layer().event_format(Short(Clock(world.clone()))).with_writer(anstream::stderr));
    let lines = (!person).then(|| json(world).with_writer(std::io::stderr));
    let heard = tracing_subscriber::registry().with(filter_fn(ours));
    heard.with(files).with(short.with_filter(filter()?)).with(lines.with_filter(filter()?)).init();
    Ok(guard)
}

fn json<S: Subscriber + for<'a> LookupSpan<'a>>(
    world: &SharedWorld,
) -> tracing_subscriber::fmt::Layer<
    S,
    tracing_subscriber::fmt::format::JsonFields,
    tracing_subscriber::fmt::format::Format<tracing_subscriber::fmt::format::Json, Clock>,
> {
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_timer(Clock(world.clone()))
}

/// One line for a person: the time of day, the level when it matters, the message, then the fields.
struct Short(Clock);

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N> for Short {
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (word, style) = match *event.metadata().level() {
            Level::ERROR => ("error ", ERROR),
            Level::WARN => ("warning ", WARN),
            _ => ("", DIM),
        };
        let time = crate::transcript::clock(Time(self.0.0.now()));
        writeln!(to, "{DIM}{time}{DIM:#}  {style}{word}{style:#}{}{DIM}{}{DIM:#}", fields.message, fields.others)
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = crate::output::tame(&format!("{value:?}"));
        match field.name() {
            "message" => self.message = text,
            name => self.others += &format!("  {name}={text}"),
        }
    }
}
