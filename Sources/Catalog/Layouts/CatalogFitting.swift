internal import Domain

/// Makes values that the catalog's schemas allow into values that the native kinds take; what is changed on
/// the way is a warning, and the record keeps what the file said.
struct CatalogFitting {
    var findings: Findings

    /// A text of limited length that is not empty; `instead` stands for an empty one.
    mutating func prose(_ place: Place, limit: Int, instead: String) -> YAMLNode {
        let text = place.text ?? ""
        if text.isEmpty { return changed(place, to: instead, "is empty") }
        let scalars = text.unicodeScalars
        guard scalars.count > limit else { return .text(text, place.node.span) }
        return changed(
            place,
            to: String(scalars.prefix(limit - 1)) + "…",
            "is longer than \(limit) characters"
        )
    }

    /// A text of one line.
    mutating func line(_ place: Place, limit: Int, instead: String) -> YAMLNode {
        let text = place.text ?? ""
        guard !TextFormat.line.accepts(text) else { return prose(place, limit: limit, instead: instead) }
        let flat = String(text.map { TextFormat.line.accepts(String($0)) ? $0 : " " })
        return changed(place, to: String(flat.unicodeScalars.prefix(limit)), "is not one line")
    }

    /// A number within bounds; nil for one below them.
    mutating func number(_ place: Place?, _ range: ClosedRange<Int64>) -> YAMLNode? {
        guard let place, let number = place.integer else { return nil }
        if number > range.upperBound {
            warn(.reshaped, place, "is more than \(range.upperBound), which is taken instead")
            return .plain(String(range.upperBound), place.node.span)
        }
        guard range.contains(number) else {
            warn(.withoutEffect, place, "is less than \(range.lowerBound) and has no effect here")
            return nil
        }
        return .plain(String(number), place.node.span)
    }

    /// A name made of what the file calls something.
    mutating func name(_ place: Place, _ name: String) -> YAMLNode {
        if name != place.text { warn(.reshaped, place, "is called '\(name)' here") }
        return .text(name, place.node.span)
    }

    /// Names of tools, each once; `submit_handoff` where none is one.
    mutating func tools(_ list: Place) -> YAMLNode {
        var seen: Set<String> = []
        var nodes: [YAMLNode] = []
        for place in list.elements {
            guard let text = place.text, seen.insert(text).inserted else { continue }
            guard TextFormat.toolName.accepts(text) else {
                warn(.withoutEffect, place, "is no name of a tool and has no effect here")
                continue
            }
            nodes.append(.text(text, place.node.span))
        }
        return .list(nodes.isEmpty ? [.text("submit_handoff", list.node.span)] : nodes, list.node.span)
    }

    /// Warns of the members of a mapping that nothing here looks at.
    mutating func warnOfOthers(_ place: Place?, _ known: Fields, except: Set<String> = []) {
        for (name, key, value) in place?.members ?? [] where known[name] == nil || except.contains(name) {
            findings.report(
                .withoutEffect,
                at: key.span,
                field: value.field,
                "\(value.field) is kept and has no effect here"
            )
        }
    }

    mutating func warn(_ code: Code, _ place: Place, _ message: String) {
        findings.report(code, place, message)
    }

    private mutating func changed(_ place: Place, to text: String, _ why: String) -> YAMLNode {
        warn(.reshaped, place, "\(why) and stands here in another form")
        return .text(text, place.node.span)
    }
}
