//! Lists and properties: aligned for people, tabs for programs.

use std::borrow::Cow;

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};
use indicatif::BinaryBytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr as _;

use super::escape::{cell, line};

/// A value that knows how people and programs want to see it.
pub enum Cell<'t> {
    Text(Cow<'t, str>),
    /// RFC 3339, as the server sends it.
    Time(Option<&'t str>),
    /// When something ends; what has ended is marked for people.
    End(Option<&'t str>),
    /// Bytes.
    Size(u64),
    Flag(bool),
    List(&'t [String]),
}

impl<'t> Cell<'t> {
    pub fn text(text: &'t str) -> Self {
        Cell::Text(Cow::Borrowed(text))
    }

    pub fn maybe(text: Option<&'t str>) -> Self {
        Cell::Text(Cow::Borrowed(text.unwrap_or_default()))
    }

    fn for_people(&self) -> String {
        match self {
            Cell::Text(text) => cell(text).into_owned(),
            Cell::Time(time) => time.map(local).unwrap_or_default(),
            Cell::End(None) => "never".into(),
            Cell::End(Some(time)) => {
                let has_ended = time.parse::<Timestamp>().is_ok_and(|end| end <= Timestamp::now());
                format!("{}{}", local(time), if has_ended { " (expired)" } else { "" })
            }
            Cell::Size(bytes) => BinaryBytes(*bytes).to_string(),
            Cell::Flag(yes) => if *yes { "yes" } else { "no" }.into(),
            Cell::List(items) => cell(&items.join(", ")).into_owned(),
        }
    }

    fn for_programs(&self) -> String {
        let text: Cow<'_, str> = match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Time(time) | Cell::End(time) => Cow::Borrowed(time.unwrap_or_default()),
            Cell::Size(bytes) => Cow::Owned(bytes.to_string()),
            Cell::Flag(yes) => Cow::Owned(yes.to_string()),
            Cell::List(items) => Cow::Owned(items.join(",")),
        };
        // A cell is one field of one line, whatever it holds; and a pipe often ends at a terminal.
        line(&text.replace(['\t', '\n', '\r'], " ")).into_owned()
    }
}

/// Between two columns.
const GAP: usize = 2;
/// A longer word may be broken over lines.
const LONGEST_WORD: usize = 32;

/// Aligned columns with headings, no wider than the terminal. Where not all columns find room, some are left out;
/// where not even two do, each item has a line a property. With `keeps_all` they are broken over lines instead.
pub fn grid(titles: &[&str], rows: &[Vec<Cell<'_>>], width: Option<u16>, keeps_all: bool) -> String {
    let texts: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(Cell::for_people).collect()).collect();
    let mut shown: Vec<usize> = (0..titles.len()).collect();
    let is_time = |column: usize| rows.iter().any(|row| matches!(row[column], Cell::Time(_)));
    let least = |column: usize| {
        // The first names the thing, and what is broken over lines cannot be copied.
        let whole = column == 0 || is_time(column);
        let needs =
            texts.iter().map(|row| if whole { row[column].width() } else { longest_word(&row[column]) });
        needs.max().unwrap_or_default().max(titles[column].width()) + GAP
    };
    if let Some(width) = width.filter(|_| !keeps_all) {
        while shown.iter().map(|&column| least(column)).sum::<usize>() > usize::from(width) && shown.len() > 1
        {
            let is_empty = |column: usize| texts.iter().all(|row| row[column].is_empty());
            // What happened when is missed least.
            let candidates = || (1..shown.len()).rev();
            let dropped = candidates()
                .find(|&index| is_empty(shown[index]))
                .or_else(|| candidates().find(|&index| is_time(shown[index])));
            shown.remove(dropped.unwrap_or(shown.len() - 1));
        }
    }
    if shown.len() == 1 && titles.len() > 1 {
        return texts.iter().map(|row| property_lines(titles, row)).collect::<Vec<_>>().join("\n");
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    // Left to itself it would ask the terminal, which may say 0.
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(shown.iter().map(|&column| cell(titles[column]).to_uppercase()));
    for row in &texts {
        table.add_row(shown.iter().map(|&column| row[column].as_str()));
    }
    // Where all columns stay the words have to give way.
    for (index, &column) in shown.iter().enumerate().filter(|_| !keeps_all) {
        let least = u16::try_from(least(column)).unwrap_or(u16::MAX);
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
    }
    let mut text = String::new();
    for row in table.lines() {
        // The first column's padding and what fills the last are of no use.
        text.push_str(row.strip_prefix(' ').unwrap_or(&row).trim_end());
        text.push('\n');
    }
    text
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(|word| word.width()).max().unwrap_or_default().min(LONGEST_WORD)
}

/// The fields of one item, tabs between them.
pub fn tab_line(row: &[Cell<'_>]) -> String {
    row.iter().map(Cell::for_programs).collect::<Vec<_>>().join("\t") + "\n"
}

/// `Title:  value`, a line each; what has no value is left out.
pub fn properties(titles: &[&str], cells: &[Cell<'_>]) -> String {
    property_lines(titles, &cells.iter().map(Cell::for_people).collect::<Vec<_>>())
}

fn property_lines(titles: &[&str], values: &[String]) -> String {
    // Attributes are called what devices call them.
    let titles = titles.iter().map(|title| cell(title));
    let shown: Vec<_> = titles.zip(values).filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(title, _)| title.width()).max().unwrap_or_default();
    let row = |(title, value): &(Cow<'_, str>, &String)| {
        let gap = " ".repeat(width - title.width() + GAP);
        format!("{title}:{gap}{value}\n")
    };
    shown.iter().map(row).collect()
}

/// A server's time in the user's zone, to the minute; as it came if it is none.
fn local(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(moment) => moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => cell(time).into_owned(),
    }
}

/// Seconds in the units that say enough: `29 d`, `6 d 23 h`, `23 h`, `5 min`.
pub fn duration(seconds: i64) -> String {
    match seconds {
        1_209_600.. => format!("{} d", seconds / 86_400),
        172_800.. => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
        7200.. => format!("{} h", seconds / 3600),
        120.. => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Columns of the terminal, if there is one that knows them.
pub fn terminal_width() -> Option<u16> {
    Table::new().width().filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: [&str; 2] = ["Name", "Size"];

    fn thing(name: &str, size: u64) -> Vec<Cell<'_>> {
        vec![Cell::text(name), Cell::Size(size)]
    }

    #[test]
    fn people_get_aligned_columns_and_programs_tabs() {
        let things = [thing("a\x1b[31m", 5), thing("long name", 2048)];
        let expected = "NAME             SIZE\na\\u{1b}[31m     5 B\nlong name        2.00 KiB\n";
        let shown = grid(&TITLES, &things, None, false);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&shown), squeezed(expected));
        let starts: Vec<_> = shown.lines().map(|row| row.len() - row.trim_start().len()).collect();
        assert_eq!(starts, [0, 0, 0]);
        assert_eq!(tab_line(&thing("a\tb\nc", 7)), "a b c\t7\n");
    }

    #[test]
    fn a_narrow_table_keeps_what_names_the_things() {
        const WIDE: [&str; 5] = ["ID", "Name", "Created", "Ends", "Note"];
        let row = vec![
            Cell::text("0123456789-0123456789"),
            Cell::text("some name"),
            Cell::Time(Some("2024-05-06T07:08:09Z")),
            Cell::End(None),
            Cell::text(""),
        ];
        let rows = [row];
        let headings = |width| {
            let text = grid(&WIDE, &rows, width, false);
            assert!(text.contains("0123456789-0123456789"), "{text}");
            text.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(headings(None), "ID NAME CREATED ENDS NOTE");
        assert_eq!(headings(Some(80)), "ID NAME CREATED ENDS NOTE");
        assert_eq!(headings(Some(55)), "ID NAME CREATED ENDS");
        assert_eq!(headings(Some(50)), "ID NAME ENDS");
        assert_eq!(headings(Some(35)), "ID NAME");
        assert_eq!(headings(Some(28)), "ID: 0123456789-0123456789");
        let whole = grid(&WIDE, &rows, Some(50), true);
        let heading: String = whole.lines().take(3).collect();
        assert!(
            ["ID", "NAME", "CREATE", "ENDS", "NOTE"].iter().all(|title| heading.contains(title)),
            "{whole}"
        );
        assert!(whole.lines().all(|line| line.chars().count() <= 50), "{whole}");
    }

    #[test]
    fn properties_have_a_line_each() {
        assert_eq!(properties(&TITLES, &thing("", 0)), "Size:  0 B\n");
    }

    #[test]
    fn an_end_in_the_past_is_marked() {
        let past = Cell::End(Some("2001-02-03T04:05:06Z"));
        assert!(past.for_people().ends_with(" (expired)"), "{}", past.for_people());
        assert_eq!(past.for_programs(), "2001-02-03T04:05:06Z");
        assert_eq!(Cell::End(None).for_people(), "never");
    }

    #[test]
    fn durations_are_short() {
        for (seconds, expected) in
            [(59, "59 s"), (600, "10 min"), (9000, "2 h"), (604_700, "6 d 23 h"), (2_592_000, "30 d")]
        {
            assert_eq!(duration(seconds), expected);
        }
    }
}
