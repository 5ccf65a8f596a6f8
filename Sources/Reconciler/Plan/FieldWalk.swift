internal import Domain

/// A field by the two names it has: the one that people read, and the one its place is known by.
struct Spot {
    /// With names of list elements: `spec.stages[implement]`.
    let path: String
    /// With their indices in the new version: `spec.stages[1]`.
    let index: String
    var isSecret = false

    init(_ path: String) { (self.path, index) = (path, path) }

    private init(path: String, index: String, isSecret: Bool) {
        self.path = path
        self.index = index
        self.isSecret = isSecret
    }

    func member(_ key: String, isSecret: Bool) -> Spot {
        Spot(path: "\(path).\(key)", index: "\(index).\(key)", isSecret: self.isSecret || isSecret)
    }

    func element(_ label: String, at position: Int?) -> Spot {
        // An element that is gone has no index of its own, and its place is the list's.
        Spot(
            path: "\(path)[\(label)]",
            index: position.map { "\(index)[\($0)]" } ?? index,
            isSecret: isSecret
        )
    }
}

/// Walks two values at once and collects where they differ.
struct FieldWalk {
    let comparison: FieldComparison
    let places: [String: TextPosition]
    private(set) var changes: [FieldChange] = []

    init(comparison: FieldComparison, places: [String: TextPosition]) {
        self.comparison = comparison
        self.places = places
    }

    /// Compares the values of one field; nil is a field that is not there.
    mutating func compare(_ old: Value?, _ new: Value?, at spot: Spot) {
        guard old != new else { return }
        switch (old, new) {
        case (.object(let before), .object(let after)):
            for key in Set(before.keys).union(after.keys).sorted() {
                let isSecret = [old, new].contains { holdsSecret(key, of: $0 ?? .null) }
                compare(before[key], after[key], at: spot.member(key, isSecret: isSecret))
            }
        case (.array(let before), .array(let after)): compareLists(before, after, at: spot)
        default: add(old, new, at: spot)
        }
    }

    private mutating func compareLists(_ old: [Value], _ new: [Value], at spot: Spot) {
        guard let before = names(of: old), let after = names(of: new) else {
            for index in 0..<max(old.count, new.count) {
                let isThere = index < new.count
                compare(
                    index < old.count ? old[index] : nil,
                    isThere ? new[index] : nil,
                    at: spot.element("\(index)", at: isThere ? index : nil)
                )
            }
            return
        }
        let earlier = Dictionary(zip(before, old), uniquingKeysWith: { first, _ in first })
        for (index, name) in after.enumerated() {
            compare(earlier[name], new[index], at: spot.element(name, at: index))
        }
        let kept = Set(after)
        for (name, value) in zip(before, old) where !kept.contains(name) {
            compare(value, nil, at: spot.element(name, at: nil))
        }
        // What came or went is told already; only the others can stand in another order.
        let common = (before.filter(kept.contains), after.filter { earlier[$0] != nil })
        if common.0 != common.1 { add(.strings(common.0), .strings(common.1), at: spot, act: .reordered) }
    }

    /// What the elements of a list are called when each has a name of its own; nil for any other list.
    private func names(of list: [Value]) -> [String]? {
        let names = list.compactMap { element in element.string ?? element["name"]?.string }
        guard names.count == list.count, Set(names).count == names.count else { return nil }
        // A sentence is no name, and would make an unreadable path.
        guard names.allSatisfy({ (1...63).contains($0.utf8.count) && !$0.contains(where: \.isWhitespace) })
        else { return nil }
        return names
    }

    private mutating func add(_ old: Value?, _ new: Value?, at spot: Spot, act: FieldChange.Act? = nil) {
        var lines: FieldChange.Lines?
        if case .string(let before)? = old, case .string(let after)? = new, !spot.isSecret,
            before.contains("\n") || after.contains("\n")
        {
            lines = comparison.lines(before, after)
        }
        func told(_ value: Value?) -> Value? {
            lines == nil ? value.map { comparison.told($0, isSecret: spot.isSecret) } : nil
        }
        changes.append(
            FieldChange(
                act: act ?? (old == nil ? .added : new == nil ? .removed : .changed),
                path: spot.path,
                old: told(old),
                new: told(new),
                lines: lines,
                position: position(of: spot.index)
            )
        )
    }

    /// Where a field stands, else what is nearest around it.
    private func position(of field: String) -> TextPosition? {
        var rest = field[...]
        while !rest.isEmpty {
            if let place = places[String(rest)] { return place }
            guard let end = rest.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            rest = rest[..<end]
        }
        return nil
    }
}
