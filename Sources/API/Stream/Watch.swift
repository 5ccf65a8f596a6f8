import Domain
import HTTPTypes

/// What a watch request asks for beyond the list's options.
struct WatchRequest: Sendable {
    /// nil means: show what there is first.
    let after: Position?
    let timeout: Duration?
    let wantsBookmarks: Bool
    let isEventStream: Bool

    static func isWatch(_ call: Call) -> Bool {
        call.query.flag("watch") || Accept(call.headers).wantsEventStream
    }

    /// The request of a call.
    ///
    /// *Throws* ``Refusal`` 400, or 422 for a WatchList, from which clients fall back to list and watch.
    init(_ call: Call, _ options: ListOptions) throws {
        guard call.query["sendInitialEvents"] == nil else {
            var refusal = Refusal(
                .invalid,
                "sendInitialEvents is forbidden: this server does not stream lists"
            )
            refusal.causes = [
                .init(reason: "FieldValueForbidden", message: refusal.message, field: "sendInitialEvents")
            ]
            throw refusal
        }
        isEventStream = Accept(call.headers).wantsEventStream
        var after = options.resourceVersion
        if isEventStream, let name = HTTPField.lastEventID, let text = call.headers[name] {
            guard let position = Position(text) else {
                throw Refusal(.badRequest, "Last-Event-ID must be an id of this stream")
            }
            after = position
        }
        self.after = after == .start ? nil : after
        timeout = try call.query.number("timeoutSeconds").map { .seconds(min(max($0, 1), 86_400)) }
        wantsBookmarks = call.query.flag("allowWatchBookmarks")
    }
}

/// One thing a watcher is told.
struct WatchFrame: Sendable, Hashable {
    enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    let kind: Kind
    let object: Value
    /// From where a watch goes on after this frame; nil while the state is still being shown.
    let position: Position?
}

/// Where the frames of a watch come from.
struct WatchFeed: Sendable {
    typealias Emit = @concurrent ([WatchFrame]) async throws -> Void

    /// Emits what there is now, page by page, and answers from where changes follow.
    let snapshot: @Sendable @concurrent (_ emit: Emit) async throws -> Position
    /// At most some hundred frames after a position, and from where the next ones follow.
    let changes: @Sendable (_ after: Position) async throws -> (frames: [WatchFrame], through: Position)
    /// What a frame that only tells the position shows.
    let bookmark: @Sendable (Position) -> Value
}

/// What a change means to a watcher who sees only what its query matches; nil when it means nothing.
func watchFrameKind(_ change: Change, _ query: ObjectQuery) -> WatchFrame.Kind? {
    var before = change.object.metadata
    // Without labels from before, a removed object's last image tells whether the watcher knew it.
    before.labels = change.labelsBefore ?? before.labels
    let existed = change.labelsBefore != nil || change.act == .removed
    let was = existed && query.matches(before)
    let isNow = change.act == .put && query.matches(change.object.metadata)
    switch (was, isNow) {
    case (false, true): return .added
    case (true, true): return .modified
    case (true, false): return .deleted
    case (false, false): return nil
    }
}

/// The frames of a kind's objects.
func objectFeed(
    _ ports: ReadPorts,
    _ options: ListOptions,
    _ kind: Kind,
    _ printer: ObjectPrinter
) -> WatchFeed {
    let query = options.query
    let isEmpty = options.matchesNothing
    return WatchFeed(
        snapshot: { emit in
            guard !isEmpty else { return ports.horizon() }
            var page = try await ports.list(query, 500, nil, nil)
            let position = page.position
            while true {
                try await emit(
                    page.objects.map {
                        WatchFrame(kind: .added, object: printer.print(try $0.shown()), position: nil)
                    }
                )
                guard let next = page.next else { return position }
                page = try await ports.list(query, 500, next, position)
            }
        },
        changes: { after in
            let page = try await ports.changes(after, [kind.name], query.namespace, 200)
            let frames = try page.changes.compactMap { change -> WatchFrame? in
                guard !isEmpty, let seen = watchFrameKind(change, query) else { return nil }
                var object = change.object
                // A deletion carries the position of the deletion, from which clients go on.
                object.metadata.resourceVersion = change.position
                return WatchFrame(
                    kind: seen,
                    object: printer.print(try object.shown()),
                    position: change.position
                )
            }
            return (frames, page.through)
        },
        bookmark: { printer.bookmark($0, kind: kind) }
    )
}
