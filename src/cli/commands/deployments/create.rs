//! `deployments create`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use mender::Client;
use mender::deployments::Deployment;
use serde_json::json;

use super::candidates::{Candidate, Candidates, Release, Whom, attributes};
use super::enterprise::EnterpriseArgs;
use super::order::Order;
use super::step::{Reached, Step, failures};
use super::under_way::{UnderWay, of_release};
use crate::cli::args::{ConsentArgs, JobsArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::counted;
use crate::cli::fleet::{CONDITIONS_HELP, Fleet, Missing, Target, TargetArgs};
use crate::cli::output::Form;
use crate::cli::portion::Portion;
use crate::cli::rollout::{FollowArgs, follow};
use crate::cli::upload::{self, Options, store};

/// Create a deployment.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
#[command(group = ArgGroup::new("release").required(true).args(["artifact", "upload"]))]
pub struct CreateArgs {
    /// The release: name of its Artifacts
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    artifact: Option<String>,

    /// Upload this Artifact first, unless it is there already, and deploy it
    #[arg(long, value_name = "FILE")]
    upload: Option<PathBuf>,

    /// What to call it; without it, it is called by what it does
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Install it also where it is installed already
    #[arg(long)]
    force: bool,

    /// Roll out to so many of the devices only, or to such a share; a total: the same line with a larger limit goes on
    #[arg(long, value_name = "N|P%", conflicts_with = "force")]
    limit: Option<Portion>,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    jobs: JobsArgs,

    /// Follow it to its end, and fail unless all devices get the release
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    targets: TargetArgs,

    #[command(flatten)]
    follow: FollowArgs,

    #[command(flatten)]
    enterprise: EnterpriseArgs,
}

pub async fn run(args: CreateArgs, ctx: &Context) -> Result<()> {
    let outcome = create(&args, ctx).await;
    args.follow.mark(ctx, outcome)
}

async fn create(args: &CreateArgs, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    args.enterprise.check()?;
    // Before anything is done for a form that there is not.
    ctx.out().form()?;
    // An upload has a bar, too.
    let others: &[&str] = if args.upload.is_some() { &["--no-progress"] } else { &[] };
    args.follow.check(args.wait, others)?;
    let file = match &args.upload {
        Some(path) => Some(upload::Candidate::of(path).await?),
        None => None,
    };
    let client = ctx.client()?;
    let enterprise = args.enterprise.ask(&client).await?;
    let release = match (&file, &args.artifact) {
        (Some(file), _) => Release::to_come(&client, &file.head).await?,
        (None, name) => Release::on_server(&client, name.as_deref().unwrap_or_default()).await?,
    };
    let fleet = Fleet::new(&client, ctx.out());
    let dynamic = if args.enterprise.dynamic { Some(fitting(args, &fleet).await?) } else { None };
    let (known, chosen) = args.targets.find_known(&fleet, args.jobs.at_once(), &attributes()).await?;
    let mut candidates = Candidates::of(known, &release);
    if dynamic.is_some() {
        // Whoever fits the conditions is the server's business, now and later.
        candidates.unfit.clear();
    } else {
        candidates.check(&chosen)?;
    }
    if let count @ 1.. = candidates.silent() {
        ctx.out().notice(format_args!("not seen for over a day: {}", counted(count)));
    }
    let Candidates { fit, unfit, needs_list } = candidates;
    let whom = dynamic.unwrap_or_else(|| whom(args, needs_list));
    let Turn { targets, settled, reached, under_way } = limited(args, fit, &release.name, &client).await?;
    if reached.is_some() {
        warn_of_failures(&release.name, ctx, &client).await?;
    }
    if let (Some(reached), []) = (reached, targets.as_slice()) {
        ctx.out().notice(format_args!("{}: {reached}; nothing to do within the limit", release.name));
        return nothing_to_do(args, ctx, &client, reached, &under_way).await;
    }
    let order = Order {
        release: release.name,
        name: args.name.clone(),
        whom,
        targets,
        settled,
        unfit,
        chosen,
        force: args.force,
        enterprise,
        reached,
    };
    let send_file = async || match &file {
        Some(file) => {
            let no_progress = args.follow.is_silent();
            let options = Options { no_progress, skip_existing: true, ..Options::default() };
            store(file, &options, &client, ctx).await.map(|_| ())
        }
        None => Ok(()),
    };
    let following = args.wait.then_some(&args.follow);
    order.carry_out(ctx, &client, &args.consent, following, send_file).await
}

/// Who runs a line again after a failure rolls it out to others: it does not go without a word.
async fn warn_of_failures(release: &str, ctx: &Context, client: &Client) -> Result<()> {
    if let Some((count, deployment)) = failures(client, release).await? {
        let count = counted(usize::try_from(count).unwrap_or(usize::MAX));
        let id = deployment.id;
        ctx.out().warn(format_args!(
            "{release} has failed on {count}, such as in {id}, and --limit does not count those"
        ));
    }
    Ok(())
}

/// Within the limit. What leads there and is not over is this line's deployment, too.
async fn nothing_to_do(
    args: &CreateArgs,
    ctx: &Context,
    client: &Client,
    reached: Reached,
    under_way: &[Deployment],
) -> Result<()> {
    // Who runs a line again that was interrupted wants to know how it ends.
    if args.wait && !args.consent.dry_run && !under_way.is_empty() {
        return follow(&args.follow, ctx, client, under_way, false, args.follow.deadline()).await;
    }
    let ids: Vec<&str> = under_way.iter().map(|it| it.id.as_str()).collect();
    match ctx.out().asked_form() {
        Some(Form::Json | Form::Jsonl) => {
            let only = if let [only] = ids.as_slice() { Some(only) } else { None };
            let object = json!({ "id": only, "created": false, "limit": reached, "under_way": ids });
            ctx.out().made(&object, "")
        }
        _ if args.consent.dry_run => Ok(()),
        _ => ctx.out().text(&ids.iter().map(|id| format!("{id}\n")).collect::<String>()),
    }
}

/// Whoever fits, now or later.
async fn fitting(args: &CreateArgs, fleet: &Fleet<'_>) -> Result<Whom> {
    let query = args.targets.selection.query(fleet, Missing::Fails).await?;
    let described = query.conditions();
    let conditions = query.terms().filter(|terms| !terms.is_empty()).map(<[_]>::to_vec);
    let conditions = conditions.ok_or_else(|| {
        CliError::usage(
            "--dynamic takes conditions that the server compares by itself: --filter with = != in and the like, --group",
        )
    })?;
    Ok(Whom::Fitting { conditions, described })
}

/// Whom the server is told: a group, or all, only if it would take the same devices.
fn whom(args: &CreateArgs, needs_list: bool) -> Whom {
    let selection = &args.targets.selection;
    if needs_list || args.limit.is_some() || args.targets.are_named() {
        return Whom::Listed;
    }
    match selection.only_group() {
        Some(group) => Whom::Group(group.to_owned()),
        None if selection.is_empty() => Whom::All,
        None => Whom::Listed,
    }
}

/// Whose turn it is.
struct Turn {
    targets: Vec<Target>,
    /// How many were before.
    settled: usize,
    /// How far that leads, if there is a limit.
    reached: Option<Reached>,
    /// What those who were before are still to get.
    under_way: Vec<Deployment>,
}

async fn limited(args: &CreateArgs, fit: Vec<Candidate>, release: &str, client: &Client) -> Result<Turn> {
    let Some(limit) = args.limit else {
        let targets = fit.into_iter().map(|it| it.target).collect();
        return Ok(Turn { targets, settled: 0, reached: None, under_way: Vec::new() });
    };
    let under_way = of_release(client, release).await?;
    let is_targeted = |id: &str| under_way.iter().any(|it| it.targets.contains(id));
    let Step { next, before, reached } = Step::of(fit, limit, release, is_targeted);
    let is_ours = |it: &UnderWay| before.iter().any(|target| it.targets.contains(&target.id));
    let under_way = under_way.into_iter().filter(is_ours).map(|it| it.deployment).collect();
    Ok(Turn { targets: next, settled: before.len(), reached: Some(reached), under_way })
}
