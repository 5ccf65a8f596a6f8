import Domain

/// `task/fix-1`, with the namespace behind it when it is not the default one.
func title(_ object: Object) -> String {
    let namespace =
        object.metadata.namespace.flatMap { $0 == ObjectKey.defaultNamespace ? nil : " in \($0)" } ?? ""
    return "\(object.kind.lowercased())/\(object.metadata.name)\(namespace)"
}

/// How an object is doing: its phase or state, or why it is not ready; nothing when there is nothing to say.
func standing(_ object: Object) -> String {
    let status = object.status
    if let state = status?["phase"]?.string ?? status?["state"]?.string ?? status?["resolution"]?.string {
        return "  \(state)"
    }
    let ready = object.readyCondition
    guard let ready, ready["status"] != "True" else { return ready == nil ? "" : "  ready" }
    return "  not ready: \(cell(ready["reason"])): \(cell(ready["message"]))"
}

extension Object {
    /// The condition that says whether it is as it should be.
    var readyCondition: Value? { status?.condition("Ready") }
}

extension Kind {
    /// An object of the kind as messages name it: `role.agirunner.dev/x`.
    func reference(_ name: String) -> String { "\(singular).\(Kind.group)/\(name)" }
}

extension ObjectKey {
    /// As messages name it: `role.agirunner.dev/x`.
    var reference: String { Kind.named(kind)?.reference(name) ?? "\(kind)/\(name)" }
}
