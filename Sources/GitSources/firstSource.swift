internal import Catalog
package import Domain

/// The GitSource `main` of a repository, as the control plane declares it for its user: its grants name every
/// kind but AccessBinding and SecretStore, which a repository must be given by hand.
///
/// - Throws: `Rejection` when the address is none that a source may have.
package func firstSource(url: String, appliedBy: String) throws -> Declared {
    let kinds = Kind.all.filter { $0.isDeclared && !["AccessBinding", "SecretStore"].contains($0.name) }
    let object: Value = [
        "apiVersion": .string(Kind.apiVersion), "kind": "GitSource", "metadata": ["name": "main"],
        "spec": [
            "url": .string(url), "ref": ["branch": "main"],
            "grants": ["namespaces": ["*"], "kinds": .strings(kinds.map(\.name))],
        ],
    ]
    var options = LoadOptions()
    options.appliedBy = appliedBy
    return try Loader().validate(object, options: options).get()
}
