//! What a person sees.

use mender::devices::Status;

use super::{Count, Limits, MOST_ROWS, Overview, Running};
use crate::cli::fleet::pairs;
use crate::cli::output::{duration, line};

/// All of it as text.
pub fn text(overview: &Overview) -> String {
    let Overview { server, devices, software, offline, offline_after, pending, deployments, limits } =
        overview;
    let mut parts = vec![format!("Fleet of {server}\n")];
    let count = |status: Status| devices.get(status.name()).copied().unwrap_or_default();
    let accepted = count(Status::Accepted);
    let mut lines: Vec<(String, String)> =
        Status::ALL.iter().map(|status| (status.to_string(), count(*status).to_string())).collect();
    lines.push((
        format!("silent for over {}", duration(i64::try_from(*offline_after).unwrap_or(i64::MAX))),
        format!("{offline} of {accepted}"),
    ));
    parts.push(part("Devices", lines));
    let name = |count: &Count| count.name.clone().unwrap_or_else(|| "(none reported)".into());
    parts.push(part("Software", software.iter().map(|it| (name(it), share(it.devices, accepted))).collect()));
    let waiting = pending.iter().map(|it| (it.id.clone(), pairs(&it.identity_data)));
    let more = count(Status::Pending).saturating_sub(pending.len() as u64);
    let mut waiting: Vec<(String, String)> = waiting.collect();
    if more > 0 {
        waiting.push((format!("and {more} more"), String::new()));
    }
    parts.push(part("Waiting for a decision", waiting));
    parts.push(part("Deployments", deployments.iter().map(deployment).collect()));
    parts.push(part("Limits", limit_lines(limits, accepted)));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn deployment(it: &Running) -> (String, String) {
    let counters: Vec<_> = it.statistics.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let of = it.devices.map(|count| format!(" of {count}")).unwrap_or_default();
    (it.name.clone(), format!("{}, {}: {}{of}", it.artifact, it.status, counters.join(", ")))
}

fn limit_lines(limits: &Limits, accepted: u64) -> Vec<(String, String)> {
    let devices =
        limits.devices.map(|limit| ("accepted devices".to_owned(), format!("{accepted} of {limit}")));
    let storage = limits.storage.filter(|usage| usage.limit > 0 || usage.usage > 0).map(|usage| {
        let size = |bytes| indicatif::BinaryBytes(bytes).to_string();
        let limit = if usage.limit > 0 { format!(" of {}", size(usage.limit)) } else { String::new() };
        ("stored Artifacts".to_owned(), format!("{}{limit}", size(usage.usage)))
    });
    devices.into_iter().chain(storage).collect()
}

fn share(count: u64, all: u64) -> String {
    match (count * 100).checked_div(all) {
        Some(percent) => format!("{count} ({percent}%)"),
        None => count.to_string(),
    }
}

/// A heading and aligned lines below it; nothing without lines.
fn part(title: &str, lines: Vec<(String, String)>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let more = lines.len().saturating_sub(MOST_ROWS + 1);
    let shown = &lines[..lines.len() - more];
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = format!("{title}\n");
    for (name, value) in shown {
        // A name from a device stays on its line.
        let (name, value) = (line(name), line(value));
        text.push_str(format!("  {name:width$}  {value}").trim_end());
        text.push('\n');
    }
    if more > 0 {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}
