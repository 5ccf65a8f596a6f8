internal import Domain
internal import Secrets

/// Reads values by their fields' rules; every field is tried, so that one mistake never hides another.
struct ShapeReader {
    var findings: Findings
    var unknownFields = LoadOptions.UnknownFields.refused

    /// The value with defaults applied, or nil when something in it is wrong.
    mutating func read(_ place: Place, as type: FieldType) -> Value? {
        if case .refused = place.node.content { return nil }
        switch type {
        case .text(let rule): return readText(place, rule)
        case .integer(let range): return readInteger(place, range)
        case .boolean: return readBoolean(place)
        case .anything: return readAnything(place)
        case .list(let element, let minimum, let isUnique):
            return readList(place, of: element, minimum: minimum, isUnique: isUnique)
        case .map(let value, let keys): return readMap(place, of: value, keys: keys)
        case .object(let fields): return readObject(place, fields)
        case .either(let word, let type): return place.text == word ? .null : read(place, as: type)
        }
    }

    private mutating func wrongType(_ place: Place, _ expected: String) -> Value? {
        findings.report(.wrongType, place, "must be \(expected), and is \(place.node.noun)")
        return nil
    }
}

extension Findings {
    /// The value at a place with defaults applied, or nil when something in it is wrong, which is reported.
    mutating func read(
        _ place: Place,
        as type: FieldType,
        unknown: LoadOptions.UnknownFields = .refused
    ) -> Value? {
        var reader = ShapeReader(findings: self, unknownFields: unknown)
        let value = reader.read(place, as: type)
        self = reader.findings
        return value
    }
}

// Mappings and lists.
extension ShapeReader {
    mutating func readObject(_ place: Place, _ fields: Fields) -> Value? {
        guard case .mapping(_, let isComplete) = place.node.content else {
            return wrongType(place, "a mapping")
        }
        var members: [String: Value] = [:]
        var isGood = isComplete
        // A field that an unknown key was probably meant to be is not missing as well.
        var suggested: Set<String> = []
        // Looked for once: a file may have tens of thousands of unknown keys.
        lazy var unused = fields.all.map(\.name).filter { place[$0] == nil }
        for (name, key, value) in place.members where fields[name] == nil {
            guard unknownFields == .refused else {
                if unknownFields == .warned { findings.warnOfUnknown(value.field, key.span) }
                continue
            }
            isGood = false
            if let meant = reportUnknown(name, key, in: place, among: unused) { suggested.insert(meant) }
        }
        for field in fields.all {
            if let child = place[field.name] {
                guard let value = read(child, as: field.type) else {
                    isGood = false
                    continue
                }
                // Null only comes from a word or value that means the same as leaving the field out.
                members[field.name] = value.isNull ? field.filled : value
            } else if field.isRequired {
                isGood = false
                if isComplete, !suggested.contains(field.name) {
                    findings.reportMissing(field.name, in: place, "must be present")
                }
            } else {
                members[field.name] = field.filled
            }
        }
        if !fields.exactlyOne.isEmpty, !holdsExactlyOne(place, fields.exactlyOne, isComplete) {
            isGood = false
        }
        return isGood ? .object(members) : nil
    }

    /// Reports an unknown key; returns the field it was probably meant to be.
    private mutating func reportUnknown(
        _ name: String,
        _ key: YAMLNode,
        in place: Place,
        among unused: [String]
    ) -> String? {
        let field = place.field.isEmpty ? name : "\(place.field).\(name)"
        let nearest = findings.nearest(to: name, among: unused)
        findings.report(
            .unknownKey,
            at: key.span,
            field: field,
            "\(place.name) must not have the key '\(name)'; it is unknown",
            fix: nearest.map { "did you mean '\($0)'?" }
        )
        return nearest
    }

    private mutating func holdsExactlyOne(_ place: Place, _ names: [String], _ isComplete: Bool) -> Bool {
        // An empty list is what a defaulted field looks like when an object is read back.
        let present = place.members.filter { member in
            guard names.contains(member.name) else { return false }
            guard case .sequence(let nodes) = member.value.node.content else { return true }
            return !nodes.isEmpty
        }
        let choice = names.joined(separator: ", ")
        if present.isEmpty {
            guard isComplete else { return false }
            findings.report(
                .notOneOf,
                at: place.mark,
                field: place.field,
                "\(place.name) must have exactly one of \(choice)"
            )
        } else if present.count > 1 {
            findings.report(
                .notOneOf,
                at: present[1].key.span,
                field: present[1].value.field,
                "\(place.name) must have exactly one of \(choice)",
                notes: [findings.note(present[0].key.span, "'\(present[0].name)' stands")]
            )
        }
        return present.count == 1
    }

    private mutating func readList(
        _ place: Place,
        of element: FieldType,
        minimum: Int,
        isUnique: Bool
    ) -> Value? {
        guard case .sequence(let nodes) = place.node.content else { return wrongType(place, "a list") }
        var values: [Value] = []
        var seen: [Value: TextSpan] = [:]
        for child in place.elements {
            guard let value = read(child, as: element) else { continue }
            if isUnique, let earlier = seen[value] {
                findings.report(
                    .repeated,
                    child,
                    "must differ from the elements before it",
                    notes: [findings.note(earlier, "it stands first")]
                )
            } else {
                seen[value] = child.node.span
                values.append(value)
            }
        }
        if nodes.count < minimum {
            findings.report(
                .tooFew,
                place,
                "must have at least \(minimum) element\(minimum == 1 ? "" : "s")"
            )
            return nil
        }
        return values.count == nodes.count ? .array(values) : nil
    }

    private mutating func readMap(_ place: Place, of type: FieldType, keys: TextFormat) -> Value? {
        guard case .mapping(_, let isComplete) = place.node.content else {
            return wrongType(place, "a mapping")
        }
        var members: [String: Value] = [:]
        var isGood = isComplete
        for (name, key, child) in place.members {
            if !isText(key, field: place.field, "a key of \(place.name)") {
                isGood = false
            } else if !keys.accepts(name) {
                isGood = false
                findings.report(
                    .malformed,
                    at: key.span,
                    field: place.field,
                    "a key of \(place.name) must be \(keys.description ?? "text"); '\(clip(name))' found"
                )
            }
            guard let value = read(child, as: type) else {
                isGood = false
                continue
            }
            members[name] = value
        }
        return isGood ? .object(members) : nil
    }
}

// Scalars.
extension ShapeReader {
    private mutating func readText(_ place: Place, _ rule: TextRule) -> Value? {
        guard case .scalar(let text, let style) = place.node.content, !place.node.isEmpty else {
            return wrongType(place, "a text")
        }
        // First of all, because other messages show the text.
        guard !isSecret(place, text), !isUnsealed(place, text, rule) else { return nil }
        // A number where an amount of time stands: the unit is what is missing, not quotes.
        let isBareDuration = rule.format == .duration && Int64(text) != nil
        let isBareWord = !rule.words.isEmpty && !rule.words.contains(text)
        if style == .plain, !isBareDuration, !isBareWord, !isText(place.node, field: place.field, place.name)
        {
            return nil
        }
        if !rule.words.isEmpty {
            guard rule.words.contains(text) else {
                findings.report(
                    .unknownWord,
                    place,
                    "must be one of \(rule.words.joined(separator: ", ")); '\(clip(text))' found",
                    fix: findings.suggestion(for: text, among: rule.words)
                )
                return nil
            }
            return .string(text)
        }
        guard isLengthGood(place, text, rule) else { return nil }
        guard rule.format.accepts(text) else {
            findings.report(
                .malformed,
                place,
                "must be \(rule.format.description ?? "text"); '\(clip(text))' found",
                fix: isBareDuration
                    ? "write \(text)s for seconds" : findings.suggestion(for: text, among: rule.format.names)
            )
            return nil
        }
        if let shortest = rule.shortest, let duration = Duration(text: text), duration < shortest {
            findings.report(.outOfRange, place, "must be at least \(shortest.text); \(text) found")
            return nil
        }
        if let longest = rule.longest, let duration = Duration(text: text), duration > longest {
            findings.report(.outOfRange, place, "must be at most \(longest.text); \(text) found")
            return nil
        }
        if let kind = rule.reference {
            findings.references.append(
                Reference(kind: kind, name: text, field: place.field, span: place.node.span)
            )
        }
        return .string(rule.format == .money ? USD(text)?.description ?? text : text)
    }

    private mutating func isLengthGood(_ place: Place, _ text: String, _ rule: TextRule) -> Bool {
        let count = text.unicodeScalars.count
        if count < rule.length.lowerBound {
            findings.report(.length, place, "must not be empty")
        } else if count > rule.length.upperBound {
            findings.report(
                .length,
                place,
                "must be at most \(rule.length.upperBound) characters; this has \(count)"
            )
        }
        return rule.length.contains(count)
    }

    private mutating func isSecret(_ place: Place, _ text: String) -> Bool {
        guard let noun = looksLikeCredential(text) else { return false }
        findings.report(
            .credential,
            place,
            "must not hold a credential; this looks like \(noun)",
            fix: credentialFix
        )
        return true
    }

    /// Whether a plain text stands where a sealed one belongs; it may be a secret, so it is shown to nobody.
    private mutating func isUnsealed(_ place: Place, _ text: String, _ rule: TextRule) -> Bool {
        guard rule.format == .sealed, !isSealed(text) else { return false }
        findings.report(
            .credential,
            place,
            "must be \(rule.format.description ?? ""), and never the secret itself",
            fix: "seal it with 'agirunner secret seal'"
        )
        return true
    }

    /// Whether a scalar is text to every reader of YAML; reports it otherwise.
    private mutating func isText(_ node: YAMLNode, field: String, _ name: String) -> Bool {
        guard case .scalar(let text, .plain) = node.content else { return true }
        let reading = PlainReading(text)
        guard reading != .text else { return true }
        findings.report(
            .ambiguousScalar,
            at: node.span,
            field: field,
            "\(name) must be a text; YAML reads it as \(reading.noun)",
            // Nothing was meant, and what then should stand there only the author knows.
            fix: reading == .null ? nil : "write \"\(text)\""
        )
        return false
    }

    private mutating func readInteger(_ place: Place, _ range: ClosedRange<Int64>) -> Value? {
        guard let number = place.integer else { return noInteger(place) }
        guard range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            findings.report(.outOfRange, place, "must be \(bounds); \(number) found")
            return nil
        }
        return .integer(number)
    }

    /// Shows what stands there where its noun would not tell what is wrong: `1.5` is a number, as `1_000` is.
    private mutating func noInteger(_ place: Place) -> Value? {
        guard case .scalar(let text, .plain) = place.node.content else {
            return wrongType(place, "a whole number")
        }
        switch PlainReading(text) {
        case .number, .disputed, .integer:
            findings.report(.wrongType, place, "must be a whole number; '\(clip(text))' found")
            return nil
        default: return wrongType(place, "a whole number")
        }
    }

    private mutating func readBoolean(_ place: Place) -> Value? {
        guard case .scalar(let text, .plain) = place.node.content, !text.isEmpty else {
            return wrongType(place, "true or false")
        }
        if case .boolean(let flag) = PlainReading(text) { return .bool(flag) }
        let lower = text.lowercased()
        let isYes = ["yes", "y", "on"].contains(lower)
        let isNo = ["no", "n", "off"].contains(lower)
        findings.report(
            .wrongType,
            place,
            "must be true or false; '\(clip(text))' found",
            fix: isYes ? "write true" : isNo ? "write false" : nil
        )
        return nil
    }

    private mutating func readAnything(_ place: Place) -> Value? {
        switch place.node.content {
        case .sequence: return readList(place, of: .anything, minimum: 0, isUnique: false)
        case .mapping: return readMap(place, of: .anything, keys: .free)
        case .refused: return nil
        case .scalar(let text, .plain):
            switch PlainReading(text) {
            case .null: return .null
            case .boolean(let flag): return .bool(flag)
            case .integer(let number): return .integer(number)
            case .number(let number): return .number(number)
            case .text: return isSecret(place, text) ? nil : .string(text)
            case .disputed(let noun):
                findings.report(
                    .ambiguousScalar,
                    place,
                    "must not be left to the reader; YAML may read it as \(noun)",
                    fix: "write \"\(text)\""
                )
                return nil
            }
        case .scalar(let text, _): return isSecret(place, text) ? nil : .string(text)
        }
    }
}

/// What to do about a credential, also in a kind that has no secretRef.
let credentialFix = "take it out; a secret that is needed is named by a secretRef"

/// A text short enough for a message.
func clip(_ text: String) -> String {
    text.unicodeScalars.count <= 60 ? text : String(text.unicodeScalars.prefix(57)) + "…"
}
