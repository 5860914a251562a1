//! The scripted model server, for trying an agent program by hand: `cargo run -p rig --example model 127.0.0.1:8787`.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let server = rig::model::Server::start_at(&address).await?;
    println!("{}", server.url());
    let mut shown = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let calls = server.calls();
        for call in &calls[shown..] {
            let kind = if call.background { "its own business" } else { "the agent" };
            println!("{} {} {} {kind} {:?}", call.path, call.model, call.status, call.tokens);
            if let Ok(folder) = std::env::var("MODEL_CALLS") {
                std::fs::write(format!("{folder}/{shown:04}.json"), call.body.to_string())?;
            }
            shown += 1;
        }
    }
}
