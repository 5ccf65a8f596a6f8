package import Domain

/// What the doors read; a door that only reads holds nothing else.
package struct ReadPorts: Sendable {
    /// One object, nil when there is none.
    package var object: @Sendable (ObjectKey) async throws -> Object?
    /// A page of at most `limit` objects after a key; later pages carry the first page's position.
    package var list:
        @Sendable (
            _ query: ObjectQuery, _ limit: Int, _ after: ObjectKey?, _ position: Position?
        ) async throws -> ObjectPage
    /// The changes of some kinds after a position, oldest first; throws `expired` when they are kept no more.
    package var changes:
        @Sendable (
            _ after: Position, _ kinds: [String], _ namespace: String?, _ limit: Int
        ) async throws -> ChangePage
    /// Returns when the horizon has passed a position, when the time is over, or when it is cancelled.
    package var waitForChange: @Sendable (_ after: Position, _ deadline: Duration) async -> Void
    /// Up to where everything is final.
    package var horizon: @Sendable () -> Position
    /// Events after a position, oldest first; `Position.start` means the oldest one that is kept.
    package var events:
        @Sendable (
            _ after: Position, _ workflow: UID?, _ namespace: String?, _ limit: Int
        ) async throws -> [Event]
    /// Events up to a position, newest first; nil means up to the horizon.
    package var newestEvents:
        @Sendable (
            _ through: Position?, _ workflow: UID?, _ namespace: String?, _ limit: Int
        ) async throws -> [Event]
    /// Lines of a task or of one attempt after a cursor, oldest first; 0 is before the first line.
    package var logs: @Sendable (_ of: ObjectKey, _ after: Int64, _ limit: Int) async throws -> [LogEntry]
    /// The namespaces that hold anything, sorted.
    package var namespaces: @Sendable () async throws -> [String]
    /// What must be well for the program to be of use.
    package var readiness: @Sendable () async -> [ReadinessCheck]
    /// The program's metrics in the Prometheus text format.
    package var metrics: @Sendable () async -> String
    /// What a table of a kind shows between the name and the age.
    package var columns: @Sendable (_ kind: String) -> [TableColumn]
    /// The JSON Schema of a kind's whole object, nil when there is none.
    package var schema: @Sendable (_ kind: String) -> Value?
    /// Whether a subject may do that; no kind means what belongs to no kind, such as discovery.
    package var authorise:
        @Sendable (
            _ subject: String, _ verb: String, _ kind: String?, _ namespace: String?
        ) async throws -> Bool
    /// The time, from which ages in tables are computed.
    package var now: @Sendable () -> Timestamp

    /// Ports of their parts.
    package init(
        object: @escaping @Sendable (ObjectKey) async throws -> Object?,
        list: @escaping @Sendable (ObjectQuery, Int, ObjectKey?, Position?) async throws -> ObjectPage,
        changes: @escaping @Sendable (Position, [String], String?, Int) async throws -> ChangePage,
        waitForChange: @escaping @Sendable (Position, Duration) async -> Void,
        horizon: @escaping @Sendable () -> Position,
        events: @escaping @Sendable (Position, UID?, String?, Int) async throws -> [Event],
        newestEvents: @escaping @Sendable (Position?, UID?, String?, Int) async throws -> [Event],
        logs: @escaping @Sendable (ObjectKey, Int64, Int) async throws -> [LogEntry],
        namespaces: @escaping @Sendable () async throws -> [String],
        readiness: @escaping @Sendable () async -> [ReadinessCheck],
        metrics: @escaping @Sendable () async -> String,
        columns: @escaping @Sendable (String) -> [TableColumn],
        schema: @escaping @Sendable (String) -> Value?,
        authorise: @escaping @Sendable (String, String, String?, String?) async throws -> Bool,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.object = object
        self.list = list
        self.changes = changes
        self.waitForChange = waitForChange
        self.horizon = horizon
        self.events = events
        self.newestEvents = newestEvents
        self.logs = logs
        self.namespaces = namespaces
        self.readiness = readiness
        self.metrics = metrics
        self.columns = columns
        self.schema = schema
        self.authorise = authorise
        self.now = now
    }
}

extension ReadPorts {
    /// Whether the horizon reaches a position.
    ///
    /// Another replica may have named it a moment before it is heard of here, so it is waited for: three
    /// seconds, as the API server of Kubernetes does.
    func reaches(_ position: Position) async -> Bool {
        let end = ContinuousClock.now + .seconds(3)
        while horizon() < position, !Task.isCancelled {
            let rest = ContinuousClock.now.duration(to: end)
            guard rest > .zero else { return false }
            await waitForChange(horizon(), rest)
        }
        return horizon() >= position
    }
}

/// What the control door changes.
package struct WritePorts: Sendable {
    /// Creates, replaces or applies a whole object; throws ``InvalidObject`` or a `Failure`.
    ///
    /// It answers when the horizon has passed the write, or after some seconds when the horizon lags: the
    /// write is done then too. A dry run answers what would be stored.
    package var write: @Sendable (WriteRequest) async throws -> WriteResult
    /// Deletes an object and answers its last image, when the horizon has passed it as with a write.
    package var delete: @Sendable (DeleteRequest) async throws -> Object
    /// What a write of an object would say, errors and warnings; nothing is written.
    package var validate: @Sendable (Value) async throws -> [Diagnostic]
    /// That many random bytes, for generated names.
    package var randomBytes: @Sendable (Int) -> [UInt8]

    /// Ports of their parts.
    package init(
        write: @escaping @Sendable (WriteRequest) async throws -> WriteResult,
        delete: @escaping @Sendable (DeleteRequest) async throws -> Object,
        validate: @escaping @Sendable (Value) async throws -> [Diagnostic],
        randomBytes: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.write = write
        self.delete = delete
        self.validate = validate
        self.randomBytes = randomBytes
    }
}
