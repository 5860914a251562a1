use std::sync::Arc;
struct Real;
impl fugue_domain::world::World for Real {
    fn now(&self) -> i64 { std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64 }
    fn random(&self) -> u128 { let mut b=[0u8;16]; aws_lc_rs::rand::fill(&mut b).unwrap(); u128::from_be_bytes(b) }
}
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let home = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    std::fs::create_dir_all(&home)?;
    let options = fugue_hub::Options { home, listen: std::env::args().nth(2).unwrap().parse()?, database: std::env::args().nth(3), tls: None, plain_http: false, allow_hosts: vec![], allow_origins: vec![], lease_ms: 86_400_000, node_loss: Default::default() };
    let running = fugue_hub::start(options, Arc::new(Real)).await?;
    let (node, token) = running.local_node("laptop", None).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    println!("{} {node} {token}", running.url());
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
