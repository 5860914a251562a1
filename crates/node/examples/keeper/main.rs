//! A keeper alone, for the tests of this crate: what `fugue keeper` is in the whole program.

mod world;

fn main() -> std::process::ExitCode {
    fugue_node::keeper::main(std::env::args_os().skip(1), &world::RealWorld)
}
