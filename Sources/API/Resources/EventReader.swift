import Domain
import Hummingbird

/// Answers list, get and watch of the log's events.
///
/// An event is shown as an object whose name and resource version are its position and whose status is the
/// event itself. It can be selected by `status.workflowUID`, `status.workflow`, `status.type`,
/// `status.subjectKind` and `status.subjectName`; the first is cheap.
struct EventReader: Sendable {
    private static let fields: Set<String> = [
        "status.workflowUID", "status.workflow", "status.type", "status.subjectKind", "status.subjectName",
    ]
    /// Events read for one answer; a selector that matches few of them ends the page early.
    private static let scanLimit = 10_000
    private static let pageSize = 500

    let ports: ReadPorts
    let streams: Streams

    func list(_ call: Call) async throws -> Response {
        let kind = try call.kind()
        let options = try ListOptions(call, kind: kind)
        try options.refuseFields(except: Self.fields)
        let printer = try ObjectPrinter(call, kind: kind, ports)
        if WatchRequest.isWatch(call) {
            return try streams.watch(
                call,
                try WatchRequest(call, options),
                feed(options, kind, printer)
            )
        }
        try await options.checkVersion(ports)
        let limit = options.limit ?? Self.pageSize
        var cursor = options.token.flatMap { Position($0.after.name) } ?? .start
        let horizon = options.token?.position ?? ports.horizon()
        var found: [Object] = []
        var scanned = 0
        var isWhole = options.matchesNothing
        while !isWhole, found.count < limit, scanned < Self.scanLimit {
            let events = try await events(after: cursor, options)
            isWhole = events.count < Self.pageSize
            scanned += events.count
            for event in events {
                if found.count == limit {
                    isWhole = false
                    break
                }
                cursor = event.position
                let object = try event.object()
                if matches(object, options) { found.append(object) }
            }
        }
        var metadata: Value = ["resourceVersion": .string(horizon.description)]
        if !isWhole {
            let after = ObjectKey(kind.name, namespace: options.query.namespace, name: cursor.description)
            metadata["continue"] = .string(ContinueToken(position: horizon, after: after).text)
        }
        return json(
            printer.print(try found.map { try $0.shown() }, kind: kind, metadata: metadata),
            headers: [.vary: "Accept"]
        )
    }

    func get(_ call: Call) async throws -> Response {
        let kind = try call.kind()
        let key = try call.key()
        guard let position = Position(key.name), position > .start else {
            throw Refusal.notFound(kind, key.name)
        }
        let events = try await ports.events(Position(position.number - 1), nil, key.namespace, 1)
        guard let event = events.first, event.position == position else {
            throw Refusal.notFound(kind, key.name)
        }
        return json(try ObjectPrinter(call, kind: kind, ports).print(try event.object().shown()))
    }

    private func feed(_ options: ListOptions, _ kind: Kind, _ printer: ObjectPrinter) -> WatchFeed {
        WatchFeed(
            // The log has no state to show first: it is shown from its beginning.
            snapshot: { _ in .start },
            changes: { after in
                let horizon = ports.horizon()
                let events = options.matchesNothing ? [] : try await events(after: after, options)
                let frames = try events.map { try $0.object() }.filter { matches($0, options) }.map {
                    WatchFrame(
                        kind: .added,
                        object: printer.print(try $0.shown()),
                        position: $0.metadata.resourceVersion
                    )
                }
                // A full page may have more behind it; a short one holds everything up to the horizon.
                let last = events.last?.position ?? after
                return (frames, events.count < Self.pageSize ? max(horizon, last) : last)
            },
            bookmark: { printer.bookmark($0, kind: kind) }
        )
    }

    private func events(after cursor: Position, _ options: ListOptions) async throws -> [Event] {
        try await ports.events(
            cursor,
            options.fields["status.workflowUID"].map { UID($0) },
            options.query.namespace,
            Self.pageSize
        )
    }

    private func matches(_ object: Object, _ options: ListOptions) -> Bool {
        options.query.matches(object.metadata)
            && options.fields.allSatisfy { field, value in
                object.status?[String(field.dropFirst("status.".count))]?.string == value
            }
    }
}
