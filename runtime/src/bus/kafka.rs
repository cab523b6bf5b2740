//! placeholder
#[derive(Debug)]
/// placeholder
pub struct KafkaConfig;
