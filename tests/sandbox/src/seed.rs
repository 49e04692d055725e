//! Something to look at in a fresh sandbox.

use sandbox::Sandbox;
use sandbox::artifact::{Artifact, Compression};

/// How many devices there are.
pub(crate) const DEVICES: usize = 12;

/// A number that gives the dozen some of everything.
pub(crate) const SEED: u64 = 52;

pub(crate) fn fill(server: &Sandbox, devices: usize, seed: u64) {
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
    // For all types of the fleet: a whole group can get it at once.
    let system = Artifact::new("system-4.0")
        .device_type("raspberrypi4")
        .device_type("beagleboneblack")
        .device_type("imx8mp-evk")
        .device_type("qemux86-64")
        .payload("rootfs-image")
        .file("system.img", vec![0; 512 * 1024])
        .provides("rootfs-image.version", "system-4.0")
        .compression(Compression::Gzip);
    server.add_artifact(&system.build());

    server.add_fleet(devices, seed);
}
