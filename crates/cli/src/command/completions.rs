//! `fugue completions SHELL`: the script that makes a shell complete our commands.

use super::{Cli, Context};
use crate::error::Failure;
use clap::{Args, CommandFactory};

/// Print the completions of a shell. For example: `fugue completions bash > ~/.local/share/bash-completion/completions/fugue`.
#[derive(Args)]
pub struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "fugue", &mut script);
        context.out.line(String::from_utf8_lossy(&script).trim_end())
    }
}
