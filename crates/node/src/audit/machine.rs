//! Processes, keepers and cgroups, and what dead keepers left in their folders.

use super::{Kind, Known, Leak, Spare};
use crate::keeper::handle::process_of;
use crate::ownership::{self, LEAF_PREFIX};
use crate::process::{self, KEEPER_VARIABLE, SESSION_VARIABLE};
use crate::sweep::children;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A keeper, by its process, its folder, or both.
#[derive(Default)]
struct Keeper {
    pid: Option<i32>,
    folder: Option<PathBuf>,
}

impl Keeper {
    /// Bytes of its spool; `None` when there is no file of one.
    fn spool(&self) -> Option<u64> {
        let folder = self.folder.as_ref()?;
        let files = children(folder).into_iter().filter(|name| name.starts_with("spool-"));
        files.map(|name| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len())).reduce(|sum, bytes| sum + bytes)
    }
}

pub(super) fn look(known: &Known<'_>, leaks: &mut Vec<Leak>) -> Vec<Spare> {
    let all = process::all();
    let keepers = keepers(known, &all);
    let mut spares = Vec::new();
    for (name, keeper) in keepers.iter().filter(|(name, _)| !known.keepers.contains(*name)) {
        match keeper.pid {
            Some(pid) if keeper.spool().unwrap_or(0) == 0 && keeper.folder.is_some() => spares.push(Spare { keeper: name.clone(), pid }),
            Some(pid) => {
                let why = "it lives, has had an agent, and no session of this node remembers it".to_owned();
                leaks.push(Leak { kind: Kind::Keeper, place: format!("{name} (process {pid})"), why, advice: known.restart() });
            }
            None => left_behind(known, name, keeper, leaks),
        }
    }
    for spare in spares.drain(spares.len().min(known.spares())..) {
        let why = match known.spares() {
            0 => "it waits for an agent, and no node works in this folder that could send one".to_owned(),
            most => format!("it waits for an agent, and the node keeps only {most} such keepers"),
        };
        let advice = format!("it ends by itself when its node does; otherwise end process {}", spare.pid);
        leaks.push(Leak { kind: Kind::Keeper, place: format!("{} (process {})", spare.keeper, spare.pid), why, advice });
    }
    processes(known, &all, leaks);
    cgroups(known, &keepers, leaks);
    spares
}

fn keepers(known: &Known<'_>, all: &[process::Process]) -> BTreeMap<String, Keeper> {
    let folder = known.keepers_folder();
    let mut keepers: BTreeMap<String, Keeper> = BTreeMap::new();
    for name in children(&folder) {
        let path = folder.join(&name);
        let pid = process_of(&path).map(|process| process.pid);
        keepers.insert(name, Keeper { pid, folder: Some(path) });
    }
    // A keeper whose folder is gone, or was never finished, is found by what it was started with.
    for process in all {
        let name = process::arguments(process.pid).iter().find_map(|argument| {
            let name = Path::new(argument).strip_prefix(&folder).ok()?.to_str()?;
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        });
        if let Some(name) = name {
            keepers.entry(name).or_default().pid.get_or_insert(process.pid);
        }
    }
    keepers
}

/// What is in the folder of a dead keeper that no session remembers.
fn left_behind(known: &Known<'_>, name: &str, keeper: &Keeper, leaks: &mut Vec<Leak>) {
    let Some(folder) = &keeper.folder else { return };
    let advice = known.restart().replace("ends", "removes");
    let mut add = |kind, place: PathBuf, why: String| {
        leaks.push(Leak { kind, place: place.display().to_string(), why, advice: advice.clone() });
    };
    let socket = folder.join("socket");
    if socket.exists() {
        add(Kind::Socket, socket, format!("its keeper {name} is dead, and no session remembers it"));
    }
    let bytes = keeper.spool().unwrap_or(0);
    add(Kind::Spool, folder.clone(), format!("{bytes} bytes of output of a dead keeper that no session remembers"));
}

fn processes(known: &Known<'_>, all: &[process::Process], leaks: &mut Vec<Leak>) {
    let prefix = known.prefix();
    for process in all {
        let keeper = process::variable(process.pid, KEEPER_VARIABLE).filter(|keeper| keeper.starts_with(&prefix));
        let Some(keeper) = keeper.filter(|keeper| !known.keepers.contains(keeper)) else { continue };
        let session = process::variable(process.pid, SESSION_VARIABLE).unwrap_or_default();
        let why = format!("it was started by an agent of {session} under keeper {keeper}, which no session remembers");
        leaks.push(Leak { kind: Kind::Process, place: format!("process {}", process.pid), why, advice: known.restart() });
    }
}

fn cgroups(known: &Known<'_>, keepers: &BTreeMap<String, Keeper>, leaks: &mut Vec<Leak>) {
    for leaf in ownership::leaves(&known.prefix()) {
        let name = leaf.file_name().and_then(|name| name.to_str()?.strip_prefix(LEAF_PREFIX)).unwrap_or_default();
        // A living keeper has one ready for its agent.
        if known.keepers.contains(name) || keepers.get(name).is_some_and(|keeper| keeper.pid.is_some()) {
            continue;
        }
        let why = format!("its keeper {name} is dead, and no session remembers it");
        leaks.push(Leak { kind: Kind::Cgroup, place: leaf.display().to_string(), why, advice: known.restart() });
    }
}
