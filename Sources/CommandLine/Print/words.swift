import Domain

/// A duration as ages are shown: `5s`, `3m20s`, `2h`, `4d`.
func age(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    switch seconds {
    case ..<120: return "\(seconds)s"
    case ..<600: return "\(seconds / 60)m" + (seconds % 60 > 0 ? "\(seconds % 60)s" : "")
    case ..<7200: return "\(seconds / 60)m"
    case ..<172_800: return "\(seconds / 3600)h"
    default: return "\(seconds / 86_400)d"
    }
}

/// A span of time with a tenth of a second while it is short: `0.4s`, `12.3s`, `3m20s`.
func span(_ duration: Duration) -> String {
    let tenths = duration.milliseconds / 100
    return tenths < 600 ? "\(tenths / 10).\(tenths % 10)s" : age(duration)
}

/// A cell for a value: text bare, nothing as `<none>`.
func cell(_ value: Value?) -> String {
    switch value {
    case nil, .null: "<none>"
    case .string(let text): text.isEmpty ? "<none>" : text.split(separator: "\n").first.map(String.init) ?? ""
    case .some(let other): other.canonicalJSON
    }
}

/// The value at a dotted path such as `.status.conditions[0].reason` or `{.metadata.name}`.
func valueAt(path: String, in value: Value) -> Value? {
    var current: Value? = value
    let bare = path.filter { !"{}".contains($0) }
    for part in bare.split(separator: ".") {
        let pieces = part.split(separator: "[", maxSplits: 1)
        if let key = pieces.first, !part.hasPrefix("[") { current = current?[String(key)] }
        guard let index = part.split(separator: "[").dropFirst(part.hasPrefix("[") ? 0 : 1).first else {
            continue
        }
        let inside = index.dropLast()
        if let number = Int(inside) {
            let elements = current?.array ?? []
            current = elements.indices.contains(number) ? elements[number] : nil
        } else if inside.hasPrefix("?(@") {
            // `[?(@.type=="Ready")]`, the one filter everybody uses.
            let sides = inside.dropFirst(4).dropLast().split(separator: "=", omittingEmptySubsequences: true)
            let wanted = sides.last?.filter { !"\"'".contains($0) }
            current = current?.array?.first { $0[String(sides.first ?? "")]?.string == wanted }
        }
    }
    return current
}
