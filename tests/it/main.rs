//! The program as its users run it, against the sandbox; one binary, so that it links once.
//!
//! `support` has what tests need, `cli` is the program through its command line, `client` the library alone.

#![allow(clippy::disallowed_methods, reason = "tests look at the environment and end processes")]

mod cli;
mod client;
mod support;

/// A file that no module names is not compiled, and its tests never run.
#[test]
fn every_file_here_is_part_of_the_tests() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut folders = vec![root.clone()];
    let mut forgotten = Vec::new();
    while let Some(folder) = folders.pop() {
        let parent = if folder == root { "main.rs" } else { "mod.rs" };
        let declared = std::fs::read_to_string(folder.join(parent)).expect("each folder has its module file");
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let is_folder = path.is_dir() && has_code(&path);
            if is_folder {
                folders.push(path.clone());
            }
            let is_module = is_folder || path.extension().is_some_and(|extension| extension == "rs");
            if is_module && name != "main" && name != "mod" && !declared.contains(&format!("mod {name};")) {
                forgotten.push(path);
            }
        }
    }
    assert!(forgotten.is_empty(), "not declared: {forgotten:?}");
}

/// Whether a folder has tests, and not only what they read.
fn has_code(folder: &std::path::Path) -> bool {
    let mut entries = std::fs::read_dir(folder).unwrap();
    entries.any(|entry| entry.unwrap().path().extension().is_some_and(|extension| extension == "rs"))
}
