//! What was spent, added up every way; what is left; and what waits for a limit. On both databases.

use crate::app::{App, on_both};
use crate::bench::Bench;
use crate::turns::ended;
use anyhow::{Context, Result};
use fugue_domain::link::{Assignment, Report};
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use fugue_domain::time::Day;
use fugue_domain::turn::{Ending, ParkedBy};
use fugue_domain::world::World;
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    added_up added_up_on_sqlite added_up_on_postgres;
    left left_on_sqlite left_on_postgres;
    many many_on_sqlite many_on_postgres;
    before_costs before_costs_on_sqlite before_costs_on_postgres;
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn used(micro: i64, model: Option<&str>) -> Report {
    let tokens = Tokens { input: 1, output: 2, cache_read: 3, cache_write: 4 };
    Report::Used { usage: Usage { cost_usd: MicroUsd(micro), tokens }, model: model.map(str::to_owned) }
}

/// Sums as `name or key: dollars, sessions`.
async fn sums(app: &App, query: &str) -> Result<Vec<(Value, Value, Value)>> {
    let costs = app.owner.get(&format!("/api/v1/costs?{query}")).await?;
    let sum = |item: &Value| {
        let name = if item["name"].is_null() { &item["key"] } else { &item["name"] };
        (name.clone(), item["cost_usd"].clone(), item["sessions"].clone())
    };
    Ok(costs["items"].as_array().context("items")?.iter().map(sum).collect())
}

/// A task's agent and a session of its own, each at work.
async fn two(bench: &mut Bench) -> Result<(Assignment, Assignment)> {
    bench.add(json!([{"title": "Fix login"}])).await?;
    let of_task = bench.assigned().await?;
    let session = bench.desk.session(&bench.app, json!({"title": "Look around"})).await?;
    bench.app.owner.message(&session, "look").await?;
    let alone = bench.assigned().await?;
    Ok((of_task, alone))
}

async fn added_up(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let (of_task, alone) = two(&mut bench).await?;
    bench.desk.next = 1;
    let first = vec![Report::Delivered, used(1_000_000, Some("large")), used(500_000, Some("small")), used(250_000, Some("large"))];
    bench.desk.report(&of_task.lease, first).await?;
    bench.desk.next = 1;
    bench.desk.report(&alone.lease, vec![Report::Delivered, used(3_000_000, None), used(0, Some("free"))]).await?;
    let today = Day::of(bench.app.world.now());
    bench.app.world.advance(DAY_MS);
    bench.desk.report(&alone.lease, vec![used(125_000, Some(" small\u{7} ")), ended(Ending::Succeeded)]).await?;

    let (app, tomorrow) = (&bench.app, Day(today.0 + 1).to_string());
    let day = |day: &str, usd: f64, sessions: i64| (json!(day), json!(usd), json!(sessions));
    assert_eq!(sums(app, "by=day").await?, [day(&tomorrow, 0.125, 1), day(&today.to_string(), 4.75, 2)]);
    assert_eq!(sums(app, "").await?.len(), 2, "by day unless something else is said");
    assert_eq!(sums(app, &format!("by=day&to={today}")).await?, [day(&today.to_string(), 4.75, 2)]);
    assert_eq!(sums(app, &format!("by=project&from={tomorrow}")).await?, [day("shop", 0.125, 1)]);
    let models = [day("unknown", 3.0, 1), day("large", 1.25, 1), day("small", 0.625, 2), day("free", 0.0, 1)];
    assert_eq!(sums(app, "by=model").await?, models);
    assert_eq!(sums(app, "by=agent").await?, [day("rehearse", 4.875, 2)]);
    assert_eq!(sums(app, "by=task").await?, [(Value::Null, json!(3.125), json!(1)), day("Fix login", 1.75, 1)]);
    assert_eq!(sums(app, "by=session").await?[0], day("Look around", 3.125, 1));
    let whole = app.owner.get("/api/v1/costs?by=model").await?;
    assert_eq!(
        (&whole["total"]["cost_usd"], &whole["total"]["sessions"], &whole["rest"]),
        (&json!(4.875), &json!(2), &Value::Null),
        "{whole}"
    );
    assert_eq!(whole["total"]["tokens"], json!({"input": 6, "output": 12, "cache_read": 18, "cache_write": 24}));
    // The rows of a session add up to what it has cost.
    let session = app.owner.get(&format!("/api/v1/sessions/{}", alone.lease.session)).await?;
    assert_eq!((&session["cost_usd"], &session["tokens"]["input"]), (&json!(3.125), &json!(3)), "{session}");
    // Nobody else sees any of it.
    let stranger = app.token(json!({"name": "x", "role": "admin", "org": "other"})).await?;
    let theirs = stranger.get("/api/v1/costs?by=model").await?;
    assert_eq!((&theirs["items"], &theirs["total"]["cost_usd"]), (&json!([]), &json!(0.0)));
    assert_eq!(stranger.get("/api/v1/budgets").await?["day"]["spent_usd"], 0.0);
    for (query, status) in [
        ("by=hour", 400),
        ("from=yesterday", 400),
        ("from=2026-11-21&to=2026-11-20", 422),
        ("from=2020-01-01&to=2026-11-20", 422),
        ("x=1", 400),
    ] {
        assert_eq!(app.owner.send(Method::GET, &format!("/api/v1/costs?{query}"), None, None).await?.status, status, "{query}");
    }
    Ok(())
}

async fn left(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let nothing = bench.app.owner.get("/api/v1/budgets").await?;
    assert_eq!(
        (&nothing["day"]["budget_usd"], &nothing["day"]["left_usd"], &nothing["sessions"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    let rich = bench.desk.session(&bench.app, json!({"title": "Rich", "budget_usd": 10})).await?;
    let poor = bench.desk.session(&bench.app, json!({"title": "Poor", "budget_usd": 2})).await?;
    bench.app.owner.message(&rich, "spend").await?;
    let lease = bench.assigned().await?.lease;
    let until = bench.app.world.now() + 3_600_000;
    let quota = ended(Ending::Parked { until: Some(until), by: ParkedBy::Quota });
    bench.desk.report(&lease, vec![Report::Delivered, used(9_500_000, None), quota]).await?;
    let change = json!({"daily_budget_usd": 20});
    bench.app.owner.send(Method::PATCH, "/api/v1/org", None, Some(&change)).await?.ok()?;
    let budgets = bench.app.owner.get("/api/v1/budgets").await?;
    let day = &budgets["day"];
    assert_eq!((&day["spent_usd"], &day["budget_usd"], &day["left_usd"]), (&json!(9.5), &json!(20.0), &json!(10.5)), "{budgets:#}");
    assert_eq!(day["resets_at"], "2026-11-22T00:00:00.000Z");
    let titles: Vec<&Value> = budgets["sessions"].as_array().context("sessions")?.iter().map(|one| &one["title"]).collect();
    assert_eq!(titles, ["Rich", "Poor"], "the smallest part left comes first");
    assert_eq!(budgets["sessions"][0]["left_usd"], 0.5);
    let parked = &budgets["parked"][0];
    assert_eq!(
        (&parked["session"], &parked["reason"], &parked["driver"]),
        (&json!(rich), &json!("quota"), &json!("rehearse")),
        "{budgets:#}"
    );
    assert_eq!(parked["until"], json!(fugue_domain::time::Time(until)));
    bench.desk.while_hearing(bench.app.owner.post(&format!("/api/v1/sessions/{poor}/close"), &json!({}))).await?;
    bench.desk.while_hearing(bench.app.owner.post(&format!("/api/v1/sessions/{rich}/close"), &json!({}))).await?;
    let after = bench.app.owner.get("/api/v1/budgets").await?;
    assert_eq!((&after["sessions"], &after["parked"]), (&json!([]), &json!([])), "what is over has nothing left and waits for nothing");
    Ok(())
}

/// More sums than one answer holds: the dearest are shown, and the rest is told.
async fn many(app: App) -> Result<()> {
    let me: fugue_domain::id::OrgId = app.owner.get("/api/v1/me").await?["org"].as_str().context("an org")?.parse()?;
    let day = Day::of(app.world.now()).0;
    app.hub()
        .db
        .write(move |tx| {
            Box::pin(async move {
                for n in 0..130i64 {
                    let sql = "INSERT INTO costs (org_id, day, session_id, model, cost) VALUES ($1, $2, $3, $4, $5)";
                    let row = fugue_hub::db::query(sql).bind(me.as_str()).bind(day).bind("ses_x").bind(format!("m{n}")).bind(n * 1_000_000);
                    row.execute(tx.conn).await?;
                }
                Ok(())
            })
        })
        .await?;
    let costs = app.owner.get("/api/v1/costs?by=model").await?;
    assert_eq!(costs["items"].as_array().context("items")?.len(), 100);
    assert_eq!((&costs["items"][0]["key"], &costs["items"][99]["key"]), (&json!("m129"), &json!("m30")));
    assert_eq!(costs["rest"]["cost_usd"], json!((0..30).sum::<i64>() as f64));
    assert_eq!(costs["total"]["cost_usd"], json!((0..130).sum::<i64>() as f64));
    Ok(())
}

/// What turns had cost before there was this table is in it: the step of the schema that made it is run again on a hub with turns.
async fn before_costs(app: App) -> Result<()> {
    let mut bench = Bench::at(app).await?;
    let (of_task, alone) = two(&mut bench).await?;
    for (assignment, micro) in [(&of_task, 2_000_000), (&alone, 1_000_000)] {
        bench.desk.next = 1;
        let reports = vec![Report::Delivered, used(micro, Some("large")), ended(Ending::Succeeded)];
        bench.desk.report(&assignment.lease, reports).await?;
    }
    let step = include_str!("../../src/migrations/0011_costs.sql");
    let filling = step.split(';').find(|part| part.contains("INSERT INTO costs")).context("the filling")?.to_owned();
    bench
        .app
        .hub()
        .db
        .write(move |tx| {
            Box::pin(async move {
                fugue_hub::db::query("DELETE FROM costs").execute(tx.conn).await?;
                fugue_hub::db::composed(filling).execute(tx.conn).await?;
                Ok(())
            })
        })
        .await?;
    let models = sums(&bench.app, "by=model").await?;
    assert_eq!(models, [(json!("unknown"), json!(3.0), json!(2))]);
    assert_eq!(sums(&bench.app, "by=task").await?[0], (json!("Fix login"), json!(2.0), json!(1)));
    Ok(())
}
