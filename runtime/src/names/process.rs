//! Metrics of the process and of its executor.

use super::{Kind, Metric, label};

/// Processor time used.
pub const PROCESS_CPU_SECONDS: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    help: "Processor time used by the process, in seconds.",
    labels: &[],
    buckets: &[],
};

/// Open file descriptors.
pub const PROCESS_OPEN_FDS: Metric = Metric {
    name: "process_open_fds",
    kind: Kind::Gauge,
    help: "File descriptors the process has open.",
    labels: &[],
    buckets: &[],
};

/// The limit of open file descriptors.
pub const PROCESS_MAX_FDS: Metric = Metric {
    name: "process_max_fds",
    kind: Kind::Gauge,
    help: "File descriptors the process may have open.",
    labels: &[],
    buckets: &[],
};

/// Address space.
pub const PROCESS_VIRTUAL_MEMORY: Metric = Metric {
    name: "process_virtual_memory_bytes",
    kind: Kind::Gauge,
    help: "Address space of the process, in bytes.",
    labels: &[],
    buckets: &[],
};

/// Memory in use.
pub const PROCESS_RESIDENT_MEMORY: Metric = Metric {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    help: "Memory the process holds, in bytes.",
    labels: &[],
    buckets: &[],
};

/// When the process began.
pub const PROCESS_START_TIME: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    help: "When the process began, in seconds since 1970.",
    labels: &[],
    buckets: &[],
};

/// Threads.
pub const PROCESS_THREADS: Metric = Metric {
    name: "process_threads",
    kind: Kind::Gauge,
    help: "Threads of the process.",
    labels: &[],
    buckets: &[],
};

/// Worker threads of the executor.
pub const TOKIO_WORKERS: Metric = Metric {
    name: "tokio_workers",
    kind: Kind::Gauge,
    help: "Worker threads of the executor.",
    labels: &[],
    buckets: &[],
};

/// Tasks of the executor.
pub const TOKIO_ALIVE_TASKS: Metric = Metric {
    name: "tokio_alive_tasks",
    kind: Kind::Gauge,
    help: "Tasks that were spawned and have not ended.",
    labels: &[],
    buckets: &[],
};

/// Tasks that wait for a worker.
pub const TOKIO_GLOBAL_QUEUE_DEPTH: Metric = Metric {
    name: "tokio_global_queue_depth",
    kind: Kind::Gauge,
    help: "Tasks that wait in the queue that all workers share.",
    labels: &[],
    buckets: &[],
};

/// Time workers were busy.
pub const TOKIO_WORKER_BUSY_SECONDS: Metric = Metric {
    name: "tokio_worker_busy_seconds_total",
    kind: Kind::Counter,
    help: "Time the worker was busy, in seconds.",
    labels: &[label::WORKER],
    buckets: &[],
};
