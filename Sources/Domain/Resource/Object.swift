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

    /// An origin in git.
    package init(gitSource: String, commit: CommitID, path: String, position: TextPosition) {
        self.gitSource = gitSource
        self.commit = commit
        self.path = path
        line = position.line
        column = position.column
    }

    /// An origin on the control door.
    package init(appliedBy: String) { self.appliedBy = appliedBy }
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
