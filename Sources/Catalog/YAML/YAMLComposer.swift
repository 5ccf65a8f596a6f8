internal import Domain

/// The documents of one file, as far as they could be read.
struct YAMLStream: Sendable {
    /// Roots in the order of the file; a document without content is left out.
    var documents: [YAMLNode] = []
    /// False when the file could not be read to its end, so that it may declare more than is known.
    var isWhole = true
}

/// Builds nodes from events, refusing what configuration must not use; one value reads one file.
struct YAMLComposer {
    static let depthLimit = 64
    static let nodeLimit = 100_000

    private var findings: Findings
    private var stream = YAMLStream()
    private var open: [Collection] = []
    private var anchors: [String: TextSpan] = [:]
    private var nodeCount = 0

    /// A sequence or mapping whose end was not seen yet.
    private struct Collection {
        let start: TextPosition
        let isMapping: Bool
        let isFlow: Bool
        var elements: [YAMLNode] = []
        var entries: [YAMLNode.Entry] = []
        var keys: [String: TextSpan] = [:]
        var pendingKey: YAMLNode?
        var isComplete = true
    }

    private init(findings: Findings) { self.findings = findings }

    /// Reads a file; what is wrong goes to `findings`.
    static func compose(_ source: SourceText, _ findings: inout Findings) -> YAMLStream {
        guard source.isReadable(&findings), !hasTagDirective(source, &findings) else {
            return YAMLStream(isWhole: false)
        }
        var composer = YAMLComposer(findings: findings)
        composer.run(source)
        findings = composer.findings
        return composer.stream
    }

    /// Whether tags are given names, which is reported.
    ///
    /// The library compares each such directive with all before it: a file of them would take half a minute.
    private static func hasTagDirective(_ source: SourceText, _ findings: inout Findings) -> Bool {
        guard let offset = source.firstLine(startingWith: "%TAG") else { return false }
        let start = source.position(of: offset)
        findings.report(
            .tag,
            at: TextSpan(start: start, end: start).first(4),
            "a tag must not be used; '%TAG' found",
            fix: "remove it"
        )
        return true
    }

    private mutating func run(_ source: SourceText) {
        var reader = YAMLEventReader(source.bytes)
        // The library counts one line more at the end of a file whose last line has none.
        let end = source.position(of: source.bytes.count)
        do {
            while stream.isWhole {
                let event = try reader.next().within(end)
                if case .streamEnd = event.body { return }
                accept(event)
            }
        } catch {
            stream.isWhole = false
            let position = min(error.position ?? end, end)
            let notes = error.context.map {
                [Diagnostic.Note(path: findings.path, position: min($0.position, end), message: $0.message)]
            }
            findings.report(
                .syntax,
                at: TextSpan(start: position, end: position).first(1),
                "the file must be valid YAML: \(error.message)",
                notes: notes ?? []
            )
        }
    }

    private mutating func accept(_ event: YAMLEvent) {
        refuseTagAndAnchor(event)
        switch event.body {
        case .streamStart, .streamEnd, .documentEnd: break
        case .documentStart: anchors = [:]
        case .alias(let name):
            let notes = anchors[name].map {
                [Diagnostic.Note(path: findings.path, position: $0.start, message: "the anchor is declared")]
            }
            findings.report(
                .alias,
                at: event.span,
                "an alias must not be used; '*\(name)' found",
                fix: "write the value out",
                notes: notes ?? []
            )
            add(YAMLNode(content: .refused, span: event.span))
        case .scalar(let text, let style): add(YAMLNode(content: .scalar(text, style), span: event.span))
        case .sequenceStart(let isFlow): push(event, isMapping: false, isFlow: isFlow)
        case .mappingStart(let isFlow): push(event, isMapping: true, isFlow: isFlow)
        case .collectionEnd: close(at: event.span.end)
        }
    }

    private mutating func refuseTagAndAnchor(_ event: YAMLEvent) {
        if let anchor = event.anchor {
            let span = event.span.first(anchor.unicodeScalars.count + 1)
            anchors[anchor] = anchors[anchor] ?? span
            findings.report(
                .anchor,
                at: span,
                "an anchor must not be used; '&\(anchor)' found",
                fix: "remove it"
            )
        }
        if let tag = event.tag {
            findings.report(
                .tag,
                at: event.span.first(1),
                "a tag must not be used; '\(tag)' found",
                fix: "remove it"
            )
        }
    }

    private mutating func push(_ event: YAMLEvent, isMapping: Bool, isFlow: Bool) {
        guard open.count < Self.depthLimit else {
            stream.isWhole = false
            return findings.report(
                .tooDeep,
                at: event.span.first(1),
                "nesting must be at most \(Self.depthLimit) deep"
            )
        }
        open.append(Collection(start: event.span.start, isMapping: isMapping, isFlow: isFlow))
    }

    private mutating func close(at end: TextPosition) {
        guard let closed = open.popLast() else { return }
        // The library ends a block collection where the next token starts, often lines below.
        let last = closed.isMapping ? closed.entries.last?.value.span.end : closed.elements.last?.span.end
        let span = TextSpan(start: closed.start, end: closed.isFlow ? end : last ?? closed.start)
        let content: YAMLNode.Content =
            closed.isMapping
            ? .mapping(closed.entries, isComplete: closed.isComplete) : .sequence(closed.elements)
        add(YAMLNode(content: content, span: span))
    }

    private mutating func add(_ node: YAMLNode) {
        nodeCount += 1
        guard nodeCount <= Self.nodeLimit else {
            stream.isWhole = false
            return findings.report(
                .tooManyNodes,
                at: node.span.first(1),
                "a file must have at most \(Self.nodeLimit) values"
            )
        }
        guard let last = open.indices.last else {
            if !node.isEmpty { stream.documents.append(node) }
            return
        }
        if !open[last].isMapping {
            open[last].elements.append(node)
        } else if let key = open[last].pendingKey {
            open[last].pendingKey = nil
            addEntry(key, node, to: last)
        } else {
            open[last].pendingKey = node
        }
    }

    private mutating func addEntry(_ key: YAMLNode, _ value: YAMLNode, to index: Int) {
        guard case .scalar(let name, let style) = key.content else {
            open[index].isComplete = false
            if case .refused = key.content { return }
            return findings.report(.complexKey, at: key.span.first(1), "a key must be a text")
        }
        if name == "<<", style == .plain {
            open[index].isComplete = false
            return findings.report(
                .mergeKey,
                at: key.span,
                "a merge key must not be used",
                fix: "write the keys out"
            )
        }
        if let earlier = open[index].keys[name] {
            let note = Diagnostic.Note(
                path: findings.path,
                position: earlier.start,
                message: "it stands first"
            )
            return findings.report(
                .duplicateKey,
                at: key.span,
                "a key must stand once in a mapping; '\(name)' stands twice",
                notes: [note]
            )
        }
        open[index].keys[name] = key.span
        open[index].entries.append(.init(key: key, name: name, value: value))
    }
}
