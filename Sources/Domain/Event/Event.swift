/// Something that happened in a run, before it has a position: a patch of one row's facts.
package struct RunEvent: Sendable, Hashable {
    /// `<subject>.<what>` in snake_case, such as `task.state_changed`.
    package let type: String
    package let subject: FactKey
    /// Name of the subject, for people.
    package let name: String
    /// A JSON merge patch of the subject's facts; for a new subject all of them.
    package let facts: Value

    /// An event of its parts.
    package init(type: String, subject: FactKey, name: String, facts: Value) {
        self.type = type
        self.subject = subject
        self.name = name
        self.facts = facts
    }
}

/// Something that happened, as the log holds it.
package struct Event: Sendable, Hashable, Codable {
    package var position: Position
    package var time: Timestamp
    package var type: String
    package var namespace: String?
    package var subjectKind: String
    package var subjectName: String
    package var subjectUID: UID?
    /// The run it belongs to, when it belongs to one.
    package var workflowUID: UID?
    package var workflow: String?
    /// Who caused it: `unix:0`, `worker:<name>`, `git:<source>`, `controller`.
    package var actor: String
    /// Position of what it followed from: the first event of the same command to a run.
    package var cause: Position?
    package var data: Value
    /// The version of `data`'s schema.
    package var schemaVersion: Int

    /// An event of its parts.
    package init(
        position: Position,
        time: Timestamp,
        type: String,
        namespace: String?,
        subjectKind: String,
        subjectName: String,
        subjectUID: UID?,
        workflowUID: UID?,
        workflow: String?,
        actor: String,
        cause: Position?,
        data: Value,
        schemaVersion: Int = 1
    ) {
        self.position = position
        self.time = time
        self.type = type
        self.namespace = namespace
        self.subjectKind = subjectKind
        self.subjectName = subjectName
        self.subjectUID = subjectUID
        self.workflowUID = workflowUID
        self.workflow = workflow
        self.actor = actor
        self.cause = cause
        self.data = data
        self.schemaVersion = schemaVersion
    }
}

/// An event that belongs to no run: a source was applied, a worker came online.
package struct PlainEvent: Sendable, Hashable {
    package let type: String
    package let subject: ObjectKey
    package let actor: String
    package let data: Value

    /// An event of its parts.
    package init(type: String, subject: ObjectKey, actor: String, data: Value) {
        self.type = type
        self.subject = subject
        self.actor = actor
        self.data = data
    }
}

extension Event {
    /// The kind that events are shown as.
    package static let kind = "Event"

    /// The event in the envelope: its position as the name, everything it says as the status.
    ///
    /// Events about what has no namespace are in `default`, as in Kubernetes.
    /// - Throws: `EncodingError`, which no event causes.
    package func object() throws -> Object {
        var metadata = Metadata(
            name: position.description,
            namespace: namespace ?? ObjectKey.defaultNamespace
        )
        metadata.resourceVersion = position
        metadata.creationTimestamp = time
        metadata.labels = workflow.map { [LiveLabel.workflow: $0] }
        return Object(kind: Self.kind, metadata: metadata, status: try Value(encoding: self))
    }
}
