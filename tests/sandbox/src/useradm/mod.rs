//! The service of users and tokens.

mod auth;
mod plans;
mod settings;
mod tokens;
mod users;

pub(crate) use auth::{Session, authenticate};
pub(crate) use settings::set_tenant_setting;
pub(crate) use tokens::{Token, create_named, issue};
pub(crate) use users::User;

use crate::routes::{Route, route};

pub(crate) const ROUTES: &[Route] = &[
    route!("POST" "/api/management/v1/useradm/auth/login" [] auth::login),
    route!("POST" "/api/management/v1/useradm/auth/logout" [] auth::logout),
    route!("GET" "/api/management/v1/useradm/users"
        ["id", "email", "created_after", "created_before", "updated_after", "updated_before"] users::list),
    route!("POST" "/api/management/v1/useradm/users" [] users::create),
    route!("GET" "/api/management/v1/useradm/users/{}" [] users::show),
    route!("PUT" "/api/management/v1/useradm/users/{}" [] users::update),
    route!("DELETE" "/api/management/v1/useradm/users/{}" [] users::delete),
    route!("PUT" "/api/management/v2/useradm/users/me" [] users::update_self),
    route!("GET" "/api/management/v1/useradm/settings/tokens" [] tokens::list),
    route!("POST" "/api/management/v1/useradm/settings/tokens" [] tokens::create),
    route!("DELETE" "/api/management/v1/useradm/settings/tokens/{}" [] tokens::revoke),
    route!("GET" "/api/management/v1/useradm/settings" [] settings::show_tenant),
    route!("POST" "/api/management/v1/useradm/settings" [] settings::save_tenant),
    route!("GET" "/api/management/v1/useradm/settings/me" [] settings::show_own),
    route!("POST" "/api/management/v1/useradm/settings/me" [] settings::save_own),
    route!("GET" "/api/management/v1/useradm/plans" ["page", "per_page"] plans::list),
    route!("GET" "/api/management/v1/useradm/plan_binding" [] plans::binding),
];
