import Domain

/// One object that is waited for.
struct Awaited: Hashable {
    let kind: Kind
    let namespace: String?
    let name: String
    /// The object that is meant, where another one of that name is not it.
    var uid: UID?

    init(_ kind: Kind, _ namespace: String?, _ name: String, uid: UID? = nil) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    /// As messages name it: `role.agirunner.dev/x`.
    var reference: String { kind.reference(name) }
}

/// Waits until objects are as asked, or cannot become so.
struct ObjectWait {
    /// How long a commit that is there already may take to be seen, besides twice its source's interval.
    ///
    /// What git declares is mended by a commit, which changes nothing of the object: a stall that was there
    /// when the wait began may be about an older one.
    private static let timeForCommit = Duration.seconds(30)

    let wishes: [Wish]
    let limit: Duration
    let client: ControlClient
    private let clock = ContinuousClock()
    /// What was told of each object, and since when it is stalled.
    private var told: [Awaited: String] = [:]
    private var stalledSince: [Awaited: ContinuousClock.Instant] = [:]
    /// The version at which a source's history was read last.
    private var judged: [Awaited: Position] = [:]

    init(wishes: [Wish], limit: Duration, _ client: ControlClient) {
        self.wishes = wishes
        self.limit = limit
        self.client = client
    }

    /// Looks until all objects are as asked; `met` is called for each as soon as it is.
    ///
    /// - Throws: `CommandFailure` with exit code 3 when time is over, 4 when one of them ended in another way
    ///   or is stalled, 5 when another commit followed the one that is waited for.
    mutating func wait(for objects: [Awaited], met: (Awaited) throws -> Void) async throws {
        let environment = try CommandEnvironment.required()
        let start = clock.now
        var poll = Poll(within: limit)
        var pending = objects
        while true {
            var rest: [(awaited: Awaited, state: String)] = []
            for awaited in pending {
                let found = try await poll.look { try await look(at: awaited) }
                switch found {
                case nil: rest.append((awaited, "cannot be read yet"))
                case .met: try met(awaited)
                case .pending(let state): rest.append((awaited, state))
                }
            }
            guard let first = rest.first else { return }
            let name = "\(first.awaited.kind.singular)/\(first.awaited.name)"
            guard !poll.isOver else {
                let more = rest.count > 1 ? ", and \(rest.count - 1) more" : ""
                throw CommandFailure(
                    "timed out after \(limit.text): \(name) \(first.state)\(more)",
                    exitCode: 3
                )
            }
            if clock.now > start + .seconds(1), told[first.awaited] != first.state {
                environment.progress("waiting: \(name) \(first.state)")
                told[first.awaited] = first.state
            }
            pending = rest.map(\.awaited)
            try await poll.pause(.milliseconds(200))
        }
    }

    private enum Look {
        case met
        /// How it is doing, in a few words.
        case pending(String)
    }

    /// Looks at an object; *throws* for one that cannot become as asked.
    private mutating func look(at awaited: Awaited) async throws -> Look {
        let found = try await client.find(awaited.kind, namespace: awaited.namespace, name: awaited.name)
        let object = awaited.uid == nil || found?.metadata.uid == awaited.uid ? found : nil
        if try wishes.allSatisfy({ try $0.isMet(by: object) }) { return .met }
        try await refuse(object, awaited)
        return .pending(state(of: object))
    }

    /// How an object is doing, in a few words.
    private func state(of object: Object?) -> String {
        guard let object else { return "does not exist" }
        if let phase = object.status?["phase"]?.string {
            let stage = object.status?["currentStage"]?.string.map { " in stage \($0)" } ?? ""
            return "is \(phase)\(stage)"
        }
        guard let ready = object.readyCondition else { return "is there" }
        return ready["status"] == "True"
            ? "is ready" : "is not ready: \(cell(ready["reason"])): \(cell(ready["message"]))"
    }

    /// Ends the wait for what can no longer come.
    private mutating func refuse(_ object: Object?, _ awaited: Awaited) async throws {
        guard let object else { return }
        let name = "\(awaited.kind.singular)/\(awaited.name)"
        if let phase = object.status?["phase"]?.string, WorkflowPhase(rawValue: phase)?.isTerminal == true,
            object.kind == "Workflow", !wishes.contains(where: \.isForTheEnd)
        {
            let message = object.status?["message"]?.string.map { ": \(cell(.string($0)))" } ?? ""
            throw CommandFailure("workflow/\(awaited.name) ended as \(phase)\(message)", exitCode: 4)
        }
        let commits = wishes.compactMap(\.commit)
        let applied = object.status?["appliedCommit"]?.string ?? ""
        let ready = object.readyCondition ?? .null
        let why = "\(cell(ready["reason"])): \(cell(ready["message"]))"
        let refused = SourceVerification(of: object.status).map { $0.rejected == nil ? "" : $0.commit.text }
        if isStalled(object),
            commits.contains(where: { applied.hasPrefix($0) || refused?.hasPrefix($0) == true })
        {
            throw CommandFailure("\(name) \(why)", exitCode: 4)
        }
        if try await isSuperseded(object, awaited, commits) {
            throw CommandFailure("\(name) has applied another commit since", exitCode: 5)
        }
        guard isStalled(object), wishes.contains(where: \.isForSuccess) else {
            stalledSince[awaited] = nil
            return
        }
        let since = stalledSince[awaited] ?? clock.now
        stalledSince[awaited] = since
        guard clock.now - since >= (try await patience(with: object)) else { return }
        throw CommandFailure("\(name) is stalled: \(why)", exitCode: 4)
    }

    /// Whether it needs a person, as it is declared now.
    private func isStalled(_ object: Object) -> Bool {
        guard let stalled = object.status?.condition("Stalled") else { return false }
        return stalled["status"] != "False" && Wish.isCurrent(stalled, of: object)
    }

    /// How long an object must be seen stalled before that is final.
    private func patience(with object: Object) async throws -> Duration {
        let isSource = object.kind == "GitSource"
        guard let name = isSource ? object.metadata.name : object.origin.gitSource else { return .zero }
        let source = isSource ? object : try await client.find(.gitSource, namespace: nil, name: name)
        let interval = source?.spec?["interval"]?.string.flatMap { Duration(text: $0) } ?? .seconds(60)
        return Self.timeForCommit + interval * 2
    }

    /// Whether a commit that is waited for was applied, and another one after it.
    private mutating func isSuperseded(
        _ object: Object,
        _ awaited: Awaited,
        _ commits: [String]
    ) async throws -> Bool {
        guard !commits.isEmpty, let applied = object.status?["appliedCommit"]?.string,
            !commits.contains(where: applied.hasPrefix)
        else { return false }
        // A source whose status is the one that was judged has applied nothing since.
        let version = object.metadata.resourceVersion
        guard version == nil || judged[awaited] != version else { return false }
        let history = try await appliedRevisions(of: object.metadata.name, client).compactMap { revision in
            revision.status?["phase"] == "applied" ? revision.status?["commit"]?.string : nil
        }
        judged[awaited] = version
        // A commit that was applied last is about to be told by the source.
        guard let last = history.first, !commits.contains(where: last.hasPrefix) else { return false }
        return history.contains { commit in commits.contains(where: commit.hasPrefix) }
    }
}
