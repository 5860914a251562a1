//! Brings the cockpit into the program, in one of three ways.
//!
//! `FUGUE_WEB=skip` embeds a page that says what is missing. `FUGUE_WEB_DIST=FOLDER` embeds what was built elsewhere. Otherwise npm builds
//! `web/`, and only when its sources changed since the last time; without npm a debug build gets the page, and a release build fails.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What npm reads, below `web/`.
const SOURCES: &[&str] = &[
    "src",
    "public",
    "messages",
    "project.inlang/settings.json",
    "scripts/press.mjs",
    "scripts/worker.mjs",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];
/// Written by the build itself.
const MADE: &str = "gen";
/// The oldest Node.js that vite runs on.
const NODE: (u32, u32) = (20, 19);
const MISSING: &str =
    "the cockpit is not built: install Node.js 20.19 or newer (with npm), or set FUGUE_WEB_DIST to a built one, or FUGUE_WEB=skip";

fn main() {
    for name in ["FUGUE_WEB", "FUGUE_WEB_DIST", "PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let web = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../web");
    for source in SOURCES {
        watch(&web.join(source));
    }
    let given = env::var_os("FUGUE_WEB_DIST").map(PathBuf::from);
    let dist = if env::var("FUGUE_WEB").is_ok_and(|word| word == "skip") {
        None
    } else if let Some(folder) = given {
        println!("cargo::rerun-if-changed={}", folder.display());
        Some(folder)
    } else if equipped() {
        Some(built(&web, &out))
    } else if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        panic!("{MISSING}");
    } else {
        println!("cargo::warning={MISSING}");
        None
    };
    let built = dist.is_some();
    let dist = dist.unwrap_or_else(|| placeholder(&out));
    let table = table(&dist, built).unwrap_or_else(|error| panic!("cannot read {}: {error}", dist.display()));
    fs::write(out.join("files.rs"), table).expect("the output folder can be written");
}

/// Whether npm is here, and a Node.js that is new enough for what it shall build.
fn equipped() -> bool {
    let says = |program: &str| Command::new(program).arg("--version").output().ok().filter(|ran| ran.status.success());
    let Some(node) = says("node") else { return false };
    let text = String::from_utf8_lossy(&node.stdout).into_owned();
    let mut parts = text.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    let version = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    version >= NODE && says("npm").is_some()
}

/// Cargo looks at each file but not at what the build writes itself, which would make it run every time.
fn watch(path: &Path) {
    if path.file_name().is_some_and(|name| name == MADE) {
        return;
    }
    if path.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            watch(&entry.path());
        }
    }
    println!("cargo::rerun-if-changed={}", path.display());
}

/// The folder with the built cockpit; made anew when the sources are others than the last time.
fn built(web: &Path, out: &Path) -> PathBuf {
    let (dist, stamp) = (out.join("dist"), out.join("dist.stamp"));
    let sources = digest(&SOURCES.iter().map(|source| web.join(source)).collect::<Vec<_>>());
    if dist.join("index.html").is_file() && fs::read_to_string(&stamp).is_ok_and(|text| text == sources) {
        return dist;
    }
    let (lock, installed) = (digest(&[web.join("package-lock.json")]), web.join("node_modules/.fugue-stamp"));
    if fs::read_to_string(&installed).ok().is_none_or(|text| text != lock) {
        npm(web, &["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]);
        fs::write(&installed, &lock).expect("node_modules can be written");
    }
    let folder = dist.to_string_lossy().into_owned();
    npm(web, &["run", "build", "--", "--outDir", &folder, "--emptyOutDir"]);
    npm(web, &["run", "press", "--", &folder]);
    fs::write(&stamp, &sources).expect("the output folder can be written");
    dist
}

fn npm(web: &Path, words: &[&str]) {
    let ran = Command::new("npm").args(words).current_dir(web).output().unwrap_or_else(|error| panic!("npm did not start: {error}"));
    if !ran.status.success() {
        let (said, wrong) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        panic!("npm {} failed ({}):\n{said}\n{wrong}\nFUGUE_WEB=skip builds without the cockpit.", words.join(" "), ran.status);
    }
}

/// A digest of files and folders, by name and content.
fn digest(paths: &[PathBuf]) -> String {
    fn take(path: &Path, hasher: &mut DefaultHasher) {
        if path.file_name().is_some_and(|name| name == MADE) {
            return;
        }
        path.file_name().hash(hasher);
        match fs::read_dir(path) {
            Ok(entries) => {
                let mut inside: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
                inside.sort();
                inside.iter().for_each(|path| take(path, hasher));
            }
            Err(_) => fs::read(path).ok().hash(hasher),
        }
    }
    let mut hasher = DefaultHasher::new();
    paths.iter().for_each(|path| take(path, &mut hasher));
    format!("{:016x}", hasher.finish())
}

/// A page that says what is missing.
fn placeholder(out: &Path) -> PathBuf {
    let folder = out.join("placeholder");
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Fugue</title>\n<h1>The cockpit is not in this build</h1>\n\
        <p>The hub runs; the command line and the API work. To have the cockpit, install Node.js 20.19 or newer and build again, or \
        use a released program.</p></html>\n";
    fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("index.html"), page)).expect("the output folder can be written");
    folder
}

/// The files as a sorted table in Rust.
fn table(dist: &Path, built: bool) -> io::Result<String> {
    let mut paths = Vec::new();
    collect(dist, &mut paths)?;
    let mut named: Vec<(String, PathBuf)> = paths
        .into_iter()
        .filter(|path| path.extension().is_none_or(|ending| ending != "gz"))
        .map(|path| (format!("/{}", path.strip_prefix(dist).unwrap_or(&path).to_string_lossy().replace('\\', "/")), path))
        .collect();
    named.sort();
    let mut text =
        format!("/// Whether the cockpit is here, and not only the page that says that it is missing.\npub const BUILT: bool = {built};\n");
    text.push_str("static FILES: &[(&str, File)] = &[\n");
    for (name, path) in named {
        let pressed = PathBuf::from(format!("{}.gz", path.display()));
        let gzip = if pressed.is_file() { format!("Some(include_bytes!({pressed:?}))") } else { "None".to_owned() };
        let lasting = name.starts_with("/assets/");
        let kind = kind(&name);
        writeln!(text, "    ({name:?}, File {{ kind: {kind:?}, lasting: {lasting}, plain: include_bytes!({path:?}), gzip: {gzip} }}),")
            .expect("a text grows");
    }
    text.push_str("];\n");
    Ok(text)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
