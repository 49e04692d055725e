//! `deployments create`: what is sent, and what is said.

use super::*;

#[test]
fn devices_that_are_named_are_a_sorted_list_with_each_once() {
    let fleet = lab(3);
    fleet.server.set_tags(&id(2), &[("name", json!("kitchen"))]);
    // Two of these words mean one device.
    let made = create(&fleet, &["kitchen", &id(2), "mac=02:000000"]).succeeds();
    let (path, body) = order(&fleet);
    let name = body["name"].as_str().unwrap();
    let mark = name.strip_prefix("r2 to 2 devices (").and_then(|rest| rest.strip_suffix(')'));
    assert!(mark.is_some_and(|mark| mark.len() == 6), "{name}");
    assert_eq!(path, "");
    assert_eq!(body, json!({ "name": name, "artifact_name": "r2", "devices": [id(0), id(2)] }));
    let made = made.says_exactly(&format!("created: {name} (2 devices)\n"));
    made.prints(&format!("{}\n", deployments(&fleet)[0]));
}

#[test]
fn other_devices_give_another_name() {
    let fleet = lab(3);
    create(&fleet, &[&id(0), &id(1)]).succeeds();
    create(&fleet, &[&id(1), &id(2)]).succeeds();
    let names: Vec<Value> = orders(&fleet).into_iter().map(|(_, body)| body["name"].clone()).collect();
    assert_ne!(names[0], names[1]);
}

#[test]
fn a_deployment_to_one_device_is_called_by_it() {
    let fleet = lab(2);
    fleet.server.set_tags(&id(1), &[("name", json!("kitchen"))]);
    create(&fleet, &[&id(0)]).succeeds().says(&format!("created: r2 to {} (1 device)\n", id(0)));
    create(&fleet, &[&id(1)]).succeeds().says("created: r2 to kitchen (1 device)\n");
}

#[test]
fn a_group_is_left_to_the_server() {
    let fleet = lab(3);
    fleet.add(&id(9), json!({ "mac": "elsewhere" }));
    let made = to_group(&fleet, &[]).succeeds();
    let body = json!({ "name": "r2 to group lab", "artifact_name": "r2" });
    assert_eq!(order(&fleet), ("/group/lab".into(), body));
    made.says("created: r2 to group lab (3 devices)\n").prints(&format!("{}\n", deployments(&fleet)[0]));
}

#[test]
fn all_devices_are_left_to_the_server() {
    let fleet = lab(2);
    create(&fleet, &["--all", "--yes"]).succeeds().says("created: r2 to all devices (2 devices)\n");
    let body = json!({ "name": "r2 to all devices", "artifact_name": "r2", "all_devices": true });
    assert_eq!(order(&fleet), (String::new(), body));
}

#[test]
fn several_groups_and_filters_are_searched_and_sent_as_a_list() {
    let several = ["--group", "lab", "--group", "depot", "--group", "lab"];
    for (selection, how) in [
        (&several[..], "selected by group = lab or depot or lab"),
        (&["--filter", "device_type=qemu"], "selected by device_type = qemu (compared by the server)"),
        (&["--group", "lab", "--filter", "device_type=qemu", "--group", "depot"], "selected by "),
    ] {
        let fleet = lab(3);
        fleet.server.set_group(&id(1), "depot");
        fleet.add_reporting(&id(8), json!({ "device_type": "pi" }));
        let made = create(&fleet, &[selection, &["--yes"]].concat()).succeeds();
        made.says("To deploy r2 to: 3 devices").says(how).says(" (3 devices)\n");
        let (path, body) = order(&fleet);
        assert_eq!((path.as_str(), &body["devices"]), ("", &json!([id(0), id(1), id(2)])), "{selection:?}");
        assert!(body.get("all_devices").is_none());
    }
}

#[test]
fn a_file_of_devices_is_sent_as_a_list() {
    let fleet = lab(3);
    let ids = format!("{}\n{}\n{}\n", id(2), id(0), id(2));
    fleet.home.write("devices.txt", ids);
    create(&fleet, &["--file", "devices.txt", "--yes"]).succeeds().says("(2 devices)");
    assert_eq!(order(&fleet).1["devices"], json!([id(0), id(2)]));
}

#[test]
fn the_users_name_and_force_are_sent() {
    let fleet = lab(1);
    to_group(&fleet, &["--name", "Tuesday \u{2013} \"main\"", "--force"]).succeeds();
    let body =
        json!({ "name": "Tuesday \u{2013} \"main\"", "artifact_name": "r2", "force_installation": true });
    assert_eq!(order(&fleet), ("/group/lab".into(), body));
}

#[test]
fn stdout_is_the_id_or_an_object_with_it() {
    let fleet = lab(2);
    to_group(&fleet, &["-q", "--name", "a"])
        .succeeds()
        .says_exactly("")
        .prints(&format!("{}\n", deployments(&fleet)[0]));
    for form in ["json", "jsonl"] {
        let made = to_group(&fleet, &["-o", form, "--name", form]).succeeds();
        let object = json!({
            "id": deployments(&fleet)[0],
            "name": form,
            "artifact_name": "r2",
            "devices": 2,
            "created": true,
            "left_out": 0,
            "limit": null,
        });
        assert_eq!(made.json(), object);
        assert_eq!(made.stdout.lines().count() == 1, form == "jsonl", "{}", made.stdout);
    }
}

#[test]
fn the_plan_names_the_server_and_a_sample() {
    let fleet = lab(7);
    let plan = create(&fleet, &["--group", "lab"]).fails().prints("");
    let plan = plan.says(&format!(
        "To deploy r2 to: 7 devices on {}, selected by group = lab (compared by the server)\n",
        fleet.server.url()
    ));
    let plan = plan.says(&format!("  {}  -  accepted  mac=02:000004\n", id(4))).says("  and 2 more\n");
    let plan = plan.does_not_say(&id(5));
    plan.says(&format!("nobody can be asked here: Deploy r2 to 7 devices on {}", fleet.server.url()));
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_dry_run_sends_nothing_and_lists_the_devices() {
    let fleet = lab(2);
    let dry = create(&fleet, &["--group", "lab", "--dry-run"]).succeeds();
    let dry = dry.says(&format!("would deploy r2 to 2 devices on {}", fleet.server.url()));
    dry.prints(&format!("{}\t\taccepted\n{}\t\taccepted\n", id(0), id(1)));
    create(&fleet, &[&id(1), "--dry-run", "-q"]).succeeds().prints(&format!("{}\n", id(1)));
    let json = create(&fleet, &["--all", "--dry-run", "--wait", "-o", "json"]).succeeds().json();
    assert_eq!(json[1]["id"], json!(id(1)));
    assert!(fleet.changes().is_empty());
}

/// Who names devices one by one has said what is meant.
#[test]
fn only_a_selection_wants_consent() {
    let fleet = lab(2);
    for selection in [&["--all"][..], &["--filter", "device_type=qemu"], &["--group", "lab", "--group", "x"]]
    {
        create(&fleet, selection).fails().says("nobody can be asked here").prints("");
    }
    assert!(fleet.changes().is_empty());
    create(&fleet, &[&id(0), &id(1)]).succeeds();
    assert_eq!(fleet.changes().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_person_is_asked() {
    for (answer, code) in [("y\r", 0), ("n\r", 1)] {
        let fleet = lab(2);
        let mut terminal = fleet.terminal(160, "deployments create --artifact r2 --group lab");
        terminal.wait_for("Deploy r2 to 2 devices on ");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(fleet.changes().len(), usize::from(code == 0));
    }
}

/// A following run has one value on stdout in JSON: the verdict. As lines, it begins with what was made.
#[test]
fn a_run_that_waits_prints_the_id_first_and_one_value_in_json() {
    let wait = |form: &[&str]| {
        let fleet = lab(2);
        fleet.server.simulate(sandbox::Simulation::default().speed(10_000.0));
        let made = to_group(&fleet, &[&["--wait", "--interval", "10ms"], form].concat()).succeeds();
        (made, deployments(&fleet).remove(0))
    };
    let (made, id) = wait(&[]);
    made.prints(&format!("{id}\n"));
    let (made, id) = wait(&["-o", "json"]);
    assert_eq!(made.json()["id"], json!(id));
    let (made, id) = wait(&["-o", "jsonl"]);
    let first: Value = serde_json::from_str(made.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["event"], &first["id"]), (&json!("created"), &json!(id)));
    let (made, id) = wait(&["-q"]);
    made.prints(&format!("{id}\n")).says_exactly("");
}
