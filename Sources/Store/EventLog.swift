internal import Domain

/// A row of the changes: that an object's shown form is new.
struct ChangeRow: Codable, Sendable {
    enum Act: String, Codable, Sendable { case put, removed }

    var position: Position
    let kind: String
    let namespace: String
    let name: String
    let uid: UID
    let act: Act
    /// nil when the object did not exist before.
    let labelsBefore: [String: String]?
    /// The whole object at this position, kept where a reader may need it after the row has moved on or is
    /// gone: for a removal, and for a put that changed labels and so may have left somebody's selector.
    let image: Value?
    let time: Timestamp

    /// A declared object that was written; before it was another, or nothing when it is new.
    init(put stored: Stored, before: Stored?, time: Timestamp) throws {
        let metadata = stored.object.metadata
        let labelsBefore = before.map { $0.object.metadata.labels ?? [:] }
        let movedLabels = labelsBefore != nil && labelsBefore != metadata.labels ?? [:]
        try self.init(
            .put,
            stored.object.kind,
            metadata,
            labelsBefore: labelsBefore,
            image: movedLabels ? try Value(encoding: stored.shown) : nil,
            time
        )
    }

    /// A record that was written; its labels are the same for as long as it lives.
    init<Record: ShownRecord>(put record: Record, isNew: Bool, at position: Position, time: Timestamp) throws
    {
        let metadata = record.metadata(resourceVersion: position)
        let labels = isNew ? nil : metadata.labels ?? [:]
        try self.init(.put, Record.kind, metadata, labelsBefore: labels, image: nil, time)
    }

    init(removed object: Object, at position: Position, time: Timestamp) throws {
        var object = object
        object.metadata.resourceVersion = position
        try self.init(
            .removed,
            object.kind,
            object.metadata,
            labelsBefore: object.metadata.labels ?? [:],
            image: try Value(encoding: object),
            time
        )
    }

    private init(
        _ act: Act,
        _ kind: String,
        _ metadata: Metadata,
        labelsBefore: [String: String]?,
        image: Value?,
        _ time: Timestamp
    ) throws {
        guard let uid = metadata.uid else {
            throw Failure(.internal, "An object without identity cannot be shown: \(kind) \(metadata.name)")
        }
        position = metadata.resourceVersion ?? .start
        self.kind = kind
        namespace = metadata.namespace ?? ""
        name = metadata.name
        self.uid = uid
        self.act = act
        self.labelsBefore = labelsBefore
        self.image = image
        self.time = time
    }
}

extension Session {
    /// Writes the two streams; every position was drawn in this transaction.
    func append(events: [Event], changes: [ChangeRow]) throws {
        if !events.isEmpty {
            try enqueue(Table.events.insert, Value.array(try events.map { try Table.events.row($0) }))
        }
        if !changes.isEmpty {
            try enqueue(Table.changes.insert, Value.array(try changes.map { try Table.changes.row($0) }))
        }
    }
}

extension Event {
    /// The log's form of an event that belongs to no run.
    init(_ event: PlainEvent, subjectUID: UID?, at position: Position, time: Timestamp) {
        self.init(
            position: position,
            time: time,
            type: event.type,
            namespace: event.subject.namespace,
            subjectKind: event.subject.kind,
            subjectName: event.subject.name,
            subjectUID: subjectUID,
            workflowUID: nil,
            workflow: nil,
            actor: event.actor,
            cause: nil,
            data: event.data
        )
    }
}
