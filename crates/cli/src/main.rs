//! The one binary, `fugue`: arguments, composition, output, the real clock and chance.
//!
//! `keeper` and `rehearse` are started by a node, many times and with no terminal: they are dispatched before anything else
//! is set up. Every other command is parsed, carried out and, if it fails, explained in one place.

mod client;
mod command;
mod config;
mod crash;
mod editor;
mod error;
mod home;
mod live;
mod log;
mod moment;
mod output;
mod panic;
mod question;
mod reference;
mod repository;
mod rest;
mod sse;
mod transcript;
mod watchdog;
mod world;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    panic::listen();
    if cfg!(debug_assertions) {
        crash::arm();
    }
    let mut args = std::env::args_os().skip(1);
    match args.next().as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("keeper") => return fugue_node::keeper::main(args, &*world::RealWorld::shared()),
        Some("rehearse") => return fugue_node::rehearse::main(),
        _ => {}
    }
    let cli = command::Cli::parse();
    let json = cli.global.json;
    match command::run(cli) {
        Ok(code) => code,
        Err(failure) => {
            failure.print(json);
            ExitCode::from(failure.kind().exit_code())
        }
    }
}
