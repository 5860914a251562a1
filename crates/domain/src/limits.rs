//! Every limit of the product: a name, a unit, a number and its reason.
//!
//! Reaching one is always visible: an error that names it, a `gap` event, or a state. `docs/LIMITS.md` is generated from
//! this file.

/// Bytes of one message's text. A prompt larger than this belongs in a file of the repository.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Messages waiting in one session. More than any honest client queues; stops a loop that talks to itself before it fills the disk.
pub const QUEUE_MESSAGES_MAX: i64 = 100_000;
/// Bytes of a request body. Room for the largest message with JSON escapes.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of an Idempotency-Key header.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Hours that the reply to an Idempotency-Key is kept, as Stripe does.
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// Characters of a title, a name or a reason that a person types.
pub const TITLE_CHARS_MAX: usize = 200;
/// Bytes of one stored event. A longer one is cut, and says how many bytes are missing.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one line that a protocol may print. Longer ones are skipped with a `gap` event, as no honest program prints them.
pub const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one line of plain output kept as an event; the rest of the line is a gap.
pub const OUTPUT_LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of events that one turn may store. What comes after is counted and reported as a gap.
pub const TURN_EVENT_BYTES_MAX: i64 = 1024 * 1024 * 1024;
/// Bytes of a spool that no hub has acknowledged. At this point the agent's output is no longer read, so it waits.
pub const SPOOL_UNACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of one batch of reports on the link.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Reports in one batch on the link.
pub const BATCH_REPORTS_MAX: usize = 2_048;
/// Batches that a node may have sent for one lease without an acknowledgement.
pub const BATCHES_IN_FLIGHT_MAX: usize = 4;
/// Bytes of one message on the link. A larger one closes the connection.
pub const LINK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Items of one page.
pub const PAGE_ITEMS_MAX: i64 = 200;
/// Items of a page when nothing is asked for.
pub const PAGE_ITEMS_DEFAULT: i64 = 50;
/// Times that one turn may be started, the first included. The third crash is no accident.
pub const ATTEMPTS_MAX: i64 = 3;
/// Milliseconds before a turn that broke off is tried again; five times as long after each further try, so that work which ends its
/// agent each time does not keep a machine busy.
pub const BACK_OFF_MS: i64 = 1_000;
/// The longest of these pauses, in milliseconds.
pub const BACK_OFF_MAX_MS: i64 = 300_000;
/// Milliseconds between two heartbeats of a node.
pub const HEARTBEAT_MS: i64 = 5_000;
/// Milliseconds without a heartbeat after which a node is called suspect.
pub const NODE_SUSPECT_MS: i64 = 15_000;
/// Milliseconds without a heartbeat after which a node is called lost. Its leases go on until they end by themselves.
pub const NODE_LOST_MS: i64 = 40_000;
/// Milliseconds by which the hub's clock may run ahead or behind between two looks before it counts as a jump.
pub const CLOCK_JUMP_MS: i64 = 10_000;
/// Nodes that seem lost at once before the hub doubts itself instead, and ends no lease.
pub const BREAKER_NODES: usize = 5;
/// In a fleet of twice as many nodes or more, one in this many is enough for that.
pub const BREAKER_SHARE: usize = 5;
/// Milliseconds for which it doubts; then the nodes are lost after all.
pub const BREAKER_HOLD_MS: i64 = 15 * 60 * 1_000;
/// Milliseconds of a lease. A day: a laptop may sleep through the night, and by default nothing is run elsewhere meanwhile.
pub const LEASE_MS: i64 = 24 * 60 * 60 * 1_000;
/// Milliseconds before the end of its lease at which a node stops the agent by itself, as a share of the lease: one sixth.
pub const LEASE_MARGIN_SHARE: i64 = 6;
/// Milliseconds that an agent process without work is kept. Starting one costs half a second, keeping one 100 MiB.
pub const AGENT_IDLE_MS: i64 = 10 * 60 * 1_000;
/// Milliseconds of a turn by the clock, unless its agent says otherwise.
pub const TURN_MS: i64 = 4 * 60 * 60 * 1_000;
/// Milliseconds without any output after which a running agent is called hung, unless its agent says otherwise.
pub const SILENCE_MS: i64 = 15 * 60 * 1_000;
/// Milliseconds between asking a process tree to end and ending it.
pub const STOP_GRACE_MS: i64 = 3_000;
/// Milliseconds that an approval waits for an answer before it expires to a denial.
pub const APPROVAL_MS: i64 = 24 * 60 * 60 * 1_000;
/// Bytes of an approval's input. A longer one cannot be read by a person and is denied.
pub const APPROVAL_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the name of a tool, and of a program's own name for a question. Longer ones are denied by the node.
pub const APPROVAL_NAME_BYTES_MAX: usize = 200;
/// Minutes that a node's join code is good for, once.
pub const JOIN_CODE_MINUTES: i64 = 10;
/// Seconds that a code for pairing a device is good for, once.
pub const DEVICE_CODE_SECONDS: i64 = 60;
/// Days after which a device is paired anew.
pub const DEVICE_DAYS: i64 = 90;
/// Bytes of the address at which a push service takes what is for one browser. The longest known ones have a quarter of it.
pub const PUSH_ENDPOINT_BYTES_MAX: usize = 2_048;
/// Times that one push is sent, the first included. With the pauses between them that is an hour, and it is about now or never.
pub const PUSH_TRIES_MAX: i64 = 10;
/// Milliseconds before a push that was not taken is sent again; three times as long after each further try.
pub const PUSH_AGAIN_MS: i64 = 5_000;
/// The longest of these pauses, in milliseconds, also where a push service asks for a longer one.
pub const PUSH_AGAIN_MAX_MS: i64 = 600_000;
/// Milliseconds that a push service may take to answer.
pub const PUSH_ANSWER_MS: u64 = 10_000;
/// Milliseconds for which it is worth saying that something ended. Later it is history, which is read and not heard of.
pub const PUSH_KEPT_MS: i64 = 12 * 60 * 60 * 1_000;
/// Milliseconds for which a page's word about what it shows holds. Pages say it again twice in that time.
pub const PUSH_SCREEN_MS: i64 = 60_000;
/// Characters of a title in a push.
pub const PUSH_TITLE_CHARS_MAX: usize = 120;
/// Bytes of the path that a page says it shows.
pub const PUSH_PATH_BYTES_MAX: usize = 200;
/// Bytes of a delivery to a hook. GitHub sends up to 25 MiB.
pub const HOOK_BODY_BYTES_MAX: usize = 25 * 1024 * 1024;
/// Deliveries larger than other bodies that are read at the same time; the next is asked to come again. Whoever knows the address can
/// send one, and until it is there nobody knows whether it is signed.
pub const HOOK_LARGE_AT_ONCE: usize = 4;
/// Milliseconds in which a delivery must have come. Senders give up after about ten seconds.
pub const HOOK_BODY_MS: u64 = 30_000;
/// Milliseconds that a delivery that says when it was signed may be old, or ahead: what Slack and Standard Webhooks advise.
pub const HOOK_AGE_MS: u64 = 5 * 60 * 1_000;
/// Days for which a delivery is known again. Senders try for three days, and people send again by hand what failed.
pub const HOOK_DELIVERY_DAYS: i64 = 30;
/// Bytes of a sender's id of a delivery.
pub const HOOK_ID_BYTES_MAX: usize = 255;
/// Events in one delivery. LINE sends a few; each becomes a message.
pub const HOOK_EVENTS_MAX: usize = 1_000;
/// Hooks of one org. Each is a door that people must know of.
pub const HOOKS_MAX: i64 = 200;
/// Seconds that a ticket for the multiplexed WebSocket is good for, once.
pub const TICKET_SECONDS: i64 = 30;
/// Agents that a node runs side by side, unless it says otherwise.
pub const NODE_SLOTS: i64 = 8;
/// Milliseconds that a call to a node (look at a repository, resolve a commit) may take.
pub const NODE_CALL_MS: u64 = 15_000;
/// Milliseconds that live streams wait in silence before they send a sign of life.
pub const STREAM_PING_MS: u64 = 15_000;
/// Bytes that one live subscriber may be behind in its socket before it must come back with its cursor.
pub const SUBSCRIBER_BYTES_MAX: usize = 1024 * 1024;
/// Milliseconds that a client may leave a full socket unread before its connection is closed.
pub const SUBSCRIBER_STALL_MS: u64 = 30_000;
/// Jobs of one group commit, a bound on how long the first of them waits.
pub const GROUP_JOBS_MAX: usize = 64;
/// Messages that may wait to be accepted together before their callers wait for room. A statement for all of them must stay
/// within the 65,535 values that PostgreSQL takes.
pub const SENDS_WAITING_MAX: usize = 4_096;
/// Milliseconds between two pings of a long-lived process to its own runtime. Rare enough to cost nothing.
pub const STALL_PING_MS: u64 = 2_000;
/// Waits of that length without an answer after which the process ends itself. With the pause before the first, a stall shows within ten
/// seconds: longer than any honest burst of work, shorter than the silence after which a node is called suspect.
pub const STALL_PINGS: u32 = 4;
/// Bytes of a page that small pages of events are merged into. Large enough that a long history is few rows, small enough that fifty events
/// from its middle are read at once.
pub const MERGED_PAGE_BYTES: i64 = 64 * 1024;
/// Milliseconds without an event after which the newest small pages of a session are merged too: it will hardly fill them soon.
pub const MERGE_QUIET_MS: i64 = 60 * 60 * 1_000;
/// Bytes of events in one block of an archived segment: what is read, checked and unpacked for one look into it.
pub const SEGMENT_BLOCK_BYTES: usize = 256 * 1024;
/// Bytes of rows that one transaction deletes after they were archived. More would keep messages waiting.
pub const CLEAR_BYTES_MAX: i64 = 1024 * 1024;
/// Days between the release of a closed session and the move of its events into the archive, unless the hub is told otherwise.
pub const ARCHIVE_AFTER_DAYS: i64 = 7;
/// Bytes of an agent's file. Its instructions go to the agent with every session.
pub const AGENT_FILE_BYTES_MAX: usize = 64 * 1024;
/// Times that a run's agent is asked for its answer, the first included. What it cannot mend when told the reasons it will not mend later.
pub const RUN_ASKED_MAX: i64 = 2;
/// Bytes of a turn's last events that are searched for its answer. An answer is the last thing that an agent says.
pub const RUN_SEARCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of a run's summary in lists.
pub const RUN_SUMMARY_CHARS_MAX: usize = 500;
/// Bytes of the end of a command's output that are stored as evidence and told to an agent. The whole stays with the node.
pub const CHECK_TAIL_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a command's whole output that its node keeps; what comes after is counted only.
pub const CHECK_OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Seconds of a check or set-up command, unless the project says otherwise.
pub const CHECK_SECONDS: i64 = 15 * 60;
/// Files of a change that are listed; the rest is counted.
pub const CHANGE_FILES_MAX: usize = 500;
/// Bytes of a file that git does not know yet whose lines are counted. Of a larger one nobody reads the number.
pub const CHANGES_COUNTED_BYTES_MAX: u64 = 1024 * 1024;
/// Milliseconds that git has for each look at what changed. Nobody waits for longer: the hub's call is over by then.
pub const CHANGES_LOOK_MS: u64 = NODE_CALL_MS;
/// Milliseconds for which an answer holds where the kernel tells of no change. Of writes through a memory mapping it tells only when the
/// mapping ends.
pub const CHANGES_HELD_MS: u64 = 30_000;
/// Milliseconds after which a place that nobody asked about is watched no more.
pub const CHANGES_UNASKED_MS: u64 = 5 * 60 * 1_000;
/// Places that a node watches. Beyond, git looks each time.
pub const CHANGES_PLACES_MAX: usize = 256;
/// Folders of one place that are watched; ignored ones are not counted once git has named them. In a larger one git looks each time.
pub const CHANGES_FOLDERS_MAX: usize = 4_096;
/// Folders that a node watches in all. Each keeps about a kilobyte of the kernel's memory.
pub const CHANGES_WATCHES_MAX: usize = 32_768;
/// Bytes of both sides of a conflict that an agent is told.
pub const CONFLICT_BYTES_MAX: usize = 16 * 1024;
/// Times that a change alone could not be tried, the first included, before a person is asked.
pub const MERGE_TRIES_MAX: i64 = 3;
/// Milliseconds before a branch that could not be moved is tried again; twice as long after each further try.
pub const MERGE_WAIT_MS: i64 = 1_000;
/// The longest of these pauses, in milliseconds. Who finishes work in the tree that held the branch should not wait for long.
pub const MERGE_WAIT_MAX_MS: i64 = 30_000;
/// Findings of one review. Who has more to say has a change to send back as a whole.
pub const FINDINGS_MAX: usize = 50;
/// Bytes of one finding's text.
pub const FINDING_BYTES_MAX: usize = 4 * 1024;
/// Times that an agent's review could not be begun, the first included, before a person is asked. A node that is away counts for none.
pub const REVIEW_TRIES_MAX: i64 = 3;
/// Milliseconds before the beginning of a review is tried again.
pub const REVIEW_AGAIN_MS: i64 = 5_000;
/// Bytes of checks' output that an agent is told in one message. More would bury what it must mend.
pub const TASK_EVIDENCE_TOLD_BYTES_MAX: usize = 24 * 1024;
/// Tries at the proof of a task before a person is asked, unless the project says otherwise.
pub const TASK_ATTEMPTS: i64 = 3;
/// Tries that a project or a person may allow.
pub const TASK_ATTEMPTS_MAX: i64 = 20;
/// Tasks that one request makes.
pub const TASKS_AT_ONCE_MAX: usize = 1_000;
/// Bytes of a task's description, and of what must be true at its end. More belongs in a file of the repository.
pub const TASK_TEXT_BYTES_MAX: usize = 64 * 1024;
/// Tasks that one task depends on.
pub const TASK_NEEDS_MAX: usize = 200;
/// Labels, links, checks or stated paths of one task.
pub const TASK_LIST_MAX: usize = 100;
/// Characters of a label, a link, a check's name or a stated path.
pub const TASK_WORD_CHARS_MAX: usize = 500;
/// How much more urgent or less urgent than usual a task can be.
pub const TASK_PRIORITY_MAX: i64 = 100;
/// Entries of a task's story. After that the oldest evidence in the middle goes; what was decided stays countable by its number.
pub const TASK_STORY_MAX: i64 = 400;
/// Bytes of the evidence of one entry; the outputs of commands are cut to fit.
pub const TASK_EVIDENCE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a change as text that are shown at once. As JSON on the link they may become six times as many.
pub const DIFF_BYTES_MAX: usize = 512 * 1024;
/// Checks or set-up commands of one job. Their evidence has to fit into one message on the link.
pub const JOB_COMMANDS_MAX: usize = 32;
/// Bytes of a job's outcome on the link. Of a longer one the ends of outputs are shortened, which is said in them.
pub const JOB_OUTCOME_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Jobs whose outputs a node keeps after the hub has their outcome; the oldest go first.
pub const JOB_OUTPUTS_KEPT: usize = 500;
/// Bytes of all outputs that a node keeps for that long.
pub const JOB_OUTPUT_BYTES_KEPT: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of a command's output in one answer of a node. As JSON they may become six times as many.
pub const CHECK_PIECE_BYTES: usize = 512 * 1024;
/// Seconds that a node gives a project's command at most, unless its settings say otherwise.
pub const CHECK_SECONDS_MAX: i64 = 2 * 60 * 60;
/// Bytes of a session's raw output in one answer of a node. As text on the link they are a third more.
pub const RAW_PAGE_BYTES: usize = 256 * 1024;
/// Bytes of the spools of a session's ended programs that its node keeps for people to look at; the oldest go first.
pub const RAW_KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// Programs of a session of which something is kept.
pub const RAW_KEPT_PROGRAMS: usize = 50;
/// Commits of a change that are listed, the newest of them.
pub const CHANGE_COMMITS_MAX: usize = 200;
/// Bytes of the paths of a change that are listed.
pub const CHANGE_PATH_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a file of a repository that a hub reads: settings and plans. What is longer was not written by people.
pub const REPOSITORY_FILE_BYTES_MAX: usize = 256 * 1024;
/// Milliseconds between two looks at what worktrees take of a node's disk, if that is limited.
pub const ROOM_LOOK_MS: u64 = 60_000;
/// The same where nothing is limited, only for people to see.
pub const ROOM_LOOK_RARELY_MS: u64 = 10 * 60 * 1_000;
/// Milliseconds until the next look after something has changed, and while there is no room.
pub const ROOM_LOOK_SOON_MS: u64 = 2_000;
/// Milliseconds for which nobody has written to a cache before it may be removed: who builds by hand is not seen otherwise.
pub const CACHE_QUIET_MS: i64 = 60_000;
/// Milliseconds after which a turn is tried again whose worktree had no room.
pub const ROOM_AGAIN_MS: i64 = 30_000;
/// Tasks of a project that are worked on side by side, unless the project says otherwise.
pub const TASKS_PARALLEL: i64 = 4;
/// Tasks of a project that may be worked on side by side, whatever it says.
pub const TASKS_PARALLEL_MAX: i64 = 100;
/// Finished tasks that are tested together on their way to the target branch, unless the project says otherwise.
pub const MERGE_BATCH: i64 = 4;
/// Finished tasks that a project may have tested together. A red batch is halved until its bad entry is alone.
pub const MERGE_BATCH_MAX: i64 = 32;
/// Commits of a repository's history that a forecast looks at.
pub const FORECAST_COMMITS_MAX: usize = 1_000;
/// Files of a commit beyond which it says nothing about what belongs together: a renaming, an import.
pub const FORECAST_COMMIT_FILES_MAX: usize = 30;
/// Milliseconds that a task is passed by because of another one in the same files before those that would touch them wait for it.
pub const FOREMAN_PATIENCE_MS: i64 = 10 * 60 * 1_000;
/// Milliseconds of waiting that count as much as one step of priority, so that nothing waits for ever behind what is more important.
pub const FOREMAN_STEP_MS: i64 = 60 * 60 * 1_000;
/// Days that costs are added up for, unless somebody says otherwise.
pub const COST_DAYS: i64 = 30;
/// Days that costs can be added up for: a year, and a day more for leap years.
pub const COST_DAYS_MAX: i64 = 366;
/// Sums of one answer, those with budgets and those that wait likewise; what does not fit is told as a rest, or is what matters least.
pub const COST_ITEMS_MAX: i64 = 100;
/// Events that one request for those of all sessions looks through. A rare kind is found page by page, each of them soon.
pub const EVENTS_LOOKED_MAX: usize = 5_000;
/// Sessions that such a request reads side by side. Where more were at work in the same moment, those that were last at work come first.
pub const EVENTS_SESSIONS_MAX: usize = 150;
/// Characters of one text of an event in that list; the session's own history has all of it.
pub const EVENTS_TEXT_CHARS_MAX: usize = 400;
/// Bytes of one session's history that one request looks through. A long history is looked through request by request, each of them soon.
pub const FIND_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of the words that are looked for in a history.
pub const FIND_CHARS_MAX: usize = 200;
/// Characters that are shown of an event that was found.
pub const FIND_EXCERPT_CHARS: usize = 160;
/// Sessions, tasks and plans, of each the newest, that a search looks through.
pub const SEARCHED_MAX: i64 = 20_000;
/// Things of one kind that a search finds.
pub const FOUND_MAX: i64 = 12;
/// Words of a search; what comes after is not looked for.
pub const SEARCH_WORDS_MAX: usize = 4;
