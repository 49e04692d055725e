//! What a person sees.

use mender::devices::Status;

use super::{Count, Limits, MOST_ROWS, Overview, Pending, Running};
use crate::cli::fleet::pairs;
use crate::cli::output::{duration, line};

/// All of it as text.
pub fn text(overview: &Overview) -> String {
    let Overview {
        server,
        devices,
        software,
        offline,
        offline_after,
        never_seen,
        pending,
        deployments,
        limits,
    } = overview;
    let mut parts = vec![format!("Fleet of {server}\n")];
    let count = |status: Status| devices.as_ref().and_then(|counts| counts.get(status.name()).copied());
    let accepted = count(Status::Accepted);
    let mut lines: Vec<(String, String)> = Status::ALL
        .iter()
        .filter_map(|status| Some((status.to_string(), count(*status)?.to_string())))
        .collect();
    if let Some(offline) = offline {
        let after = duration(i64::try_from(*offline_after).unwrap_or(i64::MAX));
        let of = accepted.map(|all| format!(" of {all}")).unwrap_or_default();
        lines.push((format!("silent for over {after}"), format!("{offline}{of}")));
    }
    if let Some(count @ 1..) = never_seen {
        lines.push(("accepted and never seen".into(), count.to_string()));
    }
    parts.push(part("Devices", lines));
    let name = |count: &Count| count.name.clone().unwrap_or_else(|| "(none reported)".into());
    let software = software.iter().flatten();
    parts.push(part("Software", software.map(|it| (name(it), share(it.devices, accepted))).collect()));
    let mut waiting: Vec<(String, String)> = Vec::new();
    if let Some(pending) = pending {
        let described = |it: &Pending| (it.id.clone(), pairs(&it.identity_data));
        waiting.extend(pending.iter().map(described));
        let more = count(Status::Pending).unwrap_or_default().saturating_sub(pending.len() as u64);
        waiting.extend((more > 0).then(|| (format!("and {more} more"), String::new())));
    }
    parts.push(part("Waiting for a decision", waiting));
    parts.push(part("Deployments", deployments.iter().flatten().map(deployment).collect()));
    parts.push(part("Limits", limit_lines(limits, accepted)));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn deployment(it: &Running) -> (String, String) {
    let counters: Vec<_> = it.statistics.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let of = it.devices.map(|count| format!(" of {count}")).unwrap_or_default();
    (it.name.clone(), format!("{}, {}: {}{of}", it.artifact, it.status, counters.join(", ")))
}

fn limit_lines(limits: &Limits, accepted: Option<u64>) -> Vec<(String, String)> {
    let devices = limits.devices.map(|limit| {
        let accepted = accepted.map(|count| format!("{count} of ")).unwrap_or_default();
        ("accepted devices".to_owned(), format!("{accepted}{limit}"))
    });
    let storage = limits.storage.filter(|usage| usage.limit > 0 || usage.usage > 0).map(|usage| {
        let size = |bytes| indicatif::BinaryBytes(bytes).to_string();
        let limit = if usage.limit > 0 { format!(" of {}", size(usage.limit)) } else { String::new() };
        ("stored Artifacts".to_owned(), format!("{}{limit}", size(usage.usage)))
    });
    devices.into_iter().chain(storage).collect()
}

fn share(count: u64, all: Option<u64>) -> String {
    match all.and_then(|all| (count * 100 + all / 2).checked_div(all)) {
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
