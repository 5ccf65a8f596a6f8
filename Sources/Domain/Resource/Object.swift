/// Where a declared object came from.
package struct Origin: Sendable, Hashable, Codable {
    /// Name of the GitSource, or nil when a person applied it on the control door.
    package var gitSource: String?
    package var commit: CommitID?
    package var path: String?
    package var line: Int?
    package var column: Int?
    /// Who applied it on the control door (`unix:1000`), or nil when git declares it.
    package var appliedBy: String?
    /// The fields that a file declares; nil for what no file does.
    package var fields: FieldSet?
    /// Who holds fields besides a file; nil for nobody.
    package var owners: [FieldOwner]?
    /// The fields that a file declares and somebody took from it; nil for none.
    package var taken: FieldSet?
    /// The digest of the spec that a file declares, where fields of others make it another; nil where not.
    package var declared: Digest?

    /// An origin in git.
    package init(gitSource: String, commit: CommitID, path: String, position: TextPosition) {
        self.gitSource = gitSource
        self.commit = commit
        self.path = path
        line = position.line
        column = position.column
    }

    /// An origin on the control door.
    package init(appliedBy: String?) { self.appliedBy = appliedBy }
}

/// Who owns whom; owners cascade when they are deleted.
package struct OwnerReference: Sendable, Hashable, Codable {
    package let kind: String
    package let name: String
    package let uid: UID

    /// A reference to an owner.
    package init(kind: String, name: String, uid: UID) {
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

/// The envelope's metadata, as in the Kubernetes API.
package struct Metadata: Sendable, Hashable, Codable {
    package var name: String
    package var namespace: String?
    package var labels: [String: String]?
    package var annotations: [String: String]?
    package var uid: UID?
    package var generation: Int64?
    /// The object's last ``Position``.
    package var resourceVersion: Position?
    package var creationTimestamp: Timestamp?
    package var deletionTimestamp: Timestamp?
    package var finalizers: [String]?
    package var ownerReferences: [OwnerReference]?
    package var managedFields: [ManagedFields]?

    /// Whether a server's object is declared: what only controllers write has no generation.
    package var isDeclared: Bool { generation != nil }

    /// Metadata of a name and a namespace; everything else is set on the result.
    package init(name: String, namespace: String?) {
        self.name = name
        self.namespace = namespace
    }
}

/// One object of any kind in the envelope that files, the API and the store share.
package struct Object: Sendable, Hashable, Codable {
    package var apiVersion = Kind.apiVersion
    package var kind: String
    package var metadata: Metadata
    /// The desired state with defaults applied; nil for a kind that has none.
    package var spec: Value?
    /// The observed state, written by controllers only.
    package var status: Value?

    /// An object of its parts.
    package init(kind: String, metadata: Metadata, spec: Value? = nil, status: Value? = nil) {
        self.kind = kind
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// What identifies it.
    package var key: ObjectKey { ObjectKey(kind, namespace: metadata.namespace, name: metadata.name) }
}

/// A declared object as Catalog hands it on: validated, defaults applied, digest computed.
package struct Declared: Sendable, Hashable {
    package var object: Object
    /// Digest of the canonical spec; equal digests mean the generation stays.
    package var digest: Digest
    package var origin: Origin
    /// The objects its spec refers to, sorted and unique; an error in one of them holds this one back.
    package var references: [ObjectKey]
    /// Where its fields stand in the file, by their names such as `spec.stages[2].goal`; empty unless the
    /// load was asked to keep them.
    package var places: [String: TextPosition] = [:]

    /// A declared object of its parts.
    package init(object: Object, digest: Digest, origin: Origin, references: [ObjectKey]) {
        self.object = object
        self.digest = digest
        self.origin = origin
        self.references = references
    }
}

/// A declared object as the store holds it.
package struct Stored: Sendable, Hashable {
    package var object: Object
    package var digest: Digest
    package var origin: Origin

    /// A stored object of its parts.
    package init(object: Object, digest: Digest, origin: Origin) {
        self.object = object
        self.digest = digest
        self.origin = origin
    }
}

extension Sequence<Stored> {
    /// The specs by key, as references to them are checked.
    package var specs: [ObjectKey: Value] {
        Dictionary(map { ($0.object.key, $0.object.spec ?? [:]) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Stored {
    /// The object as it is shown: its status says where it was declared, or who applied it.
    package var shown: Object {
        var shown = object
        var status = object.status ?? .object([:])
        if let source = origin.gitSource {
            status["source"] = .members([
                "gitSource": .string(source), "commit": origin.commit.map { .string($0.text) },
                "path": origin.path.map(Value.string), "line": origin.line.map { .integer(Int64($0)) },
                "column": origin.column.map { .integer(Int64($0)) }, "taken": origin.taken?.fieldsV1,
            ])
        } else if let user = origin.appliedBy {
            status["appliedBy"] = ["user": .string(user), "door": "control"]
        }
        shown.status = status
        let managed = origin.managedFields(at: object.metadata.creationTimestamp)
        shown.metadata.managedFields = managed.isEmpty ? nil : managed
        return shown
    }
}

extension Object {
    /// Where a declared object that was read from a server says it comes from.
    ///
    /// *Shape*: an origin without source and user for an object that does not say.
    package var origin: Origin {
        var origin = Origin(appliedBy: status?.at("appliedBy", "user")?.string)
        let entries = metadata.managedFields ?? []
        origin.owners =
            entries.filter { !$0.manager.hasPrefix("git:") }.map { entry in
                FieldOwner(
                    name: entry.manager,
                    operation: entry.operation,
                    time: entry.time ?? Timestamp(microseconds: 0),
                    fields: FieldSet(fieldsV1: entry.fieldsV1)
                )
            }.stored
        guard let source = status?["source"], let name = source["gitSource"]?.string else { return origin }
        origin.gitSource = name
        origin.commit = source["commit"]?.string.map { CommitID($0) }
        origin.path = source["path"]?.string
        origin.line = source["line"]?.integer.map(Int.init(clamping:))
        origin.column = source["column"]?.integer.map(Int.init(clamping:))
        origin.taken = source["taken"].map(FieldSet.init(fieldsV1:))
        origin.fields = entries.first { $0.manager == origin.manager }.map { entry in
            FieldSet(fieldsV1: entry.fieldsV1).union(origin.taken ?? .none)
        }
        return origin
    }
}
