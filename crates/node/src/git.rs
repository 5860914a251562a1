//! git, through its command line, on repositories that an agent may have written to.
//!
//! Invariant: arguments only, never a shell; no configuration of the machine or of the person; and every setting by which a
//! repository could make git run a program is overridden, filters included. All calls block: they belong on a blocking thread.

use crate::child;
use fugue_domain::link::{Answered, CallFailed};
use fugue_domain::project::{Origin, Repository};
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one git command may take; a fetch of a large repository is the longest.
const LIMIT: Duration = Duration::from_secs(600);
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
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.allow", "never"),
    ("protocol.file.allow", "always"),
    ("protocol.https.allow", "always"),
    ("protocol.http.allow", "always"),
    ("protocol.ssh.allow", "always"),
    ("advice.detachedHead", "false"),
];
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
    let output = child::run(&mut command, Duration::from_secs(5)).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().strip_prefix("git version ").map(str::to_owned)
}

/// git in one folder.
pub struct Git {
    folder: PathBuf,
    /// Variables besides the fixed ones.
    pub env: Vec<(&'static str, String)>,
    filters: Vec<(String, String)>,
    lock: Option<File>,
}

impl Git {
    /// git in a folder that exists. Reads which filters the repository defines, in order to switch them off.
    pub fn at(folder: &Path) -> Self {
        let mut git = Self { folder: folder.to_owned(), env: Vec::new(), filters: Vec::new(), lock: None };
        let names = git.run(["config", "--list", "--name-only", "-z"]).unwrap_or_default();
        let filters = names.split('\0').filter_map(|name| {
            let (driver, setting) = name.rsplit_once('.')?;
            let executable = driver.to_ascii_lowercase().starts_with("filter.");
            let merges = driver.to_ascii_lowercase().starts_with("merge.") && setting == "driver";
            (executable || merges).then(|| driver.to_owned())
        });
        let mut drivers: Vec<String> = filters.collect();
        drivers.sort();
        drivers.dedup();
        for driver in drivers {
            for (setting, value) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"), ("driver", "true")] {
                git.filters.push((format!("{driver}.{setting}"), value.to_owned()));
            }
        }
        git
    }

    /// The same, holding the repository's lock in every command: a git that outlives a killed node keeps the next one waiting, which
    /// would otherwise clear away what this one is still writing.
    pub fn under(mut self, lock: &File) -> std::io::Result<Self> {
        self.lock = Some(lock.try_clone()?);
        Ok(self)
    }

    /// Runs a command and gives what it printed, without the last line end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String, GitFailed> {
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let mut command = child::command("git", &self.folder);
        command.args(&args);
        command.envs(std::env::vars_os().filter(|(name, _)| PASS.iter().any(|pass| name == pass)));
        command.envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")]);
        command.envs([("GIT_AUTHOR_NAME", "Fugue"), ("GIT_AUTHOR_EMAIL", "fugue@localhost")]);
        command.envs([("GIT_COMMITTER_NAME", "Fugue"), ("GIT_COMMITTER_EMAIL", "fugue@localhost")]);
        let settings = SAFE.iter().map(|(name, value)| (*name, *value)).chain(self.filters.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let mut count = 0;
        for (name, value) in settings {
            command.env(format!("GIT_CONFIG_KEY_{count}"), name).env(format!("GIT_CONFIG_VALUE_{count}"), value);
            count += 1;
        }
        command.env("GIT_CONFIG_COUNT", count.to_string()).envs(self.env.iter().map(|(name, value)| (name, value)));
        let run = |source| GitFailed::Run { folder: self.folder.clone(), source };
        if let Some(lock) = &self.lock {
            // An empty file to read; what matters is that git has it open until it ends.
            command.stdin(lock.try_clone().map_err(run)?);
        }
        let output = child::run(&mut command, LIMIT).map_err(run)?;
        if !output.status.success() {
            let verb = args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
            let said: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(2_000).collect();
            return Err(GitFailed::Said { verb, said: if said.is_empty() { "it failed without a word".to_owned() } else { said } });
        }
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// The full id of the commit that a name means.
    pub fn commit(&self, name: &str) -> Option<String> {
        let found = self.run(["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]).ok()?;
        (found.len() >= 40 && found.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(found)
    }
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
    let folder = home.join("repos").join(&fugue_domain::digest::sha256_hex(url.as_bytes())[..24]);
    let other = |error: &dyn std::fmt::Display| CallFailed::NotARepository(format!("{url} cannot be cloned: {error}"));
    let _lock = lock(home, &folder).map_err(|error| other(&error))?;
    if !folder.join("HEAD").exists() {
        std::fs::create_dir_all(&folder).map_err(|error| other(&error))?;
        Git::at(&folder).run(["init", "--quiet", "--bare"]).map_err(|error| other(&error))?;
    }
    let git = Git::at(&folder);
    if resolve(&git, needs).is_none() {
        let refspecs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
        let fetch =
            ["fetch", "--quiet", "--no-auto-gc", "--no-recurse-submodules", "--upload-pack=git-upload-pack", "--end-of-options", url];
        git.run(fetch.iter().copied().chain(refspecs)).map_err(|error| other(&error))?;
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
    let shown = path.display();
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

/// Finds the commit that a name means at an origin.
pub fn find_commit(home: &Path, origin: &Origin, base: &str) -> Result<Answered, CallFailed> {
    let folder = repository(home, origin, Some(base))?;
    let found = resolve(&Git::at(&folder), Some(base));
    found.map(Answered::Commit).ok_or_else(|| CallFailed::UnknownBase(format!("{base:?} is no branch, tag or commit there")))
}
