import Domain
import Reconciler
import Synchronization
import Workflows

/// An installation in memory: objects, runs, leases and a clock behind the controllers' ports.
///
/// The rules behind the ports are the real ones; only what Postgres does is written again in a few lines.
final class World: Sendable {
    struct Contents: Sendable {
        var objects: [ObjectKey: Stored] = [:]
        var runs: [UID: (run: Run, pins: Pins)] = [:]
        var leases: [UID: Timestamp] = [:]
        var answered: [String: Digest] = [:]
        var decided: Set<ObjectKey> = []
        var revisions: [RevisionWrite] = []
        var statusWrites = 0
        /// How often everything of a source was read.
        var readsOfAll = 0
        var events: [PlainEvent] = []
        var marked: [ObjectKey] = []
        /// Who brought a file into a source, by its path.
        var introducers: [String: Introducer] = [:]
        /// What unfinished runs use, with their names.
        var inUse: [ObjectKey: String] = [:]
        /// What runs have and nobody declares.
        var live: [ObjectKey: String] = [:]
        var now = Timestamp(microseconds: 1_760_000_000_000_000)
    }

    private let contents = Mutex(Contents())
    private let uidCount = Mutex<UInt8>(0)

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    subscript(key: ObjectKey) -> Stored? { with { $0.objects[key] } }
    var run: Run? { with { $0.runs.values.first?.run } }

    func status(_ key: ObjectKey) -> Value { self[key]?.object.status ?? .null }

    /// The `Ready` condition of an object.
    func ready(_ key: ObjectKey) throws -> Condition? {
        let conditions: [Condition]? = try status(key)["conditions"]?.decode()
        return conditions?.first { $0.type == "Ready" }
    }

    func newUID() -> UID {
        let number = uidCount.withLock { count in
            count += 1
            return count
        }
        return UID(bytes: [number])
    }

    func context(_ now: Timestamp) -> RuleContext {
        RuleContext(now: now, newUID: newUID, digest: digest)
    }

    /// Writes an object as the store does: a new digest makes a new generation.
    func put(_ declared: Declared) {
        with { contents in
            var after = Stored(object: declared.object, digest: declared.digest, origin: declared.origin)
            let before = contents.objects[declared.object.key]
            let isSame = before?.digest == declared.digest
            after.object.metadata.uid = before?.object.metadata.uid ?? newUID()
            after.object.metadata.generation =
                (before?.object.metadata.generation ?? 0) + (isSame ? 0 : 1)
            after.object.status = before?.object.status
            if !isSame, let readiness = Readiness.whenStored(declared.object.kind) {
                after.object.status = readiness.status(after: nil, generation: 1, now: contents.now)
            }
            contents.objects[declared.object.key] = after
        }
    }
}

extension World {
    var objectPorts: ObjectPorts {
        ObjectPorts(
            stored: { self[$0] },
            storedAmong: { keys in keys.compactMap { self[$0] } },
            ofSource: { source in
                self.with { contents in
                    contents.readsOfAll += 1
                    return contents.objects.values.filter { $0.origin.gitSource == source }
                }
            },
            newestApplied: { source in
                self.with { $0.revisions.last { $0.source == source }?.commit }
            },
            ofKind: { kind, namespace in
                self.with { contents in
                    contents.objects.values.filter {
                        $0.object.kind == kind
                            && (namespace == nil || $0.object.metadata.namespace ?? "" == namespace)
                    }
                }
            },
            apply: { write, _ in
                self.with { $0.revisions.append(write) }
                for step in write.steps {
                    switch step {
                    case .put(let declared): self.put(declared)
                    case .remove(let key): self.with { $0.objects[key] = nil }
                    }
                }
            },
            setStatus: { key, _, event, body in
                self.with { contents in
                    guard let stored = contents.objects[key], let status = body(stored, contents.now),
                        status != stored.object.status
                    else { return }
                    contents.objects[key]?.object.status = status
                    contents.statusWrites += 1
                    if let event { contents.events.append(event) }
                }
            },
            record: { event in self.with { $0.events.append(event) } },
            clock: { _, _ in
                let now = self.with(\.now)
                return ZoneClock(now: now, settings: [.init(since: now, offset: .zero)])
            },
            mark: { key in self.with { $0.marked.append(key) } },
            inUse: { keys in self.with { $0.inUse.filter { keys.contains($0.key) } } },
            live: { keys in self.with { $0.live.filter { keys.contains($0.key) } } },
            digest: digest
        )
    }

    var runPorts: RunPorts {
        RunPorts(
            run: { uid in self.with { $0.runs[uid] } },
            owner: { self.owner(of: $0) },
            begin: { workflow, pins, _, body in
                let change = try body(self.context(self.with { $0.now }))
                self.with { contents in
                    contents.runs[workflow] = (change.run, pins)
                    contents.write(change)
                }
            },
            transact: { workflow, _, decision, _, body in
                try self.transact(workflow, decision: decision, body)
            },
            digest: digest
        )
    }

    var introducer: FindIntroducer {
        { _, _, path, _ in self.with { $0.introducers[path] } ?? .nobody(why: "commit c1 is not signed") }
    }

    private func owner(of key: ObjectKey) -> UID? {
        guard key.kind != "Workflow" else { return self[key]?.object.metadata.uid }
        return with { contents in
            contents.runs.values.first { run, _ in
                let names = run.gates.map { ("Gate", $0.name) } + run.tasks.map { ("Task", $0.name) }
                return names.contains { $0 == (key.kind, key.name) }
            }?.run.workflow.uid
        }
    }

    func transact(
        _ workflow: UID,
        request: Request? = nil,
        decision: ObjectKey? = nil,
        _ body: RunBody
    ) throws {
        try with { contents in
            if let request {
                let old = contents.answered["\(request.scope)/\(request.id)"]
                guard old == nil || old == request.content else {
                    throw Failure(.conflict, "another request had this id", reason: "request_changed")
                }
                if old != nil { return }
            }
            if let decision, contents.decided.contains(decision) { return }
            guard let (run, pins) = contents.runs[workflow] else { throw Failure(.notFound, "no such run") }
            guard let change = try body(run, pins, context(contents.now)) else { return }
            contents.write(change)
            if let decision { contents.decided.insert(decision) }
            if let request { contents.answered["\(request.scope)/\(request.id)"] = request.content }
        }
    }
}

extension World.Contents {
    mutating func write(_ change: RunChange) {
        let workflow = change.run.workflow
        runs[workflow.uid]?.run = change.run
        for (attempt, lease) in change.leases { leases[attempt] = now + lease }
        let key = ObjectKey("Workflow", namespace: workflow.namespace, name: workflow.name)
        objects[key]?.object.status = change.status
    }
}

extension World {
    /// The dispatcher's ports; `whenIdle` happens each time it waits for work.
    func dispatchPorts(whenIdle: @escaping @Sendable () async -> Void = {}) -> DispatchPorts {
        DispatchPorts(
            claimTask: { try self.claimTask(of: $0, $1) },
            transact: { workflow, _, request, body in
                try self.transact(workflow, request: request, body)
            },
            attempt: { digest in
                self.attempts { $0.tokenDigest == digest }.first.map { ($0.workflowUID, $0.uid) }
            },
            workflowOfAttempt: { uid in self.attempts { $0.uid == uid }.first?.workflowUID },
            run: { uid in self.with { $0.runs[uid] } },
            renewLeases: { self.renewLeases($0, $1, $2) },
            expiredLeases: {
                let (leases, now) = self.with { ($0.leases, $0.now) }
                return self.attempts { $0.state == .live && leases[$0.uid].map { $0 <= now } ?? false }
                    .map { ($0.workflowUID, $0.uid) }
            },
            dueGates: {
                let now = self.with { $0.now }
                let gates = self.with { $0.runs.values.flatMap(\.run.gates) }
                return gates.filter { $0.state == .awaiting && $0.dueAt.map { $0 <= now } ?? false }
                    .map { ($0.workflowUID, $0.uid) }
            },
            ticket: { 0 },
            wait: { _, _ in await whenIdle() },
            digest: digest
        )
    }

    private func attempts(where matches: (AttemptRecord) -> Bool) -> [AttemptRecord] {
        with { $0.runs.values.flatMap(\.run.attempts).filter(matches) }
    }

    private func claimTask(
        of worker: WorkerRecord,
        _ body: @Sendable (Run, Pins, TaskRecord, RuleContext) throws -> RunChange?
    ) throws -> (change: RunChange, pins: Pins)? {
        try with { contents in
            for (run, pins) in contents.runs.values {
                for task in run.tasks
                where task.state == .ready && worker.namespaces.contains(task.namespace)
                    && (worker.tags.isEmpty || worker.tags.contains(task.routingTag))
                {
                    guard let change = try body(run, pins, task, context(contents.now)) else { continue }
                    contents.write(change)
                    return (change, pins)
                }
            }
            return nil
        }
    }

    private func renewLeases(_ worker: String, _ uids: [UID], _ lease: Duration) -> [UID: HeldAttempt] {
        let held = attempts { $0.worker == worker && uids.contains($0.uid) }
        return with { contents in
            var answer: [UID: HeldAttempt] = [:]
            for attempt in held {
                let isOver = contents.leases[attempt.uid].map { $0 <= contents.now } ?? true
                let isLive = attempt.state == .live && !isOver
                if isLive { contents.leases[attempt.uid] = contents.now + lease }
                answer[attempt.uid] = HeldAttempt(
                    state: attempt.state == .live && isOver ? .lost : attempt.state,
                    phase: contents.runs[attempt.workflowUID]?.run.workflow.phase ?? .failed
                )
            }
            return answer
        }
    }
}

/// A digest that two different texts never share.
let digest: @Sendable ([UInt8]) -> Digest = { Digest("test:\(String(decoding: $0, as: UTF8.self))") }
