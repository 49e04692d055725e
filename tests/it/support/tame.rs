//! What others wrote, on its way to a terminal.

/// What must reach none.
const DANGEROUS: [char; 11] = [
    '\u{1b}', '\u{7}', '\u{0}', '\u{7f}', '\u{85}', '\u{9b}', '\u{61c}', '\u{200f}', '\u{202e}', '\u{2028}',
    '\u{2066}',
];

/// Nothing in it drives a terminal.
#[track_caller]
pub fn is_tame(text: &str) {
    let wild: Vec<char> = DANGEROUS.into_iter().filter(|&c| text.contains(c)).collect();
    assert!(wild.is_empty(), "{wild:?} in {text:?}");
    let has_lone_return = text.replace("\r\n", "\n").contains('\r');
    assert!(!has_lone_return, "{text:?}");
}

/// Nor does anything in it leave the column that it belongs into.
#[cfg(unix)]
#[track_caller]
pub fn is_tame_without_tabs(text: &str) {
    is_tame(text);
    assert!(!text.contains('\t'), "{text:?}");
}
