internal import Domain

// Where the repositories of workspaces are: none of them is a source of configuration.
extension Assembly {
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

/// One text for the spellings of a repository; what no program could reach is only like itself.
private func repositoryIdentity(_ url: String) -> String { (try? RemoteURL(url))?.identity ?? url }
