//! The built cockpit, embedded: nothing but its files. The build script says how they come here.

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its media type.
    pub kind: &'static str,
    /// It never changes under this name: its name holds its hash.
    pub lasting: bool,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, compressed with gzip, where that is shorter.
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file of a path such as `/index.html`.
pub fn file(path: &str) -> Option<File> {
    let at = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    Some(FILES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_and_its_files_are_found() {
        let page = file("/index.html").unwrap();
        assert_eq!((page.kind, page.lasting), ("text/html; charset=utf-8", false));
        for (path, _) in FILES {
            assert!(file(path).is_some(), "{path}");
        }
        assert!(file("/index.htm").is_none() && file("").is_none());
    }

    #[test]
    fn every_file_that_the_page_names_is_here() {
        let text = std::str::from_utf8(file("/index.html").unwrap().plain).unwrap();
        let named: Vec<_> = text.split('"').filter(|word| word.starts_with("/assets/")).collect();
        assert_eq!(named.is_empty(), !BUILT);
        for path in named {
            assert!(file(path).is_some_and(|file| file.lasting), "{path}");
        }
    }
}
