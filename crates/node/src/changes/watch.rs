//! Folders that the kernel watches for us: one queue for all places of a node, read by whoever asks.
//!
//! Invariant: the kernel queues what happened before the call that did it returns, so who reads the queue after an edit learns of it; nobody
//! in between could be late. When the queue has overflowed, everything has changed. Elsewhere than on Linux nothing can be watched.

use fugue_domain::limits::{CHANGES_PLACES_MAX, CHANGES_WATCHES_MAX};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What part of the folders that a person's machine allows to be watched is ours: editors watch too.
const SHARE: usize = 4;
/// Where the kernel says how many that are.
const ALLOWED: &str = "/proc/sys/fs/inotify/max_user_watches";

/// The kernel's number of a folder that is watched.
pub type Watch = i32;

/// All that a node watches, cheap to clone.
#[derive(Clone)]
pub struct Watches(Arc<Mutex<State>>);

struct State {
    /// Opened when something is watched first.
    queue: Option<kernel::Queue>,
    /// Which places each watch is for: two sessions may share a checkout.
    of: HashMap<Watch, Vec<u64>>,
    /// The watches of each place.
    places: HashMap<u64, Vec<Watch>>,
    /// Places in which something has happened, and whether it was to folders. Then nothing of them is watched any more.
    touched: HashMap<u64, Touched>,
    next: u64,
    most: usize,
}

/// What has happened in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    /// Something to files: its folders are the same.
    Files,
    /// Something to folders, to what makes one a repository, or it is not known what.
    Folders,
}

/// One place that is watched, for as long as this exists.
pub struct Watched {
    id: u64,
    watches: Watches,
}

impl Default for Watches {
    fn default() -> Self {
        let allowed = std::fs::read_to_string(ALLOWED).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(usize::MAX);
        Self::at_most(CHANGES_WATCHES_MAX.min(allowed / SHARE))
    }
}

impl Watches {
    /// So many folders in all.
    pub fn at_most(most: usize) -> Self {
        let (of, places, touched) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self(Arc::new(Mutex::new(State { queue: None, of, places, touched, next: 0, most })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place of which no folder is watched yet.
    pub fn place(&self, folder: &Path) -> io::Result<Watched> {
        let mut state = self.state();
        if !kernel::is_local(folder) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if state.places.len() >= CHANGES_PLACES_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        if state.queue.is_none() {
            state.queue = Some(kernel::Queue::open()?);
        }
        let id = state.next;
        state.next += 1;
        state.places.insert(id, Vec::new());
        Ok(Watched { id, watches: self.clone() })
    }

    /// Reads what has happened.
    pub fn read(&self) {
        self.state().read();
    }

    /// Folders that are watched.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.state().of.len()
    }
}

impl Watched {
    /// Watches one folder of the place, without those in it.
    pub fn add(&self, folder: &Path) -> io::Result<Watch> {
        let mut state = self.watches.state();
        if state.of.len() >= state.most || state.touched.contains_key(&self.id) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let Some(queue) = &state.queue else { return Err(io::ErrorKind::NotConnected.into()) };
        let watch = queue.add(folder)?;
        state.of.entry(watch).or_default().push(self.id);
        state.places.entry(self.id).or_default().push(watch);
        Ok(watch)
    }

    /// Watches some folders no more.
    pub fn remove(&self, watches: impl Iterator<Item = Watch>) {
        let gone: HashSet<Watch> = watches.collect();
        let mut state = self.watches.state();
        if let Some(kept) = state.places.get_mut(&self.id) {
            kept.retain(|watch| !gone.contains(watch));
        }
        state.release(self.id, gone);
    }

    /// Whether nothing has happened in the folders since they were added.
    pub fn is_quiet(&self) -> bool {
        let mut state = self.watches.state();
        state.read();
        !state.touched.contains_key(&self.id)
    }

    /// Begins anew with the same folders. False when they may be other ones now.
    pub fn again(&self) -> bool {
        let mut state = self.watches.state();
        state.read();
        let same = state.touched.get(&self.id) != Some(&Touched::Folders);
        if same {
            state.touched.remove(&self.id);
        }
        same
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = self.watches.state();
        state.release_all(self.id);
        state.places.remove(&self.id);
        state.touched.remove(&self.id);
    }
}

impl State {
    fn read(&mut self) {
        let Some(queue) = &self.queue else { return };
        let mut happened: HashMap<Watch, Touched> = HashMap::new();
        let whole = queue.drain(|watch, touched| {
            let known = happened.entry(watch).or_insert(touched);
            *known = touched.max(*known);
        });
        if !whole {
            self.touched.extend(self.places.keys().map(|place| (*place, Touched::Folders)));
        }
        for (watch, touched) in happened {
            for place in self.of.get(&watch).into_iter().flatten() {
                let known = self.touched.entry(*place).or_insert(touched);
                *known = touched.max(*known);
            }
        }
        let gone: Vec<u64> = self.touched.iter().filter(|(_, touched)| **touched == Touched::Folders).map(|(place, _)| *place).collect();
        gone.into_iter().for_each(|place| self.release_all(place));
    }

    fn release_all(&mut self, place: u64) {
        let watches = self.places.get_mut(&place).map(std::mem::take).unwrap_or_default();
        self.release(place, watches);
    }

    /// Ends watches of a place, unless another one has them too.
    fn release(&mut self, place: u64, watches: impl IntoIterator<Item = Watch>) {
        for watch in watches {
            let Some(places) = self.of.get_mut(&watch) else { continue };
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.of.remove(&watch);
                self.queue.iter().for_each(|queue| queue.remove(watch));
            }
        }
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use super::Touched;
    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
    use rustix::io::Errno;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    /// File systems by their numbers in statfs(2), of all of whose changes the kernel knows: ext4, xfs, btrfs, tmpfs, zfs, f2fs, bcachefs.
    /// On others somebody else may change something, another machine for example.
    const LOCAL: &[u64] = &[0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x2fc1_2fc1, 0xf2f5_2010, 0xca45_1a4e];

    /// By which it is known that an event is about a folder, and not about a file in it.
    const FOLDERS: ReadFlags =
        ReadFlags::ISDIR.union(ReadFlags::DELETE_SELF).union(ReadFlags::MOVE_SELF).union(ReadFlags::IGNORED).union(ReadFlags::UNMOUNT);

    /// Whether the kernel knows of all changes there.
    pub fn is_local(folder: &Path) -> bool {
        rustix::fs::statfs(folder).is_ok_and(|kind| LOCAL.contains(&(kind.f_type as u64)))
    }

    /// The kernel's queue.
    pub struct Queue(OwnedFd);

    impl Queue {
        pub fn open() -> io::Result<Self> {
            Ok(Self(init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?))
        }

        pub fn add(&self, folder: &Path) -> io::Result<i32> {
            let content = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::CLOSE_WRITE;
            let names = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
            Ok(add_watch(&self.0, folder, content | names | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW)?)
        }

        pub fn remove(&self, watch: i32) {
            // A folder that is gone took its watch along.
            let _ = remove_watch(&self.0, watch);
        }

        /// Tells of each watch in whose folder something happened. `false` when not all of it is known.
        pub fn drain(&self, mut happened: impl FnMut(i32, Touched)) -> bool {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(&self.0, &mut buffer);
            let mut whole = true;
            loop {
                match reader.next() {
                    Ok(event) => {
                        whole &= !event.events().contains(ReadFlags::QUEUE_OVERFLOW);
                        let folders = event.events().intersects(FOLDERS) || event.file_name().is_some_and(|name| name == c".git");
                        happened(event.wd(), if folders { Touched::Folders } else { Touched::Files });
                    }
                    Err(Errno::AGAIN) => return whole,
                    Err(Errno::INTR) => {}
                    Err(_) => return false,
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use super::Touched;
    use std::io;
    use std::path::Path;

    pub fn is_local(_: &Path) -> bool {
        false
    }

    /// There is none here.
    pub enum Queue {}

    impl Queue {
        pub fn open() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub fn add(&self, _: &Path) -> io::Result<i32> {
            match *self {}
        }

        pub fn remove(&self, _: i32) {
            match *self {}
        }

        pub fn drain(&self, _: impl FnMut(i32, Touched)) -> bool {
            match *self {}
        }
    }
}
