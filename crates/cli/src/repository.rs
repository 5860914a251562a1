//! The git repository that a person is in, and the project that belongs to it.

use crate::client::Client;
use crate::error::Failure;
use crate::output::say;
use fugue_domain::api::{NewProject, Project};
use std::path::{Path, PathBuf};

/// Projects that are looked through.
const PROJECTS_MAX: usize = 2_000;

/// The top folder of the repository around a folder.
pub fn root(start: &Path) -> Result<PathBuf, Failure> {
    let start = start.canonicalize().map_err(|error| Failure::usage(format!("cannot look at {}: {error}", start.display())))?;
    let root = start.ancestors().find(|folder| folder.join(".git").exists());
    root.map(Path::to_owned).ok_or_else(|| {
        Failure::usage(format!("{} is not in a git repository", start.display()))
            .hint("Go into a repository, or name one: `fugue project add PATH`, then `--project NAME`.")
            .hint("`git init` and a first commit make one.")
    })
}

/// The folder in which the command was started.
pub fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::failed(format!("cannot tell which folder this is: {error}")))
}

/// The project of a repository, added if the hub does not know it yet. Says whether it was added.
pub async fn project(client: &Client, root: &Path) -> Result<(Project, bool), Failure> {
    let path = root.to_str().ok_or_else(|| Failure::usage(format!("{} is no UTF-8 path", root.display())))?;
    let known: Vec<Project> = client.list("/api/v1/projects", PROJECTS_MAX).await?;
    if let Some(project) = known.into_iter().find(|project| project.path.as_deref() == Some(path)) {
        return Ok((project, false));
    }
    let new = NewProject { path: Some(path.to_owned()), ..NewProject::default() };
    Ok((client.create("/api/v1/projects", &new).await?, true))
}

/// The project that a person means: the one that is named, or that of the repository around this folder.
pub async fn meant(client: &Client, named: Option<String>) -> Result<String, Failure> {
    if let Some(project) = named {
        return Ok(project);
    }
    let (project, added) = project(client, &root(&here()?)?).await?;
    if added {
        say(format_args!("Added the project {}.", project.name));
    }
    Ok(project.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_a_repository_leads_to_its_top() {
        let top = std::env::temp_dir().join(format!("fugue-repository-{}", std::process::id()));
        std::fs::create_dir_all(top.join(".git")).unwrap();
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        assert_eq!(root(&top.join("a/b")).unwrap(), top.canonicalize().unwrap());
        let said = root(&top.join("missing")).unwrap_err().to_string();
        assert!(said.contains("missing"), "{said}");
        std::fs::remove_dir_all(&top).unwrap();
        assert!(root(Path::new("/")).unwrap_err().to_string().starts_with("/ is not in a git repository"));
    }
}
