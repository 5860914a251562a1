//! What a hostile repository can hold: every setting and file by which git can be made to run a program.
//!
//! A plant is live only if plain git, asked in the same place, runs it: its `control` says how to see that.

use anyhow::{Context, Result, ensure};
use rig::repo::Repo;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with one plant in it.
pub struct Ground {
    pub repo: Repo,
    /// The program that leaves the marker.
    pub evil: PathBuf,
    /// Left behind when anything of the plant was run.
    pub marker: PathBuf,
}

/// How to plant, and how to see that the plant is live.
pub struct Plant {
    pub name: &'static str,
    /// Into the repository, before the product hears of it.
    pub repository: fn(&Ground) -> Result<()>,
    /// Into the folder of a session, as its agent could.
    pub worktree: fn(&Ground, &Path) -> Result<()>,
    /// What plain git is asked in a worktree; it runs the plant. `None` where that needs a terminal or a signature.
    pub control: Option<&'static [&'static str]>,
}

impl Ground {
    pub fn new(folder: &Path) -> Result<Self> {
        let repo = Repo::create(&folder.join("repo"))?;
        for (name, text) in [("a.x", "one\n"), ("b.y", "one\n")] {
            repo.write(name, text)?;
        }
        repo.commit("files")?;
        let (evil, marker) = (folder.join("evil"), folder.join("ran"));
        program(&evil, &marker)?;
        Ok(Self { repo, evil, marker })
    }

    fn set(&self, name: impl AsRef<OsStr>, value: &str) -> Result<()> {
        plain(self.repo.path(), &["config".as_ref(), "--add".as_ref(), name.as_ref(), value.as_ref()])
    }

    /// The program as a setting names it, in front of one that does what git expects.
    fn before(&self, rest: &str) -> String {
        format!("{}; {rest}", self.evil.display())
    }

    fn text(&self) -> String {
        self.evil.display().to_string()
    }

    /// Rules for every tree of the repository, also for ones that are checked out later.
    fn attributes(&self, rules: &[u8]) -> Result<()> {
        let folder = self.repo.path().join(".git/info");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join("attributes"), rules)?)
    }

    fn filter(&self, named: &[u8]) -> Result<()> {
        for setting in [&b".clean"[..], b".smudge"] {
            self.set(OsStr::from_bytes(&[b"filter.", named, setting].concat()), &self.before("cat"))?;
        }
        self.attributes(&[b"* filter=", named, b"\n"].concat())
    }

    /// A file of settings that another one includes.
    fn included(&self) -> Result<String> {
        let path = self.evil.with_file_name("included");
        let command = self.before("cat");
        std::fs::write(&path, format!("[filter \"late\"]\n\tsmudge = \"{command}\"\n\tclean = \"{command}\"\n"))?;
        self.attributes(b"* filter=late\n")?;
        Ok(path.display().to_string())
    }
}

/// Runs git with nothing but the repository's own settings, and fails if it does.
pub fn plain(folder: &Path, args: &[&OsStr]) -> Result<()> {
    let out = git(folder).args(args).output()?;
    ensure!(out.status.success(), "git {args:?} in {}: {}", folder.display(), String::from_utf8_lossy(&out.stderr));
    Ok(())
}

/// git as somebody calls it who trusts the repository.
pub fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
    for (name, value) in [("AUTHOR", "t"), ("COMMITTER", "t")] {
        git.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "t@localhost");
    }
    git.stdin(std::process::Stdio::null());
    git
}

fn program(path: &Path, marker: &Path) -> Result<()> {
    std::fs::write(path, format!("#!/bin/sh\n: > '{}'\n", marker.display()))?;
    Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?)
}

fn nothing(_: &Ground, _: &Path) -> Result<()> {
    Ok(())
}

fn hooks(ground: &Ground, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    const NAMES: &[&str] = &[
        "applypatch-msg",
        "commit-msg",
        "fsmonitor-watchman",
        "post-applypatch",
        "post-checkout",
        "post-commit",
        "post-index-change",
        "post-merge",
        "post-rewrite",
        "pre-applypatch",
        "pre-auto-gc",
        "pre-commit",
        "pre-merge-commit",
        "pre-push",
        "pre-rebase",
        "prepare-commit-msg",
        "reference-transaction",
        "sendemail-validate",
        "post-update",
        "update",
        "pre-receive",
        "post-receive",
        "push-to-checkout",
        "proc-receive",
    ];
    NAMES.iter().try_for_each(|name| program(&folder.join(name), &ground.marker))
}

/// A repository inside the worktree that the last commit knows, with a filter of its own and a file that has changed.
fn nested(ground: &Ground, worktree: &Path) -> Result<()> {
    let folder = worktree.join("deep");
    std::fs::create_dir_all(&folder)?;
    let run = |at: &Path, args: &[&str]| plain(at, &args.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    run(&folder, &["init", "--quiet"])?;
    std::fs::write(folder.join("f.x"), "one\n")?;
    std::fs::write(folder.join(".gitattributes"), "* filter=deep\n")?;
    run(&folder, &["add", "--all"])?;
    run(&folder, &["commit", "--quiet", "--message", "deep"])?;
    run(worktree, &["add", "deep"])?;
    // The same second makes the same commit, and then there is nothing new to link to.
    run(worktree, &["commit", "--quiet", "--allow-empty", "--message", "a link"])?;
    run(&folder, &["config", "filter.deep.clean", &ground.before("cat")])?;
    run(&folder, &["config", "core.fsmonitor", &ground.text()])?;
    hooks(ground, &folder.join(".git/hooks"))?;
    // Another content of the same length is not seen by the size alone.
    std::fs::write(folder.join("f.x"), "two\n")?;
    std::fs::write(worktree.join("a.x"), "changed\n").context("a file")
}

/// A remote that git asks by itself for what is missing, through a program that the repository names.
fn promisor(ground: &Ground) -> Result<()> {
    for (name, value) in [
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "far"),
        ("remote.far.url", "file:///nowhere"),
        ("remote.far.promisor", "true"),
    ] {
        plain(ground.repo.path(), &["config", name, value].map(AsRef::as_ref))?;
    }
    ground.set("remote.far.uploadpack", &ground.before("git-upload-pack"))?;
    let blob = ground.repo.git(&["rev-parse", "HEAD:a.x"])?;
    Ok(std::fs::remove_file(ground.repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..]))?)
}

/// Every plant.
#[rustfmt::skip]
pub const PLANTS: &[Plant] = &[
    Plant { name: "hooks", repository: |g| hooks(g, &g.repo.path().join(".git/hooks")), worktree: nothing, control: Some(&["commit", "--allow-empty", "-qm", "x"]) },
    Plant { name: "hooksPath", repository: |g| { let f = g.evil.with_file_name("hooks"); hooks(g, &f)?; g.set("core.hooksPath", &f.to_string_lossy()) }, worktree: nothing, control: Some(&["commit", "--allow-empty", "-qm", "x"]) },
    Plant { name: "fsmonitor", repository: |g| g.set("core.fsmonitor", &g.text()), worktree: nothing, control: Some(&["status"]) },
    Plant { name: "filter", repository: |g| g.filter(b"evil"), worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "filter that is required", repository: |g| { g.filter(b"evil")?; g.set("filter.evil.required", "true") }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "filter process", repository: |g| { g.set("filter.p.process", &g.text())?; g.attributes(b"* filter=p\n") }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "filter in .gitattributes", repository: |g| { g.set("filter.evil.clean", &g.before("cat"))?; g.set("filter.evil.smudge", &g.before("cat")) }, worktree: |_, w| Ok(std::fs::write(w.join(".gitattributes"), "*.x filter=evil\n")?), control: Some(&["add", "--all"]) },
    Plant { name: "filter with signs in its name", repository: |g| g.filter(b"a=b.c-d"), worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "filter whose name is no UTF-8", repository: |g| g.filter(b"\xff\xfe"), worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "Filter in capitals", repository: |g| { g.set("FILTER.EVIL.CLEAN", &g.before("cat"))?; g.set("FILTER.EVIL.SMUDGE", &g.before("cat"))?; g.attributes(b"* filter=EVIL\n") }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "include", repository: |g| { let path = g.included()?; g.set("include.path", &path) }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "includeIf gitdir", repository: |g| { let path = g.included()?; g.set("includeIf.gitdir:**/worktrees/**.path", &path) }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "includeIf onbranch", repository: |g| { let path = g.included()?; g.set("includeIf.onbranch:fugue/**.path", &path) }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "settings of one worktree", repository: |g| g.set("extensions.worktreeConfig", "true"), worktree: |g, w| {
        plain(w, &["config", "--worktree", "filter.own.clean", &g.before("cat")].map(AsRef::as_ref))?;
        g.attributes(b"* filter=own\n")
    }, control: Some(&["add", "--all"]) },
    Plant { name: "attributesFile", repository: |g| {
        let path = g.evil.with_file_name("attributes");
        std::fs::write(&path, "* filter=evil\n")?;
        g.set("core.attributesFile", &path.to_string_lossy())?;
        g.set("filter.evil.clean", &g.before("cat"))
    }, worktree: nothing, control: Some(&["add", "--all"]) },
    Plant { name: "textconv", repository: |g| { g.set("diff.evil.textconv", &g.before("cat"))?; g.attributes(b"* diff=evil\n") }, worktree: nothing, control: Some(&["diff"]) },
    Plant { name: "ext diff", repository: |g| g.set("diff.external", &g.text()), worktree: nothing, control: Some(&["diff"]) },
    Plant { name: "diff command", repository: |g| { g.set("diff.evil.command", &g.text())?; g.attributes(b"* diff=evil\n") }, worktree: nothing, control: Some(&["diff"]) },
    Plant { name: "merge driver", repository: |g| { g.set("merge.evil.driver", &g.text())?; g.attributes(b"* merge=evil\n") }, worktree: |g, w| {
        plain(w, &["commit", "--quiet", "--all", "--message", "ours"].map(AsRef::as_ref))?;
        plain(g.repo.path(), &["checkout", "--quiet", "-b", "theirs"].map(AsRef::as_ref))?;
        g.repo.write("a.x", "theirs\n")?;
        g.repo.commit("theirs").map(drop)
    }, control: Some(&["merge", "--no-edit", "theirs"]) },
    Plant { name: "alias", repository: |g| { for verb in ["status", "add", "worktree", "rev-parse", "config", "planted"] { g.set(format!("alias.{verb}"), &format!("!{}", g.text()))?; } Ok(()) }, worktree: nothing, control: Some(&["planted"]) },
    Plant { name: "sshCommand", repository: |g| { g.set("core.sshCommand", &g.text())?; g.set("remote.origin.url", "ssh://localhost/x") }, worktree: nothing, control: Some(&["ls-remote", "ssh://localhost/x"]) },
    Plant { name: "gpg program", repository: |g| { g.set("gpg.program", &g.text())?; g.set("commit.gpgSign", "true")?; g.set("user.signingKey", "x") }, worktree: nothing, control: Some(&["commit", "--allow-empty", "-qm", "x"]) },
    Plant { name: "gpg program of ssh", repository: |g| { g.set("gpg.format", "ssh")?; g.set("gpg.ssh.program", &g.text())?; g.set("commit.gpgSign", "true")?; g.set("log.showSignature", "true")?; g.set("user.signingKey", "key::x") }, worktree: nothing, control: Some(&["commit", "--allow-empty", "-qm", "x"]) },
    Plant { name: "editor", repository: |g| { g.set("core.editor", &g.text())?; g.set("sequence.editor", &g.text()) }, worktree: nothing, control: Some(&["commit", "--allow-empty"]) },
    Plant { name: "pager", repository: |g| { for name in ["core.pager", "pager.log", "pager.status", "pager.config", "interactive.diffFilter"] { g.set(name, &g.text())?; } Ok(()) }, worktree: nothing, control: None },
    Plant { name: "gitProxy", repository: |g| g.set("core.gitProxy", &g.text()), worktree: nothing, control: Some(&["ls-remote", "git://127.0.0.1:1/x"]) },
    Plant { name: "insteadOf a program", repository: |g| { g.set("protocol.ext.allow", "always")?; g.set(format!("url.ext::{} #.insteadOf", g.text()), "ssh://localhost/") }, worktree: nothing, control: Some(&["ls-remote", "ssh://localhost/x"]) },
    Plant { name: "promisor", repository: promisor, worktree: nothing, control: Some(&["cat-file", "-p", "HEAD:a.x"]) },
    Plant { name: "nested repository", repository: |_| Ok(()), worktree: nested, control: Some(&["status"]) },
    Plant { name: "submodule update", repository: |g| { g.set("submodule.recurse", "true")?; g.set("submodule.deep.update", &format!("!{}", g.text()))?; g.set("submodule.active", ".") }, worktree: |g, w| {
        std::fs::write(w.join(".gitmodules"), "[submodule \"deep\"]\n\tpath = deep\n\turl = ./deep\n")?;
        nested(g, w)
    }, control: Some(&["status"]) },
];
