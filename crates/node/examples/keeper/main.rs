//! A keeper alone, for the tests of this crate: what `fugue keeper` is in the whole program.

mod world;

fn main() -> std::process::ExitCode {
    match std::env::args_os().nth(1) {
        Some(folder) => fugue_node::keeper::main(std::path::Path::new(&folder), &world::RealWorld),
        None => std::process::ExitCode::from(2),
    }
}
