import Domain

/// Objects that are applied together, so that what the files no longer hold can be told and deleted.
///
/// The members carry a label with the set's name and the namespace it is of, so that two sets of the same
/// name in two namespaces never meet.
struct ApplySet {
    /// The label of a member.
    static let label = "agirunner.dev/applyset"

    /// The label's value: `NAMESPACE.NAME`.
    let value: String

    /// A set of a name in a namespace.
    ///
    /// - Throws: a failure for a name that is none, or too long for a label together with its namespace.
    init(_ name: String, namespace: String) throws {
        value = "\(namespace).\(name)"
        guard isDNSLabel(name), value.utf8.count <= 63 else {
            throw CommandFailure(
                "--applyset must be a name of small letters, digits and '-', at most 63 characters long with "
                    + "its namespace, and is '\(name)'"
            )
        }
    }

    /// The set an object is a member of, by its label.
    static func membership(of object: Object) -> String? { object.metadata.labels?[label] }

    /// An object as a member.
    ///
    /// - Throws: a failure when the server has it in another set, from which it would be taken away.
    func adopting(_ object: Object, live: Object?) throws -> Object {
        if let other = live.flatMap(Self.membership), other != value {
            throw CommandFailure(
                "\(object.key) is a member of the set \(other); take it out first: agirunner label "
                    + "\(object.kind.lowercased())/\(object.metadata.name) \(Self.label)-"
            )
        }
        var object = object
        object.metadata.labels = (object.metadata.labels ?? [:]).merging([Self.label: value]) { $1 }
        return object
    }

    /// An object in the set that the server has it in, when it says nothing else itself.
    static func keeping(_ object: Object, live: Object?) -> Object {
        guard let value = live.flatMap(membership), membership(of: object) == nil else { return object }
        var object = object
        object.metadata.labels = (object.metadata.labels ?? [:]).merging([label: value]) { $1 }
        return object
    }

    /// The members that the server has besides those that were applied, each with the reason when it must
    /// stay; in the order in which they can be deleted.
    func surplus(
        besides kept: Set<ObjectKey>,
        _ client: ControlClient
    ) async throws -> [(object: Object, reason: String?)] {
        var found: [(object: Object, reason: String?)] = []
        for kind in Kind.all.filter(\.isDeclared).sorted(by: { $0.layer > $1.layer }) {
            let members = try await client.list(kind, namespace: nil, labels: "\(Self.label)=\(value)")
            // The server selects, and what is deleted is looked at once more.
            for object in members where Self.membership(of: object) == value && !kept.contains(object.key) {
                found.append((object, Self.reasonToStay(object)))
            }
        }
        return found
    }

    /// Why a member is not deleted although no file holds it any longer.
    private static func reasonToStay(_ object: Object) -> String? {
        let annotations = object.metadata.annotations
        if let source = object.origin.gitSource { return "GitSource/\(source) declares it" }
        if object.kind == "GitSource" { return "a source is only deleted by name" }
        if object.kind == "Workflow" { return "a run is kept until it is deleted by name" }
        if object.kind == "Decision" { return "a Decision is kept" }
        if PruneHold.disablesPrune(annotations) { return "\(PruneHold.prune) is disabled" }
        if PruneHold.protects(annotations) { return "it is protected from deletion" }
        return nil
    }
}
