internal import Domain

// What a source may declare.
extension Assembly {
    /// Kinds that `*` does not include.
    private static let grantedByName: Set<String> = [
        "AccessBinding", "Fleet", "GitSource", "Policy", "SecretStore",
    ]

    mutating func checkGrants(of index: Int) {
        guard let grants = options.grants else { return }
        let draft = drafts[index]
        let namespace = key(draft).namespace
        judge(index) { assembly, findings in
            if !Self.allows(grants, kind: draft.kind.name) {
                findings.report(
                    .kindNotGranted,
                    draft.root["kind"] ?? draft.root,
                    "must be granted to the source; \(draft.kind.name) is not"
                )
            }
            if let namespace, !Self.allows(grants, namespace: namespace) {
                let place =
                    draft.root["metadata"]?["namespace"] ?? draft.root["metadata"]?["name"] ?? draft.root
                findings.report(
                    .namespaceNotGranted,
                    place,
                    "must be in a namespace granted to the source; \(namespace) is not"
                )
            }
            let inner = draft.root["spec"]
            if ["AccessBinding", "RuntimePool"].contains(draft.kind.name) {
                for place in inner?.list("namespaces") ?? [] {
                    Self.requireNamespace(place, grants, &findings)
                }
            }
            if draft.kind.name == "AccessBinding", let inner, inner["namespaces"] == nil {
                Self.requireEveryNamespace(inner, grants, &findings)
            }
            guard draft.kind.name == "GitSource" else { return }
            if let secret = inner?["secretRef"] ?? inner?["webhook"]?["secretRef"] {
                Self.requireSecretNamespace(inner?["namespace"], secret, grants, &findings)
            }
            assembly.options.checkRights(draft, &findings)
            guard let inner = inner?["grants"] else { return }
            for place in inner.list("namespaces") { Self.requireNamespace(place, grants, &findings) }
            for place in inner.list("kinds") {
                guard let name = place.text, !Self.allows(grants, kind: name) else { continue }
                findings.report(
                    .kindNotGranted,
                    place,
                    "must be granted to the source itself; \(name) is not"
                )
            }
        }
    }

    /// A source uses secrets of its own namespace, so that must be one its parent may declare in.
    private static func requireSecretNamespace(
        _ namespace: Place?,
        _ secret: Place,
        _ grants: GitSourceSpec.Grants,
        _ findings: inout Findings
    ) {
        let name = namespace?.text ?? ObjectKey.defaultNamespace
        guard !allows(grants, namespace: name) else { return }
        findings.report(
            .namespaceNotGranted,
            secret,
            "must be of a namespace granted to the source itself; \(name) is not"
        )
    }

    private static func requireNamespace(
        _ place: Place,
        _ grants: GitSourceSpec.Grants,
        _ findings: inout Findings
    ) {
        guard let name = place.text, !allows(grants, namespace: name) else { return }
        findings.report(.namespaceNotGranted, place, "must be granted to the source itself; \(name) is not")
    }

    /// A binding without namespaces is one for all of them.
    private static func requireEveryNamespace(
        _ spec: Place,
        _ grants: GitSourceSpec.Grants,
        _ findings: inout Findings
    ) {
        guard !allows(grants, namespace: "*") else { return }
        findings.report(
            .namespaceNotGranted,
            at: spec.mark,
            field: "spec.namespaces",
            "spec.namespaces must name namespaces granted to the source itself; without it, it is for all"
        )
    }

    private static func allows(_ grants: GitSourceSpec.Grants, kind: String) -> Bool {
        grants.kinds.contains(kind) || grants.kinds.contains("*") && !grantedByName.contains(kind)
    }

    private static func allows(_ grants: GitSourceSpec.Grants, namespace: String) -> Bool {
        grants.namespaces.contains(namespace) || grants.namespaces.contains("*")
    }
}
