/// How a person's write on the control door means its fields.
package struct FieldWrite: Sendable, Hashable {
    /// Who holds what it sets.
    package var manager: String
    package var operation: FieldOwner.Operation
    /// The fields that an applied document names; for an update nil, since what differs is meant.
    package var applied: FieldSet?
    /// Whether fields that others hold are taken from them.
    package var isForced: Bool
    /// Whether the whole object is taken from the source that declares it.
    package var takesOwnership: Bool

    /// A write of its parts.
    package init(
        manager: String,
        operation: FieldOwner.Operation,
        applied: FieldSet? = nil,
        isForced: Bool = false,
        takesOwnership: Bool = false
    ) {
        self.manager = manager
        self.operation = operation
        self.applied = applied
        self.isForced = isForced
        self.takesOwnership = takesOwnership
    }
}

/// Fields that a write sets and others hold; nothing was written.
package struct FieldConflict: Error, Sendable, Hashable {
    /// One field and who holds it.
    package struct Claim: Sendable, Hashable {
        package let field: String
        /// `git:main` or `unix:1000`.
        package let holder: String
        /// Where git declares it.
        package let place: String?

        /// A claim of its parts.
        package init(field: String, holder: String, place: String?) {
            self.field = field
            self.holder = holder
            self.place = place
        }

        /// Who holds it and where.
        package var words: String { "conflict with \"\(holder)\"" + (place.map { " at \($0)" } ?? "") }
    }

    package let key: ObjectKey
    /// At least one, sorted by field.
    package let claims: [Claim]

    /// A conflict of its parts.
    package init(key: ObjectKey, claims: [Claim]) {
        self.key = key
        self.claims = claims
    }

    /// Whether a file declares one of them.
    package var isWithGit: Bool { claims.contains { $0.place != nil } }

    /// A sentence that names everybody, and what to do.
    package var message: String {
        let groups = Dictionary(grouping: claims) { $0.words }.sorted { $0.key < $1.key }
        let parts = groups.map { words, claims in
            let fields = claims.prefix(5).map(\.field).joined(separator: ", ")
            return "\(words): \(fields)" + (claims.count > 5 ? " and \(claims.count - 5) more" : "")
        }
        let way = isWithGit ? "change the file, or take" : "take"
        return "\(key) has fields of others: \(parts.joined(separator: "; ")); \(way) them with "
            + "--force-conflicts"
    }
}

extension Stored {
    /// Whether a file declares it; of what is held none does any more, and nobody else could let it go.
    package var isDeclaredByGit: Bool {
        origin.gitSource != nil && PruneHold.condition(of: object.status) == nil
    }

    /// Who holds fields of it besides a file; whoever applied an object before fields were told apart holds
    /// all of it.
    fileprivate var owners: [FieldOwner] {
        if let owners = origin.owners { return owners }
        guard !isDeclaredByGit, let name = origin.appliedBy, let time = object.metadata.creationTimestamp
        else { return [] }
        let fields = FieldSet(of: object.body)
        return fields.isEmpty
            ? [] : [FieldOwner(name: name, operation: .apply, time: time, fields: fields)]
    }

    /// What of it a file declares.
    fileprivate var declaredFields: FieldSet {
        // Of an object that was stored before fields were told apart, all is the file's.
        isDeclaredByGit ? origin.fields ?? FieldSet(of: object.body) : .none
    }

    /// The whole document that comes of applying one which names only some fields.
    ///
    /// What the manager applied before and names no more goes, unless somebody else holds it, too.
    package func applying(_ document: Value, as manager: String) -> Value {
        let named = FieldSet(of: document.fieldBody)
        let before = owners.filter { $0.name == manager && $0.operation == .apply }.fields
        let others = owners.filter { $0.name != manager || $0.operation != .apply }.fields
        let gone = before.subtracting(named).subtracting(others).subtracting(declaredFields)
        var body = gone.copied(from: [:], into: object.body)
        body = named.copied(from: document.fieldBody, into: body)
        var whole = document
        whole["spec"] = body["spec"] ?? [:]
        for name in ["labels", "annotations"] { whole["metadata"]?[name] = body.at("metadata", name) }
        return whole
    }
}

extension Value {
    /// The labels, annotations and spec of an object as a client sent it.
    package var fieldBody: Value {
        [
            "metadata": .members([
                "labels": at("metadata", "labels"), "annotations": at("metadata", "annotations"),
            ]),
            "spec": self["spec"] ?? [:],
        ]
    }
}

extension Declared {
    /// A new object that a person sent, with their fields.
    package func created(by write: FieldWrite, at now: Timestamp) -> Declared {
        var copy = self
        let fields = present(write.applied ?? origin.fields ?? .none)
        copy.origin.fields = nil
        copy.origin.owners =
            [
                FieldOwner(name: write.manager, operation: write.operation, time: now, fields: fields)
            ].losing(.none).stored
        return copy
    }

    /// The whole object that a person sent, over the one that is stored: whose each field is from now on.
    ///
    /// - Throws: ``FieldConflict`` when it changes what a file declares or, for an applied document, what
    ///   another manager holds, and is not forced.
    package func written(over stored: Stored, by write: FieldWrite, at now: Timestamp) throws -> Declared {
        let changed = FieldSet(differing: stored.object.body, object.body)
        if !write.isForced, !write.takesOwnership { try refuse(changed, stored, write) }
        let declared = stored.declaredFields
        let before = stored.owners.first { $0.name == write.manager && $0.operation == write.operation }
        let held = held(changed, declared, mine: before?.fields ?? .none, write)
        var owners = stored.owners
            .filter { $0.name != write.manager || $0.operation != write.operation }.losing(changed)
        if !held.isEmpty {
            let isSame = before?.fields == held && changed.isEmpty
            let time = isSame ? before?.time ?? now : now
            owners.append(
                FieldOwner(name: write.manager, operation: write.operation, time: time, fields: held)
            )
        }
        return placed(over: stored, owners, write)
    }

    /// Those fields that this object has: a field that no kind has may have been left out of it.
    private func present(_ fields: FieldSet) -> FieldSet { fields.intersection(FieldSet(of: object.body)) }

    /// What the manager of a write holds after it.
    private func held(
        _ changed: FieldSet,
        _ declared: FieldSet,
        mine: FieldSet,
        _ write: FieldWrite
    ) -> FieldSet {
        let taken = write.takesOwnership ? declared : .none
        // What a file says as well, and what is there already, stays the file's.
        if let applied = write.applied.map(present) {
            return taken.union(applied.subtracting(declared.subtracting(changed).subtracting(mine)))
        }
        // What is changed and not there any more is nobody's, unless a file declares it: then it is missed.
        let sent = (origin.fields ?? .none).union(declared)
        return taken.union(mine.subtracting(changed)).union(changed.intersection(sent))
    }

    private func refuse(_ changed: FieldSet, _ stored: Stored, _ write: FieldWrite) throws {
        let declared = stored.declaredFields
        let own = stored.owners.filter { $0.name == write.manager }.fields
        var claims = changed.intersection(declared.subtracting(own)).paths.map { field in
            FieldConflict.Claim(
                field: field,
                holder: stored.origin.manager ?? "git",
                place: stored.origin.place
            )
        }
        if let applied = write.applied {
            let wanted = changed.intersection(applied).subtracting(declared)
            for other in stored.owners where other.name != write.manager {
                claims += wanted.intersection(other.fields).paths.map {
                    FieldConflict.Claim(field: $0, holder: other.name, place: nil)
                }
            }
        }
        guard !claims.isEmpty else { return }
        throw FieldConflict(
            key: stored.object.key,
            claims: claims.sorted { ($0.field, $0.holder) < ($1.field, $1.holder) }
        )
    }

    /// With the origin it has after a write of a person.
    private func placed(over stored: Stored, _ owners: [FieldOwner], _ write: FieldWrite) -> Declared {
        var copy = self
        guard stored.isDeclaredByGit, !write.takesOwnership else {
            copy.origin.fields = nil
            copy.origin.owners = owners.stored
            return copy
        }
        let taken = stored.declaredFields.intersection(owners.fields)
        let released = (stored.origin.taken ?? .none).subtracting(taken)
        let declared = stored.origin.declared ?? stored.digest
        copy.origin = stored.origin
        copy.origin.owners = owners.stored
        copy.origin.taken = taken.isEmpty ? nil : taken
        // What was given back is the file's again, which only a look at the file can restore.
        copy.origin.declared = !released.isEmpty ? .unknown : declared == digest ? nil : declared
        return copy
    }
}
