//! Stub, replaced by the drivers' author.
use super::*;
/// Stub.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claude { context: Context }
#[allow(missing_docs, unused_variables)]
impl Claude {
    pub fn new(context: Context) -> Self { Self { context } }
    pub fn launch(&self) -> Result<Launch, String> { Err("stub".into()) }
    pub fn open(&mut self, say: &Say) -> Vec<Write> { Vec::new() }
    pub fn fold(&mut self, seen: Seen<'_>, at: Millis) -> Vec<Output> { Vec::new() }
    pub fn answer(&mut self, verdict: &Verdict) -> Vec<Write> { Vec::new() }
    pub fn interrupt(&mut self) -> Vec<Write> { Vec::new() }
    pub fn steer(&mut self, message: &MessageId, text: &str) -> Vec<Write> { Vec::new() }
}
