//! The rehearsal program alone, for tests of this crate: the product's own binary has it as `fugue rehearse`.

fn main() -> std::process::ExitCode {
    fugue_node::rehearse::main()
}
