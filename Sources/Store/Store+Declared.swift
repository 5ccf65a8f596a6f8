package import Domain

/// How an object on the control door meets the one that exists.
package enum ApplyMode: Sendable, Hashable {
    /// It must not exist.
    case create
    /// It is made or changed.
    case apply
    /// It must exist.
    case replace
}

extension Store {
    /// The declared object of a key as it is now, whether or not the horizon has passed it; nil when there is
    /// none.
    package func stored(_ key: ObjectKey) async throws -> Stored? {
        try await read { session in
            try session.rows(ShownTable.declared.get, key.kind, key.namespace ?? "", key.name).first
                .map { try Stored(row: $0.value("row")) }
        }
    }

    /// Those of some declared objects that exist; sorted by kind, namespace and name.
    package func storedObjects(_ keys: [ObjectKey]) async throws -> [Stored] {
        guard !keys.isEmpty else { return [] }
        return try await read { session in
            try session.rows(DeclaredStatement.among, of: keys).map { try Stored(row: $0.value("row")) }
        }
    }

    /// The specs of everything that is declared, by key: those of some kinds; of the others, empty ones.
    package func declaredSpecs(kinds: [String]) async throws -> [ObjectKey: Value] {
        // No source has an empty name, so these are all.
        try await othersDeclared(than: "", known: nil, kinds: kinds).specs ?? [:]
    }

    /// The clocks of a time zone from some time ago until now, as the database knows them.
    ///
    /// - Throws: `Failure.unsupported` when the database has no zone of that name.
    package func clock(of timeZone: String, back: Duration) async throws -> ZoneClock {
        try await read { session in
            let rows = try session.rows(DeclaredStatement.clock, timeZone, back)
            guard let now = try rows.first?.moment("now") else { throw Failure(.corrupted, "No time") }
            let settings = try rows.map { row in
                ZoneClock.Setting(
                    since: try row.moment("since"),
                    offset: .seconds(try row.integer("seconds"))
                )
            }
            return ZoneClock(now: now, settings: settings)
        }
    }

    /// The namespaces that something is declared in.
    package func declaredNamespaces() async throws -> Set<String> {
        try await read { session in
            Set(try session.rows(DeclaredStatement.namespaces).map { try $0.text("namespace") })
        }
    }

    /// The declared objects of a GitSource without their specs, which are most of what they are, and with a
    /// status only where they are not ready; in no order.
    package func outlines(source: String) async throws -> [Stored] {
        try await read { session in
            try session.rows(DeclaredStatement.outlines, source).map {
                try Stored(outline: $0, source: source)
            }
        }
    }

    /// What everybody but one GitSource declares: a version that is another text when a key or a spec is
    /// another, and, unless it is the one that is known, the specs of some kinds; of the others, empty ones.
    package func othersDeclared(
        than source: String,
        known: String?,
        kinds: [String]
    ) async throws -> (version: String, specs: [ObjectKey: Value]?) {
        try await read { session in
            // First the version: what changes between the two statements makes the next one another.
            let row = try session.rows(DeclaredStatement.othersVersion, source).first
            guard let version = try row?.text("version") else { throw Failure(.corrupted, "No version") }
            guard version != known else { return (version, nil) }
            let pairs = try session.rows(DeclaredStatement.others, source, kinds).map { row in
                (try row.key(), try row.optionalValue("spec") ?? [:])
            }
            return (version, Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// The declared objects of a kind, in one namespace or in all; sorted by namespace and name.
    package func storedObjects(kind: String, namespace: String?) async throws -> [Stored] {
        try await read { session in
            try session.rows(DeclaredStatement.ofKind, kind, namespace).map {
                try Stored(row: $0.value("row"))
            }
        }
    }

    /// Writes one declared object for a person.
    ///
    /// `newUID` makes the uid of a new object. A dry run answers what the object would be, and writes
    /// nothing. Without a `write` the actor changes what differs.
    /// - Returns: the object and the position that its readers must have passed.
    /// - Throws: ``FieldConflict`` when fields of others would change; `Failure` `.alreadyExists` or
    ///   `.notFound` by the mode; `.conflict` with reason `stale` when it is not the expected version, or
    ///   `live` when a run has what is called so.
    package func applyOne(
        _ declared: Declared,
        mode: ApplyMode,
        write: FieldWrite? = nil,
        actor: String,
        expectedResourceVersion: Position? = nil,
        isDryRun: Bool = false,
        newUID: @escaping @Sendable () -> UID
    ) async throws -> (Stored, Position) {
        let key = declared.object.key
        let context = DeclaredContext(actor: actor, priority: .people, newUID: newUID)
        return try await transaction { session in
            let writer = DeclaredWriter(session: session, context: context)
            let existing = try writer.lock([key])[key]
            if existing == nil {
                try session.refuseLive([key])
                if mode == .replace || expectedResourceVersion != nil {
                    throw Failure(.notFound, "\(key) does not exist")
                }
            } else if mode == .create {
                throw Failure(.alreadyExists, "\(key) exists already")
            }
            try existing?.refuseAnother(than: nil, at: expectedResourceVersion)
            let now = try session.now()
            let write = write ?? FieldWrite(manager: actor, operation: .update)
            let declared =
                try existing.map { try declared.written(over: $0, by: write, at: now) }
                ?? declared.created(by: write, at: now)
            guard !isDryRun else { return (try writer.preview(declared, existing: existing), .start) }
            let outcome = try writer.apply([.put(declared)])
            guard let stored = try writer.lock([key])[key] else {
                throw Failure(.corrupted, "\(key) is missing")
            }
            try session.settleKeys(marks: outcome.marks, fence: nil)
            return (stored, stored.object.metadata.resourceVersion ?? .start)
        }
    }

    /// Removes one declared object for a person, and the run that belongs to it when it is a Workflow.
    ///
    /// A dry run says whether it could be removed, and removes nothing.
    /// - Throws: `Failure.notFound`; `.conflict` with reason `stale` when it is not the expected object or
    ///   version, `owned_by_git` when a file declares the object, `in_use` when a run uses it that has not
    ///   ended, or `live` when a run has what is called so and nobody declares it; `.forbidden` with reason
    ///   `deletion_protected`.
    @discardableResult
    package func removeOne(
        _ key: ObjectKey,
        actor: String,
        expectedUID: UID? = nil,
        expectedResourceVersion: Position? = nil,
        isDryRun: Bool = false
    ) async throws -> Position {
        let context = DeclaredContext(actor: actor, priority: .people, newUID: { UID("") })
        return try await transaction { session in
            let writer = DeclaredWriter(session: session, context: context)
            guard let stored = try writer.lockForRemoval([key])[key] else {
                try session.refuseLive([key])
                throw Failure(.notFound, "\(key) does not exist")
            }
            try stored.refuseAnother(than: expectedUID, at: expectedResourceVersion)
            // What a source declared that is gone is declared by nobody.
            guard try !stored.isDeclaredByGit || !session.hasSource(of: stored) else {
                throw ownedByGit(stored)
            }
            try session.refuseRemoval(stored)
            guard !isDryRun else { return .start }
            let outcome = try writer.apply([.remove(key)])
            guard let position = outcome.positions.max() else {
                throw Failure(.notFound, "\(key) does not exist")
            }
            try session.settleKeys(marks: outcome.marks, fence: nil)
            return position
        }
    }

    /// Writes the status of a declared object; the body gets the locked object and the database's time.
    ///
    /// Writes nothing, and draws no position, when the body answers nil or what is there already.
    /// - Returns: the position of the change, nil when nothing was written.
    /// - Throws: `Failure.notFound`; `.conflict` with reason `fenced`; whatever the body throws.
    @discardableResult
    package func setStatus(
        _ key: ObjectKey,
        fence: ClaimedKey?,
        event: PlainEvent? = nil,
        body: @Sendable (Stored, Timestamp) throws -> Value?
    ) async throws -> Position? {
        try await transaction { session in
            guard let row = try session.rows(DeclaredStatement.lock, of: [key]).first else {
                throw Failure(.notFound, "\(key) does not exist")
            }
            var stored = try Stored(row: row.value("row"))
            let now = try session.now()
            var position: Position?
            if let status = try body(stored, now), status != stored.object.status {
                stored.object.status = status
                position = try session.putStatus(of: stored, event: event, now: now)
            }
            try session.settleKeys(marks: [], fence: fence)
            return position
        }
    }

    /// Writes an event that belongs to no run and to no row.
    @discardableResult
    package func record(_ event: PlainEvent) async throws -> Position {
        try await transaction { session in
            let now = try session.now()
            guard let position = try session.drawPositions(1).first else {
                throw Failure(.corrupted, "No position")
            }
            try session.append(events: [Event(event, subjectUID: nil, at: position, time: now)], changes: [])
            return position
        }
    }
}

extension Stored {
    /// Refuses what is another object than the one that is meant, or has changed since.
    fileprivate func refuseAnother(than uid: UID?, at version: Position?) throws {
        let key = object.key
        if let uid, object.metadata.uid != uid {
            throw Failure(
                .conflict,
                "\(key) is another object than the one with the uid \(uid.text)",
                reason: "stale"
            )
        }
        if let version, object.metadata.resourceVersion != version {
            throw Failure(.conflict, "\(key) has changed since version \(version)", reason: "stale")
        }
    }

    fileprivate init(outline row: Row, source: String) throws {
        let key = try row.key()
        var metadata = Metadata(name: key.name, namespace: key.namespace)
        metadata.labels = try row.optionalValue("labels")?.decode()
        metadata.annotations = try row.optionalValue("annotations")?.decode()
        var origin = Origin(appliedBy: nil)
        origin.gitSource = source
        origin.path = try row.optional("path")
        origin.line = try row.optional("line").flatMap { Int($0) }
        origin.column = try row.optional("column").flatMap { Int($0) }
        origin.fields = try row.optional("fields").map { FieldSet(text: $0) }
        origin.taken = try row.optional("taken").map { FieldSet(text: $0) }
        origin.declared = try row.optional("declared").map { Digest($0) }
        origin.owners = try row.optionalValue("owners")?.decode()
        self.init(
            object: Object(kind: key.kind, metadata: metadata, status: try row.optionalValue("status")),
            digest: Digest(try row.text("digest")),
            origin: origin
        )
    }
}

extension Session {
    /// Writes an object whose status is new; its row is locked.
    func putStatus(of stored: Stored, event: PlainEvent?, now: Timestamp) throws -> Position {
        let positions = try drawPositions(event == nil ? 1 : 2)
        guard let position = positions.last, let first = positions.first else {
            throw Failure(.corrupted, "No position")
        }
        var stored = stored
        stored.object.metadata.resourceVersion = position
        try execute(Table.objects.update, Value.array([try stored.row()]))
        let events = event.map {
            [Event($0, subjectUID: stored.object.metadata.uid, at: first, time: now)]
        }
        let change = try ChangeRow(put: stored, before: stored, time: now)
        try append(events: events ?? [], changes: [change])
        return position
    }
}

extension Session {
    /// Whether the source of an object is still there.
    fileprivate func hasSource(of stored: Stored) throws -> Bool {
        guard let name = stored.origin.gitSource else { return false }
        let key = ObjectKey(Kind.gitSource.name, namespace: nil, name: name)
        return try rows(DeclaredStatement.among, of: [key]).first != nil
    }
}

private func ownedByGit(_ stored: Stored) -> Failure {
    let place = "\(stored.origin.path ?? "?"):\(stored.origin.line ?? 1)"
    return Failure(
        .conflict,
        "\(stored.object.key) is declared by GitSource/\(stored.origin.gitSource ?? "?") at \(place); "
            + "change it there",
        reason: "owned_by_git"
    )
}
