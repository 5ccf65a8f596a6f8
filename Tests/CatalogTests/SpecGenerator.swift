import Domain
import Support

@testable import Catalog

/// Makes values that the fields of a shape take, of nothing but the shape.
struct SpecGenerator {
    var random: SeededGenerator

    /// Texts among which there are some of every format.
    private static let pool: [String] = [
        "a", "app", "b-2", "team-a", "*", "90s", "1h30m", "36h", "2", "500m", "0.5", "512Mi", "2G", "2.00",
        "15.125", "1.2.0", "1.2.3-rc.1", "changed_files", "PATH", "LANG", "*.example.org", "example.com",
        "git", "g++", "src/*.swift", "answers/*", "../app.git", "./x", "https://example.org/x.git",
        "git@example.org:team/app.git", "/srv/app.git", "http://localhost:8000", "main", "feature/x", "v1.0",
        "sha256:" + String(repeating: "0a", count: 32), String(repeating: "0a", count: 20), "Role", "Gate",
        "ann@example.org", "agirunner.dev/category", "core", "git.token", "app_key", "issue-url", "1st",
        "file_read", "mcp_tickets_search", "user:https://id.example.org#ann", "group:maintainers",
        "unix:1000", "0 6 * * MON-FRI", "*/15 8-18/2 1,15 * *", "Europe/Berlin", "UTC", "issue.labels.0.name",
        "action", "X-GitHub-Event", "gate.*", "workflow.state_changed",
        "sealed.v1." + String(repeating: "Zm9v", count: 20),
    ]

    /// The texts of the pool that have a form.
    static func samples(of format: TextFormat) -> [String] { pool.filter(format.accepts) }

    /// Characters that writers and readers of YAML trip over.
    private static let letters: [Unicode.Scalar] = [
        "a", "B", "7", " ", ":", "#", "-", "'", "\"", "\\", "{", "]", ",", "&", "*", "!", "|", ">", "%", "@",
        "`", "~", "=", "?", "ü", "ß", "漢", "😀", "\u{A0}", "\u{2028}", "\u{FEFF}",
    ]

    /// An object with every field that must be there and some of the others.
    mutating func object(_ fields: Fields) -> Value {
        var members: [String: Value] = [:]
        let chosen = fields.exactlyOne.randomElement(using: &random)
        for field in fields.all {
            if fields.exactlyOne.contains(field.name) {
                guard field.name == chosen else { continue }
                var value = value(of: field.type)
                // An empty list would be as good as none.
                while value == [] { value = self.value(of: field.type) }
                members[field.name] = value
            } else if field.isRequired || random.chance(60) {
                members[field.name] = value(of: field.type)
            }
        }
        return .object(members)
    }

    private mutating func value(of type: FieldType) -> Value {
        switch type {
        case .text(let rule): return .string(text(rule))
        case .integer(let range):
            let bounds = [range.lowerBound, range.upperBound, Int64.random(in: range, using: &random)]
            return .integer(bounds.randomElement(using: &random) ?? range.lowerBound)
        case .boolean: return .bool(random.chance(50))
        case .anything: return anything(depth: 0)
        case .list(let element, let minimum, let isUnique):
            return list(of: element, minimum: minimum, isUnique: isUnique)
        case .map(let element, let keys):
            var members: [String: Value] = [:]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                members[text(TextRule(format: keys))] = value(of: element)
            }
            return .object(members)
        case .object(let fields): return object(fields)
        case .either(let word, let type): return random.chance(30) ? .string(word) : value(of: type)
        }
    }

    private mutating func list(of element: FieldType, minimum: Int, isUnique: Bool) -> Value {
        var elements: [Value] = []
        for _ in 0..<Int.random(in: minimum...(minimum + 2), using: &random) {
            let value = value(of: element)
            if !isUnique || !elements.contains(value) { elements.append(value) }
        }
        while elements.count < minimum { elements.append(value(of: element)) }
        return .array(elements)
    }

    private mutating func text(_ rule: TextRule) -> String {
        if let word = rule.words.randomElement(using: &random) { return word }
        if rule.reference == nil, rule.format == .free || rule.format == .line {
            return anyText(rule)
        }
        let samples = Self.samples(of: rule.format).filter { sample in
            guard let shortest = rule.shortest else { return true }
            return Duration(text: sample).map { $0 >= shortest } ?? true
        }
        return samples.randomElement(using: &random) ?? ""
    }

    private mutating func anyText(_ rule: TextRule) -> String {
        let words = ["true", "null", "on", "12", "0755", "1e3", "2024-01-31", "12:30", "~", ".5", "0x1f"]
        if random.chance(20) { return words.randomElement(using: &random) ?? "" }
        let letters =
            rule.format == .free ? Self.letters + ["\n", "\t", "\r", "\u{7}", "\u{85}"] : Self.letters
        let shortest = max(1, rule.length.lowerBound)
        let count = Int.random(in: shortest...min(12, rule.length.upperBound), using: &random)
        var text = String.UnicodeScalarView()
        for _ in 0..<count { text.append(letters.randomElement(using: &random) ?? "a") }
        return String(text)
    }

    private mutating func anything(depth: Int) -> Value {
        switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &random) {
        case 0: return .string(anyText(TextRule(format: .free)))
        case 1: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 2: return .bool(random.chance(50))
        case 3: return .number([0.5, -2.25, 1e30, 1e-7].randomElement(using: &random) ?? 0.5)
        // A null by itself is the same as leaving the field out.
        case 4: return depth == 0 ? .string("nothing") : .null
        case 5:
            return .array((0..<Int.random(in: 0...2, using: &random)).map { _ in anything(depth: depth + 1) })
        default:
            var members: [String: Value] = [:]
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                members[anyText(TextRule(format: .free))] = anything(depth: depth + 1)
            }
            return .object(members)
        }
    }
}
