internal import CYAML
internal import Domain

/// One step of a YAML stream, free of the library's types.
struct YAMLEvent {
    enum Body {
        case streamStart, streamEnd, documentStart, documentEnd, collectionEnd
        case alias(String)
        case scalar(String, YAMLNode.Style)
        case sequenceStart(isFlow: Bool)
        case mappingStart(isFlow: Bool)
    }

    let body: Body
    let span: TextSpan
    var anchor: String?
    var tag: String?

    /// This event, which lies before the end of its file.
    func within(_ end: TextPosition) -> YAMLEvent {
        guard span.end > end else { return self }
        let span = TextSpan(start: min(span.start, end), end: end)
        return YAMLEvent(body: body, span: span, anchor: anchor, tag: tag)
    }
}

/// Why a YAML stream cannot be read on.
struct YAMLProblem: Error {
    let message: String
    /// Where it was noticed; nil when the library only knows the offset.
    let position: TextPosition?
    /// What the library was reading then, with its place.
    let context: (message: String, position: TextPosition)?
}

/// Owns one libyaml parser and a copy of its input.
@safe struct YAMLEventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// A reader over UTF-8 bytes.
    init(_ bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(fromContentsOf: bytes)
        // It fails only without memory.
        let isReady = unsafe yaml_parser_initialize(parser) == 1
        precondition(isReady, "No memory for a YAML parser")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; after `streamEnd` or an error it must not be called again.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.value(of: event)
    }

    private var problem: YAMLProblem {
        let state = unsafe parser.pointee
        let message = unsafe state.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        guard unsafe state.error != YAML_READER_ERROR else {
            return YAMLProblem(message: message, position: nil, context: nil)
        }
        let context = unsafe state.context.map {
            unsafe (String(cString: $0), TextPosition(state.context_mark))
        }
        return unsafe YAMLProblem(
            message: message,
            position: TextPosition(state.problem_mark),
            context: context
        )
    }

    @unsafe private static func value(of event: yaml_event_t) -> YAMLEvent {
        let span = unsafe TextSpan(start: .init(event.start_mark), end: .init(event.end_mark))
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return YAMLEvent(body: .streamEnd, span: span)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(body: .documentStart, span: span)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(body: .documentEnd, span: span)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return YAMLEvent(body: .collectionEnd, span: span)
        case YAML_ALIAS_EVENT:
            return YAMLEvent(body: .alias(unsafe text(event.data.alias.anchor) ?? ""), span: span)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                body: .sequenceStart(isFlow: start.style == YAML_FLOW_SEQUENCE_STYLE),
                span: span,
                anchor: text(start.anchor),
                tag: text(start.tag)
            )
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                body: .mappingStart(isFlow: start.style == YAML_FLOW_MAPPING_STYLE),
                span: span,
                anchor: text(start.anchor),
                tag: text(start.tag)
            )
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe YAMLEvent(
                body: .scalar(String(decoding: bytes, as: UTF8.self), style(scalar.style)),
                span: span,
                anchor: text(scalar.anchor),
                tag: text(scalar.tag)
            )
        default: return YAMLEvent(body: .streamStart, span: span)
        }
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLNode.Style {
        switch style {
        case YAML_PLAIN_SCALAR_STYLE: .plain
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .quoted
        }
    }

    @unsafe private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }
}

extension TextPosition {
    fileprivate init(_ mark: yaml_mark_t) { self.init(line: mark.line + 1, column: mark.column + 1) }
}
