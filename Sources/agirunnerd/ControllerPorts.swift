import Catalog
import Domain
import Reconciler
import Store
import Telemetry
import Workflows

func objectPorts(_ store: Store) -> ObjectPorts {
    ObjectPorts(
        stored: { try await store.stored($0) },
        storedAmong: { try await store.storedObjects($0) },
        ofSource: { try await store.outlines(source: $0) },
        newestApplied: { try await store.newestApplied(source: $0) },
        ofKind: { try await store.storedObjects(kind: $0, namespace: $1) },
        apply: { write, claimed in
            let applied = try await store.apply(
                write,
                fence: claimed,
                isSound: Loader().isSound,
                newUID: newUID
            )
            count("agirunner_objects_written", applied.written)
        },
        setStatus: { key, claimed, event, body in
            do {
                _ = try await store.setStatus(key, fence: claimed, event: event, body: body)
            } catch let failure as Failure where failure.code == .notFound {
                // The object went meanwhile, and its status with it.
            }
        },
        record: { _ = try await store.record($0) },
        clock: { try await store.clock(of: $0, back: $1) },
        mark: { try await store.mark([Mark($0, priority: .people)]) },
        inUse: { try await store.inUse($0) },
        live: { try await store.live($0) },
        digest: contentDigest
    )
}

func runPorts(_ store: Store) -> RunPorts {
    RunPorts(
        run: { try await store.run($0).map { (run: $0.0, pins: $0.1) } },
        owner: { try await store.runOwning($0) },
        begin: { workflow, pins, claimed, body in
            let value = try Value(encoding: pins)
            let pin = (contentDigest(value.canonicalBytes), value)
            let now = try await store.now()
            try await callingApart { isNameTaken in
                // Another replica may have begun it; the next look finds the run.
                if isNameTaken, try await store.run(workflow) != nil { return }
                let change = try body(ruleContext(now, isNameTaken: isNameTaken))
                try await store.beginRun(change, pin: pin, fence: claimed, actor: "controller")
            }
        },
        transact: { workflow, actor, decision, claimed, body in
            try await transact(store, workflow, actor: actor, decision: decision, fence: claimed, body)
        },
        digest: contentDigest
    )
}

/// How long the key of a control plane that died is held up; slow work renews it.
private let keyLease = Duration.seconds(15)

func queuePorts(_ store: Store, claimer: String, lane: KeyLane) -> QueuePorts {
    QueuePorts(
        claim: { try await store.claimKey(by: claimer, lease: keyLease, of: lane) },
        nextDue: { try await store.nextDue(of: lane) },
        renew: { try await store.renew($0, lease: keyLease) },
        pauseBeforeRenewal: {
            do { try await ContinuousClock().sleep(for: keyLease / 3) } catch { return false }
            return true
        },
        waitUntilOvertaken: { claimed in
            while true {
                do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return false }
                if try await store.isOvertaken(claimed) { return true }
            }
        },
        finish: { try await store.finish($0) },
        release: { try await store.release($0, retryAfter: $1, $2) },
        ticket: { store.bellTicket() },
        wait: { await store.waitBell(after: $0, deadline: $1) }
    )
}

func dispatchPorts(_ store: Store) -> DispatchPorts {
    DispatchPorts(
        claimTask: { worker, body in
            try await store.claimTask(
                namespaces: worker.namespaces,
                tags: worker.tags,
                actor: "worker:\(worker.name)"
            ) { run, pins, task, now in
                try body(run, pins, task, ruleContext(now)).map { ($0, (change: $0, pins: pins)) }
            }
        },
        transact: { workflow, actor, request, body in
            let key = request.map { RequestKey(scope: $0.scope, id: $0.id, content: $0.content) }
            try await transact(store, workflow, actor: actor, request: key, body)
        },
        attempt: { try await store.attempt(tokenDigest: $0) },
        workflowOfAttempt: { try await store.workflowOf(attempt: $0) },
        run: { try await store.run($0).map { (run: $0.0, pins: $0.1) } },
        renewLeases: { worker, attempts, lease in
            let states = try await store.renewLeases(worker: worker, attempts, lease: lease)
            let phases = try await store.phases(of: Array(states.keys))
            return states.reduce(into: [:]) { held, entry in
                held[entry.key] = HeldAttempt(state: entry.value, phase: phases[entry.key] ?? .failed)
            }
        },
        expiredLeases: { try await store.expiredLeases(limit: 100).map { ($0.workflowUID, $0.uid) } },
        dueGates: { try await store.dueGates(limit: 100).map { ($0.workflowUID, $0.uid) } },
        ticket: { store.bellTicket() },
        wait: { await store.waitBell(after: $0, deadline: $1) },
        digest: contentDigest
    )
}

private func ruleContext(_ now: Timestamp, isNameTaken: Bool = false) -> RuleContext {
    var context = RuleContext(now: now, newUID: newUID, digest: contentDigest)
    context.isNameTaken = isNameTaken
    return context
}

/// Writes what a run begins with or does, a second time with names of its own when another run has one.
private func callingApart(_ write: (_ isNameTaken: Bool) async throws -> Void) async throws {
    do {
        try await write(false)
    } catch let failure as Failure where failure.code == .alreadyExists {
        try await write(true)
    }
}

private func transact(
    _ store: Store,
    _ workflow: UID,
    actor: String,
    request: RequestKey? = nil,
    decision: ObjectKey? = nil,
    fence: ClaimedKey? = nil,
    _ body: @escaping RunBody
) async throws {
    let once = if let decision { try await store.decisionKey(of: decision) } else { nil as DecisionKey? }
    do {
        try await callingApart { isNameTaken in
            _ = try await store.transact(
                workflow,
                request: request,
                decision: once,
                fence: fence,
                actor: actor
            ) { run, pins, now in
                (try body(run, pins, ruleContext(now, isNameTaken: isNameTaken)), true)
            }
        }
    } catch let failure as Failure where failure.reason == "decision_done" {
        // It took effect before a crash kept its status from being written.
    }
}
