/// Labels that live objects carry, for selectors.
package enum LiveLabel {
    package static let workflow = "agirunner.dev/workflow"
    package static let stage = "agirunner.dev/stage"
    package static let role = "agirunner.dev/role"
    package static let task = "agirunner.dev/task"
    package static let pool = "agirunner.dev/pool"
    package static let source = "agirunner.dev/source"
}

/// Something controllers write that is shown through the envelope.
package protocol ShownRecord: Encodable, Sendable {
    static var kind: String { get }
    var uid: UID { get }
    var shownName: String { get }
    var shownNamespace: String? { get }
    var createdAt: Timestamp { get }
    var shownLabels: [String: String] { get }
    var owner: OwnerReference? { get }
}

extension ShownRecord {
    /// The record in the envelope: its identity in the metadata, everything else as the status.
    ///
    /// *Throws* `EncodingError`, which no record can cause.
    package func object(resourceVersion: Position) throws -> Object {
        var status = try Value(encoding: self).object ?? [:]
        for key in ["uid", "name", "namespace", "createdAt", "tokenDigest"] { status[key] = nil }
        let metadata = metadata(resourceVersion: resourceVersion)
        return Object(kind: Self.kind, metadata: metadata, status: .object(status))
    }

    /// Its identity as the envelope shows it.
    package func metadata(resourceVersion: Position) -> Metadata {
        var metadata = Metadata(name: shownName, namespace: shownNamespace)
        metadata.uid = uid
        metadata.resourceVersion = resourceVersion
        metadata.creationTimestamp = createdAt
        metadata.labels = shownLabels.isEmpty ? nil : shownLabels
        metadata.ownerReferences = owner.map { [$0] }
        return metadata
    }
}

extension ShownRecord where Self: RunRecord {
    package var shownName: String { name }
}

extension WorkItemRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] { [LiveLabel.workflow: workflow, LiveLabel.stage: stage] }
    package var owner: OwnerReference? {
        OwnerReference(kind: WorkflowRecord.kind, name: workflow, uid: workflowUID)
    }
}

extension TaskRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] {
        [LiveLabel.workflow: workflow, LiveLabel.stage: stage, LiveLabel.role: role]
    }
    package var owner: OwnerReference? {
        OwnerReference(kind: WorkItemRecord.kind, name: workItem, uid: workItemUID)
    }
}

extension AttemptRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] { [LiveLabel.workflow: workflow, LiveLabel.task: task] }
    package var owner: OwnerReference? { OwnerReference(kind: TaskRecord.kind, name: task, uid: taskUID) }
}

extension HandoffRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] {
        [LiveLabel.workflow: workflow, LiveLabel.stage: stage, LiveLabel.role: role, LiveLabel.task: task]
    }
    package var owner: OwnerReference? { OwnerReference(kind: TaskRecord.kind, name: task, uid: taskUID) }
}

extension GateRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] { [LiveLabel.workflow: workflow, LiveLabel.stage: stage] }
    package var owner: OwnerReference? {
        OwnerReference(kind: WorkflowRecord.kind, name: workflow, uid: workflowUID)
    }
}

extension EscalationRecord: ShownRecord {
    package var shownNamespace: String? { namespace }
    package var shownLabels: [String: String] { [LiveLabel.workflow: workflow] }
    package var owner: OwnerReference? {
        OwnerReference(kind: WorkflowRecord.kind, name: workflow, uid: workflowUID)
    }
}

extension WorkerRecord: ShownRecord {
    package var shownName: String { name }
    package var shownNamespace: String? { nil }
    package var shownLabels: [String: String] { [LiveLabel.pool: pool] }
    package var owner: OwnerReference? { nil }
}

extension RuntimeRecord: ShownRecord {
    package var shownName: String { name }
    package var shownNamespace: String? { nil }
    package var shownLabels: [String: String] { [LiveLabel.pool: pool] }
    package var owner: OwnerReference? { nil }
}
