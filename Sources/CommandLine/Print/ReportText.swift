import Catalog
import Domain
import Reconciler

extension ObjectChange.Act {
    /// The sign in front of an object.
    var sign: String {
        switch self {
        case .create: "+"
        case .change: "~"
        case .delete: "-"
        case .move: ">"
        case .hold: "="
        case .invalid: "!"
        }
    }
}

// For a terminal.
extension ChangeReport {
    func text(_ heading: ReportHeading) -> String {
        var lines = ["\(heading.title): \(heading.from) -> \(heading.to)", ""]
        for change in changes { lines += change.lines }
        for conflict in conflicts {
            lines.append("  ! \(conflict.object ?? "")  \(placed(conflict)) \(conflict.code)")
            lines.append("      \(conflict.message)")
        }
        if let brake {
            if lines.count > 2 { lines.append("") }
            lines.append("Nothing is deleted: \(brake)")
            lines += heldByBrake.prefix(20).map { "  = \($0)" }
            if heldByBrake.count > 20 { lines.append("  … \(heldByBrake.count - 20) more") }
        }
        if lines.count > 2 { lines.append("") }
        return (lines + [summary(heading)]).map { printable($0) }.joined(separator: "\n")
    }

    func placed(_ diagnostic: Diagnostic) -> String {
        "\(diagnostic.path):\(diagnostic.span.start.line):\(diagnostic.span.start.column)"
    }
}

extension ObjectChange {
    fileprivate var lines: [String] {
        var head = "  \(act.sign) \(key)"
        switch act {
        case .move: head += "  moved from \(from?.path ?? "?") to \(place?.description ?? "?")"
        default: head += place.map { "  \($0)" } ?? ""
        }
        if let reason { head += act == .hold ? "  stays: \(reason)" : "  \(reason)" }
        var lines = [head] + fields.flatMap { $0.lines(of: self).map { "      \($0)" } }
        if hiddenFields > 0 { lines.append("      … \(hiddenFields) more fields") }
        return lines
    }

    /// Where a field stands; nothing when that is not known.
    func place(of field: FieldChange) -> FilePlace? {
        place.flatMap { place in
            field.position.map { FilePlace(path: place.path, line: $0.line, column: $0.column) }
        }
    }
}

extension FieldChange {
    fileprivate func lines(of object: ObjectChange) -> [String] {
        let name = (object.place(of: self).map { "\($0) " } ?? "") + path
        guard lines == nil else { return ["\(name): from line \(lines?.first ?? 1)"] + indented }
        let (before, after) = (old?.canonicalJSON ?? "", new?.canonicalJSON ?? "")
        switch act {
        case .added: return ["\(name): + \(after)"]
        case .removed: return ["\(name): - \(before)"]
        case .changed, .reordered:
            let note = act == .reordered ? " reordered" : ""
            guard before.count + after.count > 70 else { return ["\(name):\(note) \(before) -> \(after)"] }
            return ["\(name):\(note)"] + indented
        }
    }

    private var indented: [String] { difference.map { "  \($0)" } }

    /// What went and what came, a line each with its sign.
    var difference: [String] {
        guard let lines else {
            return (old.map { ["- \($0.canonicalJSON)"] } ?? [])
                + (new.map { ["+ \($0.canonicalJSON)"] } ?? [])
        }
        let rest = lines.hidden > 0 ? ["  … \(lines.hidden) more lines"] : []
        return lines.removed.map { "- \($0)" } + lines.added.map { "+ \($0)" } + rest
    }
}
