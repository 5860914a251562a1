//! The HTTP side of the hub: every route on one screen, and what handlers share.
//!
//! The middleware, in its order, is `guard`. A handler extracts, calls one function of its noun, and converts.

use crate::hub::Hub;
use crate::metrics;
use crate::{
    agent, approval, budget, cost, device, event, hook, job, link, merge_queue, message, node, org, plan, project, push, review, run,
    search, session, settings, task, token, turn,
};
use axum::Router;
use axum::http::Method;
use fugue_domain::api::*;
use fugue_domain::caller::Permission::{Administer, Approve, Configure, Link, Operate, Read};
use fugue_domain::limits::HOOK_LARGE_AT_ONCE;
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub mod body;
pub mod caller;
pub mod cockpit;
pub mod cookie;
pub mod creating;
pub mod guard;
pub mod health;
pub mod host;
pub mod listener;
pub mod live;
pub mod openapi;
pub mod page;
pub mod path;
pub mod problem;
pub mod route;
pub mod socket;
pub mod sse;
pub mod tail;
pub mod ticket;

use guard::{Guarded, Mark};
use route::Access::{Public, Signed, Ticket as ByTicket};
use route::Param::{Day, Number, Text, Word, Words};
use route::{Gives, Route, delete, get, patch, post, put};

/// What `state` may be when sessions are listed.
pub const SESSION_STATES: &[&str] = &["open", "idle", "busy", "waiting", "parked", "closed"];
const APPROVAL_STATES: &[&str] = &["pending", "approved", "denied", "expired", "withdrawn"];

/// Every route.
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    vec![
        get("/healthz", Public, "alive", "Whether the process answers", health::alive).answers(Gives::Text("text/plain")),
        get("/readyz", Read, "ready", "Whether the database answers", health::database).answers(Gives::Text("text/plain")),
        get("/metrics", Read, "metrics", "Figures for Prometheus", health::metrics).answers(Gives::Text("text/plain")),
        get("/problems", Public, "listProblems", "All problem types", problem::index).answers(Gives::Text("text/markdown")),
        get("/problems/{slug}", Public, "explainProblem", "What a problem type means", problem::page).answers(Gives::Text("text/markdown")),
        get("/api/v1/openapi.json", Read, "openapi", "This document", health::openapi).answers(Gives::Text("application/json")),

        get("/api/v1/health", Read, "showHealth", "Which version the hub is, and that its database takes writes", health::show).gives::<Health>(),
        get("/api/v1/me", Read, "whoAmI", "Who the caller is", org::routes::me).gives::<Me>(),
        get("/api/v1/org", Read, "getOrg", "The org's settings", org::routes::settings).gives::<OrgSettings>(),
        patch("/api/v1/org", Administer, "changeOrg", "Change the org's settings", org::routes::change).takes::<OrgSettings>().gives::<OrgSettings>(),
        get("/api/v1/tokens", Administer, "listTokens", "Credentials", token::routes::list).lists::<Token>(),
        post("/api/v1/tokens", Administer, "createToken", "Make a credential", token::routes::create).takes::<NewToken>().creates::<Token>(),
        delete("/api/v1/tokens/{id}", Administer, "revokeToken", "Take a credential back", token::routes::revoke),

        get("/api/v1/devices", Read, "listDevices", "The caller's devices", device::routes::list).lists::<Device>(),
        post("/api/v1/devices", Public, "pairDevice", "Become a device, with a code that works once", device::routes::pair).takes::<NewDevice>().gives_made::<Device>(),
        post("/api/v1/devices/codes", Read, "createDeviceCode", "Make a code with which one browser signs in", device::routes::code).gives_made::<DeviceCode>(),
        delete("/api/v1/devices/{id}", Read, "revokeDevice", "Sign a device out", device::routes::revoke),

        get("/api/v1/push", Read, "getPush", "What is pushed to the device that asks", push::routes::get).gives::<PushState>(),
        put("/api/v1/push", Read, "putPush", "Subscribe this device, or change what it wants", push::routes::put).takes::<NewPush>().gives::<PushState>(),
        delete("/api/v1/push", Read, "removePush", "Push nothing to this device any more", push::routes::remove),
        post("/api/v1/push/test", Read, "testPush", "Push something to this device, to see that it works", push::routes::test),
        post("/api/v1/push/answers", Approve, "answerPush", "Answer a question from its notification", push::routes::answer).takes::<PushAnswer>().gives::<Approval>(),

        get("/api/v1/hooks", Read, "listHooks", "Hooks, without their secrets", hook::routes::list).lists::<Hook>(),
        post("/api/v1/hooks", Administer, "createHook", "Make a hook; the answer alone holds its secret", hook::routes::create).takes::<NewHook>().creates::<Hook>(),
        get("/api/v1/hooks/{id}", Read, "getHook", "One hook", hook::routes::get).gives::<Hook>(),
        delete("/api/v1/hooks/{id}", Administer, "removeHook", "Remove a hook with its secret; its session stays", hook::routes::remove),
        post("/api/v1/hooks/{id}", Signed, "deliver", "Deliver something from outside, signed with the hook's secret", hook::routes::deliver).answers(Gives::Receipt),

        get("/api/v1/agents", Read, "listAgents", "Agents", agent::routes::list).lists_all::<AgentView>(),
        get("/api/v1/agents/{name}", Read, "getAgent", "One agent", agent::routes::get).gives::<AgentView>(),
        put("/api/v1/agents/{name}", Configure, "putAgent", "Store an agent", agent::routes::put).takes::<fugue_domain::agent::Agent>().gives::<AgentView>(),
        delete("/api/v1/agents/{name}", Configure, "removeAgent", "Remove a stored agent", agent::routes::remove),
        post("/api/v1/agents/{name}/runs", Operate, "startRun", "Let an agent work on one question, up to its answer", run::routes::start).takes::<NewRun>().creates::<Run>(),
        get("/api/v1/runs", Read, "listRuns", "Runs, without their results", run::routes::list).param(Text("type")).param(Word("status", fugue_domain::run::Status::WORDS)).param(Text("q")).lists::<Run>(),
        get("/api/v1/runs/{id}", Read, "getRun", "One run, with its result", run::routes::get).gives::<Run>(),
        get("/api/v1/projects", Read, "listProjects", "Projects", project::routes::list).lists::<Project>(),
        post("/api/v1/projects", Configure, "addProject", "Add a repository", project::routes::add).takes::<NewProject>().creates::<Project>(),
        get("/api/v1/projects/{id}", Read, "getProject", "One project, by id or name", project::routes::get).gives::<Project>(),
        get("/api/v1/projects/{id}/settings", Read, "getProjectSettings", "What its fugue.toml says, and what of it holds", settings::routes::show).gives::<ProjectSettings>(),

        get("/api/v1/sessions", Read, "listSessions", "Sessions", session::routes::list).param(Word("state", SESSION_STATES)).param(Text("project")).param(Text("q")).lists::<Session>(),
        post("/api/v1/sessions", Operate, "openSession", "Open a session", session::routes::open).takes::<NewSession>().creates::<Session>(),
        get("/api/v1/sessions/{id}", Read, "getSession", "One session", session::routes::get).gives::<Session>(),
        patch("/api/v1/sessions/{id}", Operate, "changeSession", "Change title or budget", session::routes::change).takes::<SessionChange>().gives::<Session>(),
        post("/api/v1/sessions/{id}/stop", Operate, "stopSession", "End its agent with everything it started", session::routes::stop).gives::<Session>(),
        post("/api/v1/sessions/{id}/close", Operate, "closeSession", "Close it; its branch stays", session::routes::close).gives::<Session>(),
        get("/api/v1/sessions/{id}/events", Read, "readEvents", "Its events: page, SSE or WebSocket", event::routes::read).param(Number("after", 0, u32::MAX as i64)).param(Number("limit", 1, fugue_domain::limits::PAGE_ITEMS_MAX)).streams::<EventPage>(),
        get("/api/v1/sessions/{id}/find", Read, "findEvents", "What of its history fits: words, errors, questions", event::routes::find).param(Text("q")).param(Word("what", event::find::What::WORDS)).param(Number("after", 0, u32::MAX as i64)).param(Number("limit", 1, fugue_domain::limits::PAGE_ITEMS_MAX)).gives::<EventHits>(),
        get("/api/v1/sessions/{id}/raw", Read, "readRaw", "What its agents printed, byte for byte, from its node", session::routes::raw).param(Text("before")).param(Text("after")).gives::<RawPage>(),
        get("/api/v1/sessions/{id}/changes", Read, "readChanges", "What has changed in its place since it began, from its node", session::routes::changes).gives::<Changes>(),
        get("/api/v1/sessions/{id}/messages", Read, "listMessages", "Its messages", message::routes::list).lists::<Message>(),
        post("/api/v1/sessions/{id}/messages", Operate, "sendMessage", "Queue a message", message::routes::send).takes::<NewMessage>().creates::<Message>(),
        post("/api/v1/sessions/{id}/steer", Operate, "steerSession", "Hand a message to the running turn", message::routes::steer).takes::<NewMessage>().creates::<Message>(),
        get("/api/v1/messages/{id}", Read, "getMessage", "One message", message::routes::get).gives::<Message>(),
        patch("/api/v1/messages/{id}", Operate, "changeMessage", "Edit or move a queued message", message::routes::change).takes::<MessageChange>().gives::<Message>(),
        delete("/api/v1/messages/{id}", Operate, "takeBackMessage", "Take a queued message back", message::routes::take_back).gives::<Message>(),
        get("/api/v1/sessions/{id}/turns", Read, "listTurns", "Its turns", turn::routes::list).lists::<Turn>(),
        get("/api/v1/turns/{id}", Read, "getTurn", "One turn", turn::routes::get).gives::<Turn>(),
        post("/api/v1/turns/{id}/interrupt", Operate, "interruptTurn", "Let its agent break off", turn::routes::interrupt).gives::<Turn>(),
        post("/api/v1/turns/{id}/resume", Operate, "resumeTurn", "Put a parked turn back in line now", turn::routes::resume).gives::<Turn>(),

        get("/api/v1/tasks", Read, "listTasks", "Tasks", task::routes::list).param(Word("state", task::routes::STATES)).param(Text("project")).param(Text("plan")).param(Text("label")).param(Text("q")).lists::<Task>(),
        post("/api/v1/tasks", Operate, "createTasks", "Write tasks down, one or many", task::routes::create).takes::<NewTasks>().creates::<MadeTasks>(),
        get("/api/v1/tasks/{id}", Read, "getTask", "One task, with its evidence and its story", task::routes::get).gives::<TaskDetail>(),
        patch("/api/v1/tasks/{id}", Operate, "changeTask", "Edit a task, while that means something", task::routes::change).takes::<TaskChange>().gives::<TaskDetail>(),
        get("/api/v1/tasks/{id}/diff", Read, "readTaskDiff", "Its change as text", task::routes::diff).gives::<Diff>(),
        post("/api/v1/tasks/{id}/start", Operate, "startTask", "Let a draft be worked on", task::routes::start).may_take::<Remark>().gives::<TaskDetail>(),
        post("/api/v1/tasks/{id}/retry", Operate, "retryTask", "Let it be tried again", task::routes::retry).may_take::<Remark>().gives::<TaskDetail>(),
        post("/api/v1/tasks/{id}/submit", Operate, "submitTask", "Hand in what its worktree holds", task::routes::submit).may_take::<Remark>().gives::<TaskDetail>(),
        post("/api/v1/tasks/{id}/approve", Approve, "approveTask", "Let its change pass", task::routes::approve).may_take::<Remark>().gives::<TaskDetail>(),
        post("/api/v1/tasks/{id}/take-over", Operate, "takeOverTask", "Stop its agent and leave its worktree to a person", task::routes::take_over).may_take::<Remark>().gives::<TaskDetail>(),
        post("/api/v1/tasks/{id}/cancel", Operate, "cancelTask", "Give it up; its branch stays", task::routes::cancel).may_take::<Remark>().gives::<TaskDetail>(),
        get("/api/v1/tasks/{id}/reviews", Read, "listReviews", "What was said about its change", review::routes::list).lists::<Review>(),
        post("/api/v1/tasks/{id}/review", Approve, "reviewTask", "A person's verdict about one commit", review::routes::judge).takes::<NewReview>().creates::<Review>(),
        get("/api/v1/merge-queue", Read, "listMergeQueues", "Changes on their way to their branches", merge_queue::routes::list).param(Text("project")).lists_all::<MergeQueue>(),
        post("/api/v1/merge-queue/dry-run", Operate, "tryMerge", "What would happen, as a job that moves nothing", merge_queue::routes::trial).takes::<NewTrial>().creates::<Trial>(),
        delete("/api/v1/merge-queue/{id}", Operate, "leaveMergeQueue", "Take a task's change out of its queue", merge_queue::routes::remove),

        get("/api/v1/plans", Read, "listPlans", "Plans", plan::routes::list).param(Word("state", plan::routes::STATES)).param(Text("project")).lists::<Plan>(),
        post("/api/v1/plans", Operate, "createPlan", "Let an agent make a plan of a goal", plan::routes::create).takes::<NewPlan>().creates::<Plan>(),
        get("/api/v1/plans/{id}", Read, "getPlan", "One plan, with its graph", plan::routes::get).gives::<PlanDetail>(),
        put("/api/v1/plans/{id}/tasks", Operate, "replacePlanTasks", "Other tasks instead of those that are proposed", plan::routes::replace).takes::<PlanTasks>().gives::<PlanDetail>(),
        post("/api/v1/plans/{id}/accept", Operate, "acceptPlan", "Let its tasks begin", plan::routes::accept).gives::<PlanDetail>(),
        post("/api/v1/plans/{id}/reject", Operate, "rejectPlan", "Give it up", plan::routes::reject).gives::<PlanDetail>(),

        get("/api/v1/approvals", Read, "listApprovals", "Questions to people", approval::routes::list).param(Word("state", APPROVAL_STATES)).lists::<Approval>(),
        get("/api/v1/approvals/{id}", Read, "getApproval", "One question", approval::routes::get).gives::<Approval>(),
        post("/api/v1/approvals/{id}/approve", Approve, "approve", "Say yes to exactly what was shown", approval::routes::approve).may_take::<Decision>().gives::<Approval>(),
        post("/api/v1/approvals/{id}/deny", Approve, "deny", "Say no", approval::routes::deny).may_take::<Decision>().gives::<Approval>(),

        get("/api/v1/costs", Read, "listCosts", "What was spent, added up", cost::routes::list).param(Word("by", CostBy::WORDS)).param(Day("from")).param(Day("to")).gives::<Costs>(),
        get("/api/v1/budgets", Read, "showBudgets", "What may still be spent, and what waits because of a limit", budget::routes::show).gives::<Budgets>(),
        get("/api/v1/events", Read, "listEvents", "Events of all sessions, newest first", event::routes::across).param(Text("session")).param(Text("project")).param(Text("kind")).param(Word("level", fugue_domain::event::Level::WORDS)).param(Number("limit", 1, fugue_domain::limits::PAGE_ITEMS_MAX)).param(Text("cursor")).gives::<EventList>(),
        get("/api/v1/search", Read, "search", "Sessions, tasks and plans that have these words", search::routes::find).param(Words("q")).lists_all::<Found>(),

        get("/api/v1/jobs/{id}", Read, "getJob", "One job: what a node does without an agent", job::routes::get).gives::<Job>(),
        get("/api/v1/jobs/{id}/output", Read, "readJobOutput", "The whole output of one of its commands", job::routes::output).param(Text("check")).answers(Gives::Text("text/plain")),

        get("/api/v1/nodes", Read, "listNodes", "Nodes", node::routes::list).lists::<Node>(),
        post("/api/v1/nodes/join-codes", Configure, "createJoinCode", "Make a code with which one machine joins", node::routes::join_code).creates::<JoinCode>(),
        post("/api/v1/nodes/join", Public, "joinNode", "Join, with a code that works once", node::routes::join).takes::<Join>().gives::<Joined>(),
        get("/api/v1/nodes/{id}", Read, "getNode", "One node, by id or name", node::routes::get).gives::<Node>(),
        post("/api/v1/nodes/{id}/drain", Configure, "drainNode", "Give it nothing new", node::routes::drain).gives::<Node>(),
        post("/api/v1/nodes/{id}/resume", Configure, "resumeNode", "Give it work again", node::routes::resume).gives::<Node>(),
        delete("/api/v1/nodes/{id}", Configure, "removeNode", "Remove it and its credential", node::routes::remove).param(Word("gone", &["true", "false"])),
        get("/api/v1/link", Link, "link", "Where nodes connect", link::connection::connect).answers(Gives::Socket),

        post("/api/v1/tickets", Read, "createTicket", "Make a single-use ticket for the WebSocket", ticket::create).gives_made::<Ticket>(),
        get("/api/v1/ws", ByTicket(Read), "live", "Many sessions over one WebSocket", live::connect).answers(Gives::Socket),
    ]
}

/// What handlers share, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The hub.
    pub hub: Hub,
    /// Whom we answer for.
    pub hosts: host::Hosts,
    /// The cockpit's files.
    pub cockpit: cockpit::Cockpit,
    /// Tickets that wait to be used.
    pub tickets: ticket::Tickets,
    /// Credentials behind open streams.
    pub standings: caller::Standings,
    /// Slow creations that run.
    pub creating: creating::Creating,
    /// Places for large deliveries.
    pub large: Arc<Semaphore>,
    /// WebSockets that are open.
    pub streams: TaskTracker,
    /// The hub is about to end.
    pub closing: CancellationToken,
}

impl App {
    /// Puts them together.
    pub fn new(hub: Hub, hosts: host::Hosts, cockpit: cockpit::Cockpit, closing: CancellationToken) -> Self {
        Self(Arc::new(Parts {
            hub,
            hosts,
            cockpit,
            tickets: ticket::Tickets::default(),
            standings: caller::Standings::default(),
            creating: creating::Creating::default(),
            large: Arc::new(Semaphore::new(HOOK_LARGE_AT_ONCE)),
            streams: TaskTracker::new(),
            closing,
        }))
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The router over the table. What is not in it answers as a problem too.
pub fn router(app: App) -> Router {
    metrics::install();
    let outside = |id, handler| Guarded { mark: Arc::new(Mark::new(Method::GET, "(none)", Public, id)), handler };
    let add = |router: Router<App>, route: Route| router.route(route.mark.path, route.answer);
    routes()
        .into_iter()
        .fold(Router::new(), add)
        .fallback(outside("noSuchPath", health::Outside::Path))
        .method_not_allowed_fallback(outside("noSuchMethod", health::Outside::Method))
        .with_state(app)
}
