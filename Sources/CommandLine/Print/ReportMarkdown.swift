import Catalog
import Domain
import Reconciler

// For the comment on a pull request.
extension ChangeReport {
    /// A hosting service refuses a comment of more than 65,536 characters; the rest is for what a script
    /// adds around it.
    private static let markdownLimit = 60_000

    func markdown(_ heading: ReportHeading) -> String {
        var lines = [
            "### \(heading.title): \(code(heading.from)) → \(code(heading.to))", "",
            "**\(summary(heading))**",
        ]
        if !changes.isEmpty {
            lines += ["", "| | object | where | |", "|---|---|---|---|"]
            lines += changes.prefix(200).map(row)
            if changes.count > 200 { lines += ["", "… \(changes.count - 200) more objects"] }
        }
        lines += conflicts.prefix(50).flatMap { ["", "**Conflict** \(placed($0)): \(code($0.message))"] }
        if conflicts.count > 50 { lines += ["", "… \(conflicts.count - 50) more conflicts"] }
        if let brake {
            lines += ["", "**Nothing is deleted**: \(code(brake))"]
            lines += heldByBrake.prefix(20).map { "- \(code($0.description))" }
            if heldByBrake.count > 20 { lines.append("- … \(heldByBrake.count - 20) more") }
        }
        lines += mistakes
        var size = lines.reduce(0) { $0 + $1.count + 1 }
        let changed = changes.filter { !$0.fields.isEmpty }
        for (index, change) in changed.enumerated() {
            let section = details(change)
            size += section.reduce(0) { $0 + $1.count + 1 }
            guard size <= Self.markdownLimit else {
                lines += ["", "… the fields of \(changed.count - index) more objects"]
                break
            }
            lines += section
        }
        return lines.joined(separator: "\n")
    }

    private var mistakes: [String] {
        guard !diagnostics.isEmpty else { return [] }
        let shown = diagnostics.prefix(50).map { mistake in
            let mark = mistake.severity == .error ? "**\(mistake.code)**" : mistake.code
            return "- \(mark) \(code(placed(mistake))) \(code(mistake.message))"
        }
        let rest = diagnostics.count > 50 ? ["- … \(diagnostics.count - 50) more"] : []
        return ["", "#### Errors and warnings", ""] + shown + rest
    }

    private func row(_ change: ObjectChange) -> String {
        let note =
            switch change.act {
            case .move: "from \(code(change.from?.path ?? "?"))"
            case .change: counted(change.fields.count + change.hiddenFields, "field")
            default: change.reason.map(code) ?? ""
            }
        let place = change.place.map { code($0.description) } ?? ""
        return "| \(change.act.rawValue) | \(code(change.key.description)) | \(place) | \(note) |"
    }

    private func details(_ change: ObjectChange) -> [String] {
        var lines = ["", "<details><summary>\(change.key)</summary>", "", "```diff"]
        for field in change.fields {
            let place = change.place(of: field).map { " \($0)" } ?? ""
            lines.append(printable("@@ \(field.path)\(place) @@"))
            // Every line has a sign in front, so none of them can end the block.
            lines += field.difference.map { printable($0) }
        }
        if change.hiddenFields > 0 { lines.append("@@ … \(change.hiddenFields) more fields @@") }
        return lines + ["```", "", "</details>"]
    }

    /// A text as it is, whatever it holds: nobody is mentioned, and no table or tag is broken.
    private func code(_ text: String) -> String {
        let safe = printable(text).replacing("`", with: "'").replacing("|", with: "\\|")
        return safe.isEmpty ? "" : "`\(safe)`"
    }
}
