//! `fugue project`: the repositories that sessions work in.

use super::Context;
use crate::client::segment;
use crate::error::Failure;
use crate::output::{Table, say};
use crate::repository;
use crate::transcript::day;
use clap::Subcommand;
use fugue_domain::api::{NewProject, Project as View};
use serde_json::json;
use std::path::Path;

mod settings;

/// Projects: the git repositories that sessions work in.
#[derive(Subcommand)]
pub enum Project {
    /// Add a repository.
    Add {
        /// A folder in a git repository on a node, or a URL that git can clone.
        #[arg(value_name = "PATH|URL", default_value = ".")]
        place: String,
        /// Its name; the last part of the path or URL when absent.
        #[arg(long)]
        name: Option<String>,
        /// The node that has the folder, by id or name.
        #[arg(long)]
        node: Option<String>,
    },
    /// List all projects.
    List,
    /// Show one project.
    Show {
        /// Its id or name.
        project: String,
    },
    /// Check a project's `fugue.toml`, and show what of it holds and why.
    Settings(settings::Settings),
}

impl Project {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        if let Project::Settings(settings) = &self
            && let Some(file) = settings.file()
        {
            return settings::check(context, file);
        }
        let (client, out) = (context.client()?, context.out);
        match self {
            Project::Add { place, name, node } => {
                let mut new = NewProject { name, node, ..NewProject::default() };
                if is_url(&place) {
                    new.url = Some(place);
                } else {
                    new.path = Some(folder(&place, new.node.is_some())?);
                }
                let project: View = client.create("/api/v1/projects", &new).await?;
                out.value(&project, |project| {
                    say(format_args!("Added {} ({}).", project.name, project.default_branch));
                    out.line(&project.id)
                })
            }
            Project::List => {
                let projects: Vec<View> = client.list("/api/v1/projects", usize::MAX).await?;
                out.value(&json!({ "items": projects }), |_| {
                    let mut table = Table::new(&["NAME", "BRANCH", "ADDED", "WHERE"]);
                    for project in &projects {
                        let place = project.path.clone().or_else(|| project.url.clone()).unwrap_or_default();
                        table.row([project.name.clone(), project.default_branch.clone(), day(project.created_at), place]);
                    }
                    table.print(out)
                })
            }
            Project::Settings(settings) => settings.run(context, &client).await,
            Project::Show { project } => {
                let project: View = client.get(&format!("/api/v1/projects/{}", segment(&project))).await?;
                out.value(&project, |project| {
                    let mut table = Table::new(&["", ""]);
                    table.row(["id".into(), project.id.to_string()]);
                    table.row(["name".into(), project.name.clone()]);
                    table.row(["where".into(), project.path.clone().or_else(|| project.url.clone()).unwrap_or_default()]);
                    table.row(["branch".into(), project.default_branch.clone()]);
                    table.row(["added".into(), day(project.created_at)]);
                    table.print(out)
                })
            }
        }
    }
}

fn is_url(place: &str) -> bool {
    place.contains("://") || (place.contains('@') && place.contains(':'))
}

/// The folder as the node should see it. A folder of this machine is checked here, where the answer is quick and exact.
fn folder(place: &str, elsewhere: bool) -> Result<String, Failure> {
    if elsewhere {
        return Ok(place.to_owned());
    }
    let root = repository::root(Path::new(place))?;
    root.into_os_string().into_string().map_err(|path| Failure::usage(format!("{} is no UTF-8 path", path.display())))
}
