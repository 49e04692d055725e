//! On a terminal: a table that nothing from the server can spoil.

use super::*;
use crate::support::terminal::Terminal;

fn screen(server: &Sandbox, home: &Home, columns: u16, args: &[&str]) -> String {
    let env = [("MENDER_SERVER_URL", server.url())];
    let args: Vec<&str> = ["artifacts", "list"].iter().chain(args).copied().collect();
    let mut terminal = Terminal::start(home, columns, &env, &args);
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    terminal.screen()
}

/// An id that is broken over lines cannot be copied.
#[test]
fn people_get_a_table_with_whole_ids() {
    let (server, home) = with_names(&["release-2026.11-of-the-long-name", "b"]);
    let ids = home.at(&server, ["artifacts", "list", "-q"]).run().succeeds().stdout;
    for columns in [120, 80] {
        let shown = screen(&server, &home, columns, &[]);
        assert!(shown.starts_with("ID  ") && shown.contains("  NAME"), "{columns}\n{shown}");
        assert!(ids.lines().all(|id| shown.contains(id)), "{columns}\n{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= columns.into()), "{columns}\n{shown}");
    }
    // Where a row has no room, each property has a line, and the terminal wraps what is longer.
    let narrow = screen(&server, &home, 40, &[]);
    assert!(narrow.starts_with("ID:  ") && narrow.contains("\nName:  "), "{narrow}");
    assert!(ids.lines().all(|id| narrow.contains(id)), "{narrow}");
    let wide = screen(&server, &home, 160, &[]);
    for title in ["NAME", "DEVICE TYPES", "SIZE", "MODIFIED", "DESCRIPTION"] {
        assert!(wide.contains(title), "{wide}");
    }
}

#[test]
fn blocks_can_be_had_on_a_terminal_too() {
    let (server, home) = with_names(&["a"]);
    assert!(screen(&server, &home, 80, &["-d", "1"]).contains("Modfied: "));
    assert!(screen(&server, &home, 80, &["-o", "text"]).contains("Name: a\n"));
}

#[test]
fn nothing_from_the_server_drives_the_terminal() {
    let body =
        r#"[{"id":"i\u001b[2J","name":"n\u001b]0;owned\u0007","description":"\u202eevil\nx","updates":[]}]"#;
    for args in [&[][..], &["-d", "1"], &["-q"], &["-o", "jsonl"]] {
        let (server, home) = with_names(&[]);
        server.fault(Fault::on("GET", V2).body("application/json", body));
        let env = [("MENDER_SERVER_URL", server.url())];
        let args: Vec<&str> = ["artifacts", "list"].iter().chain(args).copied().collect();
        let mut terminal = Terminal::start(&home, 80, &env, &args);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        let written = &terminal.history;
        for forbidden in ["\u{1b}[2J", "\u{1b}]0;", "\u{7}", "\u{202e}"] {
            assert!(!written.contains(forbidden), "{args:?}: {written:?}");
        }
    }
}

/// D15: that there is more does not go unsaid.
#[test]
fn more_pages_are_hinted_at() {
    let (server, home) = with_names(&["a", "b", "c"]);
    assert!(
        screen(&server, &home, 80, &["-N", "2"]).contains("there are more artifacts: --page 2, or --all")
    );
    assert!(!screen(&server, &home, 80, &["-N", "3"]).contains("there are more"));
}

/// As in a terminal that nobody has told its size.
#[test]
fn a_terminal_without_columns_gets_whole_words() {
    let (server, home) = with_names(&["a"]);
    let ids = home.at(&server, ["artifacts", "list", "-q"]).run().succeeds().stdout;
    let env = [("MENDER_SERVER_URL", server.url()), ("PROGRAM", crate::support::home::PROGRAM)];
    let script = "stty cols 0; \"$PROGRAM\" artifacts list";
    let mut terminal = Terminal::start_program(&home, 160, &env, "sh", &["-c", script]);
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains(ids.trim()), "{}", terminal.screen());
}
