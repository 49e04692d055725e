//! The service of Artifacts, releases and deployments.

mod artifacts;
mod deployment;
mod direct;
mod limits;
mod lists;
mod reader;
mod releases;
mod software;
mod upload;

pub(crate) use artifacts::Record;
pub(crate) use deployment::{
    Deployment, Status, configure, decommissioned, deploy, log, next, report, take_part,
};
pub(crate) use direct::Upload;
pub(crate) use releases::Notes;
pub(crate) use upload::store;

use crate::routes::{Route, route};

const V1_LIST: &[&str] = &["name", "description", "device_type", "page", "per_page", "sort"];

const DIRECT: &str = "/api/management/v1/deployments/artifacts/directupload";

pub(crate) const ROUTES: &[Route] = &[
    route!("GET" "/api/management/v1/deployments/artifacts" ["name", "description", "device_type"] lists::v1),
    route!("POST" "/api/management/v1/deployments/artifacts" [] upload::multipart),
    Route {
        method: "GET",
        path: "/api/management/v1/deployments/artifacts/list",
        query: V1_LIST,
        handler: |call| Box::pin(lists::v1_paged(call)),
    },
    route!("POST" "/api/management/v1/deployments/artifacts/directupload" [] direct::begin),
    route!("POST" "/api/management/v1/deployments/artifacts/directupload/{}/complete" [] direct::complete),
    route!("GET" "/api/management/v1/deployments/artifacts/{}" [] artifacts::show),
    route!("PUT" "/api/management/v1/deployments/artifacts/{}" [] artifacts::describe),
    route!("DELETE" "/api/management/v1/deployments/artifacts/{}" [] artifacts::delete),
    route!("GET" "/api/management/v1/deployments/artifacts/{}/download" [] artifacts::link),
    route!("GET" "/api/management/v2/deployments/artifacts"
        ["name", "description", "device_type", "page", "per_page"] lists::v2),
    route!("GET" "/api/management/v1/deployments/limits/{}" [] limits::show),
    route!("GET" "/api/management/v1/deployments/deployments/releases"
        ["name", "description", "device_type", "update_type"] releases::v1),
    route!("GET" "/api/management/v1/deployments/deployments/releases/list"
        ["name", "description", "device_type", "update_type", "page", "per_page", "sort"] releases::v1_paged),
    route!("GET" "/api/management/v2/deployments/deployments/releases"
        ["name", "update_type", "tag", "page", "per_page", "sort"] releases::v2),
    route!("DELETE" "/api/management/v2/deployments/deployments/releases" ["name"] releases::delete),
    route!("GET" "/api/management/v2/deployments/deployments/releases/{}" [] releases::show),
    route!("PATCH" "/api/management/v2/deployments/deployments/releases/{}" [] releases::note),
    route!("PUT" "/api/management/v2/deployments/deployments/releases/{}/tags" [] releases::tag),
    route!("GET" "/api/management/v2/deployments/releases/all/tags" [] releases::all_tags),
    route!("GET" "/api/management/v2/deployments/releases/all/types" [] releases::all_types),
    route!("GET" "/api/management/v1alpha1/deployments/software"
        ["name", "name_prefix", "kind", "update_type", "tag", "page", "per_page", "sort"] software::list),
    route!("GET" "/api/management/v1/deployments/deployments"
        ["status", "type", "created_before", "created_after", "sort", "search", "page", "per_page"]
        deployment::lists::v1),
    route!("GET" "/api/management/v2/deployments/deployments"
        ["status", "type", "created_before", "created_after", "sort", "id", "name", "id_attribute", "id_scope",
            "page", "per_page"]
        deployment::lists::v2),
    route!("POST" "/api/management/v1/deployments/deployments" [] deployment::create::for_devices),
    route!("POST" "/api/management/v1/deployments/deployments/group/{}" [] deployment::create::for_group),
    route!("POST" "/api/management/v1/deployments/deployments/statistics/list" [] deployment::show::statistics_list),
    route!("GET" "/api/management/v1/deployments/deployments/devices/{}"
        ["status", "page", "per_page"] deployment::history::show),
    route!("DELETE" "/api/management/v1/deployments/deployments/devices/{}" [] deployment::abort::for_device),
    route!("DELETE" "/api/management/v1/deployments/deployments/devices/{}/history" [] deployment::history::forget),
    // Behind all whose paths it would take, too.
    route!("GET" "/api/management/v1/deployments/deployments/{}" [] deployment::show::show),
    route!("GET" "/api/management/v1/deployments/deployments/{}/statistics" [] deployment::show::statistics),
    route!("GET" "/api/management/v1/deployments/deployments/{}/devices" [] deployment::show::devices),
    route!("GET" "/api/management/v1/deployments/deployments/{}/devices/list"
        ["status", "page", "per_page"] deployment::show::devices_list),
    route!("GET" "/api/management/v1/deployments/deployments/{}/device_list" [] deployment::show::device_list),
    route!("GET" "/api/management/v1/deployments/deployments/{}/devices/{}/log" [] deployment::show::log),
    route!("PUT" "/api/management/v1/deployments/deployments/{}/status" [] deployment::abort::whole),
];

/// Routes that exist only on Mender Enterprise.
pub(crate) const ENTERPRISE_ROUTES: &[Route] =
    &[route!("POST" "/api/management/v2/deployments/deployments" [] deployment::create::for_filter)];

/// Routes that exist only where direct upload is on.
pub(crate) fn is_direct(route: &Route) -> bool {
    route.path.starts_with(DIRECT)
}
