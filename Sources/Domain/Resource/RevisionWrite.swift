/// What applying does with one object.
package enum ApplyStep: Sendable, Hashable {
    case put(Declared)
    case remove(ObjectKey)

    /// What identifies the object.
    package var key: ObjectKey {
        switch self {
        case .put(let declared): declared.object.key
        case .remove(let key): key
        }
    }
}

/// One commit on its way into the store.
package struct RevisionWrite: Sendable, Hashable {
    package var source: String
    package var commit: CommitID
    package var author: String
    package var message: String
    /// Sorted by layer, then key; removals last in reverse order.
    package var steps: [ApplyStep]
    /// How many objects the commit declares, and how many of them are held back by an error.
    package var declaredCount: Int
    package var heldBackCount: Int
    package var diagnostics: [Diagnostic]
    /// What becomes of fields that somebody took from the files.
    package var drift = GitSourceSpec.Drift.correct

    /// A write of its parts.
    package init(
        source: String,
        commit: CommitID,
        author: String,
        message: String,
        steps: [ApplyStep],
        declaredCount: Int,
        heldBackCount: Int,
        diagnostics: [Diagnostic]
    ) {
        self.source = source
        self.commit = commit
        self.author = author
        self.message = message
        self.steps = steps
        self.declaredCount = declaredCount
        self.heldBackCount = heldBackCount
        self.diagnostics = diagnostics
    }
}
