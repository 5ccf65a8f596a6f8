import API
import Domain
import Synchronization

/// An installation in memory: the ports of the doors over a dictionary and a log.
final class Installation: Sendable {
    struct State {
        var objects: [ObjectKey: Object] = [:]
        var log: [Change] = []
        var horizon: Int64 = 100
        /// Changes up to here are forgotten.
        var forgotten: Int64 = 0
        var events: [Event] = []
        var logs: [LogEntry] = []
        var writes: [WriteRequest] = []
        var deletes: [ObjectKey] = []
        var subjects: Set<String> = []
        var allows = true
        var failure: (any Error)?
        var bells: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextBell = 0
        var beforeNextWrite: (@Sendable () -> Void)?
    }

    static let now = Timestamp(microseconds: 1_800_000_000_000_000)

    private let state = Mutex(State())

    /// Looks at the state or changes it.
    func update<Value>(_ body: (inout sending State) throws -> sending Value) rethrows -> sending Value {
        try state.withLock(body)
    }

    /// Stores an object as a controller would and answers it as stored.
    @discardableResult
    func put(
        _ kind: String,
        _ name: String,
        namespace: String? = "default",
        labels: [String: String]? = nil,
        spec: Value? = nil,
        status: Value? = nil
    ) -> Object {
        var metadata = Metadata(name: name, namespace: namespace)
        metadata.labels = labels
        return put(Object(kind: kind, metadata: metadata, spec: spec, status: status))
    }

    @discardableResult
    func put(_ object: Object) -> Object {
        state.withLock { state in
            let old = state.objects[object.key]
            state.horizon += 1
            var new = object
            new.metadata.uid = old?.metadata.uid ?? UID("uid-\(object.key.name)")
            new.metadata.generation = (old?.metadata.generation ?? 0) + (old?.spec == object.spec ? 0 : 1)
            // What controllers write beside what is declared.
            if Kind.named(new.kind)?.isAlsoLive == true, new.spec == nil { new.metadata.generation = nil }
            new.metadata.creationTimestamp = Self.now + .seconds(-300)
            new.metadata.resourceVersion = Position(state.horizon)
            state.objects[object.key] = new
            state.log.append(
                Change(
                    position: Position(state.horizon),
                    act: .put,
                    object: new,
                    labelsBefore: old.map { $0.metadata.labels ?? [:] }
                )
            )
            state.ring()
            return new
        }
    }

    @discardableResult
    func remove(_ key: ObjectKey) -> Object? {
        state.withLock { state in
            guard let old = state.objects.removeValue(forKey: key) else { return nil }
            state.horizon += 1
            state.log.append(
                Change(
                    position: Position(state.horizon),
                    act: .removed,
                    object: old,
                    labelsBefore: old.metadata.labels ?? [:]
                )
            )
            state.ring()
            return old
        }
    }

    func addEvent(_ type: String, namespace: String? = "default", subject: ObjectKey, workflow: String? = nil)
    {
        state.withLock { state in
            state.horizon += 1
            state.events.append(
                Event(
                    position: Position(state.horizon),
                    time: Self.now,
                    type: type,
                    namespace: namespace,
                    subjectKind: subject.kind,
                    subjectName: subject.name,
                    subjectUID: UID("uid-\(subject.name)"),
                    workflowUID: workflow.map { UID("uid-\($0)") },
                    workflow: workflow,
                    actor: "controller",
                    cause: nil,
                    data: ["state": "ready"]
                )
            )
            state.ring()
        }
    }

    func addLog(_ attempt: String, _ message: String) {
        state.withLock { state in
            let number = Int64(state.logs.count + 1)
            let line = TaskLogLine(
                sequence: number,
                time: Self.now,
                source: "tool",
                message: message,
                data: nil
            )
            state.logs.append(LogEntry(attempt: attempt, line: line, cursor: number))
        }
    }

    /// Waits like the store does: for the bell, or for the time to be over.
    private func wait(after position: Position, _ deadline: Duration) async {
        let (bell, continuation) = AsyncStream<Void>.makeStream()
        let id: Int? = state.withLock { state in
            guard state.horizon <= position.number else { return nil }
            state.nextBell += 1
            state.bells[state.nextBell] = continuation
            return state.nextBell
        }
        guard let id else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in bell { break } }
            // Ended early by cancellation, when the bell rang.
            group.addTask { try? await ContinuousClock().sleep(for: deadline) }
            await group.next()
            group.cancelAll()
        }
        state.withLock { _ = $0.bells.removeValue(forKey: id) }
    }
}

extension Installation.State {
    mutating func ring() { for bell in bells.values { bell.yield() } }

    func check() throws { if let failure { throw failure } }
}

extension Installation {
    var reads: ReadPorts {
        ReadPorts(
            object: { key in
                try self.state.withLock {
                    try $0.check()
                    return $0.objects[key]
                }
            },
            list: { query, limit, after, position in try self.list(query, limit, after, position) },
            changes: { after, kinds, namespace, limit in try self.changes(after, kinds, namespace, limit) },
            waitForChange: { await self.wait(after: $0, $1) },
            horizon: { self.state.withLock { Position($0.horizon) } },
            events: { after, workflow, namespace, limit in
                Array(self.events(workflow, namespace).filter { $0.position > after }.prefix(limit))
            },
            newestEvents: { through, workflow, namespace, limit in
                let events = self.events(workflow, namespace).filter { event in
                    through.map { event.position <= $0 } ?? true
                }
                return events.suffix(limit).reversed()
            },
            logs: { _, after, limit in
                self.state.withLock { Array($0.logs.filter { $0.cursor > after }.prefix(limit)) }
            },
            namespaces: { self.state.withLock { Set($0.objects.keys.compactMap(\.namespace)).sorted() } },
            readiness: {
                let isBroken = self.state.withLock { $0.failure != nil }
                return [ReadinessCheck(name: "store", isReady: !isBroken, message: isBroken ? "down" : "ok")]
            },
            metrics: { "# TYPE up gauge\nup 1\n" },
            columns: { kind in
                kind == "Workflow"
                    ? [
                        TableColumn(title: "PHASE", path: ["status", "phase"]),
                        TableColumn(title: "READY", path: ["status", "conditions", "Ready", "status"]),
                        TableColumn(title: "PLAYBOOK", path: ["spec", "playbookRef", "name"], priority: 1),
                    ] : []
            },
            schema: { kind in
                kind == "Workflow"
                    ? [
                        "type": "object", "description": "A run of a playbook.",
                        "properties": [
                            "spec": [
                                "type": "object", "description": "What is wanted.",
                                "properties": [
                                    "state": ["type": "string", "description": "Whether it shall run."],
                                    "ref": ["$ref": "#/$defs/Ref"], "one": ["const": "1"],
                                ],
                            ]
                        ], "$defs": ["Ref": ["type": "object", "description": "A reference."]],
                    ] : nil
            },
            authorise: { subject, _, _, _ in
                self.state.withLock {
                    $0.subjects.insert(subject)
                    return $0.allows
                }
            },
            now: { Self.now }
        )
    }

    var writes: WritePorts {
        WritePorts(
            write: { try self.write($0) },
            delete: { try self.delete($0) },
            validate: { value in
                value["spec"]?["bad"] == nil ? [] : [Self.diagnostic("spec.bad", "must not be there")]
            },
            randomBytes: { Array(repeating: 7, count: $0) }
        )
    }

    static func diagnostic(_ field: String, _ message: String) -> Diagnostic {
        let start = TextPosition(line: 1, column: 1)
        return Diagnostic(
            code: "SCH001",
            path: "body",
            span: TextSpan(start: start, end: start),
            object: "Workflow/x",
            field: field,
            message: "\(field) \(message)",
            fix: "remove it"
        )
    }

    /// Lets somebody else in, just before a write or a deletion looks at what there is.
    private func race() {
        let hook = state.withLock { state in
            defer { state.beforeNextWrite = nil }
            return state.beforeNextWrite
        }
        hook?()
    }

    private func delete(_ request: DeleteRequest) throws -> Object {
        race()
        let key = request.key
        try state.withLock { try $0.check() }
        guard let object = state.withLock({ $0.objects[key] }) else {
            throw Failure(.notFound, "there is no \(key)")
        }
        guard request.uid ?? object.metadata.uid == object.metadata.uid,
            request.resourceVersion ?? object.metadata.resourceVersion == object.metadata.resourceVersion
        else { throw Failure(.conflict, "\(key) has changed", reason: "stale") }
        if object.metadata.labels?["git"] != nil {
            throw Failure(.conflict, "git declares \(key)", reason: "owned_by_git")
        }
        state.withLock { $0.deletes.append(key) }
        return request.isDryRun ? object : remove(key) ?? object
    }

    private func write(_ request: WriteRequest) throws -> WriteResult {
        state.withLock { $0.writes.append(request) }
        race()
        let old = try state.withLock {
            try $0.check()
            return $0.objects[request.key]
        }
        if request.object["spec"]?["bad"] != nil, request.fieldValidation == .strict {
            throw InvalidObject(diagnostics: [Self.diagnostic("spec.bad", "must not be there")])
        }
        if old?.metadata.labels?["git"] != nil {
            throw Failure(.conflict, "git declares \(request.key)", reason: "owned_by_git")
        }
        if old?.metadata.labels?["taken"] != nil {
            let claim = FieldConflict.Claim(field: "spec.state", holder: "git:main", place: "runs/a.yaml:3")
            throw FieldConflict(key: request.key, claims: [claim])
        }
        if request.method == .create, old != nil { throw Failure(.alreadyExists, "\(request.key) exists") }
        if request.method == .replace, old == nil { throw Failure(.notFound, "there is no \(request.key)") }
        if let wanted = request.resourceVersion, wanted != old?.metadata.resourceVersion {
            throw Failure(.conflict, "\(request.key) has changed", reason: "stale")
        }
        var object: Object = try request.object.decode()
        object.status = old?.status
        let warnings = request.object["spec"]?["bad"] == nil ? [] : ["unknown field \"spec.bad\""]
        return WriteResult(
            object: request.isDryRun ? object : put(object),
            isCreated: old == nil,
            warnings: warnings
        )
    }

    private func events(_ workflow: UID?, _ namespace: String?) -> [Event] {
        state.withLock { state in
            state.events.filter {
                (workflow == nil || $0.workflowUID == workflow)
                    && (namespace == nil || $0.namespace == namespace)
            }
        }
    }

    private func list(
        _ query: ObjectQuery,
        _ limit: Int,
        _ after: ObjectKey?,
        _ position: Position?
    ) throws -> ObjectPage {
        try state.withLock { state in
            try state.check()
            if let position, position.number < state.forgotten {
                throw Failure(.expired, "the list has expired")
            }
            let found = state.objects.values.filter { $0.kind == query.kind && query.matches($0.metadata) }
                .sorted { $0.key < $1.key }.filter { object in after.map { $0 < object.key } ?? true }
            let page = Array(found.prefix(limit))
            return ObjectPage(
                objects: page,
                position: position ?? Position(state.horizon),
                next: found.count > limit ? page.last?.key : nil
            )
        }
    }

    private func changes(
        _ after: Position,
        _ kinds: [String],
        _ namespace: String?,
        _ limit: Int
    ) throws -> ChangePage {
        try state.withLock { state in
            try state.check()
            if after.number < state.forgotten { throw Failure(.expired, "position \(after) is kept no more") }
            let all = state.log.filter {
                $0.position > after && kinds.contains($0.object.kind)
                    && (namespace == nil || $0.object.metadata.namespace == namespace)
            }
            let page = Array(all.prefix(limit))
            let through = all.count > limit ? page.last?.position : nil
            return ChangePage(changes: page, through: through ?? Position(state.horizon))
        }
    }
}
