//! `fugue version`: what this program is, and which hub it would talk to.

use super::Context;
use crate::error::Failure;

/// Prints the version.
pub async fn run(context: &Context) -> Result<(), Failure> {
    let version = serde_json::json!({"version": env!("CARGO_PKG_VERSION"), "platform": platform(), "hub": context.client()?.base()});
    context.out.value(&version, |_| context.out.line(format_args!("fugue {} ({})", env!("CARGO_PKG_VERSION"), platform())))
}

fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}
