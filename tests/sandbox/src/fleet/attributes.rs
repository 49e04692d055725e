//! What the devices of a fleet tell of themselves.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// Kinds of devices with their kernel, memory in kB and number of processors.
const KINDS: [(&str, &str, u64, u64); 4] = [
    ("raspberrypi4", "6.6.31-v8", 3_884_452, 4),
    ("beagleboneblack", "5.10.168", 495_652, 1),
    ("imx8mp-evk", "6.1.55", 5_989_328, 4),
    ("qemux86-64", "6.6.32-yocto-standard", 254_764, 2),
];

/// Releases, the most common ones named more often.
const VERSIONS: [&str; 8] = ["2.9", "2.10", "2.10", "3.0.0", "3.0.1", "3.0.1", "3.0.1", "3.1.0-rc1"];

pub(crate) fn attributes(random: &mut Random) -> Map<String, Value> {
    let (device_type, kernel, memory, processors) = random.pick(&KINDS);
    let version = random.pick(&VERSIONS);
    let [a, b, c] = random.bytes();
    let mut addresses = vec![format!("10.{a}.{b}.{}", c.max(1))];
    if random.percent(20) {
        addresses.push(format!("192.168.{}.{}", a % 4, b.max(1)));
    }
    let value = json!({
        "device_type": device_type,
        "artifact_name": format!("system-{version}"),
        "rootfs-image.version": format!("system-{version}"),
        "hostname": format!("{device_type}-{a:02x}{b:02x}{c:02x}"),
        "kernel": format!("Linux version {kernel}"),
        "mem_total_kB": memory.to_string(),
        "cpu_count": processors,
        "ipv4": addresses,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
