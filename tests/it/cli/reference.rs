//! The whole command tree as a snapshot: whoever changes it sees what users will see.

use std::path::Path;

use crate::support::Home;

/// Compares the help of every command with `reference.txt`; `UPDATE_REFERENCE=1` rewrites it.
#[test]
fn the_command_tree_is_the_one_that_was_looked_at() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli/reference.txt");
    let mut now = String::new();
    describe(&Home::new(), &mut Vec::new(), &mut now);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    let changed = now.lines().zip(before.lines()).find(|(now, before)| now != before);
    assert!(
        now == before,
        "the command tree has changed, first here:\n{changed:#?}\nlook at it, then UPDATE_REFERENCE=1 cargo test"
    );
}

/// Writes the help of a command and of all below it. The global options stand only once, at the root.
fn describe(home: &Home, path: &mut Vec<String>, text: &mut String) {
    let run = home.cli(path.iter().chain([&"--help".to_owned()])).run().succeeds().says_exactly("");
    let help = match path.is_empty() {
        true => run.stdout.as_str(),
        false => run.stdout.split("\nGlobal options:\n").next().unwrap_or_default(),
    };
    let title: Vec<_> = ["mender-cli"].into_iter().chain(path.iter().map(String::as_str)).collect();
    text.push_str(&format!("# {}\n\n{}\n\n", title.join(" "), help.replace(".exe", "").trim_end()));
    for command in commands(&run.stdout) {
        path.push(command);
        describe(home, path, text);
        path.pop();
    }
}

/// The words under `Commands:`.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
    listed.take_while(|line| !line.is_empty()).filter_map(first).filter(|word| word != "help").collect()
}
