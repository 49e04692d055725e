//! Which call goes where, and what is refused before any handler sees it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use http::header::{ALLOW, LOCATION};
use http::request::Parts;
use hyper::body::Body as _;

use crate::answer::{Answer, Refusal, Reply, header_value, stamped, text};
use crate::call::Call;
use crate::paging::Query;
use crate::recorder::Listened;
use crate::server::Server;
use crate::state::State;
use crate::useradm::Session;
use crate::{deployments, devauth, deviceconfig, deviceconnect, inventory, useradm};

pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Reply>;

/// One call of the API.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// `{}` stands for one variable segment.
    pub(crate) path: &'static str,
    /// The query parameters that mean something.
    pub(crate) query: &'static [&'static str],
    pub(crate) handler: Handler,
}

/// In place of a list of parameters: every one means something.
pub(crate) const ANY_QUERY: &[&str] = &["*"];

/// Each service lists its methods in an order of its own when it refuses one.
struct Service {
    prefix: &'static str,
    routes: &'static [Route],
    /// Those that only Mender Enterprise has.
    enterprise: &'static [Route],
    methods: [&'static str; 5],
    /// Whether it adds OPTIONS to them.
    options: bool,
    /// Whether the service's own router stamps its refusals with the request id.
    stamps: bool,
}

impl Service {
    fn routes(&self, enterprise: bool) -> impl Iterator<Item = &'static Route> {
        self.routes.iter().chain(if enterprise { self.enterprise } else { &[] })
    }
}

const SERVICES: [Service; 6] = [
    Service {
        prefix: "useradm",
        routes: useradm::ROUTES,
        enterprise: &[],
        methods: ["POST", "GET", "DELETE", "PUT", "PATCH"],
        options: true,
        stamps: true,
    },
    Service {
        prefix: "deployments",
        routes: deployments::ROUTES,
        enterprise: deployments::ENTERPRISE_ROUTES,
        methods: ["GET", "POST", "DELETE", "PUT", "PATCH"],
        options: true,
        stamps: false,
    },
    Service {
        prefix: "devauth",
        routes: devauth::ROUTES,
        enterprise: &[],
        methods: ["POST", "GET", "DELETE", "PUT", "PATCH"],
        options: true,
        stamps: true,
    },
    Service {
        prefix: "deviceconfig",
        routes: deviceconfig::ROUTES,
        enterprise: &[],
        methods: ["GET", "PUT", "POST", "DELETE", "PATCH"],
        options: false,
        stamps: true,
    },
    Service {
        prefix: "deviceconnect",
        routes: deviceconnect::ROUTES,
        enterprise: &[],
        methods: ["GET", "PUT", "POST", "DELETE", "PATCH"],
        options: false,
        stamps: true,
    },
    Service {
        prefix: "inventory",
        routes: inventory::ROUTES,
        enterprise: inventory::ENTERPRISE_ROUTES,
        methods: ["GET", "POST", "DELETE", "PUT", "PATCH"],
        options: true,
        stamps: true,
    },
];

/// Whether there is a service of this name.
pub(crate) fn has_service(name: &str) -> bool {
    SERVICES.iter().any(|service| service.prefix == name)
}

/// The one call that needs no token.
const LOGIN: &str = "/api/management/v1/useradm/auth/login";

/// Marks the router's own word: it comes without a request id.
#[derive(Debug, Clone)]
struct Unstamped;

pub(crate) async fn dispatch(
    state: Arc<State>,
    server: Server,
    parts: Parts,
    body: Listened,
    request_id: &str,
) -> Answer {
    match answer(state, server, parts, body).await {
        Ok(answer) if answer.extensions().get::<Unstamped>().is_some() => answer,
        Ok(answer) => stamped(answer, request_id),
        Err(refusal) => refusal.into_answer(request_id),
    }
}

async fn answer(state: Arc<State>, server: Server, parts: Parts, body: Listened) -> Reply {
    let raw = parts.uri.path();
    let Ok(path) = percent_encoding::percent_decode_str(raw).decode_utf8() else {
        return Err(Refusal::new(400, "invalid path"));
    };
    let path = path.into_owned();
    let name = path.split('/').nth(4).unwrap_or_default();
    if !path.starts_with("/api/management/") || state.settings.lacking.iter().any(|lacking| lacking == name) {
        return Ok(nobody(&parts.method));
    }
    let session =
        if path == LOGIN { Session::default() } else { useradm::authenticate(&state, &parts.headers)? };
    let Some(service) = service(&path) else { return Ok(unrouted()) };
    let direct = server == Server::Direct || state.settings.direct_upload;
    let known: Vec<(&Route, Vec<String>)> = service
        .routes(state.settings.enterprise)
        .filter(|route| direct || !deployments::is_direct(route))
        .filter_map(|route| matches(route.path, &path).map(|params| (route, params)))
        .collect();
    if known.is_empty() {
        return match slashless(service.routes(state.settings.enterprise), &path) {
            Some(target) => Ok(moved(&parts.method, &target)),
            None => Err(unstamped(service, Refusal::new(404, "not found"))),
        };
    }
    let Some((route, params)) = known.iter().find(|(route, _)| route.method == parts.method.as_str()) else {
        let has = |method: &&&str| known.iter().any(|(route, _)| route.method == **method);
        let mut allowed: Vec<&str> = service.methods.iter().filter(has).copied().collect();
        allowed.extend(service.options.then_some("OPTIONS"));
        let refusal = Refusal::new(405, "method not allowed").header(ALLOW, allowed.join(", "));
        return Err(unstamped(service, refusal));
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let call = Call { state, body: Some(body), params: params.clone(), query, session, parts };
    strict(&call, route)?;
    (route.handler)(call).await
}

/// The service behind a path. Of inventory, the gateway lets two versions pass.
fn service(path: &str) -> Option<&'static Service> {
    let mut segments = path.split('/').skip(3);
    let (version, name) = (segments.next()?, segments.next()?);
    let passes = name != "inventory" || matches!(version, "v1" | "v2");
    SERVICES.iter().find(|known| known.prefix == name && passes)
}

/// Nobody's path.
fn unrouted() -> Answer {
    unmarked(text(404, "text/plain; charset=utf-8", "404 page not found\n"))
}

/// The answer as it is, without a request id.
fn unmarked(mut answer: Answer) -> Answer {
    answer.extensions_mut().insert(Unstamped);
    answer
}

/// What no service takes falls through to the web server of the user interface, which knows no tokens.
fn nobody(method: &Method) -> Answer {
    unmarked(match *method {
        Method::GET | Method::HEAD => text(404, "text/html", "<!doctype html><title>404 Not Found</title>\n"),
        _ => text(405, "text/html", "<!doctype html><title>405 Not Allowed</title>\n"),
    })
}

fn unstamped(service: &Service, refusal: Refusal) -> Refusal {
    if service.stamps { refusal } else { refusal.without_request_id() }
}

/// What the real server silently ignores is most likely a mistake of the caller.
fn strict(call: &Call, route: &Route) -> Result<(), Refusal> {
    if !call.state.settings.strict {
        return Ok(());
    }
    if route.query != ANY_QUERY
        && let Some(key) = call.query.keys().find(|key| !route.query.contains(key))
    {
        return Err(Refusal::new(400, format!("sandbox: superfluous query parameter \"{key}\"")));
    }
    let bodiless = match call.parts.method {
        Method::GET => true,
        Method::DELETE => !inventory::has_delete_body(route),
        _ => false,
    };
    if bodiless && call.body.as_ref().is_some_and(|body| !body.is_end_stream()) {
        return Err(Refusal::new(400, "sandbox: superfluous body"));
    }
    if call.parts.headers.get_all(http::header::AUTHORIZATION).iter().count() > 1 {
        return Err(Refusal::new(400, "sandbox: more than one Authorization header"));
    }
    if call.header(http::header::COOKIE).is_some() && call.header(http::header::AUTHORIZATION).is_some() {
        return Err(Refusal::new(400, "sandbox: superfluous Cookie header"));
    }
    Ok(())
}

/// The variable segments, if the path fits the pattern.
fn matches(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let segment = given.next()?;
        if wanted == "{}" && !segment.is_empty() {
            params.push(segment.to_string());
        } else if wanted != segment {
            return None;
        }
    }
    given.next().is_none().then_some(params)
}

/// The path without its trailing slash, if that one is known.
fn slashless(mut routes: impl Iterator<Item = &'static Route>, path: &str) -> Option<String> {
    let shorter = path.strip_suffix('/')?;
    routes.any(|route| matches(route.path, shorter).is_some()).then(|| shorter.to_string())
}

fn moved(method: &Method, target: &str) -> Answer {
    let body = format!("<a href=\"{target}\">Moved Permanently</a>.\n\n");
    let mut answer = match *method {
        Method::GET => text(301, "text/html; charset=utf-8", body),
        _ => crate::answer::empty(307),
    };
    answer.headers_mut().insert(LOCATION, header_value(target));
    unmarked(answer)
}

/// Shortens the route tables.
macro_rules! route {
    ($method:literal $path:literal [$($query:literal),*] $handler:path) => {
        crate::routes::Route {
            method: $method,
            path: $path,
            query: &[$($query),*],
            handler: |call| Box::pin($handler(call)),
        }
    };
}
pub(crate) use route;
