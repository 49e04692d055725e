//! From a decision to a deployment that is there once: plan, consent, request, and what a lost answer means.

use mender::deployments::{Aim, Deployment, Enterprise, New};
use mender::inventory::Filter;
use mender::{Client, ConnectionFault, Error};
use serde_json::json;

use super::candidates::Whom;
use super::existing::{Found, Wanted};
use super::name;
use super::step::Reached;
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::bulk::{self, Plan, Unfit, Work, counted};
use crate::cli::fleet::{Chosen, Target};
use crate::cli::output::{Form, cell};
use crate::cli::rollout::{FollowArgs, follow};
use crate::cli::signals::interruptible;

/// A deployment that is to be made.
pub struct Order {
    pub release: String,
    /// Otherwise it gets one that says what it is for.
    pub name: Option<String>,
    pub whom: Whom,
    pub targets: Vec<Target>,
    /// How many have it already, or are about to.
    pub settled: usize,
    pub unfit: Vec<Unfit>,
    pub chosen: Chosen,
    pub force: bool,
    pub enterprise: Enterprise,
    /// How far the roll-out will be, if it is one in steps.
    pub reached: Option<Reached>,
}

/// A deployment that is there.
struct Placed {
    deployment: Deployment,
    /// Whether it was made just now.
    is_new: bool,
}

impl Order {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| name::of(&self.release, &self.whom, &self.targets))
    }

    fn ids(&self) -> Vec<String> {
        // The server compares lists in their order.
        let mut ids: Vec<String> = self.targets.iter().map(|target| target.id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    fn described(&self, name: String) -> New {
        let aim = match &self.whom {
            Whom::All => Aim::All,
            Whom::Group(group) => Aim::Group(group.clone()),
            // The filter's id is only known once it is saved.
            Whom::Fitting { .. } => Aim::Filter(String::new()),
            Whom::Listed => Aim::Devices(self.ids()),
        };
        let enterprise = self.enterprise.clone();
        New { name, artifact_name: self.release.clone(), aim, force: self.force, enterprise }
    }

    /// Makes it, says so, and follows it if that is wanted; `before` is done just before it is made.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or one of its name is under way for other devices; and as [`follow`].
    pub async fn carry_out(
        &self,
        ctx: &Context,
        client: &Client,
        consent: &ConsentArgs,
        following: Option<&FollowArgs>,
        before: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<()> {
        let Some(placed) = self.place(ctx, client, consent, before).await? else { return Ok(()) };
        let told = self.tell(&placed, following.is_some(), ctx).map_err(|error| match error.kind {
            Kind::Closed => error,
            // It must not be lost with the line that could not be written.
            _ => error.context(format!("{} is there, as {}", placed.deployment.name, placed.deployment.id)),
        });
        match following {
            // How it ends matters more than who reads along.
            Some(args) => {
                follow(args, ctx, client, &[placed.deployment], false, args.deadline()).await?;
                told
            }
            None => told,
        }
    }

    /// The deployment, unless the user does not want it.
    async fn place(
        &self,
        ctx: &Context,
        client: &Client,
        consent: &ConsentArgs,
        before: impl AsyncFnOnce() -> Result<()>,
    ) -> Result<Option<Placed>> {
        let name = self.name();
        let mut new = self.described(name.clone());
        new.check().map_err(|error| too_much(error, &new.aim))?;
        let ids = self.ids();
        let devices = (!matches!(self.whom, Whom::Fitting { .. })).then_some(ids.as_slice());
        let wanted = Wanted {
            name: &name,
            artifact_name: &self.release,
            force: self.force,
            devices,
            is_named: self.name.is_some(),
        };
        let found = self.found(&wanted, client).await?;
        if let Some(deployment) = found.same {
            if consent.dry_run {
                ctx.out().plan(format_args!(
                    "nothing would be done: {name:?} is there already, as {}",
                    deployment.id
                ));
                bulk::list(ctx, &[])?;
                return Ok(None);
            }
            // Of the same name there may be another file.
            before().await?;
            ctx.out().notice(format_args!("it is there already: {name}"));
            return Ok(Some(Placed { deployment, is_new: false }));
        }
        if !self.agree(ctx, client, consent).await? {
            return Ok(None);
        }
        before().await?;
        if let Whom::Fitting { conditions, .. } = &self.whom {
            new.aim = Aim::Filter(save(client, &name, conditions).await?);
        }
        self.send(&new, &wanted, &found.ids, ctx, client).await.map(Some)
    }

    /// What there is of that name.
    async fn found(&self, wanted: &Wanted<'_>, client: &Client) -> Result<Found> {
        let found = match wanted.look(client).await {
            // Who may create but not look is not held up.
            Err(error) if matches!(error.status(), Some(403..=405)) => {
                return Ok(Found { ids: Vec::new(), same: None, other: None });
            }
            other => other?,
        };
        match &found.other {
            // Each step is for devices of its own.
            Some((deployment, lacking)) if found.same.is_none() && self.reached.is_none() => {
                let id = &deployment.id;
                let text = format!(
                    "{:?} is under way as {id}, without {} of those meant here",
                    wanted.name,
                    counted(*lacking)
                );
                Err(CliError::failed(text).hint(format!(
                    "mender-cli deployments watch {id} follows it; --name with another name makes a second one"
                )))
            }
            _ => Ok(found),
        }
    }

    async fn agree(&self, ctx: &Context, client: &Client, consent: &ConsentArgs) -> Result<bool> {
        if let Some(reached) = self.reached {
            ctx.out().notice(format_args!("{}: {reached}", self.release));
        }
        if let Whom::Fitting { described, .. } = &self.whom {
            let plan = format!(
                "deploy {} to devices with {described}: {} now, and those that come to fit later, on {}",
                cell(&self.release),
                counted(self.targets.len()),
                client.server()
            );
            if consent.yes && !consent.dry_run && !ctx.out().is_quiet() {
                ctx.out().plan(format_args!("To {plan}"));
            }
            let is_agreed = ctx.consent(consent, &plan).await?;
            if !is_agreed {
                bulk::list(ctx, &self.targets.iter().collect::<Vec<_>>())?;
            }
            return Ok(is_agreed);
        }
        let verb = format!("deploy {} to", cell(&self.release));
        let (server, chosen) = (client.server(), &self.chosen);
        let work = Work { verb: &verb, done: "targeted", place: "", server, chosen, is_grave: false };
        let targets: Vec<&Target> = self.targets.iter().collect();
        let plan = Plan { targets: &targets, settled: self.settled, unfit: &self.unfit };
        bulk::agree(ctx, consent, &work, &plan).await
    }

    async fn send(
        &self,
        new: &New,
        wanted: &Wanted<'_>,
        known: &[String],
        ctx: &Context,
        client: &Client,
    ) -> Result<Placed> {
        let creating = async { Ok(client.deployments().create(new).await) };
        let interrupted = || {
            "interrupted while it was being created; the same line again finds out whether it was, and makes no second one".to_owned()
        };
        let error = match interruptible(creating, interrupted).await? {
            Ok(id) => return Ok(Placed { deployment: self.made(&id, &new.name), is_new: true }),
            Err(error) => error,
        };
        if error.status() == Some(409) {
            let looked = wanted.look(client).await.ok();
            if let Some(deployment) = looked.and_then(|found| found.same) {
                ctx.out().notice(format_args!("it is there already: {}", new.name));
                return Ok(Placed { deployment, is_new: false });
            }
            return Err(CliError::from(error).hint("--name with another name makes a second one"));
        }
        if !is_doubtful(&error) {
            let error = CliError::from(error);
            return Err(match error.status() {
                Some(422) => error.hint("the Artifact is gone; artifacts list shows those that there are"),
                _ => error,
            });
        }
        // Nobody knows whether it was made; what is new there is ours.
        let looked = wanted.newer(client, known).await;
        let mut error = CliError::from(error);
        error.hints.clear();
        match looked {
            Ok(Some(deployment)) => {
                ctx.out().notice(format_args!(
                    "the answer was lost ({}), but the deployment was made",
                    error.message()
                ));
                Ok(Placed { deployment, is_new: true })
            }
            Ok(None) => Err(error.hint(
                "the server shows no such deployment; the same line again finds out whether it still came, and makes no second one",
            )),
            Err(_) => Err(error.hint(
                "it may have been created all the same; the same line again finds out, and makes no second one",
            )),
        }
    }

    /// The deployment as it begins, without another request.
    fn made(&self, id: &str, name: &str) -> Deployment {
        let devices = match self.whom {
            Whom::Fitting { .. } => self.enterprise.max_devices,
            _ => Some(self.targets.len() as u64),
        };
        Deployment::begun(id, name, &self.release, devices)
    }

    /// Says that it is there: its id on stdout.
    fn tell(&self, placed: &Placed, is_followed: bool, ctx: &Context) -> Result<()> {
        let Placed { deployment, is_new } = placed;
        let id = &deployment.id;
        let object = json!({
            "id": id,
            "name": deployment.name,
            "artifact_name": deployment.artifact_name,
            "devices": deployment.max_devices,
            "created": is_new,
            "left_out": self.unfit.len(),
            "limit": self.reached,
        });
        if *is_new {
            let count = deployment.max_devices.and_then(|count| usize::try_from(count).ok());
            let whom = count.map(|count| format!(" ({})", counted(count))).unwrap_or_default();
            ctx.out().notice(format_args!("created: {}{whom}", deployment.name));
        }
        match ctx.out().asked_form() {
            // The verdict will be the one value, and has the id.
            Some(Form::Json) if is_followed => Ok(()),
            Some(Form::Jsonl) if is_followed => {
                let mut event = json!({ "event": "created" });
                if let (Some(event), Some(more)) = (event.as_object_mut(), object.as_object()) {
                    event.extend(more.clone());
                }
                ctx.out().json_line(&event)
            }
            Some(Form::Json | Form::Jsonl | Form::Ids) => ctx.out().made(&object, id),
            _ => ctx.out().text(&format!("{id}\n")),
        }
    }
}

/// Saves a filter; its id, or that of the one that an interrupted run has left.
async fn save(client: &Client, name: &str, conditions: &[Filter]) -> Result<String> {
    let saved = client.inventory().saved();
    let error = match saved.create(name, conditions).await {
        Ok(id) => return Ok(id),
        Err(error) if error.status() == Some(409) => error,
        Err(error) => return Err(error.into()),
    };
    let same = saved.find(name).await?.filter(|it| json!(it.terms) == json!(conditions));
    same.map(|it| it.id).ok_or_else(|| {
        CliError::from(error).hint("the filter is saved by the deployment's name: --name takes another one")
    })
}

/// Whether it may have been done although the answer does not say so.
fn is_doubtful(error: &Error) -> bool {
    use ConnectionFault::{Broken, Other, Timeout};
    match error {
        Error::Connection { fault, .. } => matches!(fault, Broken | Timeout | Other),
        Error::Answer { .. } => true,
        Error::Refused(refusal) => refusal.status >= 500,
        _ => false,
    }
}

fn too_much(error: impl std::error::Error + Send + Sync + 'static, aim: &Aim) -> CliError {
    let error = CliError::new(Kind::Failed, error);
    match aim {
        Aim::Devices(ids) if ids.len() > 1 => error
            .context(format!("a list of {} devices", ids.len()))
            .hint("--all and a single --group need no list; --limit takes fewer devices at a time"),
        _ => error,
    }
}
