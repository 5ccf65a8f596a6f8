package import Domain

/// One field that differs between two versions of an object.
package struct FieldChange: Sendable, Hashable, Codable {
    /// What became of the field.
    package enum Act: String, Sendable, Hashable, Codable {
        case added, removed, changed
        /// A list has the same names in another order.
        case reordered
    }

    /// A text of several lines that differs: which lines went and which came.
    package struct Lines: Sendable, Hashable, Codable {
        /// The first line that differs, counted from 1 within the text.
        package let first: Int
        /// At most `FieldComparison.lineLimit` each.
        package let removed: [String]
        package let added: [String]
        /// How many more lines of either kind there are.
        package let hidden: Int
    }

    package let act: Act
    /// `spec.stages[implement].goal`: an element of a list of named things stands under its name, any other
    /// under its index.
    package let path: String
    /// What it was, secrets masked and long values cut; nil for what is added, and for lines.
    package let old: Value?
    /// What it is, in the same way.
    package let new: Value?
    /// What differs in a text of several lines, which has neither `old` nor `new`.
    package let lines: Lines?
    /// Where it stands in the new version, else what is left around it; nil when no place is known.
    package let position: TextPosition?
}

/// Compares two versions of an object field by field.
///
/// Pure, and bounded whatever the objects hold: the number of changes and the size of each.
package struct FieldComparison: Sendable {
    /// How many changes of one object are told.
    package var changeLimit = 100
    /// How many characters of a value are told.
    package var textLimit = 200
    /// How many lines of a text that went, and as many that came, are told.
    package var lineLimit = 8
    private let looksSecret: @Sendable (String) -> Bool

    /// What is shown instead of a value that must not be seen.
    package static let mask = "•••"

    /// A comparison that masks texts which look like a secret, besides those whose field is named like one.
    package init(looksSecret: @escaping @Sendable (String) -> Bool) { self.looksSecret = looksSecret }

    /// What differs, in the order of the new file as far as it is known, and how many more changes there
    /// are.
    package func changes(
        from old: Object,
        to new: Object,
        places: [String: TextPosition] = [:]
    ) -> (changes: [FieldChange], hidden: Int) {
        var walk = FieldWalk(comparison: self, places: places)
        walk.compare(texts(old.metadata.labels), texts(new.metadata.labels), at: Spot("metadata.labels"))
        walk.compare(
            texts(old.metadata.annotations),
            texts(new.metadata.annotations),
            at: Spot("metadata.annotations")
        )
        walk.compare(old.spec ?? [:], new.spec ?? [:], at: Spot("spec"))
        let end = TextPosition(line: .max, column: 0)
        // The order of the walk settles ties, so that it does not depend on the order of a dictionary.
        let sorted = walk.changes.enumerated().sorted {
            ($0.element.position ?? end, $0.offset) < ($1.element.position ?? end, $1.offset)
        }
        return (sorted.prefix(changeLimit).map(\.element), max(0, walk.changes.count - changeLimit))
    }

    private func texts(_ texts: [String: String]?) -> Value {
        .object((texts ?? [:]).mapValues { .string($0) })
    }

    /// A value as it may be told: masked, on the whole no longer than the limit.
    func told(_ value: Value, isSecret: Bool) -> Value {
        let masked = masked(value, isSecret: isSecret)
        if case .string(let text) = masked { return .string(cut(text)) }
        let json = masked.canonicalJSON
        return json.unicodeScalars.count <= 5 * textLimit ? masked : .string(cut(json))
    }

    /// The lines in which two texts differ.
    func lines(_ old: String, _ new: String) -> FieldChange.Lines {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false)
        let shorter = min(before.count, after.count)
        let head = (0..<shorter).first { before[$0] != after[$0] } ?? shorter
        let tail =
            (0..<shorter - head).first { before[before.count - 1 - $0] != after[after.count - 1 - $0] }
            ?? shorter - head
        let removed = before[head..<before.count - tail]
        let added = after[head..<after.count - tail]
        let hidden = max(0, removed.count - lineLimit) + max(0, added.count - lineLimit)
        return FieldChange.Lines(
            first: head + 1,
            removed: removed.prefix(lineLimit).map(line),
            added: added.prefix(lineLimit).map(line),
            hidden: hidden
        )
    }

    private func line(_ text: Substring) -> String {
        looksSecret(String(text)) ? Self.mask : cut(String(text))
    }

    private func masked(_ value: Value, isSecret: Bool) -> Value {
        switch value {
        case .string(let text): isSecret || looksSecret(text) ? .string(Self.mask) : value
        case .array(let elements): .array(elements.map { masked($0, isSecret: isSecret) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { key, member in
                        (key, masked(member, isSecret: isSecret || holdsSecret(key, of: value)))
                    }
                )
            )
        default: value
        }
    }

    private func cut(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > textLimit else { return text }
        let rest = scalars.count - textLimit
        return String(String.UnicodeScalarView(scalars.prefix(textLimit))) + "… (\(rest) more characters)"
    }
}

/// Whether a member is named like something secret, or is the value of a thing that is: `env[].value`.
func holdsSecret(_ key: String, of object: Value) -> Bool {
    isSecretName(key) || key == "value" && isSecretName(object["name"]?.string ?? "")
}

/// Whether the last words of a name say that it holds a secret: `apiToken`, `DB_PASSWORD`, `api-key`.
///
/// Not `tokensPerTask` nor `secretRef`: an amount and a name are no secrets.
private func isSecretName(_ name: String) -> Bool {
    var words: [String] = [""]
    var wasLower = false
    for character in name {
        if !character.isLetter && !character.isNumber || wasLower && character.isUppercase {
            words.append("")
        }
        if character.isLetter || character.isNumber { words[words.count - 1] += character.lowercased() }
        wasLower = character.isLowercase
    }
    words.removeAll(where: \.isEmpty)
    let secret: Set = [
        "password", "passwd", "passphrase", "secret", "token", "credential", "credentials", "apikey",
    ]
    if words.last.map(secret.contains) == true { return true }
    return words.last == "key"
        && ["api", "private", "access", "secret"].contains(words.dropLast().last ?? "")
}
