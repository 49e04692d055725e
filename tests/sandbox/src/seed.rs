//! Something to look at in a fresh sandbox.

use sandbox::artifact::{Artifact, Compression};
use sandbox::{Device, Sandbox};
use serde_json::json;

pub(crate) fn fill(server: &Sandbox) {
    for (version, text) in [("1.0", "first"), ("1.1", "second")] {
        let name = format!("hello-{version}");
        let artifact = Artifact::new(&name)
            .device_type("qemux86-64")
            .file("hello.txt", format!("the {text} release\n"))
            .provides("rootfs-image.hello.version", version)
            .clears("rootfs-image.hello.*");
        server.add_artifact(&artifact.build());
    }
    let image = Artifact::new("system-2026.11")
        .device_type("raspberrypi4")
        .device_type("raspberrypi5")
        .payload("rootfs-image")
        .file("system.img", vec![0; 256 * 1024])
        .provides("rootfs-image.version", "system-2026.11")
        .compression(Compression::Gzip);
    server.add_artifact(&image.build());

    for (status, mac) in [
        ("accepted", "02:00:00:00:00:01"),
        ("accepted", "02:00:00:00:00:02"),
        ("pending", "02:00:00:00:00:03"),
        ("rejected", "02:00:00:00:00:04"),
    ] {
        server.add_device(Device {
            status: status.into(),
            identity_data: json!({ "mac": mac }),
            ..Device::default()
        });
    }
}
