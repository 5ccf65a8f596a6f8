internal import Domain

// Who has to look at what was written, besides readers.
extension DeclaredWriter {
    /// The marks that follow from writes: for the controllers of the objects, and for sources.
    func marks(after writes: [Write]) throws -> [Mark] {
        let stored = writes.compactMap(\.written)
        var marks = stored.filter { Kind.isControlled($0.object.kind) }.map {
            Mark($0.object.key, priority: context.priority)
        }
        marks += writes.flatMap(sourcesConcerned)
        let kinds = Set(stored.map(\.object.kind))
        if kinds.contains(Kind.policy.name) {
            // What a Policy says counts for the objects of all sources.
            marks += try session.rows(DeclaredStatement.sources).map { try mark($0, context.priority) }
        } else if !kinds.isSubset(of: Self.namedByNobody) {
            // What an error holds back may have waited for just this, or for its end.
            let others = try session.rows(DeclaredStatement.stalledSources, context.merge?.source)
            marks += try others.map { try mark($0, .drift) }
        }
        return marks
    }

    /// Kinds that files of other sources do not refer to, and of which many come and go.
    private static let namedByNobody: Set<String> = [
        Kind.decision.name, Kind.workItem.name, Kind.workflow.name,
    ]

    /// Whoever the object or its fields were taken from, or is offered it, looks at it at once.
    private func sourcesConcerned(_ write: Write) -> [Mark] {
        guard case .change(let stored, let before) = write else { return [] }
        return stored.sourcesConcerned(since: before, by: context.merge?.source).map {
            Mark(ObjectKey(Kind.gitSource.name, namespace: nil, name: $0), priority: .people)
        }
    }

    private func mark(_ row: Row, _ priority: KeyPriority) throws -> Mark {
        Mark(ObjectKey(Kind.gitSource.name, namespace: nil, name: try row.text("name")), priority: priority)
    }
}

extension DeclaredWriter.Write {
    /// The object that is news; nil where nothing is.
    fileprivate var written: Stored? {
        switch self {
        case .create(let stored), .change(let stored, _), .remove(let stored): stored
        case .move, .cascade: nil
        }
    }
}
