//! Version, help, completion and manual pages, and lines that are wrong.

use sandbox::Sandbox;

use crate::support::Home;
use crate::support::home::Outcome;

#[test]
fn the_version_wins_wherever_it_stands() {
    let home = Home::new();
    let expected = format!("mender-cli version {}\n", env!("CARGO_PKG_VERSION"));
    for line in [
        "--version",
        "--version=true",
        "artifacts list --version",
        "--version artifacts list",
        "artifacts --version list",
        "login --username --version",
        "foo --version",
        "artifacts list --foo --version",
        "--verbose=maybe --version",
        "--version --help",
        "--version=false --version",
    ] {
        home.cli(line.split(' ')).run().succeeds().prints(&expected).says_exactly("");
    }
    for line in ["--version=false", "--version --version=false"] {
        home.cli(line.split(' ')).run().succeeds().shows("Usage: mender-cli").says_exactly("");
    }
    home.cli(["--", "--version"]).run().exits_with(2).prints("");
    home.cli(["--server", "--version", "--version", "whoami"]).run().prints(&expected);
    assert_eq!(home.files(), [""; 0]);
}

/// Help is a result: on stdout, with exit code 0, without a configuration or a server.
#[test]
fn help_in_all_its_forms() {
    let home = Home::new();
    for (line, usage) in [
        ("help", "Usage: mender-cli [OPTIONS] [COMMAND]"),
        ("--help", "Usage: mender-cli [OPTIONS] [COMMAND]"),
        ("-h", "Usage: mender-cli [OPTIONS] [COMMAND]"),
        ("-v", "Usage: mender-cli [OPTIONS] [COMMAND]"),
        ("artifacts", "Usage: mender-cli artifacts [OPTIONS] [COMMAND]"),
        ("artifacts -h", "Usage: mender-cli artifacts [OPTIONS] [COMMAND]"),
        ("help artifacts", "Usage: mender-cli artifacts [OPTIONS] [COMMAND]"),
        ("devices", "Usage: mender-cli devices [OPTIONS] [COMMAND]"),
        ("token", "Usage: mender-cli token [OPTIONS] [COMMAND]"),
        ("users", "Usage: mender-cli users [OPTIONS] [COMMAND]"),
        ("profile", "Usage: mender-cli profile [OPTIONS] [COMMAND]"),
        ("completion", "Usage: mender-cli completion [OPTIONS] [SHELL]"),
        ("help artifacts list", "Usage: mender-cli artifacts list [OPTIONS]"),
        ("artifacts list --help", "Usage: mender-cli artifacts list [OPTIONS]"),
        ("artifacts list -h", "Usage: mender-cli artifacts list [OPTIONS]"),
        ("login --username --help --help", "Usage: mender-cli login [OPTIONS]"),
        ("artifacts upload --help", "Usage: mender-cli artifacts upload [OPTIONS] <FILE>..."),
        ("artifacts delete -h", "Usage: mender-cli artifacts delete [OPTIONS] <ID|NAME>..."),
    ] {
        let run = home.cli(line.split(' ')).run().succeeds().says_exactly("");
        assert!(run.stdout.lines().any(|shown| shown == usage), "{line}\n{}", run.transcript());
    }
    home.cli([""; 0]).run().succeeds().shows("Usage: mender-cli [OPTIONS] [COMMAND]").says_exactly("");
    assert_eq!(home.files(), [""; 0]);
}

/// A wrong line does nothing, says so on stderr in the known words, and exits with 2.
#[test]
fn wrong_usage() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for (line, text) in [
        ("foo", "unknown command \"foo\" for \"mender-cli\""),
        ("Artifacts", "unknown command \"Artifacts\" for \"mender-cli\""),
        ("artifacts foo", "unknown command \"foo\" for \"mender-cli artifacts\""),
        ("token foo", "unknown command \"foo\" for \"mender-cli token\""),
        ("help foo", "unknown command \"foo\" for \"mender-cli\""),
        ("--foo", "unknown flag: --foo"),
        ("artifacts list --foo", "unknown flag: --foo"),
        ("artifacts list --foo=1", "unknown flag: --foo"),
        ("artifacts list -x", "unknown flag: -x"),
        ("artifacts list --Raw", "unknown flag: --Raw"),
        ("artifacts list --ra", "unknown flag: --ra"),
        ("artifacts list --per 5", "unknown flag: --per"),
        ("login --2fa 1", "unknown flag: --2fa"),
        ("-r artifacts list", "unknown flag: -r"),
        ("artifacts -r list", "unknown flag: -r"),
        ("-- artifacts list", "unknown argument \"artifacts\""),
        ("artifacts list -d", "a value is required for '--detail <N>'"),
        ("artifacts list --page", "a value is required for '--page <N>'"),
        ("artifacts list --server", "a value is required for '--server <URL>'"),
        ("artifacts list -d x", "invalid value 'x' for '--detail <N>': \"x\" is not a whole number"),
        ("artifacts list -N 1.5", "invalid value '1.5' for '--per-page <N>': \"1.5\" is not a whole number"),
        ("artifacts list -P 08", "invalid value '08' for '--page <N>': \"08\" is not a whole number"),
        ("artifacts list --raw=maybe", "'--raw'"),
        ("--verbose=maybe artifacts list", "'--verbose'"),
        ("artifacts list -o yaml", "invalid value 'yaml' for '--output <FORM>'"),
        ("artifacts upload", "<FILE>..."),
        ("artifacts delete", "<ID|NAME>..."),
        ("artifacts download", "<ID|NAME>"),
        ("artifacts download a b", "unknown argument \"b\""),
        ("completion tcsh", "invalid value 'tcsh' for '[SHELL]'"),
        ("login --password p --password-stdin", "--password-stdin"),
        ("whoami --check --show-token", "--show-token"),
        ("artifacts list --all --page 2", "--page"),
        ("--profile a/b whoami", "a profile's name"),
    ] {
        let run = home.at(&server, line.split(' ')).run().exits_with(2).prints("").says(text);
        assert!(run.stderr.starts_with("FAILURE: "), "{line}\n{}", run.stderr);
    }
    home.cli(["artifcats"]).run().exits_with(2).says("a similar subcommand exists: 'artifacts'");
    home.cli(["artifacts", "list", "--rawx"]).run().exits_with(2).says("a similar argument exists: '--raw'");
    // Advice to pass the flag on as a word would not help anybody here.
    home.cli(["artifacts", "list", "--foo"]).run().exits_with(2).does_not_say("-- --foo");
    assert!(server.requests().is_empty());
}

#[test]
fn wrong_usage_is_json_for_those_who_read_json() {
    let home = Home::new();
    for line in ["artifacts list --foo -o json", "-ojsonl foo", "--output=json artifacts delete"] {
        let error = home.cli(line.split(' ')).run().exits_with(2).prints("").json_error();
        assert_eq!(error["kind"], "usage", "{line}");
        assert_eq!(error["exit_code"], 2, "{line}");
    }
}

/// Faults that show before any request, in the order in which the official client finds them.
#[test]
fn local_errors_come_before_requests() {
    let server = Sandbox::start();
    let (without, with) = (Home::new(), Home::logged_in(&server));
    let no_page = "FAILURE: page and per-page arguments must be larger than 0\n";
    for line in ["artifacts list -P 0", "artifacts list -N 0", "devices list -P -1", "devices list -N=-5"] {
        without.at(&server, line.split(' ')).run().fails().says(no_page);
    }
    for line in ["artifacts list -d 4", "devices list -d=-1", "artifacts list -d -1"] {
        without.at(&server, line.split(' ')).run().fails().says("FAILURE: Please Login first: open ");
        let what = if line.starts_with('a') { "artifact" } else { "devices" };
        let text = format!("FAILURE: FAILURE: invalid {what} detail\n");
        with.at(&server, line.split(' ')).run().fails().prints("").says(&text);
    }
    let both = "FAILURE: cannot specify both --token-value and --token\n";
    let line = "artifacts list --token x --token-value y";
    without.at(&server, line.split(' ')).run().fails().says(both);
    assert!(server.requests().is_empty());
}

#[test]
fn completion_for_each_shell() {
    let home = Home::new();
    for (shell, mark) in [
        ("bash", "complete -F _mender__cli"),
        ("zsh", "#compdef mender-cli"),
        ("fish", "complete -c mender-cli"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let complete =
            |run: Outcome| run.succeeds().says_exactly("").shows(mark).shows("upload").shows("whoami");
        complete(home.cli(["completion", shell]).run());
        complete(home.cli(["completion", shell, "--no-descriptions"]).run());
        complete(home.cli(["completion", "--no-descriptions=true", shell, "-v"]).run());
    }
    assert_eq!(home.files(), [""; 0]);
}

/// The hidden flag of the official client's `make install`: two files, nothing said.
#[test]
fn generate_autocomplete() {
    let home = Home::new();
    std::fs::create_dir(home.path("autocomplete")).unwrap();
    for line in ["--generate-autocomplete", "artifacts list --generate-autocomplete --version"] {
        home.cli(line.split(' ')).run().succeeds().prints("").says_exactly("");
        assert_eq!(home.files(), ["autocomplete/autocomplete.sh", "autocomplete/autocomplete.zsh"], "{line}");
        assert!(home.read("autocomplete/autocomplete.sh").contains("complete -F _mender__cli"));
        assert!(home.read("autocomplete/autocomplete.zsh").starts_with("#compdef mender-cli"));
        std::fs::remove_file(home.path("autocomplete/autocomplete.sh")).unwrap();
        std::fs::remove_file(home.path("autocomplete/autocomplete.zsh")).unwrap();
    }
    std::fs::remove_dir(home.path("autocomplete")).unwrap();
    home.cli(["--generate-autocomplete"])
        .run()
        .fails()
        .prints("")
        .says("FAILURE: cannot write ")
        .says("the directory must be there");
}

#[test]
fn manual_pages() {
    let home = Home::new();
    home.cli(["man"]).run().succeeds().says_exactly("").shows(".TH mender-cli 1").shows("artifacts");
    home.cli(["man", "-O", "pages/man1"]).run().succeeds().prints("");
    for page in ["mender-cli.1", "mender-cli-login.1", "mender-cli-artifacts-upload.1"] {
        assert!(home.read(&format!("pages/man1/{page}")).contains(".SH SYNOPSIS"), "{page}");
    }
    home.write("file", "");
    home.cli(["man", "--output-dir", "file"]).run().fails().says("FAILURE: cannot make the directory file");
}
