//! Bucket boundaries of the histograms, each named for what it measures.
//!
//! The objectives' thresholds, 0.5 s and 1 s, are boundaries of every latency set, so that quantiles near them are exact.

/// Seconds a server takes to answer a request.
pub const LATENCY: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Seconds of work inside the process, which is often well below a millisecond.
pub const FAST: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Seconds a database takes, or a connection to it is waited for. The OpenTelemetry conventions advise them.
pub const DATABASE: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Seconds a business transaction takes, which may have a person or another company in it.
pub const TRANSACTION: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

/// Seconds from an event to its effect, which is soon or, after an outage, much later.
pub const DELIVERY: [f64; 14] = [
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
];

/// Bytes of a body: powers of 4 from 256 B to 16 MiB.
pub const BYTES: [f64; 9] = [
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];
