package import Domain

/// The statements that read the log.
enum LogStatement: String, Statement, CaseIterable {
    /// `$3` is a run, `$4` a namespace, each null for any. An event without a namespace counts as
    /// `default`'s.
    case eventsForward = """
        SELECT to_jsonb(e) AS row FROM events e
        WHERE e.position > $1 AND e.position <= $2 AND ($3::text IS NULL OR e.workflow_uid = $3)
            AND ($4::text IS NULL OR coalesce(e.namespace, 'default') = $4)
        ORDER BY e.position LIMIT $5::bigint
        """
    case eventsBackward = """
        SELECT to_jsonb(e) AS row FROM events e
        WHERE e.position > $1 AND e.position <= $2 AND ($3::text IS NULL OR e.workflow_uid = $3)
            AND ($4::text IS NULL OR coalesce(e.namespace, 'default') = $4)
        ORDER BY e.position DESC LIMIT $5::bigint
        """
    case event = "SELECT to_jsonb(e) AS row FROM events e WHERE e.position = $1 AND e.position <= $2"
    case changes = """
        SELECT to_jsonb(c) AS row FROM changes c
        WHERE c.position > $1 AND c.position <= $2 AND c.kind = ANY($3::text[])
            AND ($4::text IS NULL OR c.namespace = $4)
        ORDER BY c.position LIMIT $5::bigint
        """
}

extension Store {
    /// An object of any kind as clients are shown it; nil when there is none.
    ///
    /// An object that was written a moment ago is answered once the horizon has passed it, so that its
    /// version is a cursor that can be watched from.
    /// - Throws: `Failure.timeout`, reason `horizon_lags`, when that takes longer than five seconds.
    package func object(_ key: ObjectKey) async throws -> Object? {
        let horizon = horizon()
        let object: Object? = try await read { session in
            if key.kind == Event.kind {
                guard let position = Position(key.name) else { return nil }
                let row = try session.rows(LogStatement.event, position, horizon).first
                let object = try row.map { try Event(row: $0.value("row")).object() }
                return object?.metadata.namespace == key.namespace ? object : nil
            }
            guard let shown = ShownTable.of(kind: key.kind) else { return nil }
            return try session.rows(shown.get, key.kind, key.namespace ?? "", key.name).first
                .map { try shown.object($0.value("row")) }
        }
        if let version = object?.metadata.resourceVersion {
            try await waitForHorizon(version, deadline: .seconds(5))
        }
        return object
    }

    /// A page of objects sorted by namespace and name, after a key, at most `limit` (1 … 1000) of them.
    ///
    /// The page's position is `position` (that of the first page) or the horizon before reading. Objects may
    /// be newer; a watch from the position repeats them.
    package func list(
        _ query: ObjectQuery,
        limit: Int,
        after: ObjectKey? = nil,
        position: Position? = nil
    ) async throws -> ObjectPage {
        let position = position ?? horizon()
        let limit = min(max(limit, 1), 1000)
        return try await read { session in
            // One more tells whether there is another page. What is selected may lie far apart.
            let isPlain = query.labels.isEmpty && query.name == nil && query.isDeclared == nil
            let size = isPlain ? min(Session.batchSize, limit + 1) : Session.batchSize
            var objects: [Object] = []
            var cursor = after
            while true {
                let batch = try session.batch(query, after: cursor, through: position, size)
                for object in batch where query.matches(object.metadata) {
                    if objects.count == limit {
                        return ObjectPage(objects: objects, position: position, next: objects.last?.key)
                    }
                    objects.append(object)
                }
                cursor = batch.last?.key
                if batch.count < size {
                    return ObjectPage(objects: objects, position: position, next: nil)
                }
            }
        }
    }

    /// Changes after a position, in order, and the position they are complete through: the next call's
    /// `after`.
    ///
    /// An object that changed again since is left out, for its later change will come; one that is new to
    /// the reader is said to be new all the same, and may then be newer than its position. Kinds may include
    /// `Event`.
    /// - Throws: `Failure.expired` when changes after the position are no longer kept, or it is above the
    ///   horizon.
    package func changes(
        after: Position,
        kinds: [String],
        namespace: String?,
        limit: Int
    ) async throws -> (changes: [Change], through: Position) {
        let horizon = horizon()
        guard after <= horizon else {
            throw Failure(.expired, "Position \(after) has not been reached", reason: "above_horizon")
        }
        return try await read { session in
            let rows = try session.rows(LogStatement.changes, after, horizon, kinds, namespace, limit)
                .map { try Table.changes.decode($0.value("row"), as: ChangeRow.self) }
            // After the changes were read: whatever was trimmed before that is below the floor now.
            guard let floor = try session.setting("changes_floor").integer, after.number >= floor else {
                throw Failure(
                    .expired,
                    "Changes after position \(after) are no longer kept",
                    reason: "trimmed"
                )
            }
            var changes = try session.current(rows)
            var through = rows.count == limit ? rows.last?.position ?? horizon : horizon
            if kinds.contains(Event.kind) {
                let events = try session.rows(
                    LogStatement.eventsForward,
                    after,
                    through,
                    nil,
                    namespace,
                    limit
                ).map { try Event(row: $0.value("row")) }
                if events.count == limit { through = events.last?.position ?? through }
                let end = through
                changes = changes.filter { $0.position <= end }
                changes += try events.map {
                    Change(position: $0.position, act: .put, object: try $0.object(), labelsBefore: nil)
                }
                changes.sort { $0.position < $1.position }
            }
            return (changes, through)
        }
    }

    /// Events after a position and up to another or the horizon, of one run or one namespace or all; at most
    /// `limit`.
    ///
    /// *Shape*: sorted by position; the last ones first when `newestFirst`.
    package func events(
        after: Position = .start,
        through: Position? = nil,
        workflow: UID? = nil,
        namespace: String? = nil,
        limit: Int,
        newestFirst: Bool = false
    ) async throws -> [Event] {
        let horizon = horizon()
        let last = min(through ?? horizon, horizon)
        let statement = newestFirst ? LogStatement.eventsBackward : .eventsForward
        return try await read { session in
            try session.rows(statement, after, last, workflow, namespace, limit)
                .map { try Event(row: $0.value("row")) }
        }
    }
}

extension Session {
    fileprivate static let batchSize = 500

    /// The next objects of a query in the order of the list; labels are not looked at.
    fileprivate func batch(
        _ query: ObjectQuery,
        after: ObjectKey?,
        through: Position,
        _ size: Int
    ) throws -> [Object] {
        if query.kind == Event.kind {
            let start = after.flatMap { Position($0.name) } ?? .start
            return try rows(LogStatement.eventsForward, start, through, nil, query.namespace, size)
                .map { try Event(row: $0.value("row")).object() }
        }
        // What is declared stands in one table, so nothing else has to be read for it.
        let isDeclared = query.isDeclared == true
        guard let shown = isDeclared ? .declared : ShownTable.of(kind: query.kind) else { return [] }
        return try rows(
            shown.list,
            query.kind,
            query.namespace,
            query.name,
            after?.namespace ?? "",
            after?.name ?? "",
            size
        ).map { try shown.object($0.value("row")) }
    }

    /// The changes that are to be delivered: those that carry an image, those whose object is still as it
    /// was, and of each object that is new among them the first that can be shown, as that of a new object.
    fileprivate func current(_ rows: [ChangeRow]) throws -> [Change] {
        var objects: [UID: Object] = [:]
        for (kind, changes) in Dictionary(grouping: rows.filter { $0.image == nil }, by: \.kind) {
            guard let shown = ShownTable.of(kind: kind) else { continue }
            let uids = Set(changes.map(\.uid.text)).sorted()
            for row in try self.rows(shown.byUID, uids).map({ try $0.value("row") }) {
                let object = try shown.object(row)
                if let uid = object.metadata.uid { objects[uid] = object }
            }
        }
        let last = Dictionary(rows.map { ($0.uid, $0.position) }, uniquingKeysWith: { $1 })
        // Objects that are new and of which nothing could be shown yet.
        var new: Set<UID> = []
        return try rows.compactMap { row in
            if row.act == .put, row.labelsBefore == nil { new.insert(row.uid) }
            let object: Object? =
                if let image = row.image { try image.decode() } else { objects[row.uid] }
            guard let object else { return nil }
            let isCurrent = object.metadata.resourceVersion == row.position
            // Its next change, which comes to the reader later, says that it existed before.
            let isLastSight = new.contains(row.uid) && last[row.uid] == row.position
            guard isCurrent || isLastSight else { return nil }
            let isNew = new.remove(row.uid) != nil && row.act == .put
            return Change(
                position: row.position,
                act: row.act == .put ? .put : .removed,
                object: object,
                labelsBefore: isNew ? nil : row.labelsBefore
            )
        }
    }
}

extension Event {
    init(row: Value) throws { self = try Table.events.decode(row) }
}
