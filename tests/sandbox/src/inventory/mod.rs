//! The inventory service: what devices are and report, their groups and tags, and searches over all of it.
//!
//! It keeps its own records, as on the real server: device authentication and devices tell it what is new (`news`).

mod check;
mod criteria;
mod devices;
mod filter;
mod groups;
mod lookup;
mod news;
mod record;
mod saved;
mod search;
mod store;
mod summary;
mod tags;
mod text;
mod value;

pub(crate) use groups::group;
pub(crate) use lookup::{accepted, fitting, knows, reported, with};
pub(crate) use news::{identity, removed, report, seen, set_group, set_tags, status, try_report};
pub(crate) use saved::SavedFilter;
pub(crate) use store::Inventory;
pub(crate) use tags::tags;

use crate::routes::{ANY_QUERY, Route, route};

/// How many attributes a device may report, and how many tags it may have.
const MAX_ATTRIBUTES: usize = 100;
const MAX_TAGS: usize = 20;
const TOO_MANY: &str = "the number of attributes in the scope is above the limit";

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/api/management/v1/inventory/devices",
        query: ANY_QUERY,
        handler: |call| Box::pin(devices::list(call)),
    },
    route!("GET" "/api/management/v1/inventory/devices/{}" [] devices::show),
    route!("DELETE" "/api/management/v1/inventory/devices/{}" [] devices::forget),
    route!("PUT" "/api/management/v1/inventory/devices/{}/tags" [] tags::replace),
    route!("PATCH" "/api/management/v1/inventory/devices/{}/tags" [] tags::merge),
    route!("GET" "/api/management/v1/inventory/devices/{}/group" [] groups::of_device),
    route!("PUT" "/api/management/v1/inventory/devices/{}/group" [] groups::assign),
    route!("DELETE" "/api/management/v1/inventory/devices/{}/group/{}" [] groups::leave),
    route!("GET" "/api/management/v1/inventory/groups" ["status"] groups::list),
    route!("DELETE" "/api/management/v1/inventory/groups/{}" [] groups::dissolve),
    route!("GET" "/api/management/v1/inventory/groups/{}/devices" ["page", "per_page"] groups::members),
    route!("PATCH" "/api/management/v1/inventory/groups/{}/devices" [] groups::add),
    route!("DELETE" "/api/management/v1/inventory/groups/{}/devices" [] groups::remove),
    route!("POST" "/api/management/v2/inventory/filters/search" [] search::search),
    route!("GET" "/api/management/v2/inventory/filters/attributes" [] summary::attributes),
    route!("GET" "/api/management/v2/inventory/statistics" [] summary::statistics),
];

/// Routes that exist only on Mender Enterprise.
pub(crate) const ENTERPRISE_ROUTES: &[Route] = &[
    route!("GET" "/api/management/v2/inventory/filters" ["page", "per_page"] saved::list),
    route!("POST" "/api/management/v2/inventory/filters" [] saved::create),
    route!("GET" "/api/management/v2/inventory/filters/{}" [] saved::show),
    route!("DELETE" "/api/management/v2/inventory/filters/{}" [] saved::delete),
];

/// The one call whose DELETE has a body.
pub(crate) fn has_delete_body(route: &Route) -> bool {
    route.path == "/api/management/v1/inventory/groups/{}/devices"
}
