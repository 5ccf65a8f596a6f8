/// A place in the repository that breaks a rule.
struct Violation: Hashable, CustomStringConvertible {
    let path: String
    /// Counted from 1; 0 for what is about a whole file.
    let line: Int
    let rule: Rule
    let message: String

    var description: String { "\(path)\(line > 0 ? ":\(line)" : ""): \(message)" }
}

/// The rules a machine can hold.
enum Rule: String, Hashable, CaseIterable {
    case fileLength, functionLength, lineLength, typeName, trap, silencedError, uncheckedSafety, openEnd
    case importTable, manifest
}

/// A place that may break a rule, and why.
struct Exemption: Hashable {
    let rule: Rule
    let path: String
    /// How many violations of the rule the file may have.
    let count: Int
    let reason: String
}

extension Sequence<Violation> {
    /// What is left after the exemptions, and the exemptions that say more than is needed.
    func minus(_ exemptions: [Exemption]) -> [Violation] {
        var left: [Violation] = []
        var remaining = Array(self)
        for exemption in exemptions {
            let covered = remaining.filter { $0.rule == exemption.rule && $0.path == exemption.path }
            remaining.removeAll { $0.rule == exemption.rule && $0.path == exemption.path }
            if covered.count > exemption.count { left += covered }
            if covered.count < exemption.count {
                let message =
                    "\(exemption.count) violations of \(exemption.rule.rawValue) are exempt, "
                    + "\(covered.count) are there"
                left.append(Violation(path: exemption.path, line: 0, rule: exemption.rule, message: message))
            }
        }
        return (left + remaining).sorted { ($0.path, $0.line) < ($1.path, $1.line) }
    }

    /// One line each, for a failing test.
    var report: String { map { "\n\($0)" }.joined() }
}
