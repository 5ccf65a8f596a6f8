/// A set of fields of an object, in the notation of server-side apply.
///
/// A list is one field, whoever has it has all of it; a mapping is what is in it. The text is kept and not
/// the tree, because thousands of objects have such a set and few are ever looked into.
///
/// *Source*: the `FieldsV1` format of the Kubernetes API.
package struct FieldSet: Sendable, Hashable {
    /// `{"f:spec":{"f:goal":{}}}`, with sorted keys; `{}` for no field.
    package let text: String

    /// No field.
    package static let none = FieldSet(tree: [:])

    /// The set that was stored as a text of this type.
    package init(text: String) { self.text = text }

    /// The set that `FieldsV1` says.
    package init(fieldsV1 tree: Value) { self.init(tree: tree) }

    /// The fields that a value has: its members that are no mappings, with what they are below.
    ///
    /// `value` is an object with `metadata` and `spec`, or any part of one in its place.
    package init(of value: Value) { self.init(tree: Self.leaves(value) ?? [:]) }

    /// The fields in which two values differ, whichever has them.
    package init(differing old: Value, _ new: Value) { self.init(tree: Self.difference(old, new) ?? [:]) }

    private init(tree: Value) { text = tree.canonicalJSON }

    /// Whether it has no field.
    package var isEmpty: Bool { text == "{}" }

    /// As `metadata.managedFields` shows it.
    package var fieldsV1: Value {
        // The text is one that this type wrote; of any other nothing is held.
        (try? Value(json: Array(text.utf8))) ?? [:]
    }

    /// The fields by name, sorted: `metadata.labels.team`, `spec.goal`.
    package var paths: [String] { Self.paths(fieldsV1, "").sorted() }
}

// Sets among each other.
extension FieldSet {
    /// The fields that either has.
    package func union(_ other: FieldSet) -> FieldSet {
        guard !isEmpty else { return other }
        return other.isEmpty ? self : FieldSet(tree: Self.union(fieldsV1, other.fieldsV1))
    }

    /// The fields that only this one has; of two where one lies in the other, neither.
    package func subtracting(_ other: FieldSet) -> FieldSet {
        guard !isEmpty, !other.isEmpty else { return self }
        return FieldSet(tree: Self.walk(fieldsV1, other.fieldsV1, keepsCommon: false))
    }

    /// The fields that both have, also where one lies in the other.
    package func intersection(_ other: FieldSet) -> FieldSet {
        guard !isEmpty, !other.isEmpty else { return .none }
        return FieldSet(tree: Self.walk(fieldsV1, other.fieldsV1, keepsCommon: true))
    }

    /// The fields below a path of members, such as `metadata`, `labels`.
    package func below(_ path: String...) -> FieldSet {
        FieldSet(tree: path.reduce(fieldsV1) { tree, name in tree["f:" + name] ?? [:] })
    }

    /// The fields as they are called from above a member of that name.
    package func under(_ name: String) -> FieldSet {
        isEmpty ? .none : FieldSet(tree: .object(["f:" + name: fieldsV1]))
    }

    /// A value with these fields as another has them; what the other has not is taken away.
    package func copied(from source: Value, into target: Value) -> Value {
        isEmpty ? target : Self.copy(fieldsV1, source, target) ?? [:]
    }

    /// The member that a key such as `f:goal` stands for; it may begin with what joins the colon.
    private static func name(of key: String) -> String { String(Substring(key.utf8.dropFirst(2))) }

    private static func isLeaf(_ tree: Value) -> Bool { tree.object?.isEmpty != false }

    private static func leaves(_ value: Value) -> Value? {
        switch value {
        case .null: return nil
        case .object(let members):
            let found = members.compactMap { key, member in leaves(member).map { ("f:" + key, $0) } }
            return found.isEmpty ? nil : .object(Dictionary(uniqueKeysWithValues: found))
        default: return [:]
        }
    }

    private static func difference(_ old: Value?, _ new: Value?) -> Value? {
        guard old ?? .null != new ?? .null else { return nil }
        guard old?.object != nil || new?.object != nil else { return [:] }
        // A mapping that came, went, or became something else differs in everything that was in it.
        guard let before = members(old ?? .null), let after = members(new ?? .null) else { return [:] }
        let found = Set(before.keys).union(after.keys).compactMap { key in
            difference(before[key], after[key]).map { ("f:" + key, $0) }
        }
        return found.isEmpty ? nil : .object(Dictionary(uniqueKeysWithValues: found))
    }

    /// The members of a mapping, none for nothing; nil for anything else.
    private static func members(_ value: Value) -> [String: Value]? { value.isNull ? [:] : value.object }

    private static func union(_ one: Value, _ other: Value) -> Value {
        guard !isLeaf(one), !isLeaf(other), let mine = one.object, let theirs = other.object else {
            return [:]
        }
        return .object(mine.merging(theirs) { union($0, $1) })
    }

    private static func walk(_ one: Value, _ other: Value, keepsCommon: Bool) -> Value {
        var found: [String: Value] = [:]
        for (key, mine) in one.object ?? [:] {
            guard let theirs = other[key] else {
                if !keepsCommon { found[key] = mine }
                continue
            }
            if isLeaf(mine) || isLeaf(theirs) {
                if keepsCommon { found[key] = [:] }
            } else {
                let below = walk(mine, theirs, keepsCommon: keepsCommon)
                if !isLeaf(below) { found[key] = below }
            }
        }
        return .object(found)
    }

    private static func copy(_ tree: Value, _ source: Value?, _ target: Value?) -> Value? {
        guard !isLeaf(tree), let fields = tree.object else { return source }
        var members = target?.object ?? [:]
        for (key, below) in fields {
            let name = name(of: key)
            members[name] = copy(below, source?[name], members[name])
        }
        // A mapping that holds nothing any more and that the source has not is gone.
        return members.isEmpty && source?.object == nil ? nil : .object(members)
    }

    private static func paths(_ tree: Value, _ prefix: String) -> [String] {
        (tree.object ?? [:]).flatMap { key, below in
            let path = prefix + name(of: key)
            return isLeaf(below) ? [path] : paths(below, path + ".")
        }
    }
}

extension FieldSet: Codable {
    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
