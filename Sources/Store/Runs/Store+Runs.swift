package import Domain

/// Names a request, so that a repeated one gets the first answer.
package struct RequestKey: Sendable, Hashable {
    /// Within which the id is unique: an attempt's uid, a worker's name.
    package var scope: String
    package var id: String
    /// Digest of what is asked; the same id with another content is refused.
    package var content: Digest

    /// A key of its parts.
    package init(scope: String, id: String, content: Digest) {
        self.scope = scope
        self.id = id
        self.content = content
    }
}

/// Names a Decision in one state of its spec, so that it takes effect once.
package struct DecisionKey: Sendable, Hashable {
    /// The GitSource that declares it, or empty for the control door.
    package var source: String
    /// `<namespace>/<name>`.
    package var name: String
    package var digest: Digest

    /// A key of its parts.
    package init(source: String, name: String, digest: Digest) {
        self.source = source
        self.name = name
        self.digest = digest
    }
}

extension Store {
    /// Writes a run that begins; its uid is that of the declared Workflow.
    ///
    /// - Throws: `Failure` `.notFound` without the Workflow, `.alreadyExists` when it has a run, `.conflict`
    ///   with reason `fenced`.
    package func beginRun(
        _ change: RunChange,
        pin: (Digest, Value),
        fence: ClaimedKey?,
        actor: String
    ) async throws {
        let (digest, body) = pin
        try await transaction { session in
            // The object's lock stands in for that of the run's row, which is not there yet.
            _ = try session.rows(DeclaredStatement.lockByUID, change.run.workflow.uid)
            try session.enqueue(RunStatement.insertPin, digest, body)
            var writer = RunWriter(session: session, actor: actor, now: try session.now())
            try writer.write(change, before: nil)
            try session.settleKeys(marks: change.marks, fence: fence)
        }
    }

    /// A run and the specs it follows, as they are now; nil when there is none.
    package func run(_ uid: UID) async throws -> (Run, Pins)? {
        let pins = pins
        return try await read { session in
            guard let loaded = try session.loadRun(uid) else { return nil }
            return (loaded.run, try session.loadPins(loaded.pin, cache: pins))
        }
    }

    /// The run an attempt belongs to; nil when there is no such attempt.
    package func workflowOf(attempt uid: UID) async throws -> UID? {
        try await read { session in
            try session.rows(RunStatement.ofAttempt, uid).first.map { UID(try $0.text("workflow_uid")) }
        }
    }

    /// Gives a command to a run: locks it, lets the body decide, and writes what it decided, all or nothing.
    ///
    /// The body is pure: it may be called again when a race stopped the transaction. A body that answers no
    /// change writes nothing to the run. A repeated request gets the first answer without the body.
    /// - Throws: whatever the body throws, unchanged; `Failure` `.notFound` without the run, `.conflict` with
    ///   reason `request_reused`, `decision_done` or `fenced`. Nothing is written then.
    @discardableResult
    package func transact<Answer: Codable & Sendable>(
        _ uid: UID,
        request: RequestKey? = nil,
        decision: DecisionKey? = nil,
        fence: ClaimedKey? = nil,
        actor: String,
        body: @Sendable (Run, Pins, Timestamp) throws -> (RunChange?, Answer)
    ) async throws -> Answer {
        let pins = pins
        return try await transaction { session in
            guard try session.rows(RunStatement.lock, uid).first != nil, let loaded = try session.loadRun(uid)
            else {
                throw Failure(.notFound, "The run does not exist")
            }
            if let request, let answer = try session.firstAnswer(to: request) { return try answer.decode() }
            let now = try session.now()
            let (change, answer) = try body(
                loaded.run,
                try session.loadPins(loaded.pin, cache: pins),
                now
            )
            if let change {
                var writer = RunWriter(session: session, actor: actor, now: now)
                try writer.write(change, before: loaded.run)
            }
            if let request {
                let document = try Value(encoding: answer)
                try session.enqueue(
                    RunStatement.recordRequest,
                    request.scope,
                    request.id,
                    request.content,
                    document
                )
            }
            if let decision { try session.record(decision) }
            try session.settleKeys(marks: change?.marks ?? [], fence: fence)
            return answer
        }
    }

    /// The run that a Workflow, or something live in it, belongs to; nil when there is none.
    package func runOwning(_ key: ObjectKey) async throws -> UID? {
        guard key.kind != WorkflowRecord.kind else { return try await stored(key)?.object.metadata.uid }
        guard let name = try await object(key)?.metadata.labels?[LiveLabel.workflow] else { return nil }
        let workflow = ObjectKey(WorkflowRecord.kind, namespace: key.namespace, name: name)
        return try await stored(workflow)?.object.metadata.uid
    }

    /// A Decision in the state of its spec now; nil when there is none.
    package func decisionKey(of key: ObjectKey) async throws -> DecisionKey? {
        guard let stored = try await stored(key) else { return nil }
        return DecisionKey(
            source: stored.origin.gitSource ?? "",
            name: "\(key.namespace ?? "")/\(key.name)",
            digest: stored.digest
        )
    }
}

extension Session {
    /// The answer to a request that was made before; nil for a new one.
    fileprivate func firstAnswer(to request: RequestKey) throws -> Value? {
        guard let row = try rows(RunStatement.request, request.scope, request.id).first else { return nil }
        guard try row.text("content") == request.content.text else {
            throw Failure(
                .conflict,
                "Request \(request.id) was made before with another content",
                reason: "request_reused"
            )
        }
        return try row.value("answer")
    }

    fileprivate func record(_ decision: DecisionKey) throws {
        let count = try execute(RunStatement.recordDecision, decision.source, decision.name, decision.digest)
        if count == 0 {
            throw Failure(
                .conflict,
                "Decision \(decision.name) has taken effect already",
                reason: "decision_done"
            )
        }
    }
}
