use std::collections::{BTreeMap, BTreeSet};

use sandbox::{Device, Sandbox};
use serde_json::Value;

use crate::{DEVICES, get};

/// What does not go by the clock.
fn lasting(device: &Device) -> (String, String, Value, Vec<(String, String, String)>) {
    let sets = device.auth_sets.iter().map(|set| (set.id.clone(), set.pubkey.clone(), set.status.clone()));
    (device.id.clone(), device.status.clone(), device.identity_data.clone(), sets.collect())
}

#[test]
fn one_seed_gives_one_fleet() {
    let of_seed = |seed| {
        let server = Sandbox::start();
        let ids = server.add_fleet(300, seed);
        let told = |id: &String| (server.group(id), server.tags(id));
        ids.iter().map(|id| (lasting(&server.device(id).expect("a device")), told(id))).collect::<Vec<_>>()
    };
    let fleet = of_seed(7);
    assert_eq!(fleet, of_seed(7));
    let ids: BTreeSet<_> = fleet.iter().chain(&of_seed(8)).map(|((id, ..), _)| id.clone()).collect();
    assert_eq!(ids.len(), 600, "another seed, other devices");
}

#[test]
fn a_fleet_is_mixed() {
    let server = Sandbox::start();
    let ids = server.add_fleet(1000, 3);
    let fleet: Vec<Device> = ids.iter().filter_map(|id| server.device(id)).collect();
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for device in &fleet {
        *statuses.entry(&device.status).or_default() += 1;
    }
    assert_eq!(
        statuses.keys().copied().collect::<Vec<_>>(),
        ["accepted", "noauth", "pending", "preauthorized", "rejected"]
    );
    assert!(statuses["accepted"] > 800, "{statuses:?}");
    let count = |fits: fn(&Device) -> bool| fleet.iter().filter(|device| fits(device)).count();
    assert!(count(|device| device.auth_sets.len() == 2) > 20, "keys that changed");
    assert!(count(|device| device.status == "accepted" && device.check_in_time.is_none()) > 10, "never seen");
    assert!(count(|device| device.connected) > 50);
    let identities: BTreeSet<String> = fleet.iter().map(|device| device.identity_data.to_string()).collect();
    assert_eq!(identities.len(), fleet.len());
}

#[tokio::test]
async fn its_inventory_is_as_old_as_the_last_sign_of_life() {
    let server = Sandbox::start();
    let ids = server.add_fleet(30, 2);
    let mut reports = 0;
    for device in ids.iter().filter_map(|id| server.device(id)) {
        let path = format!("/api/management/v1/inventory/devices/{}", device.id);
        let shown: Value = get(&server, &path).send().await.unwrap().json().await.unwrap();
        assert_eq!(shown["updated_ts"].as_str(), device.check_in_time.as_deref());
        reports += usize::from(device.check_in_time.is_some());
    }
    assert!(reports > 15);
    let groups: BTreeSet<_> = ids.iter().filter_map(|id| server.group(id)).collect();
    assert!(groups.len() > 2 && ids.iter().any(|id| server.tags(id).contains_key("name")), "{groups:?}");
}

#[test]
fn its_devices_can_come_in() {
    let server = Sandbox::builder().fleet(50, 5).start();
    let twin = Sandbox::start();
    for id in twin.add_fleet(50, 5) {
        let device = server.device(&id).expect("the same device");
        for set in &device.auth_sets {
            let token = server.device_authenticates(&device.identity_data, &set.pubkey);
            let welcome = matches!(set.status.as_str(), "accepted" | "preauthorized");
            assert_eq!(token.is_some(), welcome, "{set:?}");
        }
    }
}

#[tokio::test]
async fn pages_cover_it_once_and_in_order() {
    let server = Sandbox::builder().fleet(1200, 9).start();
    let mut listed: Vec<(String, String)> = Vec::new();
    for page in 1..=3 {
        let answer = get(&server, &format!("{DEVICES}?per_page=500&page={page}")).send().await.unwrap();
        let has_next =
            answer.headers().get_all("link").iter().any(|link| link.to_str().unwrap().contains("next"));
        assert_eq!(has_next, page < 3);
        for device in answer.json::<Vec<Value>>().await.unwrap() {
            let text = |key: &str| device[key].as_str().unwrap().to_string();
            listed.push((text("status"), text("id")));
        }
    }
    assert_eq!(listed.len(), 1200);
    assert!(listed.is_sorted() && listed.windows(2).all(|pair| pair[0] != pair[1]));
}
