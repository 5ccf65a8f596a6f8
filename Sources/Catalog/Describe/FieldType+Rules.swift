internal import Domain

extension FieldType {
    /// What a value must be beyond its type, as short phrases for people.
    var rules: [String] {
        switch self {
        case .text(let rule): Self.rules(of: rule)
        case .integer(let range):
            range.upperBound == .max
                ? ["at least \(range.lowerBound)"] : ["from \(range.lowerBound) to \(range.upperBound)"]
        case .list(let element, let minimum, let isUnique):
            element.rules
                + (minimum > 0 ? ["at least \(minimum) element\(minimum == 1 ? "" : "s")"] : [])
                + (isUnique ? ["no element twice"] : [])
        case .map(let value, let keys): (keys.description.map { ["keys are \($0)"] } ?? []) + value.rules
        case .either(_, let type): type.rules
        case .boolean, .anything, .object: []
        }
    }

    private static func rules(of rule: TextRule) -> [String] {
        guard rule.words.isEmpty else { return [] }
        var rules: [String] = []
        if let kind = rule.reference {
            rules.append("the name of a \(kind)")
        } else if let format = rule.format.description {
            rules.append(format)
        }
        if let shortest = rule.shortest { rules.append("at least \(shortest.text)") }
        if let longest = rule.longest { rules.append("at most \(longest.text)") }
        if rule.format == .line || rule.format == .free {
            rules.append("at most \(rule.length.upperBound) characters")
        }
        return rules
    }
}

extension Field {
    /// How it is declared: `required`, `default 3`, or nothing.
    var presenceText: String? {
        switch presence {
        case .required: "required"
        case .optional: nil
        case .defaulted(let value): value == [:] ? nil : "default \(value.canonicalJSON)"
        }
    }
}

extension Shape {
    /// The envelope with this kind's spec.
    var root: Fields {
        [
            .required("apiVersion", .word(Kind.apiVersion), "The version of the format."),
            .required("kind", .word(kind.name), "The kind of the object."),
            .required("metadata", .object(EnvelopeReader.metadata), "What identifies the object."),
            .required("spec", .object(spec), "What should be."),
        ]
    }
}
