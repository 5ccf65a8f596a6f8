import Domain

/// One thing that is waited for.
enum Wish {
    case condition(type: String, status: String)
    case path(String, String?)
    case delete
    case gate
    /// A commit that a source is to apply, by its beginning.
    case revision(String)

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "condition":
            let sides = rest.split(separator: "=", maxSplits: 1).map(String.init)
            self = .condition(type: sides.first ?? "Ready", status: sides.count > 1 ? sides[1] : "True")
        case "jsonpath":
            // A filter within the path has equal signs of its own.
            var depth = 0
            let end = rest.firstIndex { character in
                if "[{".contains(character) { depth += 1 }
                if "]}".contains(character) { depth -= 1 }
                return character == "=" && depth == 0
            }
            let wanted = end.map { String(rest[$0...].dropFirst()) }
            self = .path(String(rest[..<(end ?? rest.endIndex)]), wanted)
        case "phase": self = .path("status.phase", rest)
        case "delete": self = .delete
        case "gate": self = .gate
        case "revision":
            guard rest.count >= 7, rest.allSatisfy(\.isHexDigit) else {
                throw CommandFailure("revision= must be at least seven digits of a commit, not '\(rest)'")
            }
            self = .revision(rest.lowercased())
        default:
            throw CommandFailure(
                "--for must be condition=…, jsonpath=…, phase=…, revision=…, gate or delete, not '\(text)'"
            )
        }
    }

    /// The commit that is waited for.
    var commit: String? {
        guard case .revision(let commit) = self else { return nil }
        return commit
    }

    /// Whether a run that has ended may still become what is waited for.
    var isForTheEnd: Bool {
        guard case .delete = self else { return false }
        return true
    }

    /// Whether a stalled object stands in the way of what is waited for.
    var isForSuccess: Bool {
        guard case .condition(let type, let status) = self else { return false }
        return type == "Ready" ? status.lowercased() == "true" : type != "Stalled"
    }

    /// Whether a condition is about what is declared now, not about an older generation of it.
    static func isCurrent(_ condition: Value, of object: Object) -> Bool {
        guard let seen = condition["observedGeneration"]?.integer else { return true }
        return seen >= object.metadata.generation ?? 0
    }

    func isMet(by object: Object?) throws -> Bool {
        guard let object else {
            guard case .delete = self else { return false }
            return true
        }
        let whole = try Value(encoding: object)
        switch self {
        case .delete: return false
        case .gate: return !(object.status?["openGates"]?.array ?? []).isEmpty
        case .condition(let type, let status):
            let condition = object.status?.condition(type)
            return condition?["status"]?.string?.lowercased() == status.lowercased()
                && condition.map { Self.isCurrent($0, of: object) } == true
        case .revision(let commit):
            return object.status?["appliedCommit"]?.string?.hasPrefix(commit) == true
                && object.readyCondition?["status"] == "True"
        case .path(let path, let wanted):
            guard let found = valueAt(path: path, in: whole), !found.isNull else { return false }
            return wanted == nil || (found.string ?? found.canonicalJSON) == wanted
        }
    }
}
