internal import Domain

/// Reports every name that stands a second time in a list.
func requireUniqueNames(_ places: [Place], _ findings: inout Findings) {
    requireUnique("name", of: places, &findings)
}

/// Reports every name under a key that stands a second time in a list.
func requireUnique(_ key: String, of places: [Place], _ findings: inout Findings) {
    var seen: [String: TextSpan] = [:]
    for name in places.compactMap({ $0[key] }) {
        guard let text = name.text else { continue }
        if let earlier = seen[text] {
            findings.report(
                .duplicateName,
                name,
                "must differ from the names before it; '\(text)' stands twice",
                notes: [findings.note(earlier, "it stands first")]
            )
        } else {
            seen[text] = name.node.span
        }
    }
}

/// The first cycle among named things as `a → b → a`; nil when there is none.
///
/// *Shape*: deterministic: names are walked in the order given.
func firstCycle(_ names: [String], _ next: [String: [String]]) -> [String]? {
    var finished: Set<String> = []
    for root in names where !finished.contains(root) {
        var path = [root]
        var position: [String: Int] = [root: 0]
        var pending = [next[root, default: []][...]]
        while let last = pending.indices.last {
            guard let name = pending[last].popFirst() else {
                pending.removeLast()
                finished.insert(path.removeLast())
                continue
            }
            if let start = position[name], start < path.count, path[start] == name {
                return Array(path[start...]) + [name]
            }
            guard !finished.contains(name) else { continue }
            position[name] = path.count
            path.append(name)
            pending.append(next[name, default: []][...])
        }
    }
    return nil
}

/// Reports a URL that carries a password or token before its host.
func refuseCredential(inURL place: Place?, _ findings: inout Findings) {
    guard let place, let text = place.text, let scheme = text.firstRange(of: "://") else { return }
    let authority = text[scheme.upperBound...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") || text.hasPrefix("http")
    else {
        return
    }
    findings.report(
        .credentialInURL,
        place,
        "must not hold a user name or password",
        fix: credentialFix
    )
}

/// Reports more times of a freeze than there is time to look through: a month of minutes for each.
func boundWindows(_ place: Place?, _ findings: inout Findings) {
    let limit = 100
    guard let place, case .sequence(let windows) = place.node.content, windows.count > limit else { return }
    findings.report(.outOfRange, place, "must have at most \(limit) elements; this has \(windows.count)")
}

/// Reports what is no kind.
func requireKind(_ place: Place, _ findings: inout Findings) {
    guard let name = place.text, Kind.named(name) == nil else { return }
    findings.report(
        .unknownWord,
        place,
        "must be a kind; '\(clip(name))' is unknown",
        fix: findings.suggestion(for: name, among: Kind.all.map(\.name))
    )
}
