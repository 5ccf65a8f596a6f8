package import Domain

/// A line and column of a file.
package struct FilePlace: Sendable, Hashable, Codable, CustomStringConvertible {
    package let path: String
    package let line: Int
    package let column: Int

    /// A place of its parts.
    package init(path: String, line: Int, column: Int) {
        self.path = path
        self.line = line
        self.column = column
    }

    /// Where an object was declared; nil when that is no file.
    package init?(_ origin: Origin) {
        guard let path = origin.path else { return nil }
        self.init(path: path, line: origin.line ?? 1, column: origin.column ?? 1)
    }

    package var description: String { "\(path):\(line):\(column)" }
}

/// One object and what becomes of it, as it is told to people.
package struct ObjectChange: Sendable, Hashable, Codable {
    /// What becomes of an object.
    package enum Act: String, Sendable, Hashable, Codable {
        case create, change, delete
        /// Declared at another place, and otherwise the same: no change.
        case move
        /// No longer declared and kept for a reason, or declared and not written yet.
        case hold
        /// Declared with an error, or depending on one: its last good version stays.
        case invalid
    }

    package let act: Act
    package let key: ObjectKey
    /// Where it is declared; where it was, when it is no longer.
    package let place: FilePlace?
    /// Where it was declared before, for `move`.
    package let from: FilePlace?
    /// What differs, for `change`.
    package let fields: [FieldChange]
    /// How many more fields differ.
    package let hiddenFields: Int
    /// Why, for `hold` and `invalid`.
    package let reason: String?

    private init(
        _ act: Act,
        _ key: ObjectKey,
        place: FilePlace?,
        from: FilePlace? = nil,
        fields: (changes: [FieldChange], hidden: Int) = ([], 0),
        reason: String? = nil
    ) {
        self.act = act
        self.key = key
        self.place = place
        self.from = from
        self.fields = fields.changes
        hiddenFields = fields.hidden
        self.reason = reason
    }
}

/// What a plan or a comparison found, ready to be shown in any form.
package struct ChangeReport: Sendable, Hashable, Codable {
    /// In the order they are applied, or by key; what stays as it is is left out.
    package var changes: [ObjectChange]
    /// Objects that another claimant owns.
    package var conflicts: [Diagnostic] = []
    /// Why nothing is deleted although objects are missing.
    package var brake: String?
    /// What would be deleted if the brake did not hold, sorted.
    package var heldByBrake: [ObjectKey] = []
    /// Mistakes in the files, sorted.
    package var diagnostics: [Diagnostic] = []

    /// Whether an object is made, changed or deleted; a file that was renamed is no change.
    package var hasChanges: Bool { changes.contains { [.create, .change, .delete].contains($0.act) } }

    /// Whether something stands in the way of applying everything.
    package var hasErrors: Bool {
        !conflicts.isEmpty || diagnostics.contains { $0.severity == .error }
    }

    /// How many objects an act befalls.
    package func count(_ act: ObjectChange.Act) -> Int { changes.count { $0.act == act } }
}

extension ChangeReport {
    /// What applying a plan would do.
    ///
    /// `input` is what the plan was made from; `heldBack` tells why each of its held-back objects is.
    package init(
        _ plan: Plan,
        of input: PlanInput,
        heldBack: [ObjectKey: Diagnostic],
        diagnostics: [Diagnostic],
        comparison: FieldComparison
    ) {
        let stored = Dictionary(
            input.stored.map { ($0.object.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        // Another line of the same file is noise: everything below an inserted line has moved.
        changes = plan.steps.map { ObjectChange($0, stored[$0.key], input.drift, comparison) }
            .filter { $0.act != .move || $0.from?.path != $0.place?.path }
        changes += heldBack.sorted { $0.key < $1.key }.map { ObjectChange(heldBack: $0.key, $0.value) }
        conflicts = plan.conflicts.sorted()
        brake = plan.brake
        if plan.brake != nil {
            let known = Set(plan.steps.map(\.key))
            heldByBrake = missing(input).filter { !known.contains($0) }
        }
        self.diagnostics = diagnostics
    }

    /// What differs between two trees, whoever would apply them.
    ///
    /// An object that an error holds back in the new tree is invalid there, and not deleted.
    package init(
        from old: [Declared],
        to new: [Declared],
        heldBack: [ObjectKey: Diagnostic] = [:],
        diagnostics: [Diagnostic] = [],
        comparison: FieldComparison
    ) {
        let before = Dictionary(old.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
        let keys = Set(before.keys).union(after.keys).union(heldBack.keys).sorted()
        changes = keys.compactMap { key in
            if let error = heldBack[key] { return ObjectChange(heldBack: key, error) }
            return ObjectChange(key, before[key], after[key], comparison)
        }
        self.diagnostics = diagnostics
    }
}

/// The keys of what the source owns and no longer declares, sorted.
func missing(_ input: PlanInput) -> [ObjectKey] {
    let declared = Set(input.declared.map(\.object.key)).union(input.heldBack)
    return input.stored.filter { $0.origin.gitSource == input.source && $0.object.kind != "Decision" }
        .map(\.object.key).filter { !declared.contains($0) }.sorted()
}

extension ObjectChange {
    fileprivate init(
        _ step: Plan.Step,
        _ stored: Stored?,
        _ drift: GitSourceSpec.Drift,
        _ comparison: FieldComparison
    ) {
        let before = stored.flatMap { FilePlace($0.origin) }
        let place = step.declared.flatMap { FilePlace($0.origin) }
        switch step.act {
        case .create: self.init(.create, step.key, place: place)
        case .move: self.init(.move, step.key, place: place, from: before)
        case .prune: self.init(.delete, step.key, place: before)
        case .hold: self.init(.hold, step.key, place: before, reason: step.reason)
        case .wait: self.init(.hold, step.key, place: place, reason: step.reason)
        case .change:
            let fields = step.declared.flatMap { declared in
                stored.map { stored in
                    let wanted = declared.keepingFields(of: stored, drift: drift).object
                    return comparison.changes(from: stored.object, to: wanted, places: declared.places)
                }
            }
            self.init(.change, step.key, place: place, fields: fields ?? ([], 0))
        }
    }

    fileprivate init(heldBack key: ObjectKey, _ error: Diagnostic) {
        let start = error.span.start
        self.init(
            .invalid,
            key,
            place: FilePlace(path: error.path, line: start.line, column: start.column),
            reason: "\(error.code): \(error.message)"
        )
    }

    /// Nil when nothing differs.
    fileprivate init?(
        _ key: ObjectKey,
        _ old: Declared?,
        _ new: Declared?,
        _ comparison: FieldComparison
    ) {
        let from = old.flatMap { FilePlace($0.origin) }
        let place = new.flatMap { FilePlace($0.origin) }
        guard let old else {
            self.init(.create, key, place: place)
            return
        }
        guard let new else {
            self.init(.delete, key, place: from)
            return
        }
        let fields = comparison.changes(from: old.object, to: new.object, places: new.places)
        if !fields.changes.isEmpty {
            self.init(.change, key, place: place, fields: fields)
        } else if from?.path != place?.path {
            self.init(.move, key, place: place, from: from)
        } else {
            return nil
        }
    }
}
