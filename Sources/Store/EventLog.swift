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

    init(put object: Object, labelsBefore: [String: String]?, at position: Position, time: Timestamp) throws {
        let labels = object.metadata.labels ?? [:]
        let movedLabels = labelsBefore != nil && labelsBefore != labels
        try self.init(object, .put, labelsBefore: labelsBefore, keepsImage: movedLabels, position, time)
    }

    init(removed object: Object, at position: Position, time: Timestamp) throws {
        let labels = object.metadata.labels ?? [:]
        try self.init(object, .removed, labelsBefore: labels, keepsImage: true, position, time)
    }

    private init(
        _ object: Object,
        _ act: Act,
        labelsBefore: [String: String]?,
        keepsImage: Bool,
        _ position: Position,
        _ time: Timestamp
    ) throws {
        guard let uid = object.metadata.uid else {
            throw Failure(.internal, "An object without identity cannot be shown: \(object.key)")
        }
        var object = object
        object.metadata.resourceVersion = position
        self.position = position
        kind = object.kind
        namespace = object.metadata.namespace ?? ""
        name = object.metadata.name
        self.uid = uid
        self.act = act
        self.labelsBefore = labelsBefore
        image = keepsImage ? try Value(encoding: object) : nil
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
