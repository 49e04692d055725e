//! Time, processor time and memory of one run of a program.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contestants::Run;

/// GNU time, which starts the program from a process that is itself tiny. The kernel counts the memory that a process
/// has before it becomes another program, so that a program started from here would seem as large as this one.
pub struct Gauge {
    program: PathBuf,
    note: PathBuf,
}

impl Gauge {
    /// Where there is none, peak memory is not measured.
    pub fn find(folder: &Path) -> Option<Gauge> {
        let program = PathBuf::from("/usr/bin/time");
        let output = Command::new(&program).arg("--version").output().ok()?;
        let said = [output.stdout, output.stderr].concat();
        let is_gnu = String::from_utf8_lossy(&said).contains("GNU");
        is_gnu.then(|| Gauge { program, note: folder.join("peak") })
    }

    /// The program, started through it.
    fn around(&self, run: &Run) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-f", "%M", "-o"]).arg(&self.note).arg(&run.program);
        command
    }

    fn read(&self) -> Result<u64, String> {
        let text = std::fs::read_to_string(&self.note).map_err(|error| format!("/usr/bin/time: {error}"))?;
        text.trim().parse().map_err(|_| format!("/usr/bin/time wrote {text:?}"))
    }
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    wall: Duration,
    cpu: Option<Duration>,
    peak_kibibytes: Option<u64>,
}

impl Sample {
    /// This and then the other.
    pub fn and(&self, other: &Sample) -> Sample {
        Sample {
            wall: self.wall + other.wall,
            cpu: self.cpu.zip(other.cpu).map(|(one, other)| one + other),
            peak_kibibytes: self.peak_kibibytes.max(other.peak_kibibytes),
        }
    }

    /// So many times this, one after the other.
    pub fn times(&self, factor: f64) -> Sample {
        let longer = |time: Duration| time.mul_f64(factor);
        Sample { wall: longer(self.wall), cpu: self.cpu.map(longer), ..*self }
    }

    pub fn seconds(&self) -> Option<f64> {
        Some(self.wall.as_secs_f64())
    }

    pub fn milliseconds(&self) -> Option<f64> {
        Some(self.wall.as_secs_f64() * 1e3)
    }

    pub fn cpu_seconds(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64())
    }

    pub fn cpu_milliseconds(&self) -> Option<f64> {
        self.cpu_seconds().map(|seconds| seconds * 1e3)
    }

    #[expect(clippy::cast_precision_loss, reason = "no program has so much memory")]
    pub fn peak_mebibytes(&self) -> Option<f64> {
        self.peak_kibibytes.map(|kibibytes| kibibytes as f64 / 1024.0)
    }
}

/// The runs of one program.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<Sample>);

impl Series {
    pub fn push(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// The median of a quantity, if it was measured.
    pub fn median(&self, quantity: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.0.iter().filter_map(quantity).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(values[middle]),
            _ => Some(f64::midpoint(values[middle - 1], values[middle])),
        }
    }
}

/// Runs a program to its end, which has to be a good one.
pub fn run(run: &Run, gauge: Option<&Gauge>) -> Result<Sample, String> {
    let mut command = match gauge {
        Some(gauge) => gauge.around(run),
        None => Command::new(&run.program),
    };
    command.args(&run.arguments).env_clear().envs(run.environment.iter().map(|(name, value)| (name, value)));
    let stdout = match &run.output {
        Some(file) => File::create(file).map_err(|error| format!("{}: {error}", file.display()))?.into(),
        None => Stdio::null(),
    };
    command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());

    let cpu_before = children_cpu();
    let began = Instant::now();
    let output = command.spawn().and_then(std::process::Child::wait_with_output);
    let wall = began.elapsed();
    let output = output.map_err(|error| format!("{}: {error}", run.program.display()))?;
    let cpu = children_cpu().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    if !output.status.success() {
        return Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    let peak_kibibytes = gauge.map(Gauge::read).transpose()?;
    Ok(Sample { wall, cpu, peak_kibibytes })
}

/// Processor time of all processes that were waited for, those that they waited for among them.
#[cfg(unix)]
fn children_cpu() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(Duration::from_micros(u64::try_from(microseconds).ok()?))
}

#[cfg(not(unix))]
fn children_cpu() -> Option<Duration> {
    None
}
