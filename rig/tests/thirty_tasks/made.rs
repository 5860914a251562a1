//! The tasks, drawn by chance: what each does as a script of `fugue rehearse`, what it waits for, and the repository that they are for.

use anyhow::Result;
use rig::chance::Chance;
use rig::stage::Stage;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// All of them.
pub const TASKS: usize = 30;
/// Each of two tasks that change the same line.
const RIVALS: usize = 6;
const MENDING: usize = 4;
const HOPELESS: usize = 2;
/// More than one is waited for by few.
const NEEDS_MAX: u64 = 3;
const WORK_MS_MAX: u64 = 400;

/// A part must say what it is, and come after the parts that it needs.
const CHECK: &str = r#"status=0
for part in parts/*.txt; do
  test -f "$part" || continue
  name=$(basename "$part" .txt)
  read -r says < "$part"
  test "$says" = "part $name" || { echo "FAIL $name says $says"; status=1; }
  for need in $(cat "parts/$name.needs"); do
    test -f "parts/$need.txt" || { echo "FAIL $name is there before $need"; status=1; }
  done
done
if grep -n '^[<=>]\{7\}' shared/*.txt; then echo "FAIL a conflict was merged"; status=1; fi
exit $status
"#;

const SETTINGS: &str = r#"[[checks]]
name = "parts"
command = "sh check.sh"
timeout = 60

[merge]
batch = 4
review = []

[limits]
parallel = 6
attempts = 3
"#;

/// What a task is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It passes at once.
    Plain,
    /// It changes a line of this shared file, as one other does.
    Rival(usize),
    /// Its check is red, and it mends that when told.
    Mending,
    /// Its check is red, and stays so: always in the same way, or in another way each time.
    Hopeless(Stays),
}

/// How a task fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// It does nothing about it.
    Same,
    /// It does something wrong about it.
    Other,
}

/// A task.
#[derive(Debug)]
pub struct Card {
    number: usize,
    /// What it is like.
    pub kind: Kind,
    /// The numbers of those that it needs, all smaller than its own.
    pub needs: Vec<usize>,
    /// How long its agent works at least.
    ms: u64,
}

/// All tasks, in an order in which each comes after what it needs.
pub struct Board {
    /// The tasks.
    pub cards: Vec<Card>,
    /// Where rivals see each other begin.
    meeting: PathBuf,
}

/// Writes the repository's check and what the project wants, and gives back the commit on which all begins.
pub fn repository(stage: &Stage) -> Result<String> {
    stage.repo.write("check.sh", CHECK)?;
    stage.repo.write("fugue.toml", SETTINGS)?;
    for number in 0..RIVALS / 2 {
        stage.repo.write(&format!("shared/{number}.txt"), "first\nopen\nlast\n")?;
    }
    stage.repo.commit("What the parts must be")
}

impl Board {
    /// Draws them.
    pub fn draw(chance: &mut Chance, root: &Path) -> Self {
        let mut kinds = vec![Kind::Plain; TASKS - RIVALS - MENDING - HOPELESS];
        kinds.extend((0..RIVALS).map(|number| Kind::Rival(number / 2)));
        kinds.extend([Kind::Mending; MENDING]);
        kinds.extend([Kind::Hopeless(Stays::Same), Kind::Hopeless(Stays::Other)]);
        for at in (1..kinds.len()).rev() {
            kinds.swap(at, chance.between(0, at as u64 + 1) as usize);
        }
        let mut cards: Vec<Card> = Vec::new();
        for (number, kind) in kinds.into_iter().enumerate() {
            let rival = cards.iter().find(|card| matches!(card.kind, Kind::Rival(_)) && card.kind == kind);
            // Rivals need the same, so that they can begin side by side.
            let needs = rival.map(|rival| rival.needs.clone()).unwrap_or_else(|| needs(chance, &cards, kind));
            cards.push(Card { number, kind, needs, ms: chance.between(0, WORK_MS_MAX) });
        }
        Self { cards, meeting: root.join("meeting") }
    }

    /// As the API takes them.
    pub fn wanted(&self) -> Vec<Value> {
        let name = |number: &usize| self.cards[*number].name();
        let card = |card: &Card| {
            let needs: Vec<String> = card.needs.iter().map(name).collect();
            let script = card.script(&needs, &self.meeting);
            json!({"key": card.name(), "title": card.name(), "description": script, "agent": "rehearse", "needs": needs})
        };
        self.cards.iter().map(card).collect()
    }
}

/// What a task needs: nothing that never passes, and few, so that many go on side by side.
fn needs(chance: &mut Chance, before: &[Card], kind: Kind) -> Vec<usize> {
    let mut possible: Vec<usize> =
        before.iter().filter(|card| !matches!(card.kind, Kind::Hopeless(_)) && card.kind != kind).map(|card| card.number).collect();
    let mut needs = Vec::new();
    for _ in 0..chance.between(0, NEEDS_MAX) {
        if !possible.is_empty() {
            needs.push(possible.swap_remove(chance.between(0, possible.len() as u64) as usize));
        }
    }
    needs
}

impl Card {
    /// Its title, and the name of its part.
    pub fn name(&self) -> String {
        format!("t{:02}", self.number)
    }

    /// The line that it brings into a shared file.
    pub fn line(&self) -> String {
        format!("taken by {}", self.name())
    }

    /// Its files are written first, so that what it leaves is the same whenever it is looked at.
    fn script(&self, needs: &[String], meeting: &Path) -> String {
        let (name, needs) = (self.name(), needs.join(" "));
        let part = |says: &str| format!("write parts/{name}.txt {says}");
        let (right, listed) = (part(&format!("part {name}")), format!("write parts/{name}.needs {needs}\nsleep {}", self.ms));
        match self.kind {
            Kind::Plain => format!("{right}\n{listed}"),
            Kind::Rival(file) => format!("{right}\n{listed}\n{}\n{}", self.take(file, meeting), self.resolve(file)),
            Kind::Mending => format!("{}\n{listed}\nnext {right}", part("nonsense")),
            Kind::Hopeless(Stays::Same) => format!("{}\n{listed}", part("nonsense")),
            Kind::Hopeless(Stays::Other) => {
                format!("{}\n{listed}\nnext {}\nnext {}", part("nonsense"), part("rubbish"), part("trash"))
            }
        }
    }

    /// Changes the line, once the other one has a worktree too: only then both begin on the same commit.
    fn take(&self, file: usize, meeting: &Path) -> String {
        let place = meeting.join(file.to_string());
        let met = format!("test $(ls {0} | wc -l) -ge 2", place.display());
        format!(
            "run! mkdir -p {0} && touch {0}/{1}\nrun! timeout 20 sh -c 'until {met}; do sleep 0.05; done'\nrun! sed -i 's/^open$/{2}/' shared/{file}.txt",
            place.display(),
            self.name(),
            self.line(),
        )
    }

    /// What it does if the other one was merged before: both lines stay.
    fn resolve(&self, file: usize) -> String {
        let git = "git -c user.name=Rig -c user.email=rig@localhost -c core.editor=true";
        format!(
            "next <<END\nrun! {git} rebase main\nrun! sed -i '/^[<=>]\\{{7\\}}/d' shared/{file}.txt\nrun! git add --all\nrun! {git} rebase --continue\nEND"
        )
    }
}
