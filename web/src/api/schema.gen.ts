// Written by `npm run gen` from docs/openapi.json. Do not edit.

export interface paths {
    "/api/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Agents */
        get: operations["listAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One agent */
        get: operations["getAgent"];
        /** Store an agent */
        put: operations["putAgent"];
        post?: never;
        /** Remove a stored agent */
        delete: operations["removeAgent"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agents/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an agent work on one question, up to its answer */
        post: operations["startRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Questions to people */
        get: operations["listApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One question */
        get: operations["getApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say yes to exactly what was shown */
        post: operations["approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{id}/deny": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say no */
        post: operations["deny"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What may still be spent, and what waits because of a limit */
        get: operations["showBudgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/costs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was spent, added up */
        get: operations["listCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's devices */
        get: operations["listDevices"];
        put?: never;
        /** Become a device, with a code that works once */
        post: operations["pairDevice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a code with which one browser signs in */
        post: operations["createDeviceCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Sign a device out */
        delete: operations["revokeDevice"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events of all sessions, newest first */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which version the hub is, and that its database takes writes */
        get: operations["showHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hooks, without their secrets */
        get: operations["listHooks"];
        put?: never;
        /** Make a hook; the answer alone holds its secret */
        post: operations["createHook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One hook */
        get: operations["getHook"];
        put?: never;
        /** Deliver something from outside, signed with the hook's secret */
        post: operations["deliver"];
        /** Remove a hook with its secret; its session stays */
        delete: operations["removeHook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job: what a node does without an agent */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole output of one of its commands */
        get: operations["readJobOutput"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where nodes connect */
        get: operations["link"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is */
        get: operations["whoAmI"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/merge-queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Changes on their way to their branches */
        get: operations["listMergeQueues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/merge-queue/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What would happen, as a job that moves nothing */
        post: operations["tryMerge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/merge-queue/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a task's change out of its queue */
        delete: operations["leaveMergeQueue"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One message */
        get: operations["getMessage"];
        put?: never;
        post?: never;
        /** Take a queued message back */
        delete: operations["takeBackMessage"];
        options?: never;
        head?: never;
        /** Edit or move a queued message */
        patch: operations["changeMessage"];
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Nodes */
        get: operations["listNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Join, with a code that works once */
        post: operations["joinNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/join-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a code with which one machine joins */
        post: operations["createJoinCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One node, by id or name */
        get: operations["getNode"];
        put?: never;
        post?: never;
        /** Remove it and its credential */
        delete: operations["removeNode"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give it nothing new */
        post: operations["drainNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give it work again */
        post: operations["resumeNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/org": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The org's settings */
        get: operations["getOrg"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the org's settings */
        patch: operations["changeOrg"];
        trace?: never;
    };
    "/api/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plans */
        get: operations["listPlans"];
        put?: never;
        /** Let an agent make a plan of a goal */
        post: operations["createPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plan, with its graph */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let its tasks begin */
        post: operations["acceptPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give it up */
        post: operations["rejectPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Other tasks instead of those that are proposed */
        put: operations["replacePlanTasks"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Projects */
        get: operations["listProjects"];
        put?: never;
        /** Add a repository */
        post: operations["addProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project, by id or name */
        get: operations["getProject"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What its fugue.toml says, and what of it holds */
        get: operations["getProjectSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is pushed to the device that asks */
        get: operations["getPush"];
        /** Subscribe this device, or change what it wants */
        put: operations["putPush"];
        post?: never;
        /** Push nothing to this device any more */
        delete: operations["removePush"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/push/answers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a question from its notification */
        post: operations["answerPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/push/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Push something to this device, to see that it works */
        post: operations["testPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, without their results */
        get: operations["listRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run, with its result */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions, tasks and plans that have these words */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions */
        get: operations["listSessions"];
        put?: never;
        /** Open a session */
        post: operations["openSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One session */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change title or budget */
        patch: operations["changeSession"];
        trace?: never;
    };
    "/api/v1/sessions/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What has changed in its place since it began, from its node */
        get: operations["readChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close it; its branch stays */
        post: operations["closeSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its events: page, SSE or WebSocket */
        get: operations["readEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What of its history fits: words, errors, questions */
        get: operations["findEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its messages */
        get: operations["listMessages"];
        put?: never;
        /** Queue a message */
        post: operations["sendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/raw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What its agents printed, byte for byte, from its node */
        get: operations["readRaw"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/steer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand a message to the running turn */
        post: operations["steerSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End its agent with everything it started */
        post: operations["stopSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its turns */
        get: operations["listTurns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tasks */
        get: operations["listTasks"];
        put?: never;
        /** Write tasks down, one or many */
        post: operations["createTasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One task, with its evidence and its story */
        get: operations["getTask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Edit a task, while that means something */
        patch: operations["changeTask"];
        trace?: never;
    };
    "/api/v1/tasks/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let its change pass */
        post: operations["approveTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give it up; its branch stays */
        post: operations["cancelTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its change as text */
        get: operations["readTaskDiff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let it be tried again */
        post: operations["retryTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A person's verdict about one commit */
        post: operations["reviewTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/reviews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was said about its change */
        get: operations["listReviews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a draft be worked on */
        post: operations["startTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand in what its worktree holds */
        post: operations["submitTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/take-over": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop its agent and leave its worktree to a person */
        post: operations["takeOverTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a single-use ticket for the WebSocket */
        post: operations["createTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Credentials */
        get: operations["listTokens"];
        put?: never;
        /** Make a credential */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a credential back */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/turns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One turn */
        get: operations["getTurn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/turns/{id}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let its agent break off */
        post: operations["interruptTurn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/turns/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a parked turn back in line now */
        post: operations["resumeTurn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Many sessions over one WebSocket */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["alive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures for Prometheus */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All problem types */
        get: operations["listProblems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a problem type means */
        get: operations["explainProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the database answers */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An agent as it is stored and sent to nodes. */
        Agent: {
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /**
             * Format: int64
             * @description How many of its turns run at once on one node; no limit of its own when absent.
             */
            concurrent?: number | null;
            /** @description What it is for. */
            description?: string;
            /** @description The driver. */
            driver: components["schemas"]["Driver"];
            /** @description Names of environment variables of the node that it gets besides the driver's own list. */
            env?: string[];
            /** @description Added to the program's own instructions. */
            instructions?: string | null;
            /** @description Whether it gets a HOME and configuration folder of its own per session. Needs a key in the node's environment. */
            isolated?: boolean;
            /** @description The model, in the program's own words; the program's default when absent. */
            model?: string | null;
            /** @description Lower-case letters, digits and hyphens. */
            name: string;
            /** @description What happens to a message whose agent was lost, unless the message says otherwise. */
            on_interruption?: components["schemas"]["OnInterruption"];
            output?: components["schemas"]["Schema"] | null;
            /** @description For the `command` driver: the program and its arguments. No shell is involved. */
            program?: string[];
            /** @description Whether a turn that met the usage limit comes back by itself at the reset. */
            resume_after_quota?: boolean;
            /** @description What it may do unasked, asked, or never. */
            rules?: components["schemas"]["Rules"];
            /**
             * Format: double
             * @description How long it may be silent before it counts as hung, in minutes; 15 when absent.
             */
            silence_minutes?: number | null;
            /**
             * Format: double
             * @description A turn's limit by the clock, in minutes; 240 when absent.
             */
            turn_minutes?: number | null;
        };
        /** @description An agent, as the API shows it. */
        AgentView: components["schemas"]["Agent"] & {
            /** @description Whether it comes with Fugue and was not changed. */
            built_in: boolean;
        };
        /** @description Which agent does what, unless a task names one. */
        Agents: {
            /** @description Makes tasks of goals. */
            plan: string;
            /** @description Brings together what does not fit. */
            resolve: string;
            /** @description Looks at changes. */
            review: string;
            /** @description Works on tasks. */
            work: string;
        };
        /** @description An approval. */
        Approval: {
            /** @description The agent that asks. */
            agent: string;
            /** @description When it was asked. */
            created_at: components["schemas"]["Time"];
            /** @description Where it would run. */
            cwd: string;
            decided_at?: components["schemas"]["Time"] | null;
            /** @description When it becomes a no by itself. */
            expires_at: components["schemas"]["Time"];
            /** @description The hash over session, epoch, tool, folder and input. */
            hash: string;
            /** @description Its id. */
            id: components["schemas"]["ApprovalId"];
            /** @description The exact input: these bytes are run, and no others. */
            input: string;
            /** @description What is asked. */
            kind: components["schemas"]["ApprovalKind"];
            node?: components["schemas"]["NodeId"] | null;
            /** @description What the agent says it is for. */
            purpose?: string | null;
            /** @description What the person said. */
            reason?: string | null;
            /** @description The rule that made it a question; absent when no rule named it. */
            rule?: string | null;
            /** @description Whose session. */
            session: components["schemas"]["SessionId"];
            /** @description The same with every character that cannot be seen spelled out. */
            shown: string;
            /** @description Where it stands. */
            state: components["schemas"]["ApprovalState"];
            /** @description The session's title. */
            title: string;
            /** @description The tool. */
            tool: string;
            /** @description Which turn. */
            turn: components["schemas"]["TurnId"];
        };
        ApprovalId: string;
        /**
         * @description What is asked.
         * @enum {string}
         */
        ApprovalKind: "tool" | "budget";
        /**
         * @description Where an approval stands. The last four are final.
         * @enum {string}
         */
        ApprovalState: "pending" | "approved" | "denied" | "expired" | "withdrawn";
        /**
         * @description How one knows that two tasks will meet.
         * @enum {string}
         */
        Because: "stated" | "history";
        /** @description `GET /api/v1/budgets`: what may still be spent, and what waits because of a limit. */
        Budgets: {
            /** @description Today. */
            day: components["schemas"]["DayBudget"];
            /** @description Turns that wait for a usage limit, a budget or a pause, those that come back first before the others. */
            parked: components["schemas"]["ParkedTurn"][];
            /** @description Open sessions with a budget, those with the smallest part left first. */
            sessions: components["schemas"]["SessionBudget"][];
        };
        /** @description A change, counted. */
        Change: {
            /**
             * Format: int64
             * @description Lines that are new.
             */
            added: number;
            /** @description Newest last. */
            commits: components["schemas"]["Commit"][];
            /**
             * Format: int64
             * @description Lines that are gone.
             */
            deleted: number;
            /** @description Files, at most [`crate::limits::CHANGE_FILES_MAX`] of them. */
            files: components["schemas"]["FileChange"][];
            /**
             * Format: int64
             * @description How many files there are.
             */
            files_total: number;
        };
        /** @description A file that differs. */
        ChangedFile: {
            /**
             * Format: int64
             * @description Lines that were added; null for what is no text, and for what is too large to be counted.
             */
            added?: number | null;
            /** @description Whether all of this is committed. */
            committed: boolean;
            /** @description Where it was at the base, if it was moved. */
            from?: string | null;
            /** @description Its path from the top of the place. Bytes that are no UTF-8 are shown as U+FFFD. */
            path: string;
            /**
             * Format: int64
             * @description Lines that were removed; null likewise.
             */
            removed?: number | null;
            /** @description Whether all that is not committed of it is staged. */
            staged: boolean;
            /** @description What became of it. */
            state: components["schemas"]["FileState"];
        };
        /** @description `GET /api/v1/sessions/{id}/changes`: what has changed in a session's place since it began. */
        Changes: {
            /**
             * Format: int64
             * @description Commits that came since the base.
             */
            ahead: number;
            /** @description When git looked. Nothing has changed since then, as far as the machine can tell. */
            at: components["schemas"]["Time"];
            /** @description The commit at which the session began. */
            base: string;
            /** @description The branch that the place is on now; null when it is on none. */
            branch?: string | null;
            /**
             * @description The files that differ: those that git knows first, then those that it does not know yet. A file that is again as it was at the base
             *     is not among them.
             */
            files: components["schemas"]["ChangedFile"][];
            /** @description The commit that the place is on now; null when it has none. */
            head?: string | null;
            /**
             * Format: int64
             * @description How many more files differ than are listed; absent when all are.
             */
            more?: number | null;
        };
        /** @description A command whose exit code proves something. */
        Check: components["schemas"]["Command"] & {
            /** @description Whether a task must not pass without it. */
            required: boolean;
        };
        /** @description What a worktree holds and what the checks say of it. */
        Checked: {
            /** @description Where it left the target branch. */
            base: string;
            /** @description What has changed between them. Nothing: the agent says "done" and did nothing. */
            change: components["schemas"]["Change"];
            /** @description Which of the guarded paths it touches, also by moving something away from there; absent from nodes that do not look. */
            edited?: string[] | null;
            /** @description The commit that was checked. */
            head: string;
            /** @description Each check's run, in the order of the checks. */
            ran: components["schemas"]["Ran"][];
        };
        /** @description Two tasks that should not be worked on side by side. */
        Clash: {
            /** @description The one. */
            a: string;
            /** @description The other. */
            b: string;
            /** @description How one knows. */
            because: components["schemas"]["Because"];
            /** @description Where. */
            paths: string[];
        };
        /**
         * @description A command of a project: its text is given to `sh -c` in the worktree. It comes from `fugue.toml` as it is on the target branch, never
         *     from the tree that an agent can change.
         */
        Command: {
            /** @description The text. */
            command: string;
            /** @description Variables that it gets besides the node's own; their values may hold [`CACHE`] and [`SLOT`]. */
            env?: {
                [key: string]: string;
            };
            /** @description What people call it. */
            name: string;
            /**
             * Format: int64
             * @description Seconds after which it is ended, with everything that it started.
             */
            timeout_s: number;
        };
        /** @description A commit, in a line. */
        Commit: {
            /** @description Its hash. */
            id: string;
            /** @description The first line of its message. */
            title: string;
        };
        /** @description One sum. */
        Cost: components["schemas"]["Usage"] & {
            /** @description The day, the name, or the id; absent for work that was for no task, and for the total. */
            key?: string | null;
            /** @description What a person calls it; absent where the key is that already. */
            name?: string | null;
            /**
             * Format: int64
             * @description How many sessions it went through.
             */
            sessions: number;
        };
        /**
         * @description What costs are added up by.
         * @enum {string}
         */
        CostBy: "day" | "project" | "agent" | "model" | "task" | "session";
        /** @description `GET /api/v1/costs`: what was spent from one day to another, added up. */
        Costs: {
            /** @description By what. */
            by: components["schemas"]["CostBy"];
            /** @description The first day. */
            from: components["schemas"]["Day"];
            /** @description The sums. Days: the newest first, those that cost nothing left out. Everything else: the dearest first. */
            items: components["schemas"]["Cost"][];
            rest?: components["schemas"]["Usage"] | null;
            /** @description The last day. */
            to: components["schemas"]["Day"];
            /** @description Everything. */
            total: components["schemas"]["Cost"];
        };
        /** @description How large a change is. */
        Counted: {
            /**
             * Format: int64
             * @description Lines that are new.
             */
            added: number;
            /**
             * Format: int64
             * @description How many commits there are.
             */
            commits: number;
            /**
             * Format: int64
             * @description Lines that are gone.
             */
            deleted: number;
            /**
             * Format: int64
             * @description How many files they touch.
             */
            files: number;
        };
        /** @description A setting that does not hold as it is written. */
        Cut: {
            /** @description Because of what. */
            by: string;
            /** @description What holds. */
            holds: string;
            /** @description Its key. */
            key: string;
            /** @description What the file says. */
            wanted: string;
        };
        /** Format: date */
        Day: string;
        /** @description The org's budget of a day. */
        DayBudget: {
            /** @description What people allowed today beyond it. */
            allowed_usd: components["schemas"]["MicroUsd"];
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description The day. */
            day: components["schemas"]["Day"];
            left_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description When the next day begins. */
            resets_at: components["schemas"]["Time"];
            /** @description What it has cost. */
            spent_usd: components["schemas"]["MicroUsd"];
        };
        /** @description `POST /api/v1/approvals/{id}/approve` and `/deny`. */
        Decision: {
            /**
             * @description The hash that the person was shown. When given and different, nothing is decided.
             * @default null
             */
            hash: string | null;
            /**
             * @description Why; the agent reads it when it is a no.
             * @default null
             */
            reason: string | null;
        };
        /** @description A browser that is signed in. */
        Device: {
            /** @description When it was paired. */
            created_at: components["schemas"]["Time"];
            /** @description Whether it is the one that asks. */
            current: boolean;
            /** @description When it stops working. */
            expires_at: components["schemas"]["Time"];
            /** @description Its id. */
            id: components["schemas"]["DeviceId"];
            /** @description What the person knows it by. */
            name: string;
            /** @description What is pushed to it. */
            pushes?: components["schemas"]["PushKind"][];
            /** @description What it may do. */
            role: components["schemas"]["Role"];
        };
        /** @description A code with which one browser becomes a device of the person who made it. */
        DeviceCode: {
            /** @description The hub's address as browsers reach it, when the hub was told one (`--address`). */
            address?: string | null;
            /** @description When it stops working. */
            expires_at: components["schemas"]["Time"];
            /** @description Where to open it, below the hub's address. The code stands in the fragment, which no server ever sees. */
            path: string;
        };
        DeviceId: string;
        /** @description A change as text: `GET /api/v1/tasks/{id}/diff`. */
        Diff: {
            /** @description Where it left the target branch. */
            base: string;
            /** @description Whether it was too long, and its end is missing. */
            cut: boolean;
            /** @description The commit, or what the worktree holds. */
            head: string;
            /** @description As `git diff` writes it. */
            text: string;
        };
        /**
         * @description The code that speaks one program's protocol.
         * @enum {string}
         */
        Driver: "claude" | "codex" | "command" | "rehearse";
        /** @description Something that happened to a task. */
        Entry: {
            /** @description When. */
            at: components["schemas"]["Time"];
            /** @description Which person did it; absent when it happened by itself. */
            by?: string | null;
            /**
             * Format: int64
             * @description Counted from 1.
             */
            n: number;
            saying?: components["schemas"]["Saying"] | null;
            shown?: components["schemas"]["Shown"] | null;
            /** @description The state afterwards. */
            state: string;
            /** @description What happened, in words. */
            words: string;
        };
        /** @description An event that fits. */
        EventHit: {
            /** @description When it happened. */
            at: components["schemas"]["Time"];
            /** @description The words that fit, with what stands around them; otherwise the beginning of what it says. */
            excerpt: string;
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
            /** @description Its type. */
            type: string;
        };
        /** @description `GET /api/v1/sessions/{id}/find`: what fits of one session's history, oldest first. */
        EventHits: {
            /** @description The events that fit. */
            items: components["schemas"]["EventHit"][];
            /**
             * Format: int64
             * @description The number of the session's last event.
             */
            last_seq: number;
            /**
             * @description Give this as `after` to look further; absent at the end. What a request looks through is bounded, so there may be more behind a page
             *     without items.
             */
            next_cursor?: string | null;
        };
        /**
         * @description `GET /api/v1/events`: events of all sessions, newest first. Each item is one flat event object with its `session`, the
         *     `session_title`, its `seq` and its `level`; long texts in it are cut, and then it says `"cut": true`.
         */
        EventList: {
            /** @description The events. */
            items: Record<string, never>[];
            looked_back_to?: components["schemas"]["Time"] | null;
            /**
             * @description Give this as `cursor` to look further back; absent at the end. A page may have fewer items than were asked for, or none: then
             *     nothing of what was looked through fits, and there is more behind it.
             */
            next_cursor?: string | null;
        };
        /** @description `GET /api/v1/sessions/{id}/events`. Each item is one flat event object with its `seq`. */
        EventPage: {
            /** @description The events, oldest first. */
            items: Record<string, never>[];
            /**
             * Format: int64
             * @description The number of the session's last event.
             */
            last_seq: number;
            /** @description Give this as `after` to go on; absent when there is nothing more yet. */
            next_cursor?: string | null;
        };
        /** @description The last proof of a task. */
        Evidence: {
            change?: components["schemas"]["Change"] | null;
            job?: components["schemas"]["JobId"] | null;
            /** @description The commits on the target branch, once it is merged. */
            landed: components["schemas"]["Commit"][];
            merge_job?: components["schemas"]["JobId"] | null;
            /** @description The checks of the merged tree. */
            merge_ran: components["schemas"]["Ran"][];
            /** @description The checks of the worktree. */
            ran: components["schemas"]["Ran"][];
            /** @description The tear-down of its last worktree that went. */
            torn_down?: components["schemas"]["Ran"][];
            /** @description What was judged, by whom. */
            verdicts: components["schemas"]["Verdict"][];
        };
        /** @description How a command ended. */
        Exit: {
            /**
             * Format: int32
             * @description By itself, with this code.
             */
            code: number;
        } | {
            /**
             * Format: int32
             * @description By this signal.
             */
            signal: number;
        } | "timed_out" | {
            /** @description It was not run, and why. */
            not_run: string;
        };
        /** @description What is wrong with one field. */
        FieldError: {
            /** @description The field, as a JSON pointer or a parameter's name. */
            field: string;
            /** @description What is wrong and what would be right. */
            message: string;
        };
        /** @description What has changed in one file. */
        FileChange: {
            /**
             * Format: int64
             * @description Lines that are new; absent for what is no text.
             */
            added?: number | null;
            /**
             * Format: int64
             * @description Lines that are gone.
             */
            deleted?: number | null;
            /** @description Its path in the repository, as it is after the change. */
            path: string;
        };
        /**
         * @description What became of a file.
         * @enum {string}
         */
        FileState: "added" | "modified" | "deleted" | "renamed" | "retyped" | "untracked" | "conflicted";
        /** @description One thing that was found. */
        Finding: {
            /** @description The path in the repository; empty for the change as a whole. */
            file?: string;
            /**
             * Format: int64
             * @description The line in the new version of the file; 0 for the whole file.
             */
            line?: number;
            /** @description How serious it is. */
            severity?: components["schemas"]["Severity"];
            /** @description What, why, and what to do instead. */
            text: string;
        };
        /** @description `GET /api/v1/search`: one thing that has the words. */
        Found: {
            /** @description Who works on it, or its branch; what tells it from others of the same title. */
            detail?: string | null;
            /** @description Its id. */
            id: string;
            /** @description What it is. */
            kind: components["schemas"]["FoundKind"];
            /** @description Its project. */
            project: components["schemas"]["ProjectId"];
            /** @description Where it stands: a state of its kind. */
            state: string;
            /** @description Its title; of a plan its goal. */
            title: string;
            /** @description When something happened to it last. */
            updated_at: components["schemas"]["Time"];
        };
        /**
         * @description What was found.
         * @enum {string}
         */
        FoundKind: "session" | "task" | "plan";
        /** @description How the hub is: `GET /api/v1/health`. When its database takes no writes, the answer is a problem instead. */
        Health: {
            /** @description The version of the hub. */
            version: string;
            /**
             * Format: int64
             * @description How long its database took for a write, in milliseconds.
             */
            write_ms: number;
        };
        /** @description Why a task that is ready does not begin. */
        Held: {
            /** @description It would touch what this one is changing. */
            clash: components["schemas"]["TaskId"];
        } | {
            /** @description It would touch what this one, which has waited for longer, needs free. */
            yields: components["schemas"]["TaskId"];
        } | {
            /**
             * Format: int64
             * @description Its project has as many tasks at work as it allows.
             */
            limit: number;
        } | {
            /** @description Its plan has this much left, which is less than it may cost, or nothing. */
            budget: components["schemas"]["MicroUsd"];
        } | "away" | "full" | "no_room";
        /** @description What is in the way. It goes by itself, or a person takes it away. */
        Hindrance: {
            /** @description The first file that has some. */
            file: string;
            /** @description Where. */
            folder: string;
            /** @enum {string} */
            is: "changes";
        } | {
            /** @description Where. */
            folder: string;
            /** @enum {string} */
            is: "under_way";
            /** @description Of what: `merge`, `rebase`, `cherry-pick` or `revert`. */
            what: string;
        } | {
            /** @description The branch. */
            branch: string;
            /** @description Where. */
            folder: string;
            /** @enum {string} */
            is: "of_branch";
            /** @description `rebase` or `bisect`. */
            what: string;
        } | {
            /** @description Which. */
            folder: string;
            /** @enum {string} */
            is: "moved_in";
        } | {
            /** @description Which. */
            branch: string;
            /** @enum {string} */
            is: "moved";
        } | {
            /** @description Which. */
            folder: string;
            /** @enum {string} */
            is: "left";
        } | {
            /** @description Which. */
            folder: string;
            /** @enum {string} */
            is: "stuck";
            /** @description In git's words. */
            words: string;
        } | {
            /** @enum {string} */
            is: "moved_abroad";
            /** @description The remote. */
            remote: string;
        } | {
            /** @enum {string} */
            is: "unreachable";
            /** @description The remote. */
            remote: string;
            /** @description In git's words. */
            words: string;
        } | {
            /** @description The branch. */
            branch: string;
            /** @description The repository. */
            folder: string;
            /** @description Where it is in the repository. */
            here: string;
            /** @enum {string} */
            is: "apart";
        };
        /**
         * @description What is left of a session's events, and where.
         * @enum {string}
         */
        History: "stored" | "archived" | "expired";
        /** @description A hook. */
        Hook: {
            /** @description Where to deliver. */
            address: string;
            /** @description The agent of its sessions. */
            agent: string;
            /** @description When it was made. */
            created_at: components["schemas"]["Time"];
            delivered_at?: components["schemas"]["Time"] | null;
            /** @description Its id. */
            id: components["schemas"]["HookId"];
            /** @description Who delivers. */
            kind: components["schemas"]["HookKind"];
            /** @description What it is called. */
            name: string;
            /** @description The project of its sessions. */
            project: components["schemas"]["ProjectId"];
            /** @description The secret, only in the answer to its making. */
            secret?: string | null;
            session?: components["schemas"]["SessionId"] | null;
            /** @description The title of its sessions. */
            title: string;
        };
        HookId: string;
        /**
         * @description Who delivers, and so how it signs.
         * @enum {string}
         */
        HookKind: "github" | "line" | "slack" | "standard";
        /** @description A job: what a node does without an agent. */
        Job: {
            begun_at?: components["schemas"]["Time"] | null;
            /** @description When it was asked for. */
            created_at: components["schemas"]["Time"];
            ended_at?: components["schemas"]["Time"] | null;
            /** @description Its id. */
            id: components["schemas"]["JobId"];
            /** @description What kind of work it is. */
            kind: components["schemas"]["JobKind"];
            /** @description The node that does it. */
            node: components["schemas"]["NodeId"];
            outcome?: components["schemas"]["JobOutcome"] | null;
            progress?: components["schemas"]["Progress"] | null;
            session?: components["schemas"]["SessionId"] | null;
            /** @description Where it stands. */
            state: components["schemas"]["JobState"];
        };
        JobId: string;
        /**
         * @description The kinds of work.
         * @enum {string}
         */
        JobKind: "prepare" | "check" | "merge" | "tear_down";
        /** @description What came of a job. */
        JobOutcome: {
            /** @description [`Work::Prepare`]: the worktree stands; every set-up command ran and ended with 0, unless the last of them did not. */
            prepared: components["schemas"]["Ran"][];
        } | {
            /** @description [`Work::Check`]. */
            checked: components["schemas"]["Checked"];
        } | {
            /** @description [`Work::Merge`]. */
            merged: components["schemas"]["Merged"];
        } | {
            /** @description [`Work::TearDown`]: every command ran, or there was no worktree any more. */
            torn_down: components["schemas"]["Ran"][];
        } | {
            /** @description It could not be done, in words for people: the worktree is gone, the disk is full. */
            impossible: string;
        };
        /**
         * @description Where a job stands.
         * @enum {string}
         */
        JobState: "waiting" | "running" | "ended" | "dropped";
        /** @description `POST /api/v1/nodes/join`: the only request of a node that has no credential yet. */
        Join: {
            /** @description The code. */
            code: string;
            /** @description The machine's name. */
            name: string;
        };
        /** @description A node's join code, shown once. */
        JoinCode: {
            /** @description The code for `fugue node join`. */
            code: string;
            /** @description The line to paste on the other machine. */
            command: string;
            /** @description When it stops working. */
            expires_at: components["schemas"]["Time"];
        };
        /** @description What a node gets for its code. */
        Joined: {
            /** @description Who it is. */
            node: components["schemas"]["NodeId"];
            /** @description Its credential, shown once. */
            token: string;
        };
        /** @description How much at once, and how much at all. */
        Limits: {
            /**
             * Format: int64
             * @description Times that a task is given to its agent.
             */
            attempts: number;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /**
             * Format: int64
             * @description Tasks worked on side by side.
             */
            parallel: number;
            plan_budget_usd?: components["schemas"]["MicroUsd"] | null;
        };
        /** @description How busy a node is. */
        Load: {
            /**
             * Format: int64
             * @description Live agent processes.
             */
            agents: number;
            /**
             * Format: int64
             * @description Bytes free where the worktrees are.
             */
            disk_free: number;
            /**
             * Format: double
             * @description The one-minute load average.
             */
            load1: number;
            /**
             * Format: int64
             * @description Bytes of memory that can be had without swapping.
             */
            memory_free: number;
            room?: components["schemas"]["Room"] | null;
        };
        /** @description What a request has made. */
        MadeTasks: {
            /** @description In the order of the request. */
            items: components["schemas"]["Task"][];
        };
        /** @description Who the caller is: `GET /api/v1/me`. */
        Me: {
            /** @description The org. */
            org: components["schemas"]["OrgId"];
            /** @description The org's name. */
            org_name: string;
            /** @description The role. */
            role: components["schemas"]["Role"];
            /** @description The credential. */
            token: components["schemas"]["TokenId"];
        };
        /** @description A change in a merge queue. */
        MergeEntry: {
            /** @description The branch of its worktree. */
            branch: string;
            /** @description When it came. */
            entered_at: components["schemas"]["Time"];
            /** @description The commit that was checked and reviewed. */
            head: string;
            /**
             * Format: int64
             * @description Its place in the queue; the next has 1.
             */
            place: number;
            /**
             * Format: int64
             * @description The larger, the earlier.
             */
            priority: number;
            /** @description In line, being tried, or being tried although its task does not want it any more. */
            standing: components["schemas"]["Standing"];
            /** @description Whose. */
            task: components["schemas"]["TaskId"];
            /** @description The task's title. */
            title: string;
        };
        /** @description The merge queue of one branch. */
        MergeQueue: {
            again_at?: components["schemas"]["Time"] | null;
            /** @description In the order in which they are tried. */
            entries: components["schemas"]["MergeEntry"][];
            job?: components["schemas"]["JobId"] | null;
            progress?: components["schemas"]["Progress"] | null;
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            saying?: components["schemas"]["Saying"] | null;
            /** @description The branch. */
            target: string;
            /** @description Why the branch could not be moved when that was tried last, in words. */
            why?: string | null;
        };
        /** @description What came of [`Work::Merge`]. Unless it landed, nothing has moved. */
        Merged: {
            /** @description The branch has moved, or would have. */
            landed: {
                /** @description Why the branch on the node did not come along, although the remote has it. */
                behind?: string | null;
                /** @description What each entry became, in order. */
                commits: components["schemas"]["Commit"][][];
                /** @description From this commit. */
                from: string;
                /** @description The remote that has it too, by its name; absent when none must. */
                published?: string | null;
                /** @description The checks of the merged tree. */
                ran: components["schemas"]["Ran"][];
                /** @description To this one. */
                to: string;
            };
        } | {
            /** @description A required check of the merged tree failed. */
            red: {
                /** @description The branch as it was. */
                onto: string;
                /** @description The checks of the merged tree. */
                ran: components["schemas"]["Ran"][];
            };
        } | {
            /** @description A change does not fit onto the branch with the entries before it. */
            conflict: {
                /** @description Both sides of each conflict, as git marks them, at most [`crate::limits::CONFLICT_BYTES_MAX`] bytes. */
                detail: string;
                /** @description Files in conflict. */
                files: string[];
                /** @description The branch as it was. */
                onto: string;
                /** @description Whose. */
                task: components["schemas"]["TaskId"];
            };
        } | {
            /** @description Not now, and why: somebody works in a tree with this branch, or moved it meanwhile. */
            waits: components["schemas"]["Saying"];
        };
        /** @description How finished work comes onto the target branch. */
        Merging: {
            /**
             * Format: int64
             * @description Changes that are tested together at most.
             */
            batch: number;
            /** @description Whether a change may touch the files of the checks that prove it. */
            may_edit_checks?: boolean;
            /** @description The remote that must have what is merged; none when absent. */
            push?: string | null;
            /** @description Who looks at each change. */
            review: components["schemas"]["Reviewer"][];
            /** @description How. */
            strategy: components["schemas"]["Strategy"];
        };
        /** @description A message. */
        Message: {
            /** @description When it was accepted. */
            created_at: components["schemas"]["Time"];
            /** @description Its id. */
            id: components["schemas"]["MessageId"];
            not_before?: components["schemas"]["Time"] | null;
            /** @description Its session. */
            session: components["schemas"]["SessionId"];
            /** @description What was said. */
            text: string;
            /** @description Its turn. */
            turn: components["schemas"]["TurnBrief"];
        };
        /** @description `PATCH /api/v1/messages/{id}`, while it is queued. */
        MessageChange: {
            not_before?: components["schemas"]["Time"] | null;
            /**
             * Format: int64
             * @description Another place in line; 1 is next.
             */
            position?: number | null;
            /** @description Another text. */
            text?: string | null;
        };
        MessageId: string;
        /** Format: double */
        MicroUsd: number;
        /**
         * @description What a person is needed for.
         * @enum {string}
         */
        Need: "attempts_used_up" | "same_failure" | "nothing_changed" | "writes_denied" | "agent_failed" | "setup_failed" | "checks_edited" | "review_failed" | "conflict" | "budget" | "impossible" | "taken_over";
        /** @description `POST /api/v1/devices`. */
        NewDevice: {
            /** @description The code. It works once. */
            code: string;
            /** @description What the person will know it by, such as `Firefox on Linux`. */
            name: string;
        };
        /** @description `POST /api/v1/hooks`. */
        NewHook: {
            /** @description The agent's name. */
            agent: string;
            /** @description Who delivers. */
            kind: components["schemas"]["HookKind"];
            /** @description What it is called; the agent is told this name. */
            name: string;
            /** @description The project's id or name. */
            project: string;
            /** @description The secret, where the other side has made it: LINE's channel secret, Slack's signing secret. Made by the hub when absent. */
            secret?: string | null;
            /** @description The title of its sessions; its name when absent. */
            title?: string | null;
        };
        /** @description `POST /api/v1/sessions/{id}/messages`. */
        NewMessage: {
            not_before?: components["schemas"]["Time"] | null;
            on_interruption?: components["schemas"]["OnInterruption"] | null;
            /** @description What to do. */
            text: string;
        };
        /** @description `POST /api/v1/plans`. */
        NewPlan: {
            /** @description The agent that makes the plan; the project's own choice when absent. */
            agent?: string | null;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            driver?: components["schemas"]["Driver"] | null;
            /** @description What shall be reached. */
            goal: string;
            /** @description The project's id or name. */
            project: string;
        };
        /** @description `POST /api/v1/projects`: exactly one of `path` and `url`. */
        NewProject: {
            /** @description Its name; the last part of the path or URL when absent. */
            name?: string | null;
            /** @description The node that has the path: its id or name. The first connected node that has it when absent. */
            node?: string | null;
            /** @description A folder in a git repository on a node. */
            path?: string | null;
            /** @description A URL that git can clone. */
            url?: string | null;
        };
        /** @description `PUT /api/v1/push`: the browser's subscription, and what is wanted. */
        NewPush: {
            /** @description Its authentication secret, base64url. */
            auth: string;
            /** @description Where its push service takes what is for it. */
            endpoint: string;
            /** @description Its public key, base64url. */
            p256dh: string;
            /** @description What it wants to hear of. */
            wish: components["schemas"]["PushWish"];
        };
        /** @description `POST /api/v1/tasks/{id}/review`: a person's verdict. */
        NewReview: {
            /** @description About single lines, files, or the whole. */
            comments?: components["schemas"]["Finding"][];
            /** @description The commit that was read, whole. A verdict about another one than the task's present one is refused. */
            commit: string;
            /** @description In a sentence or two. */
            summary?: string;
            /** @description `approve` or `request_changes`. */
            verdict: components["schemas"]["ReviewDecision"];
        };
        /** @description `POST /api/v1/agents/{name}/runs`. */
        NewRun: {
            /** @description The branch, tag or commit to begin at; the project's default branch when absent. */
            base?: string | null;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            driver?: components["schemas"]["Driver"] | null;
            /**
             * Format: int64
             * @description The number of the issue that it is about; the agent is told.
             */
            issue?: number | null;
            /** @description The node's id or name; chosen by Fugue when absent. */
            node?: string | null;
            /** @description The project's id or name. */
            project: string;
            /** @description What to do. */
            text: string;
            /** @description The session's title; the agent's name and the first words when absent. */
            title?: string | null;
        };
        /** @description `POST /api/v1/sessions`. */
        NewSession: {
            /** @description The agent's name. */
            agent: string;
            /** @description The branch, tag or commit to begin at; the project's default branch when absent. */
            base?: string | null;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description The node's id or name; chosen by Fugue when absent. */
            node?: string | null;
            /** @description A worktree of its own (the default), or the people's checkout. */
            place?: components["schemas"]["PlaceKind"];
            /** @description The project's id or name. */
            project: string;
            /** @description What it is about; becomes part of the branch's name. */
            title?: string | null;
        };
        /** @description A task to be made. */
        NewTask: {
            /** @description What must be true at the end. */
            acceptance?: string;
            /** @description The agent's name; the project's own choice when absent. */
            agent?: string | null;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description The names of the checks that prove it; the project's when empty. */
            checks?: string[];
            /** @description What is wanted, in full. */
            description?: string;
            driver?: components["schemas"]["Driver"] | null;
            /** @description What the other tasks of this request call it in `needs`. */
            key?: string | null;
            /** @description Words to find it by. */
            labels?: string[];
            /** @description Where more is written. */
            links?: string[];
            /** @description What must be done before: ids of tasks, or keys of this request. */
            needs?: string[];
            /** @description Files and folders that it will probably touch. */
            paths?: string[];
            /**
             * Format: int64
             * @description Higher is earlier; 0 is usual.
             */
            priority?: number;
            /** @description What is wanted, in a line. */
            title: string;
        };
        /** @description `POST /api/v1/tasks`: one or many, all or none. */
        NewTasks: {
            /** @description Only write them down: each is started by a person. */
            draft?: boolean;
            /** @description The project's id or name. */
            project: string;
            /** @description What is wanted. */
            tasks: components["schemas"]["NewTask"][];
        };
        /** @description `POST /api/v1/tokens`. */
        NewToken: {
            expires_at?: components["schemas"]["Time"] | null;
            /** @description What it is for. */
            name: string;
            /** @description Another org, by name, which is made if it is not there; only the owner may say so. */
            org?: string | null;
            /** @description What its bearer may do; not more than the caller may. */
            role: components["schemas"]["Role"];
        };
        /** @description `POST /api/v1/merge-queue/dry-run`. */
        NewTrial: {
            /** @description The project's id or name. */
            project: string;
            /** @description The tasks whose entries are tried, in this order; all that are in the queue when empty. */
            tasks?: components["schemas"]["TaskId"][];
        };
        /** @description A node. */
        Node: {
            /**
             * Format: int64
             * @description Turns it carries out now.
             */
            busy: number;
            /** @description When it joined. */
            created_at: components["schemas"]["Time"];
            /** @description Its id. */
            id: components["schemas"]["NodeId"];
            /** @description How busy the machine is. */
            load: components["schemas"]["Load"];
            /** @description Its name. */
            name: string;
            /** @description How it owns processes. */
            ownership: components["schemas"]["Ownership"];
            /** @description Operating system and processor. */
            platform: string;
            /** @description The agent programs it found. */
            programs: components["schemas"]["Program"][];
            /** @description When it was heard last. */
            seen_at: components["schemas"]["Time"];
            /**
             * Format: int64
             * @description Turns it carries out side by side.
             */
            slots: number;
            /** @description What the hub thinks of it. */
            state: components["schemas"]["NodeState"];
            /** @description The version of Fugue it runs. */
            version: string;
        };
        NodeId: string;
        /**
         * @description What the hub thinks of a node.
         * @enum {string}
         */
        NodeState: "online" | "suspect" | "lost" | "draining";
        /**
         * @description What happens to a turn whose agent may have started and then was lost.
         * @enum {string}
         */
        OnInterruption: "resume" | "retry" | "ask";
        OrgId: string;
        /** @description The org's own settings: `GET` and `PATCH /api/v1/org`. */
        OrgSettings: {
            /** @default null */
            daily_budget_usd: components["schemas"]["MicroUsd"] | null;
        };
        /**
         * @description How a turn ended. Final.
         * @enum {string}
         */
        Outcome: "succeeded" | "failed" | "cancelled" | "interrupted";
        /**
         * @description How well a node can end everything that an agent started.
         * @enum {string}
         */
        Ownership: "cgroup" | "subreaper" | "sweep";
        /** @description A turn that waits outside the line. */
        ParkedTurn: {
            /** @description Its agent. */
            agent: string;
            /** @description The program whose limit it is. */
            driver: components["schemas"]["Driver"];
            /** @description Why. */
            reason: components["schemas"]["Reason"];
            /** @description Its session. */
            session: components["schemas"]["SessionId"];
            /** @description The session's title. */
            title: string;
            /** @description The turn. */
            turn: components["schemas"]["TurnId"];
            until?: components["schemas"]["Time"] | null;
        };
        /** @description Where a session works. */
        Place: {
            /** @description The commit it began at. */
            base?: string | null;
            /** @description The worktree's branch. */
            branch?: string | null;
            /** @description A worktree or the people's checkout. */
            kind: components["schemas"]["PlaceKind"];
            /** @description The node. */
            node: components["schemas"]["NodeId"];
            /** @description The folder on the node. */
            path: string;
        };
        /**
         * @description Where a session works.
         * @enum {string}
         */
        PlaceKind: "worktree" | "checkout";
        /** @description A plan: tasks proposed for one goal. */
        Plan: {
            /** @description What it has cost, its making included, in US dollars. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When the goal was stated. */
            created_at: components["schemas"]["Time"];
            decided_at?: components["schemas"]["Time"] | null;
            /** @description What shall be reached. */
            goal: string;
            /** @description Its id. */
            id: components["schemas"]["PlanId"];
            /** @description Its project. */
            project: components["schemas"]["ProjectId"];
            /** @description What only a person can decide. */
            questions: string[];
            /** @description The run that makes it, or made it. */
            run: components["schemas"]["RunId"];
            saying?: components["schemas"]["Saying"] | null;
            /** @description The session of that run. */
            session: components["schemas"]["SessionId"];
            /** @description `planning`, `proposed`, `accepted`, `rejected`, `failed`, or `over` when nothing of an accepted one is left to do. */
            state: string;
            /** @description The plan in a few sentences. */
            summary?: string | null;
            /**
             * Format: int64
             * @description How many of them are done.
             */
            tasks_done: number;
            /**
             * Format: int64
             * @description How many tasks it has.
             */
            tasks_total: number;
            /** @description Why it failed. */
            why?: string | null;
        };
        /** @description A plan with its graph: `GET /api/v1/plans/{id}`. */
        PlanDetail: components["schemas"]["Plan"] & {
            /** @description Tasks that will probably touch the same files, by their ids. */
            clashes: components["schemas"]["Clash"][];
            /** @description The longest chain: what decides how long it takes. */
            critical: components["schemas"]["TaskId"][];
            /** @description The tasks by depth: those of one layer need only what stands in layers before. */
            layers: components["schemas"]["TaskId"][][];
            /** @description Its tasks, each after what it needs. */
            tasks: components["schemas"]["PlanTask"][];
        };
        PlanId: string;
        /** @description A task as a part of a plan. */
        PlanTask: {
            /** @description Its id. */
            id: components["schemas"]["TaskId"];
            /** @description Tasks that must be done before. */
            needs: components["schemas"]["TaskId"][];
            saying?: components["schemas"]["Saying"] | null;
            /** @description Where it stands. */
            state: string;
            /** @description What it is; `needs` in here are ids. */
            task: components["schemas"]["NewTask"];
            /** @description Why it does not go on, or does not begin. */
            why?: string | null;
        };
        /** @description `PUT /api/v1/plans/{id}/tasks`: other tasks instead of those that are proposed. */
        PlanTasks: {
            /** @description All of them. */
            tasks: components["schemas"]["NewTask"][];
        };
        /** @description A problem on the wire, as `application/problem+json`. */
        ProblemBody: {
            /** @description What happened to which thing. */
            detail: string;
            /** @description The fields that are wrong. */
            errors?: components["schemas"]["FieldError"][];
            /** @description What to do. */
            hint?: string | null;
            /** @description Where to find it in the hub's log. */
            request_id?: string | null;
            /**
             * Format: int32
             * @description The HTTP status once more.
             */
            status: number;
            /** @description What it is. */
            title: string;
            /** @description `/problems/<slug>`, a page that the hub serves. */
            type: string;
        };
        /** @description An agent program as a node found it. */
        Program: {
            /** @description Which driver runs it. */
            driver: components["schemas"]["Driver"];
            /** @description Whether it looks logged in; absent when that cannot be told without asking the provider. */
            logged_in?: boolean | null;
            /** @description Where it is; absent when it was not found. */
            path?: string | null;
            /** @description What is wrong and what to do about it. */
            problem?: string | null;
            trouble?: components["schemas"]["ProgramTrouble"] | null;
            /** @description What it says its version is. */
            version?: string | null;
        };
        /** @description What is wrong with an agent program. */
        ProgramTrouble: {
            /** @description The command that installs it. */
            install: string;
            /** @enum {string} */
            is: "missing";
            /** @description Its name. */
            name: string;
        } | {
            /** @enum {string} */
            is: "misplaced";
            /** @description Its name. */
            name: string;
            /** @description Where it should be. */
            path: string;
        } | {
            /** @description The command that installs it. */
            install: string;
            /** @enum {string} */
            is: "broken";
            /** @description Where it is. */
            path: string;
            /** @description What came of it. */
            why: string;
        } | {
            /** @enum {string} */
            is: "no_login";
            /** @description The command that logs in. */
            login: string;
        };
        /** @description How far commands have come that run one after the other. */
        Progress: {
            /** @description The name of the one that runs. */
            command: string;
            /**
             * Format: int64
             * @description How many have ended.
             */
            ended: number;
            /**
             * Format: int64
             * @description How many of those did not end well.
             */
            failed: number;
            /**
             * Format: int64
             * @description How many there are.
             */
            total: number;
        };
        /** @description A project. */
        Project: {
            /** @description When it was added. */
            created_at: components["schemas"]["Time"];
            /** @description The branch that sessions begin at. */
            default_branch: string;
            /** @description Its id. */
            id: components["schemas"]["ProjectId"];
            /** @description Its name, unique in the org. */
            name: string;
            node?: components["schemas"]["NodeId"] | null;
            /** @description Its folder, if it is one on a node. */
            path?: string | null;
            /** @description Its URL, if it is cloned by each node. */
            url?: string | null;
        };
        ProjectId: string;
        /** @description What holds for a project: `GET /api/v1/projects/{id}/settings`. */
        ProjectSettings: {
            /** @description The commit at which `fugue.toml` was looked for; absent if nobody could look yet. */
            commit?: string | null;
            /** @description What the file says and does not hold, because somebody allows less. */
            cuts: components["schemas"]["Cut"][];
            /** @description Whether there is a file that could be read. */
            found: boolean;
            /** @description Whether a person must approve every change. */
            needs_person: boolean;
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            read_at?: components["schemas"]["Time"] | null;
            /** @description What holds. */
            settings: components["schemas"]["Settings"];
            /** @description What is wrong with the file. Then what was read before holds, and nothing new begins. */
            wrong?: string | null;
        };
        /** @description A check, and when it is run. */
        Proof: components["schemas"]["Check"] & {
            /** @description When; both when nothing is said. */
            when: components["schemas"]["When"][];
        };
        /** @description `POST /api/v1/push/answers`: an answer from a notification. */
        PushAnswer: {
            /** @description The right that came with the push. It works once, for its device and its question. */
            right: string;
            /** @description The answer. */
            verdict: components["schemas"]["PushVerdict"];
        };
        /**
         * @description What a device may want to hear of.
         * @enum {string}
         */
        PushKind: "approval" | "needs_human" | "finished" | "failed" | "test";
        /** @description The pushes of the device that asks. */
        PushState: {
            /** @description The hub's key, with which a browser subscribes; base64url. */
            key: string;
            wish?: components["schemas"]["PushWish"] | null;
        };
        /**
         * @description Yes or no.
         * @enum {string}
         */
        PushVerdict: "approve" | "deny";
        /** @description What a device wants to hear of, and when. */
        PushWish: {
            /** @description Whether questions can be answered from the notification, which names the tool and not the exact bytes. */
            answers?: boolean;
            /** @description Which kinds. */
            kinds: components["schemas"]["PushKind"][];
            /** @description The language: `en` or `ja`. */
            locale: string;
            quiet?: components["schemas"]["QuietHours"] | null;
        };
        /** @description Hours of the day at which nothing comes. */
        QuietHours: {
            /** @description From this time of day, as `22:00`. */
            from: string;
            /** @description Up to this one; the next day when it is earlier. */
            to: string;
            /** @description The time zone, as `Asia/Tokyo`. */
            zone: string;
        };
        /** @description A command was run: the evidence. */
        Ran: {
            /**
             * Format: int64
             * @description Bytes of its whole output, which its node keeps in a file.
             */
            bytes: number;
            /** @description Its text. */
            command: string;
            /** @description How it ended. */
            exit: components["schemas"]["Exit"];
            /** @description How long it took, in milliseconds. */
            ms: components["schemas"]["i64"];
            /** @description Its name. */
            name: string;
            /** @description Whether a task must not pass without it. */
            required: boolean;
            /** @description The end of its output, both streams as they came, at most [`crate::limits::CHECK_TAIL_BYTES_MAX`] bytes. */
            tail: string;
        };
        /** @description A frame: bytes that were recorded together. */
        RawFrame: {
            /** @description When they were recorded. */
            at: components["schemas"]["Time"];
            /** @description The bytes, base64url. */
            data: string;
            /** @description What they are. */
            kind: components["schemas"]["RawKind"];
            /**
             * Format: int64
             * @description Bytes of the frame that are left out at its end, because it is too long for a page.
             */
            missing: number;
        };
        /**
         * @description What a frame holds.
         * @enum {string}
         */
        RawKind: "stdout" | "stderr" | "stdin" | "told" | "started" | "not_started" | "stop" | "exit";
        /** @description `GET /api/v1/sessions/{id}/raw`: some of a session's raw output, oldest first. */
        RawPage: {
            /** @description Give this as `before` for what came before; absent when nothing before it is kept. */
            earlier?: string | null;
            /** @description The frames. */
            items: components["schemas"]["RawFrame"][];
            /** @description Give this as `after` for what comes after, now or later. */
            later: string;
            /** @description Whether something comes after already. */
            more: boolean;
        };
        /**
         * @description Why a turn failed, was interrupted or waits.
         * @enum {string}
         */
        Reason: "node_lost" | "keeper_died" | "machine_restarted" | "worktree_failed" | "program_missing" | "spool_failed" | "timeout" | "hung" | "crashed" | "exit_code" | "nonsense" | "quota" | "rate_limited" | "provider_failed" | "auth" | "bad_request" | "budget" | "no_room" | "back_off" | "refused" | "step_limit" | "resume_failed" | "interrupt" | "stop" | "attempts_used_up";
        /** @description A command that did not pass. */
        Red: {
            /** @description How it ended. */
            exit: components["schemas"]["Exit"];
            /** @description Its name. */
            name: string;
        };
        /** @description `POST /api/v1/tasks/{id}/retry`, `/approve` and the other verbs. */
        Remark: {
            /**
             * @description What the person says about it: to the agent when it tries again, otherwise for the record.
             * @default null
             */
            text: string | null;
        };
        /** @description A review: what somebody says about one commit of a change. */
        Review: {
            /** @description The commit that is judged. */
            commit: string;
            /** @description When it was wanted. */
            created_at: components["schemas"]["Time"];
            ended_at?: components["schemas"]["Time"] | null;
            /** @description In detail. */
            findings: components["schemas"]["Finding"][];
            /** @description Its id. */
            id: components["schemas"]["ReviewId"];
            person?: components["schemas"]["UserId"] | null;
            run?: components["schemas"]["RunId"] | null;
            /** @description Whether the change has another commit by now, so that this counts no more. */
            stale: boolean;
            /** @description `wanted`, `running`, `ended`, or `dropped` when nobody wanted it any more. */
            state: string;
            /** @description In a sentence or two; for one that could not be had, why. */
            summary?: string | null;
            /** @description The task. */
            task: components["schemas"]["TaskId"];
            verdict?: components["schemas"]["ReviewDecision"] | null;
        };
        /**
         * @description The short of a verdict.
         * @enum {string}
         */
        ReviewDecision: "approve" | "request_changes" | "unable";
        ReviewId: string;
        /**
         * @description Who must have looked at a change before it is merged.
         * @enum {string}
         */
        Reviewer: "agent" | "person";
        /**
         * @description A named set of permissions.
         * @enum {string}
         */
        Role: "viewer" | "operator" | "approver" | "admin" | "owner" | "node";
        /** @description What worktrees take on a node. */
        Room: {
            /** @description Whether they take more, and nothing of it can be made again: no new worktree is made before there is room. */
            full: boolean;
            /**
             * Format: int64
             * @description Bytes that they may take; absent without a limit.
             */
            limit?: number | null;
            /**
             * Format: int64
             * @description Bytes of its worktrees, and of what the commands of projects keep beside them.
             */
            used: number;
        };
        Rule: string;
        /** @description The rules of an agent, as a person writes them. */
        Rules: {
            /**
             * @description Runs unasked.
             * @default []
             */
            allow: components["schemas"]["Rule"][];
            /**
             * @description Asks even if an allow rule matches.
             * @default []
             */
            ask: components["schemas"]["Rule"][];
            /**
             * @description Never runs.
             * @default []
             */
            deny: components["schemas"]["Rule"][];
        };
        /** @description A run: an agent's work on one question, up to its answer. Its session is one like any other. */
        Run: {
            /** @description What its session has cost, in US dollars. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When it was accepted. */
            created_at: components["schemas"]["Time"];
            /** @description The program that plays the role. */
            driver: components["schemas"]["Driver"];
            ended_at?: components["schemas"]["Time"] | null;
            /** @description Its id. */
            id: components["schemas"]["RunId"];
            /**
             * Format: int64
             * @description The number of the issue that it is about.
             */
            issue?: number | null;
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            /** @description Why it failed, or what was wrong with its last answer that did not fit. */
            reasons: string[];
            /** @description The project's folder or URL. */
            repository: string;
            /** @description The answer, which fits the agent's schema; any text where it has none. Lists leave it out. */
            result?: unknown;
            saying?: components["schemas"]["Saying"] | null;
            /** @description Its session. */
            session: components["schemas"]["SessionId"];
            started_at?: components["schemas"]["Time"] | null;
            /** @description Where it stands. */
            status: components["schemas"]["Status"];
            /** @description What came of it, in a sentence or two. */
            summary?: string | null;
            /** @description What was asked. */
            text: string;
            /** @description The turn whose answer is awaited, or was the last. */
            turn: components["schemas"]["TurnId"];
            /** @description The agent's name. */
            type: string;
        };
        RunId: string;
        /** @description A sentence of the hub. */
        Saying: {
            /** @enum {string} */
            says: "words";
            /** @description The words. */
            words: string;
        } | {
            /** @enum {string} */
            says: "written_down";
        } | {
            /** @description What the person said about it. */
            remark?: string | null;
            /** @enum {string} */
            says: "wished";
            /** @description What. */
            verb: components["schemas"]["Verb"];
        } | {
            /** @description These fields. */
            fields: string[];
            /** @enum {string} */
            says: "edited";
        } | {
            /** @enum {string} */
            says: "unblocked";
        } | {
            /** @description The agent. */
            agent: string;
            /** @enum {string} */
            says: "begun";
            /** @description In this session. */
            session: components["schemas"]["SessionId"];
        } | {
            /** @enum {string} */
            says: "prepared";
        } | {
            /** @description Which, and how. */
            red: components["schemas"]["Red"];
            /** @enum {string} */
            says: "setup_failed";
        } | {
            /** @enum {string} */
            says: "agent_finished";
        } | {
            /** @description What the node or the program said about it. */
            detail?: string | null;
            /** @description Whether it may have done a part. */
            maybe_executed?: boolean;
            reason?: components["schemas"]["Reason"] | null;
            /** @enum {string} */
            says: "agent_failed";
        } | {
            /** @description Its name. */
            agent: string;
            /** @enum {string} */
            says: "resolving";
        } | {
            /** @description Its name. */
            agent: string;
            /** @enum {string} */
            says: "undecided";
            /** @description What it asks. */
            words: string;
        } | {
            /** @enum {string} */
            says: "nothing_changed";
        } | {
            /** @description What it holds. */
            change: components["schemas"]["Counted"];
            /**
             * Format: int64
             * @description How many checks have run.
             */
            checks: number;
            /** @description Required ones that did not pass. */
            red: components["schemas"]["Red"][];
            /** @enum {string} */
            says: "checked";
        } | {
            /** @description The name. */
            name: string;
            /** @enum {string} */
            says: "unknown_check";
        } | {
            /** @description Whether it may be merged. */
            approved: boolean;
            /** @description By whom. */
            by: string;
            /** @description The commit. */
            head: string;
            /** @enum {string} */
            says: "judged";
        } | {
            /** @description What for. */
            need: components["schemas"]["Need"];
            /** @description The checks that did not pass at last. */
            red?: components["schemas"]["Red"][];
            /** @enum {string} */
            says: "needs";
        } | {
            /** @description These files. */
            files: string[];
            /** @enum {string} */
            says: "checks_edited";
        } | {
            /** @description Why the branch on its node stays behind. */
            behind?: string | null;
            /** @description At this commit. */
            commit: string;
            /** @description Of this remote too. */
            remote?: string | null;
            /** @enum {string} */
            says: "landed";
        } | {
            /**
             * Format: int64
             * @description In so many files.
             */
            files: number;
            /** @enum {string} */
            says: "conflicts";
        } | {
            /** @description These; when empty nobody knows which. */
            red: components["schemas"]["Red"][];
            /** @enum {string} */
            says: "red_merge";
        } | {
            /** @description What is in the way. */
            hindrance: components["schemas"]["Hindrance"];
            /** @enum {string} */
            says: "hindered";
        } | {
            /** @enum {string} */
            says: "taken_out";
        } | {
            /** @description Whether it begins anew on another one. */
            elsewhere: boolean;
            /** @description The node. */
            node: string;
            /** @enum {string} */
            says: "uprooted";
        } | {
            /** @description The node. */
            node: string;
            /** @enum {string} */
            says: "project_gone";
        } | {
            /** @description Why not. */
            held: components["schemas"]["Held"];
            /** @enum {string} */
            says: "held";
            /** @description The title of the other task that this is about. */
            title?: string | null;
        } | {
            /** @description The file. */
            file: string;
            /** @enum {string} */
            says: "bad_settings";
            /** @description What is wrong. */
            words: string;
        } | {
            /** @description The node. */
            node: string;
            /** @enum {string} */
            says: "node_full";
        } | {
            /** @description The node. */
            node: string;
            /** @enum {string} */
            says: "node_away";
        } | {
            /** @description What happened to which thing. */
            detail: string;
            /** @description The last part of the problem's type. */
            problem: string;
            /** @enum {string} */
            says: "problem";
        } | {
            /** @enum {string} */
            says: "no_plan";
            /** @description How it ended. */
            status: components["schemas"]["Status"];
            why?: components["schemas"]["Saying"] | null;
        } | {
            /** @enum {string} */
            says: "torn_down";
        } | {
            /** @description Which, and how. */
            red: components["schemas"]["Red"];
            /** @enum {string} */
            says: "teardown_failed";
        } | {
            /** @enum {string} */
            says: "not_torn_down";
            /** @description Why. */
            words: string;
        } | {
            /** @description What was so before. */
            before: components["schemas"]["Saying"];
            /** @description What is so now. */
            now: components["schemas"]["Saying"];
            /** @enum {string} */
            says: "after";
        };
        /** @description A JSON Schema, as far as docs/AGENTS-AND-ROLES.md says. */
        Schema: Record<string, never>;
        /** @description A session. */
        Session: {
            /** @description Its agent's name. */
            agent: string;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            closed_at?: components["schemas"]["Time"] | null;
            /** @description What it has cost, in US dollars. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When it was opened. */
            created_at: components["schemas"]["Time"];
            /** @description Its driver. */
            driver: components["schemas"]["Driver"];
            /** @description What is left of its events, and where. */
            history?: components["schemas"]["History"];
            /** @description Its id. */
            id: components["schemas"]["SessionId"];
            /**
             * Format: int64
             * @description The number of its last event.
             */
            last_seq: number;
            /** @description Where it works. */
            place: components["schemas"]["Place"];
            /** @description Its project. */
            project: components["schemas"]["ProjectId"];
            /**
             * Format: int64
             * @description Messages in line.
             */
            queued: number;
            /** @description What it is doing, derived from its turns. */
            state: components["schemas"]["SessionState"];
            task?: components["schemas"]["TaskId"] | null;
            /** @description What it is about. */
            title: string;
            /** @description The tokens it has used. */
            tokens: components["schemas"]["Tokens"];
            turn?: components["schemas"]["TurnId"] | null;
            /** @description When something happened last. */
            updated_at: components["schemas"]["Time"];
        };
        /** @description A session's budget. */
        SessionBudget: {
            /** @description Its agent. */
            agent: string;
            /** @description What it may cost. */
            budget_usd: components["schemas"]["MicroUsd"];
            /** @description What is left. */
            left_usd: components["schemas"]["MicroUsd"];
            /** @description The session. */
            session: components["schemas"]["SessionId"];
            /** @description What it has cost. */
            spent_usd: components["schemas"]["MicroUsd"];
            task?: components["schemas"]["TaskId"] | null;
            /** @description Its title. */
            title: string;
        };
        /** @description `PATCH /api/v1/sessions/{id}`. */
        SessionChange: {
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description Another title. The branch keeps its name. */
            title?: string | null;
        };
        SessionId: string;
        /**
         * @description What a session is doing.
         * @enum {string}
         */
        SessionState: "idle" | "busy" | "waiting" | "parked" | "closed";
        /** @description The settings of a project. */
        Settings: {
            /**
             * @description By whom.
             * @default {
             *       "plan": "coordinator",
             *       "resolve": "conflict-resolver",
             *       "review": "reviewer",
             *       "work": "coder"
             *     }
             */
            agents: components["schemas"]["Agents"];
            /**
             * @description What proves that a tree is good.
             * @default []
             */
            checks: components["schemas"]["Proof"][];
            /**
             * @description How much.
             * @default {
             *       "attempts": 3,
             *       "budget_usd": null,
             *       "parallel": 4,
             *       "plan_budget_usd": null
             *     }
             */
            limits: components["schemas"]["Limits"];
            /**
             * @description How work comes onto the target branch.
             * @default {
             *       "batch": 4,
             *       "may_edit_checks": false,
             *       "push": null,
             *       "review": [
             *         "agent"
             *       ],
             *       "strategy": "rebase"
             *     }
             */
            merge: components["schemas"]["Merging"];
            /**
             * @description Run once in each new worktree.
             * @default []
             */
            setup: components["schemas"]["Command"][];
            /**
             * @description The branch that work is for; the project's default branch when absent.
             * @default null
             */
            target: string | null;
            /**
             * @description Run once in each worktree before it goes.
             * @default []
             */
            teardown: components["schemas"]["Command"][];
        };
        /**
         * @description How serious a finding is.
         * @enum {string}
         */
        Severity: "blocking" | "advice";
        /** @description What there is to see of something that happened. */
        Shown: {
            job?: components["schemas"]["JobId"] | null;
            /** @enum {string} */
            kind: "prepared";
            /** @description The commands. */
            ran: components["schemas"]["Ran"][];
        } | {
            job?: components["schemas"]["JobId"] | null;
            /** @enum {string} */
            kind: "torn_down";
            /** @description The commands. */
            ran: components["schemas"]["Ran"][];
        } | {
            /** @enum {string} */
            kind: "turn";
            /** @description The turn. */
            turn: components["schemas"]["TurnId"];
        } | {
            /** @description Where it left the target branch. */
            base: string;
            /** @description The change. */
            change: components["schemas"]["Change"];
            /** @description Files of the checks that the change itself touches. */
            edited?: string[];
            /** @description The commit. */
            head: string;
            job?: components["schemas"]["JobId"] | null;
            /** @enum {string} */
            kind: "checked";
            /** @description The checks. */
            ran: components["schemas"]["Ran"][];
        } | {
            /** @description Whether it may be merged. */
            approved: boolean;
            /** @description By whom. */
            by: string;
            /** @description The commit. */
            head: string;
            /** @enum {string} */
            kind: "judged";
            run?: components["schemas"]["RunId"] | null;
            /** @description In words. */
            words?: string | null;
        } | {
            /** @description Why the branch on the node did not come along, although the remote has it. */
            behind?: string | null;
            /** @description What it became. */
            commits: components["schemas"]["Commit"][];
            /** @description The branch was there. */
            from: string;
            job?: components["schemas"]["JobId"] | null;
            /** @enum {string} */
            kind: "landed";
            /** @description The remote that has it too, by its name; absent when none must. */
            published?: string | null;
            /** @description The checks of the merged tree. */
            ran: components["schemas"]["Ran"][];
            /** @description And is here now. */
            to: string;
        } | {
            job?: components["schemas"]["JobId"] | null;
            /** @enum {string} */
            kind: "red_merge";
            /** @description The branch as it was. */
            onto: string;
            /** @description The checks. */
            ran: components["schemas"]["Ran"][];
        } | {
            /** @description Both sides. */
            detail: string;
            /** @description Files in conflict. */
            files: string[];
            /** @enum {string} */
            kind: "conflict";
            /** @description The branch as it was. */
            onto: string;
        };
        /**
         * @description Where an entry stands.
         * @enum {string}
         */
        Standing: "waiting" | "tried" | "leaving";
        /**
         * @description Where a run stands, in a word.
         * @enum {string}
         */
        Status: "running" | "succeeded" | "failed" | "cancelled" | "invalid";
        /**
         * @description How a change comes onto the branch.
         * @enum {string}
         */
        Strategy: "rebase" | "merge" | "squash";
        /** @description A task. */
        Task: {
            /** @description The agent's name; the project's own choice when absent. */
            agent?: string | null;
            /**
             * Format: int64
             * @description Which try at the proof this is.
             */
            attempt: number;
            /**
             * Format: int64
             * @description Tries before a person is asked.
             */
            attempts_max: number;
            /** @description What of that is not done. */
            blocked_by: components["schemas"]["TaskBrief"][];
            /** @description The branch of its worktree. */
            branch?: string | null;
            budget_usd?: components["schemas"]["MicroUsd"] | null;
            /** @description What all its sessions have cost, in US dollars. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When it was written down. */
            created_at: components["schemas"]["Time"];
            driver?: components["schemas"]["Driver"] | null;
            ended_at?: components["schemas"]["Time"] | null;
            /** @description The commit that was checked last. */
            head?: string | null;
            /** @description Its id. */
            id: components["schemas"]["TaskId"];
            /** @description Words to find it by. */
            labels: string[];
            need?: components["schemas"]["Need"] | null;
            /** @description What must be done before. */
            needs: components["schemas"]["TaskId"][];
            node?: components["schemas"]["NodeId"] | null;
            plan?: components["schemas"]["PlanId"] | null;
            /**
             * Format: int64
             * @description Higher is earlier.
             */
            priority: number;
            progress?: components["schemas"]["Progress"] | null;
            /** @description Its project. */
            project: components["schemas"]["ProjectId"];
            saying?: components["schemas"]["Saying"] | null;
            session?: components["schemas"]["SessionId"] | null;
            session_state?: components["schemas"]["SessionState"] | null;
            started_at?: components["schemas"]["Time"] | null;
            /** @description `draft`, `blocked`, `ready`, `working`, `checking`, `review`, `merging`, `needs_human`, `done` or `cancelled`. */
            state: string;
            /** @description What is wanted, in a line. */
            title: string;
            /** @description When something happened last. */
            updated_at: components["schemas"]["Time"];
            /** @description Why it needs a person, or why it waits. */
            why?: string | null;
        };
        /** @description A task, in a line. */
        TaskBrief: {
            /** @description Its id. */
            id: components["schemas"]["TaskId"];
            /** @description Where it stands. */
            state: string;
            /** @description What is wanted. */
            title: string;
        };
        /** @description `PATCH /api/v1/tasks/{id}`. What is absent stays. */
        TaskChange: {
            /**
             * @description What must be true at the end.
             * @default null
             */
            acceptance: string | null;
            /**
             * @description Another agent; only while it has no session.
             * @default null
             */
            agent: string | null;
            /** @default null */
            budget_usd: components["schemas"]["MicroUsd"] | null;
            /**
             * @description The checks that prove it, from the next time they run.
             * @default null
             */
            checks: string[] | null;
            /**
             * @description Another description. An agent that has begun is not told.
             * @default null
             */
            description: string | null;
            /** @default null */
            driver: components["schemas"]["Driver"] | null;
            /**
             * @description Words to find it by.
             * @default null
             */
            labels: string[] | null;
            /**
             * @description Where more is written.
             * @default null
             */
            links: string[] | null;
            /**
             * @description What must be done before; only while it has not begun.
             * @default null
             */
            needs: string[] | null;
            /**
             * @description Files and folders that it will probably touch.
             * @default null
             */
            paths: string[] | null;
            /**
             * Format: int64
             * @description Higher is earlier.
             * @default null
             */
            priority: number | null;
            /**
             * @description Another title.
             * @default null
             */
            title: string | null;
        };
        /** @description A task with everything that is known of it: `GET /api/v1/tasks/{id}`. */
        TaskDetail: components["schemas"]["Task"] & {
            /** @description What must be true at the end. */
            acceptance: string;
            /** @description What waits for it. */
            blocks: components["schemas"]["TaskBrief"][];
            /** @description The names of the checks that prove it; the project's when empty. */
            checks: string[];
            /** @description What is wanted, in full. */
            description: string;
            /** @description The last proof. */
            evidence: components["schemas"]["Evidence"];
            /** @description What to do, if a person is needed. */
            hint?: string | null;
            /** @description Where more is written. */
            links: string[];
            /** @description Files and folders that it will probably touch. */
            paths: string[];
            /** @description Its sessions, oldest first. */
            sessions: components["schemas"]["TaskSession"][];
            /** @description What happened, oldest first. */
            story: components["schemas"]["Entry"][];
        };
        TaskId: string;
        /** @description A session of a task. */
        TaskSession: {
            /** @description Its agent. */
            agent: string;
            closed_at?: components["schemas"]["Time"] | null;
            /** @description What it has cost. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When it was opened. */
            created_at: components["schemas"]["Time"];
            /** @description Its id. */
            id: components["schemas"]["SessionId"];
        };
        /** @description A single-use ticket for `/api/v1/ws`. */
        Ticket: {
            /** @description When it stops working. */
            expires_at: components["schemas"]["Time"];
            /** @description Sent as the WebSocket's second subprotocol, after `fugue.v1`; never in a URL. */
            ticket: string;
        };
        /** Format: date-time */
        Time: string;
        /** @description A credential's record. */
        Token: {
            /** @description When it was made. */
            created_at: components["schemas"]["Time"];
            /** @description Whether it is a device's: a browser's cookie, which its person finds among their devices. */
            device?: boolean;
            expires_at?: components["schemas"]["Time"] | null;
            /** @description Its id. */
            id: components["schemas"]["TokenId"];
            /** @description What it is for. */
            name: string;
            /** @description Whose rows it sees. */
            org: components["schemas"]["OrgId"];
            /** @description What its bearer may do. */
            role: components["schemas"]["Role"];
            /** @description The credential itself, only in the reply that made it. */
            token?: string | null;
        };
        TokenId: string;
        /** @description Tokens of a turn, as its program counted them. */
        Tokens: {
            /**
             * Format: int64
             * @description Read from the provider's cache.
             */
            cache_read: number;
            /**
             * Format: int64
             * @description Written to the provider's cache.
             */
            cache_write: number;
            /**
             * Format: int64
             * @description Read without a cache.
             */
            input: number;
            /**
             * Format: int64
             * @description Written by the model.
             */
            output: number;
        };
        /** @description A merge that is only tried: nothing moves. What would have happened is the outcome of its job. */
        Trial: {
            /** @description What is tried together. */
            entries: components["schemas"]["MergeEntry"][];
            /** @description Its job. */
            job: components["schemas"]["JobId"];
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            /** @description The branch. */
            target: string;
        };
        /** @description A turn. */
        Turn: {
            /**
             * Format: int64
             * @description Times it was given to an agent.
             */
            attempts: number;
            /** @description What it cost. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description When its message was accepted. */
            created_at: components["schemas"]["Time"];
            /** @description What a person should read about it. */
            detail?: string | null;
            ended_at?: components["schemas"]["Time"] | null;
            /**
             * Format: int64
             * @description Which assignment of the session it is.
             */
            epoch?: number | null;
            /** @description Its id. */
            id: components["schemas"]["TurnId"];
            /** @description Whether an attempt was lost that may have done something. */
            maybe_executed: boolean;
            /** @description Its message. */
            message: components["schemas"]["MessageId"];
            node?: components["schemas"]["NodeId"] | null;
            /** @description What happens if the agent is lost. */
            on_interruption: components["schemas"]["OnInterruption"];
            outcome?: components["schemas"]["Outcome"] | null;
            parked_until?: components["schemas"]["Time"] | null;
            /**
             * Format: int64
             * @description Its place in line, 1 being next; 0 when it is not in line.
             */
            position: number;
            reason?: components["schemas"]["Reason"] | null;
            /** @description Its session. */
            session: components["schemas"]["SessionId"];
            started_at?: components["schemas"]["Time"] | null;
            /** @description `queued`, `parked`, `leased`, `running`, `waiting` or `ended`. */
            state: string;
            /** @description The tokens it used. */
            tokens: components["schemas"]["Tokens"];
        };
        /** @description A turn, in short. */
        TurnBrief: {
            /** @description Its id. */
            id: components["schemas"]["TurnId"];
            outcome?: components["schemas"]["Outcome"] | null;
            /**
             * Format: int64
             * @description Its place in line, 1 being next; 0 when it is not in line.
             */
            position: number;
            /** @description `queued`, `parked`, `leased`, `running`, `waiting` or `ended`. */
            state: string;
        };
        TurnId: string;
        /** @description What a piece of work has used. */
        Usage: {
            /** @description Money, in US dollars. */
            cost_usd: components["schemas"]["MicroUsd"];
            /** @description Tokens. */
            tokens: components["schemas"]["Tokens"];
        };
        UserId: string;
        /**
         * @description What a person wants of a task.
         * @enum {string}
         */
        Verb: "start" | "retry" | "submit" | "approve" | "take_over" | "cancel";
        /** @description A judgement about one commit. */
        Verdict: {
            /** @description Whether it may be merged. */
            approved: boolean;
            /** @description When. */
            at: components["schemas"]["Time"];
            /** @description By whom: a person's name, or an agent's. */
            by: string;
            /** @description The commit. */
            head: string;
            run?: components["schemas"]["RunId"] | null;
            /** @description Whether the task has another commit by now. */
            stale: boolean;
            /** @description In words. */
            words?: string | null;
        };
        /**
         * @description When a check is run.
         * @enum {string}
         */
        When: "task" | "merge";
        /** Format: int64 */
        i64: number;
    };
    responses: {
        /** @description Something is wrong; `type` names the page that says what to do. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["ProblemBody"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listAgents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AgentView"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    putAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Agent"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentView"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    removeAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    startRun: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRun"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listApprovals: {
        parameters: {
            query?: {
                state?: "pending" | "approved" | "denied" | "expired" | "withdrawn";
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Approval"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    deny: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    showBudgets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budgets"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listCosts: {
        parameters: {
            query?: {
                by?: "day" | "project" | "agent" | "model" | "task" | "session";
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Costs"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listDevices: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Device"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    pairDevice: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDevice"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createDeviceCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCode"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCode"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    revokeDevice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                session?: string;
                project?: string;
                kind?: string;
                level?: "info" | "warning" | "error";
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    showHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listHooks: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Hook"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createHook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHook"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hook"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getHook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hook"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    deliver: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "*/*": unknown;
            };
        };
        responses: {
            /** @description It was stored before, or there is nothing to store. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Stored. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    removeHook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    readJobOutput: {
        parameters: {
            query?: {
                check?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    link: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    whoAmI: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listMergeQueues: {
        parameters: {
            query?: {
                project?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["MergeQueue"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    tryMerge: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTrial"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trial"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    leaveMergeQueue: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    takeBackMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    changeMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listNodes: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Node"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    joinNode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Join"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Joined"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createJoinCode: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinCode"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinCode"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    removeNode: {
        parameters: {
            query?: {
                gone?: "true" | "false";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    drainNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    resumeNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getOrg: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgSettings"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    changeOrg: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrgSettings"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgSettings"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listPlans: {
        parameters: {
            query?: {
                state?: "planning" | "proposed" | "accepted" | "rejected" | "failed" | "over";
                project?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Plan"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPlan"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    acceptPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    rejectPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    replacePlanTasks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanTasks"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listProjects: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Project"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    addProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getProjectSettings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectSettings"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushState"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    putPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPush"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushState"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    removePush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    answerPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushAnswer"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    testPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listRuns: {
        parameters: {
            query?: {
                type?: string;
                status?: "running" | "succeeded" | "failed" | "cancelled" | "invalid";
                q?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Run"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    search: {
        parameters: {
            query: {
                q: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Found"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                state?: "open" | "idle" | "busy" | "waiting" | "parked" | "closed";
                project?: string;
                q?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    openSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSession"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    changeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    readChanges: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    closeSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    readEvents: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: {
                /** @description Where a stream was cut off; wins over `after`. */
                "Last-Event-ID"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The same as a WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description One page, oldest first; or a stream that does not end. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    findEvents: {
        parameters: {
            query?: {
                q?: string;
                what?: "errors" | "questions";
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventHits"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listMessages: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Message"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    sendMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    readRaw: {
        parameters: {
            query?: {
                before?: string;
                after?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RawPage"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    steerSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    stopSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listTurns: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Turn"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                state?: "open" | "draft" | "blocked" | "ready" | "working" | "checking" | "review" | "merging" | "needs_human" | "done" | "cancelled";
                project?: string;
                plan?: string;
                label?: string;
                q?: string;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Task"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createTasks: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTasks"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeTasks"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeTasks"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    changeTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    approveTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    cancelTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    readTaskDiff: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    retryTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    reviewTask: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReview"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Review"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Review"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listReviews: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Review"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    startTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    submitTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    takeOverTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Remark"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetail"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listTokens: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Token"][];
                        /** @description Give this as `cursor` to get the next page. */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body again give the same reply, for a day. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description It was there already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getTurn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turn"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    interruptTurn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turn"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    resumeTurn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Turn"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    alive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listProblems: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                };
            };
            400: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    explainProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                };
            };
            400: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            421: components["responses"]["Problem"];
            500: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
}
