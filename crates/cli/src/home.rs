//! The data folder, `FUGUE_HOME`: where the hub and the node of this machine keep everything, readable by their owner only.
//!
//! What the command line itself keeps there: `token` (the owner's credential, written by the hub), `hub.url` (where the hub
//! of this folder listens), `node/token` and `node/hub` (the credential of this machine and the hub that gave it).

use crate::error::Failure;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The data folder.
#[derive(Debug, Clone)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// The folder that was named, or the platform's.
    pub fn find(named: Option<PathBuf>, env: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) if path.as_os_str().is_empty() => {
                return Err(Failure::usage("FUGUE_HOME is empty").hint("Name a folder, or unset it."));
            }
            Some(path) => path,
            None => platform(env).ok_or_else(|| {
                Failure::usage("there is no data folder: neither FUGUE_HOME nor HOME is set")
                    .hint("Set FUGUE_HOME to a folder of your own.")
            })?,
        };
        let path = std::path::absolute(&path).map_err(|error| Failure::file("use", &path, &error))?;
        Ok(Self { path })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, readable by its owner only. An existing one keeps its permissions; `doctor` looks at them.
    pub fn create(&self) -> Result<(), Failure> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(|error| Failure::file("make the data folder", &self.path, &error).hint("Name another one with FUGUE_HOME."))
    }

    /// Whether others can look into the folder.
    pub fn open_to_others(&self) -> Result<bool, std::io::Error> {
        Ok(fs::metadata(&self.path)?.permissions().mode() & 0o077 != 0)
    }

    /// The content of a small file in it, without the line end; `None` when there is none.
    pub fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Failure::file("read", &path, &error)),
        }
    }

    /// Writes a small file in it, readable by its owner only, whole or not at all. One that says the same already is left alone: a full
    /// disk stops nobody who has nothing new to say.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        if self.read(name).is_ok_and(|there| there.as_deref() == Some(text)) {
            return Ok(());
        }
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        let failed = |error: std::io::Error| Failure::file("write", &path, &error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let new = path.with_extension(format!("new{}", std::process::id()));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&new, &path)).map_err(|error| {
            let _ = fs::remove_file(&new);
            failed(error)
        })
    }

    /// Removes a small file from it, if it is there.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path.join(name));
    }
}

fn platform(env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(target_os = "macos") {
        return folder("HOME").map(|home| home.join("Library/Application Support/fugue"));
    }
    folder("XDG_DATA_HOME").map(|data| data.join("fugue")).or_else(|| folder("HOME").map(|home| home.join(".local/share/fugue")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_decides_unless_the_person_does() {
        let env = |name: &str| match name {
            "HOME" => Some("/home/kei".to_owned()),
            _ => None,
        };
        assert_eq!(Home::find(Some("/data".into()), env).unwrap().path(), Path::new("/data"));
        assert!(Home::find(None, env).unwrap().path().starts_with("/home/kei"));
        assert!(Home::find(None, |_| None).is_err());
        assert!(Home::find(Some("".into()), env).is_err());
        if cfg!(target_os = "linux") {
            let env = |name: &str| (name == "XDG_DATA_HOME").then(|| "/x".to_owned());
            assert_eq!(Home::find(None, env).unwrap().path(), Path::new("/x/fugue"));
        }
    }

    #[test]
    fn files_are_the_owners_alone() {
        let home = Home { path: std::env::temp_dir().join(format!("fugue-home-{}", std::process::id())) };
        home.create().unwrap();
        home.write("node/token", "fgt_1").unwrap();
        assert_eq!(home.read("node/token").unwrap().as_deref(), Some("fgt_1"));
        assert_eq!(home.read("nothing").unwrap(), None);
        let mode = |path: &str| fs::metadata(home.path.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("node"), mode("node/token")), (0o700, 0o600));
        fs::remove_dir_all(&home.path).unwrap();
    }
}
