internal import Domain

// What a source may declare, and what no workspace may be.
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

    /// Makes relative URLs absolute, and refuses workspaces that are sources of configuration.
    mutating func resolveWorkspaces() {
        let workspaces = drafts.indices.filter { drafts[$0].kind.name == "Workspace" }
        guard !workspaces.isEmpty else { return }
        let keys = byKey.keys.filter { $0.kind == "GitSource" } + otherKeys(["GitSource"])
        let urls = keys.compactMap { spec($0)?["url"]?.string } + [options.sourceURL].compactMap(\.self)
        let sources = Set(urls.map(repositoryIdentity))
        for index in workspaces { resolveWorkspace(index, sources) }
    }

    private mutating func resolveWorkspace(_ index: Int, _ sources: Set<String>) {
        guard var spec = drafts[index].spec, let written = spec["url"]?.string,
            let place = drafts[index].root["spec"]?["url"]
        else { return }
        var url = written
        if written.hasPrefix("./") || written.hasPrefix("../") {
            guard let base = options.sourceURL else {
                // Offline nobody knows the source's URL; on a door there is none.
                guard options.gitSource == nil, options.appliedBy != LoadOptions().appliedBy else { return }
                return judge(index) {
                    $1.report(.malformed, place, "must not be relative without a GitSource")
                }
            }
            guard let resolved = resolveURL(written, against: base) else {
                return judge(index) {
                    $1.report(.malformed, place, "must not lead above the root of the source's URL")
                }
            }
            url = resolved
            spec["url"] = .string(url)
            setSpec(index, spec)
        }
        guard sources.contains(repositoryIdentity(url)) else { return }
        judge(index) { $1.report(.sourceAsWorkspace, place, "must not be the repository of a GitSource") }
    }
}

/// Joins a URL that begins with `./` or `../` to a base as git joins a submodule's; nil when nothing is left.
///
/// *Source*: gitmodules(5) and git-submodule(1): each `../` takes the last part of the base,
/// after `/` or `:`.
func resolveURL(_ relative: String, against base: String) -> String? {
    var base = base[...]
    while base.count > 1, base.hasSuffix("/") { base.removeLast() }
    var rest = relative[...]
    var separator = "/"
    let root = base.firstRange(of: "://").map { base[$0.upperBound...].startIndex } ?? base.startIndex
    while true {
        if rest.hasPrefix("../") {
            rest = rest.dropFirst(3)
            if let slash = base[root...].lastIndex(of: "/") {
                base = base[..<slash]
            } else if root == base.startIndex, let colon = base.lastIndex(of: ":") {
                base = base[..<colon]
                separator = ":"
            } else {
                return nil
            }
        } else if rest.hasPrefix("./") {
            rest = rest.dropFirst(2)
        } else {
            break
        }
    }
    while rest.hasSuffix("/") { rest.removeLast() }
    let parts = rest.split(separator: "/")
    guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else { return nil }
    return base + separator + rest
}

/// One form for the spellings of a repository: its host in lower case and its path, whatever the way there.
private func repositoryIdentity(_ url: String) -> String {
    var host = ""
    var path = url[...]
    if let scheme = url.firstRange(of: "://") {
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        path = rest[authority.endIndex...]
        if url[..<scheme.lowerBound] != "file" { host = hostName(authority) }
    } else if let colon = url.firstIndex(of: ":"), !url[..<colon].contains("/") {
        path = url[url.index(after: colon)...]
        host = hostName(url[..<colon])
    }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    if parts.last == ".git" { parts.removeLast() }
    if let last = parts.last, last.hasSuffix(".git") { parts[parts.count - 1] = last.dropLast(4) }
    return ([host[...]] + parts).joined(separator: "/")
}

/// The host of an authority as every case of it is written, without the user and the port.
private func hostName(_ authority: Substring) -> String {
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    let name = host.lastIndex(of: ":").map { host[..<$0] } ?? host
    // The colons of an IPv6 address stand in brackets.
    return (name.hasPrefix("[") && !name.hasSuffix("]") ? host : name).lowercased()
}
