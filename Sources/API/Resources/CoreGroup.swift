import Domain
import Hummingbird

/// The little of the core group that clients of the Kubernetes API expect: namespaces, and events of an
/// object.
struct CoreGroup: Sendable {
    /// Events read and shown for one `describe`: the newest ones.
    private static let scanLimit = 5000
    private static let shownLimit = 100
    private static let pageSize = 500

    let ports: ReadPorts

    /// Answers `GET /api/v1/namespaces`.
    func namespaces(_ call: Call) async throws -> Response {
        let options = try ListOptions(call, kind: Self.listed)
        try options.refuseFields()
        let names = try await ports.namespaces().filter { options.query.name ?? $0 == $0 }
        return json([
            "kind": "NamespaceList", "apiVersion": "v1",
            "metadata": ["resourceVersion": .string(ports.horizon().description)],
            "items": .array(names.map(namespace)),
        ])
    }

    /// Answers `GET /api/v1/namespaces/{name}`.
    func namespace(_ call: Call) async throws -> Response {
        let name = call.parameters["name"] ?? ""
        guard try await ports.namespaces().contains(name) else {
            var refusal = Refusal(.notFound, "namespaces \"\(name)\" not found")
            refusal.subject = .init(plural: "namespaces", name: name)
            throw refusal
        }
        return json(namespace(name))
    }

    /// Answers `GET /api/v1/namespaces/{namespace}/events`, which `describe` asks about one object.
    func events(_ call: Call) async throws -> Response {
        let options = try ListOptions(call, kind: Self.listed)
        let items = options.matchesNothing ? [] : try await recentEvents(options)
        return json([
            "kind": "EventList", "apiVersion": "v1",
            "metadata": ["resourceVersion": .string(ports.horizon().description)],
            "items": .array(items.map(\.coreEvent)),
        ])
    }

    /// Core kinds are no kinds of ours; their lists take the same options as those of events.
    private static var listed: Kind {
        Kind.all.first { $0.isEvent } ?? Kind.all[0]
    }

    /// The newest events that the fields select, in the order in which they happened.
    private func recentEvents(_ options: ListOptions) async throws -> [Event] {
        let fields = options.fields
        let workflow = try await workflow(of: fields, options.query.namespace)
        var through: Position?
        var found: [Event] = []
        for _ in 0..<Self.scanLimit / Self.pageSize {
            let namespace = options.query.namespace
            let events = try await ports.newestEvents(through, workflow, namespace, Self.pageSize)
            found += events.filter { event in
                (fields["involvedObject.kind"] ?? event.subjectKind) == event.subjectKind
                    && (fields["involvedObject.name"] ?? event.subjectName) == event.subjectName
                    && (fields["involvedObject.uid"] ?? event.subjectUID?.text) == event.subjectUID?.text
            }
            guard found.count < Self.shownLimit, events.count == Self.pageSize, let oldest = events.last
            else { break }
            through = Position(oldest.position.number - 1)
        }
        return found.prefix(Self.shownLimit).reversed()
    }

    /// The run an object belongs to, so that only that run's events are read.
    private func workflow(of fields: [String: String], _ namespace: String?) async throws -> UID? {
        guard let kind = fields["involvedObject.kind"], let name = fields["involvedObject.name"] else {
            return nil
        }
        if kind == "Workflow" { return fields["involvedObject.uid"].map { UID($0) } }
        let object = try await ports.object(ObjectKey(kind, namespace: namespace, name: name))
        return object?.status?["workflowUID"]?.string.map { UID($0) }
    }

    private func namespace(_ name: String) -> Value {
        [
            "kind": "Namespace", "apiVersion": "v1", "metadata": ["name": .string(name)],
            "spec": ["finalizers": []], "status": ["phase": "Active"],
        ]
    }
}

extension Event {
    /// The event as the core group shows events.
    fileprivate var coreEvent: Value {
        let moment = Value.string(time.description)
        return [
            "kind": "Event", "apiVersion": "v1",
            "metadata": .members([
                "name": .string("\(subjectName).\(position)"),
                "namespace": .string(namespace ?? ObjectKey.defaultNamespace),
                "resourceVersion": .string(position.description), "creationTimestamp": moment,
            ]),
            "involvedObject": .members([
                "apiVersion": .string(Domain.Kind.apiVersion), "kind": .string(subjectKind),
                "name": .string(subjectName), "namespace": namespace.map { .string($0) },
                "uid": subjectUID.map { .string($0.text) },
            ]),
            "type": "Normal", "reason": .string(camelCase(type)), "message": .string(summary), "count": 1,
            "firstTimestamp": moment, "lastTimestamp": moment, "source": ["component": .string(actor)],
            "reportingComponent": .string(actor), "reportingInstance": "",
        ]
    }

    /// The texts and numbers of the event's data, sorted by their names.
    private var summary: String {
        let members = (data.object ?? [:]).sorted { $0.key < $1.key }
        let texts = members.compactMap { name, value -> String? in
            switch value {
            case .string(let text): "\(name)=\(text)"
            case .integer, .number, .bool: "\(name)=\(value.canonicalJSON)"
            default: nil
            }
        }
        return texts.isEmpty ? type : texts.joined(separator: " ")
    }
}

/// `task.state_changed` as `TaskStateChanged`.
private func camelCase(_ type: String) -> String {
    type.split { $0 == "." || $0 == "_" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
}
