//! stub
use super::Context;
use crate::error::Failure;
use std::process::ExitCode;
/// x
#[derive(clap::Args)]
pub struct Demo {}
impl Demo { 
/// x
pub async fn run(self, _c: &Context) -> Result<ExitCode, Failure> { Ok(ExitCode::SUCCESS) } }
