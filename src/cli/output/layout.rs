//! JSON text laid out anew, on one line or indented, with its values left as they are, to the last digit.

/// How JSON is to stand. It may come in pieces.
#[derive(Default)]
pub struct Layout {
    indented: bool,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// After a bracket that may close at once.
    just_opened: bool,
}

/// On one line.
pub fn compact(json: &str) -> String {
    Layout::default().next(json)
}

/// A line a value, as far as brackets allow.
pub fn indented(json: &str) -> String {
    Layout::indented().next(json)
}

impl Layout {
    pub fn indented() -> Self {
        Layout { indented: true, ..Self::default() }
    }

    /// The next piece.
    pub fn next(&mut self, json: &str) -> String {
        let mut text = String::with_capacity(json.len());
        for c in json.chars() {
            if self.in_string {
                text.push(c);
                self.in_string = c != '"' || self.escaped;
                self.escaped = c == '\\' && !self.escaped;
            } else if !matches!(c, ' ' | '\t' | '\r' | '\n') {
                self.outside(c, &mut text);
            }
        }
        text
    }

    fn outside(&mut self, c: char, text: &mut String) {
        let opened = std::mem::replace(&mut self.just_opened, matches!(c, '[' | '{'));
        let closes = matches!(c, ']' | '}');
        self.depth -= usize::from(closes && self.depth > 0);
        if opened != closes {
            self.line(text);
        }
        text.push(c);
        match c {
            '"' => self.in_string = true,
            '[' | '{' => self.depth += 1,
            ',' => self.line(text),
            ':' if self.indented => text.push(' '),
            _ => {}
        }
    }

    fn line(&self, text: &mut String) {
        if self.indented {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", self.depth));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = " {\"a\" : [ 1.10 ,\n[], {}, \"x\\\\\\\" , [\"],\t\"b\":{\"c\":null}} ";

    #[test]
    fn on_one_line_nothing_but_white_space_goes() {
        assert_eq!(compact(JSON), r#"{"a":[1.10,[],{},"x\\\" , ["],"b":{"c":null}}"#);
        assert_eq!(compact("  12345678901234567890123 "), "12345678901234567890123");
    }

    #[test]
    fn indented_it_is_what_serde_makes_of_it() {
        let value: serde_json::Value = serde_json::from_str(JSON).unwrap();
        let expected = serde_json::to_string_pretty(&value).unwrap().replace("1.1,", "1.10,");
        assert_eq!(indented(JSON), expected);
        assert_eq!(indented("[]"), "[]");
        assert_eq!(indented("[[[]]]"), "[\n  [\n    []\n  ]\n]");
    }

    #[test]
    fn pieces_fit_together() {
        let mut layout = Layout::indented();
        let text: String = JSON.chars().map(|c| layout.next(&c.to_string())).collect();
        assert_eq!(text, indented(JSON));
    }
}
