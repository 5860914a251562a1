//! git, through its command line, on repositories that an agent may have written to.
//!
//! Invariant: arguments only, never a shell; no configuration of the machine or of the person; and every setting by which a
//! repository could make git run a program is overridden, filters included. All calls block: they belong on a blocking thread.

use crate::child;
use folders::Folders;
use fugue_domain::approval::visible;
use fugue_domain::link::{Answered, CallFailed};
use fugue_domain::project::{Origin, Repository};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

pub mod abroad;
pub mod folders;
pub mod history;

/// How long one git command may take; a fetch of a large repository is the longest.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of a list that git may print: that of a repository with a million files has half of it.
const LIST_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Settings that would run a program, or change what we see. Given by environment, which cannot be misread.
const SAFE: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.sshCommand", "ssh"),
    ("core.askPass", ""),
    ("core.pager", "cat"),
    ("core.editor", "true"),
    ("core.attributesFile", "/dev/null"),
    ("core.alternateRefsCommand", ""),
    ("core.gitProxy", ""),
    ("diff.external", ""),
    ("credential.helper", ""),
    ("commit.gpgSign", "false"),
    ("gpg.program", "true"),
    ("gpg.ssh.program", "true"),
    ("gpg.x509.program", "true"),
    ("log.showSignature", "false"),
    ("submodule.recurse", "false"),
    // What a person once chose in another conflict is not chosen for them.
    ("rerere.enabled", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
];
/// Ways to a remote. As a variable, because a repository may allow itself more by `protocol.<name>.allow`, and then say by
/// `url.<base>.insteadOf` that an address of ours means a program.
const PROTOCOLS: &str = "file:http:https:ssh";
/// Settings that name a program under a name of the repository's own choice. They are looked up and overridden one by one.
const NAMED: &str = r"^((filter|merge|hook)\..+\.(clean|smudge|process|driver|command)|remote\..+\.(uploadpack|vcs))$";
/// Words one of which is in every such setting's name, and in that of every setting by which another file is read for settings.
const NAMED_WORDS: [&str; 8] = ["clean", "smudge", "process", "driver", "command", "uploadpack", "vcs", "include"];
/// What may pass from the node's environment: where programs are, and the way to a remote.
const PASS: &[&str] = &["PATH", "HOME", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "SSL_CERT_FILE", "TMPDIR"];

/// Why git did not do it, in its own words.
#[derive(Debug, thiserror::Error)]
pub enum GitFailed {
    /// It said no.
    #[error("git {verb}: {said}")]
    Said {
        /// What was asked.
        verb: String,
        /// What it answered.
        said: String,
    },
    /// It could not be run.
    #[error("git cannot be run in {folder}: {source}")]
    Run {
        /// Where.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The version of git on this machine; `None` when there is none.
pub fn version() -> Option<String> {
    let mut command = child::command("git", Path::new("/"));
    command.arg("version").envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    let output = child::run(&mut command, Duration::from_secs(5), child::WORDS_BYTES_MAX).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().strip_prefix("git version ").map(str::to_owned)
}

/// git in one folder.
pub struct Git {
    folder: PathBuf,
    /// Variables besides the fixed ones.
    pub env: Vec<(&'static str, OsString)>,
    /// How long each command may take.
    pub limit: Duration,
    /// Settings of the repository's own naming, switched off. Names are bytes: git does not ask for UTF-8.
    overrides: Vec<(OsString, &'static str)>,
    /// The person's credential settings, for what talks to a remote.
    credentials: Vec<(OsString, OsString)>,
    /// Why the repository's settings could not be read. Then nothing is run: they might name a program.
    unread: Option<String>,
    lock: Option<File>,
}

impl Git {
    /// git in a folder that exists. Reads which programs the repository names, in order to switch them off.
    ///
    /// Settings may hold for one folder or branch only (`includeIf`), so what writes files there asks for a `Git` of that very folder.
    pub fn at(folder: &Path) -> Self {
        let mut git = Self::naming_nothing(folder);
        match git.named() {
            Ok(names) => git.switch_off(&names),
            Err(why) => git.unread = Some(why),
        }
        git
    }

    /// git in a working copy, by its top: without a process of its own for the settings where they plainly name no program.
    pub fn in_copy(top: &Path) -> Self {
        match Folders::of(top) {
            Some(folders) if folders.settings_lack(&NAMED_WORDS) => {
                let mut git = Self::naming_nothing(top);
                // What was read is what git reads: it is not asked to find it again.
                git.env.push(("GIT_DIR", folders.own.clone().into_os_string()));
                if folders.common != folders.own {
                    git.env.push(("GIT_COMMON_DIR", folders.common.into_os_string()));
                }
                git
            }
            _ => Self::at(top),
        }
    }

    fn naming_nothing(folder: &Path) -> Self {
        let (env, overrides, credentials) = (Vec::new(), Vec::new(), Vec::new());
        Self { folder: folder.to_owned(), env, limit: LIMIT, overrides, credentials, unread: None, lock: None }
    }

    /// The same, holding the repository's lock in every command: a git that outlives a killed node keeps the next one waiting, which
    /// would otherwise clear away what this one is still writing.
    pub fn under(mut self, lock: &File) -> std::io::Result<Self> {
        self.lock = Some(lock.try_clone()?);
        Ok(self)
    }

    /// The same in the name of whoever works with this repository: its own settings say who, or the person's, or it is Fugue.
    pub fn as_person(mut self) -> Self {
        let own = |name: &str| self.run(["config", "--get", name]).ok().filter(|value| !value.is_empty());
        let of = |name: &str| own(name).or_else(|| self.of_person(name));
        if let (Some(name), Some(email)) = (of("user.name"), of("user.email")) {
            for (variable, value) in
                [("GIT_AUTHOR_NAME", &name), ("GIT_AUTHOR_EMAIL", &email), ("GIT_COMMITTER_NAME", &name), ("GIT_COMMITTER_EMAIL", &email)]
            {
                self.env.push((variable, value.into()));
            }
        }
        self
    }

    /// A setting of the person. It is only read: nothing that a repository says plays a part.
    fn of_person(&self, name: &str) -> Option<String> {
        let mut command = child::command("git", Path::new("/"));
        command.args(["config", "--global", "--get", name]);
        command.envs(std::env::vars_os().filter(|(name, _)| ["PATH", "HOME", "XDG_CONFIG_HOME"].iter().any(|pass| name == pass)));
        let output = child::run(&mut command, Duration::from_secs(5), child::WORDS_BYTES_MAX).ok()?;
        let value = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !value.is_empty()).then_some(value)
    }

    /// The names of the settings that name programs, each ended by a NUL.
    fn named(&self) -> Result<Vec<u8>, String> {
        let args = ["config", "--name-only", "-z", "--get-regexp", NAMED].map(OsString::from);
        let output = self.output(&args, LIST_BYTES_MAX).map_err(|error| error.to_string())?;
        match output.status.code() {
            Some(0) => Ok(output.stdout),
            // There is none.
            Some(1) if output.stderr.is_empty() => Ok(Vec::new()),
            _ => Err(said(&output.stderr)),
        }
    }

    fn switch_off(&mut self, names: &[u8]) {
        let mut sections: Vec<&[u8]> =
            names.split(|byte| *byte == 0).filter_map(|name| name.rsplitn(2, |byte| *byte == b'.').nth(1)).collect();
        sections.sort_unstable();
        sections.dedup();
        for section in sections {
            let off: &[(&str, &str)] = match section.split(|byte| *byte == b'.').next() {
                Some(b"filter") => &[("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")],
                Some(b"merge") => &[("driver", "true")],
                Some(b"hook") => &[("command", "true"), ("enabled", "false")],
                // The first value of these counts, so they cannot be overridden: what is missing is not fetched from there.
                _ => {
                    self.env.push(("GIT_NO_LAZY_FETCH", "1".into()));
                    continue;
                }
            };
            for (setting, value) in off {
                let name = [section, b".", setting.as_bytes()].concat();
                self.overrides.push((OsString::from_vec(name), value));
            }
        }
    }

    fn output(&self, args: &[OsString], most: usize) -> Result<Output, GitFailed> {
        let mut command = child::command("git", &self.folder);
        command.args(args);
        command.envs(std::env::vars_os().filter(|(name, _)| PASS.iter().any(|pass| name == pass)));
        command.envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")]);
        command.envs([("GIT_AUTHOR_NAME", "Fugue"), ("GIT_AUTHOR_EMAIL", "fugue@localhost")]);
        command.envs([("GIT_COMMITTER_NAME", "Fugue"), ("GIT_COMMITTER_EMAIL", "fugue@localhost")]);
        command.env("GIT_ALLOW_PROTOCOL", PROTOCOLS);
        let fixed = SAFE.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        let off = self.overrides.iter().map(|(name, value)| (name.as_os_str(), OsStr::new(value)));
        // Last: the helpers that a repository names are forgotten by then.
        let settings = fixed.chain(off).chain(self.credentials.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str())));
        let mut count = 0;
        for (name, value) in settings {
            command.env(format!("GIT_CONFIG_KEY_{count}"), name).env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string()).envs(self.env.iter().map(|(name, value)| (name, value)));
        let failed = |source| GitFailed::Run { folder: self.folder.clone(), source };
        if let Some(lock) = &self.lock {
            // An empty file to read; what matters is that git has it open until it ends.
            command.stdin(lock.try_clone().map_err(failed)?);
        }
        child::run(&mut command, self.limit, most).map_err(failed)
    }

    /// Runs a command and gives what it printed, without the last line end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String, GitFailed> {
        let mut text = String::from_utf8_lossy(&self.list(args)?).into_owned();
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// Runs a command and gives what it printed, in bytes, as names of files are. An answer whose end is missing is none.
    pub fn list<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Vec<u8>, GitFailed> {
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let bytes = self.printed(&args, LIST_BYTES_MAX)?;
        if bytes.len() >= LIST_BYTES_MAX {
            let said = format!("its answer has more than {} MiB", LIST_BYTES_MAX / 1024 / 1024);
            return Err(GitFailed::Said { verb: verb(&args), said });
        }
        Ok(bytes)
    }

    /// Runs a command and gives the beginning of the text that it printed, up to so many bytes, and whether its end is missing.
    pub fn start_of<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, most: usize) -> Result<(String, bool), GitFailed> {
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        // One byte more says that there is more.
        Ok(beginning(&self.printed(&args, most + 1)?, most))
    }

    fn printed(&self, args: &[OsString], most: usize) -> Result<Vec<u8>, GitFailed> {
        if let Some(said) = &self.unread {
            return Err(GitFailed::Said { verb: "config".to_owned(), said: said.clone() });
        }
        let output = self.output(args, most)?;
        if !output.status.success() {
            let said = said(&output.stderr);
            return Err(GitFailed::Said {
                verb: verb(args),
                said: if said.is_empty() { "it failed without a word".to_owned() } else { said },
            });
        }
        Ok(output.stdout)
    }

    /// The full id of the commit that a name means.
    pub fn commit(&self, name: &str) -> Option<String> {
        let found = self.run(["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]).ok()?;
        (found.len() >= 40 && found.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(found)
    }
}

/// The beginning of what may be no UTF-8 as text, and whether there is more: what cannot be read is longer as text than it was.
fn beginning(bytes: &[u8], most: usize) -> (String, bool) {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let cut = text.len() > most;
    text.truncate(text.floor_char_boundary(most));
    (text, cut)
}

fn verb(args: &[OsString]) -> String {
    args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What git said, for a person: also a remote may speak in it, so nothing in it steers a terminal.
fn said(stderr: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(stderr).replace('\r', "").trim().chars().take(2_000).collect();
    visible(&abroad::without_passwords(&text))
}

/// Which commit a base means: as it is, or as a branch of the remote. Without a base, the head.
pub fn resolve(git: &Git, base: Option<&str>) -> Option<String> {
    match base {
        Some(base) => git.commit(base).or_else(|| git.commit(&format!("refs/remotes/origin/{base}"))),
        None => git.commit("refs/remotes/origin/HEAD").filter(|_| is_mirror(git)).or_else(|| git.commit("HEAD")),
    }
}

fn is_mirror(git: &Git) -> bool {
    git.run(["rev-parse", "--is-bare-repository"]).is_ok_and(|bare| bare == "true")
}

/// The repository of an origin on this machine: the folder itself, or our own clone of a URL. `needs` must be in it.
pub fn repository(home: &Path, origin: &Origin, needs: Option<&str>) -> Result<PathBuf, CallFailed> {
    let url = match origin {
        Origin::Path(path) => return local(Path::new(path)),
        Origin::Url(url) => url,
    };
    let tame = ["https://", "http://", "ssh://", "file://"].iter().any(|scheme| url.starts_with(scheme));
    let scp = !url.contains("://") && !url.contains("::") && url.contains('@') && url.contains(':');
    if !(tame || scp) || url.contains(['\0', '\n']) {
        return Err(CallFailed::NotARepository(format!("{url:?} is no address that Fugue clones: give an https, ssh or file URL")));
    }
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    if authority.rsplit_once('@').is_some_and(|(person, _)| person.contains(':')) {
        let why = "a password in an address would stand in process lists and in the database: use ssh, or an address without one";
        return Err(CallFailed::NotARepository(why.to_owned()));
    }
    let folder = home.join("repos").join(&fugue_domain::digest::sha256_hex(url.as_bytes())[..24]);
    let other = |error: &dyn std::fmt::Display| CallFailed::NotARepository(format!("{} cannot be cloned: {error}", visible(url)));
    let _lock = lock(home, &folder).map_err(|error| other(&error))?;
    if !folder.join("HEAD").exists() {
        std::fs::create_dir_all(&folder).map_err(|error| other(&error))?;
        Git::at(&folder).run(["init", "--quiet", "--bare"]).map_err(|error| other(&error))?;
    }
    if resolve(&Git::at(&folder), needs).is_none() {
        let git = Git::at(&folder).abroad();
        abroad::fetch(&git, url).map_err(|error| other(&error))?;
        if let Ok(head) = git.run(["ls-remote", "--symref", "--upload-pack=git-upload-pack", "--end-of-options", url, "HEAD"]) {
            let branch = head.lines().find_map(|line| line.strip_prefix("ref: refs/heads/")?.split('\t').next());
            if let Some(branch) = branch {
                let target = format!("refs/remotes/origin/{branch}");
                git.run(["symbolic-ref", "refs/remotes/origin/HEAD", &target]).map_err(|error| other(&error))?;
            }
        }
    }
    Ok(folder)
}

/// One at a time per repository: our own fetches, adds and removes must not meet.
pub fn lock(home: &Path, repository: &Path) -> std::io::Result<File> {
    let folder = home.join("locks");
    std::fs::create_dir_all(&folder)?;
    let file = File::options().read(true).write(true).create(true).truncate(true).open(folder.join(lock_name(repository)))?;
    file.lock()?;
    Ok(file)
}

/// The name of a repository's lock.
pub fn lock_name(repository: &Path) -> String {
    fugue_domain::digest::sha256_hex(repository.as_os_str().as_encoded_bytes())[..24].to_owned()
}

/// The folder by which we know a repository: the top of a checkout, or a clone of ours. `None` when it is none.
pub fn top(folder: &Path) -> Option<PathBuf> {
    let git = Git::at(folder);
    if is_mirror(&git) { Some(folder.to_owned()) } else { git.run(["rev-parse", "--show-toplevel"]).ok().map(PathBuf::from) }
}

fn local(path: &Path) -> Result<PathBuf, CallFailed> {
    let shown = visible(&path.to_string_lossy());
    if !path.is_absolute() {
        return Err(CallFailed::NotARepository(format!("{shown} is not an absolute path: give the whole path of the repository")));
    }
    if !path.is_dir() {
        return Err(CallFailed::NotARepository(format!("{shown} is no folder on this machine")));
    }
    let top = Git::at(path).run(["rev-parse", "--show-toplevel"]);
    top.map(PathBuf::from).map_err(|error| match error {
        GitFailed::Said { said, .. } if said.contains("not a git repository") => {
            CallFailed::NotARepository(format!("{shown} is no git repository: run `git init` there and make a first commit"))
        }
        error => CallFailed::NotARepository(format!("{shown}: {error}")),
    })
}

/// Looks at an origin.
pub fn inspect(home: &Path, origin: &Origin) -> Result<Answered, CallFailed> {
    let folder = repository(home, origin, None)?;
    let git = Git::at(&folder);
    let root = match origin {
        Origin::Path(_) => folder.to_string_lossy().into_owned(),
        Origin::Url(url) => url.clone(),
    };
    let last = root.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let name = last.strip_suffix(".git").unwrap_or(last).to_owned();
    let Some(head) = resolve(&git, None) else {
        return Err(CallFailed::Other(format!("{root} has no commit yet: make a first commit, then try again")));
    };
    let origin_head = || git.run(["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]).ok();
    let branch = match origin {
        Origin::Path(_) => git.run(["symbolic-ref", "--quiet", "--short", "HEAD"]).ok().or_else(origin_head),
        Origin::Url(_) => origin_head(),
    };
    let default_branch = branch.map_or_else(|| "HEAD".to_owned(), |branch| branch.trim_start_matches("origin/").to_owned());
    Ok(Answered::Repository(Repository { root, name, default_branch, head: Some(head) }))
}

/// Whether a name is the full id of a commit, which means the same for ever.
fn is_commit(name: &str) -> bool {
    name.len() >= 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Finds the commit that a name means at an origin: of a remote's branch, where it is now.
pub fn find_commit(home: &Path, origin: &Origin, base: &str) -> Result<Answered, CallFailed> {
    let folder = repository(home, origin, Some(base))?;
    let found = match origin {
        Origin::Url(url) if !is_commit(base) => {
            let away = |why: &dyn std::fmt::Display| {
                let address = visible(&abroad::without_passwords(url));
                CallFailed::Other(format!("{address} cannot be reached, so nobody knows where {base:?} is now: {why}"))
            };
            let _lock = lock(home, &folder).map_err(|error| away(&error))?;
            let git = Git::at(&folder).abroad();
            abroad::fetch(&git, url).map_err(|error| away(&error))?;
            abroad::newest(&git, base)
        }
        _ => resolve(&Git::at(&folder), Some(base)),
    };
    found.map(Answered::Commit).ok_or_else(|| CallFailed::UnknownBase(format!("{base:?} is no branch, tag or commit there")))
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_text_that_lost_its_end_says_so_also_when_it_grew_by_being_read() {
        assert_eq!(beginning(b"abc", 3), ("abc".to_owned(), false));
        assert_eq!(beginning(b"abcd", 3), ("abc".to_owned(), true));
        assert_eq!(beginning("aé".as_bytes(), 2), ("a".to_owned(), true));
        // Three bytes of another encoding are nine as text.
        assert_eq!(beginning(b"\xe9\xe9\xe9", 3), ("\u{fffd}".to_owned(), true));
    }
}
