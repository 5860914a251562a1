//! A message in the language of `fugue rehearse`, put together step by step. `docs/REHEARSE.md` has the language.

/// A pause before each step, in milliseconds: people want to watch.
const PAUSE_MS: u32 = 200;

/// A message in the language of `fugue rehearse`, step by step.
pub struct Script {
    /// So far.
    pub text: String,
    /// Where the program is in the repository, with a slash at the end.
    pub below: &'static str,
}

impl Script {
    /// An empty one.
    pub fn new(below: &'static str) -> Self {
        Self { text: String::new(), below }
    }

    fn step(mut self, step: &str) -> Self {
        self.text += &format!("sleep {PAUSE_MS}\n{step}\n");
        self
    }

    /// Says something.
    pub fn say(self, text: &str) -> Self {
        self.step(&format!("say {text}"))
    }

    /// Writes a file.
    pub fn write(self, name: &str, text: &str) -> Self {
        let step = format!("write {}{name} <<END\n{}\nEND", self.below, text.trim_end_matches('\n'));
        self.step(&step)
    }

    /// Makes a file executable.
    pub fn executable(self, name: &str) -> Self {
        let step = format!("run! chmod +x {}{name}", self.below);
        self.step(&step)
    }

    /// Runs a command, if a rule or a person allows it.
    pub fn run(self, command: &str) -> Self {
        self.step(&format!("run {command}"))
    }

    /// Runs a command that is nobody's business but git's.
    pub fn run_unasked(self, command: &str) -> Self {
        self.step(&format!("run! {command}"))
    }

    /// Keeps another script for the next message, whatever that says.
    pub fn next(self, later: &Self) -> Self {
        let step = format!("next <<LATER\n{}LATER", later.text);
        self.step(&step)
    }

    /// Runs the tests.
    pub fn test(self) -> Self {
        let command =
            if self.below.is_empty() { "./test.sh".to_owned() } else { format!("cd {} && ./test.sh", self.below.trim_end_matches('/')) };
        self.run(&command)
    }

    /// Commits everything.
    pub fn commit(self, subject: &str) -> Self {
        self.step(&format!("commit {subject}"))
    }

    /// The moment at which the agent is lost. Only where processes can be seen can the demo kill one; elsewhere it ends itself.
    /// Who is brought back begins with the step that was broken off, so there are many short waits instead of a long one.
    pub fn loss(self) -> Self {
        if cfg!(target_os = "linux") { (0..10).fold(self, |script, _| script.step("sleep 1")) } else { self.step("crash-once half-way") }
    }

    /// The finished text, and what carrying it out costs.
    pub fn used(mut self, input: u32, output: u32) -> String {
        self.text += &format!("usage {input} {output}\n");
        self.text
    }
}
