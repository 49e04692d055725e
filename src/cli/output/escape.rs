//! What others wrote must not drive a terminal: control characters and those that turn text around become visible.

use std::borrow::Cow;

/// Text that stays on its line.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_dangerous(c) || c == '\n')
}

/// Text that stays in its cell of a table, or in its place on a line.
pub fn cell(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_dangerous(c) || matches!(c, '\n' | '\t'))
}

/// Text that may have lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, is_dangerous)
}

/// JSON that stays what it is: these characters occur only in its texts, and have another spelling there.
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_dangerous(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// Lines of which GitHub takes none for a command: `::name::` at the beginning, or `##[name]` anywhere.
pub fn no_command(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let tame = |line: &str| {
        let line = line.replace("##[", "#\\#[");
        let start = line.len() - line.trim_start().len();
        let (blank, rest) = line.split_at(start);
        if rest.starts_with("::") { format!("{blank}\\{rest}") } else { line }
    };
    Cow::Owned(text.split_inclusive('\n').map(tame).collect())
}

fn is_dangerous(c: char) -> bool {
    let turns_around =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_a_line = matches!(c, '\u{2028}' | '\u{2029}');
    (c.is_control() && c != '\n' && c != '\t') || turns_around || ends_a_line
}

fn escaped(text: &str, dangerous: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if dangerous(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_made_visible() {
        assert_eq!(
            line("\x1b]0;title\x07\u{202e}x\ny\u{9b}z"),
            "\\u{1b}]0;title\\u{7}\\u{202e}x\\ny\\u{9b}z"
        );
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
        assert_eq!(cell("a\tb\nc\u{7}"), "a\\tb\\nc\\u{7}");
        assert_eq!(json("{\n  \"\u{202e}\u{9b}\u{7f}ä\"}"), "{\n  \"\\u202e\\u009b\\u007fä\"}");
        assert_eq!(line("plain \t täxt"), "plain \t täxt");
    }

    #[test]
    fn no_line_is_a_command_to_github() {
        assert_eq!(
            no_command("::add-mask::a\n  ::error::b\nx ::c\nd ##[group]e\n"),
            "\\::add-mask::a\n  \\::error::b\nx ::c\nd #\\#[group]e\n"
        );
    }
}
