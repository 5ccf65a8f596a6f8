/// One event of an event stream.
package struct ServerSentEvent: Sendable, Equatable {
    /// The type; `message` when the stream named none.
    package let event: String
    /// Lines are joined by LF.
    package let data: String
    /// The last id that the stream sent, with this event or an earlier one; empty when there was none.
    package let id: String

    package init(event: String = "message", data: String, id: String = "") {
        self.event = event
        self.data = data
        self.id = id
    }
}

/// Reads an event stream that comes in pieces; where the pieces are cut makes no difference.
///
/// *Source*: WHATWG HTML, section 9.2.6 "Interpreting an event stream". An event without its blank line is
/// dropped.
package struct ServerSentEventParser: Sendable {
    /// The id to send as `Last-Event-ID` when connecting again; empty when there was none.
    package private(set) var lastEventID = ""
    /// The pause before connecting again that the stream asked for.
    package private(set) var retry: Duration?

    private let maximumEventBytes: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var event = ""
    private var id = ""
    private var isFirstLine = true
    private var skipsLineFeed = false

    package init(maximumEventBytes: Int = 4 << 20, lastEventID: String = "") {
        self.maximumEventBytes = maximumEventBytes
        self.lastEventID = lastEventID
        id = lastEventID
    }

    /// Takes a piece and gives back the events it completes.
    ///
    /// - Throws: `OutboundError.tooLong` when an event is longer than allowed; the parser is of no more use
    /// then.
    package mutating func push(_ bytes: some Sequence<UInt8>) throws(OutboundError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let isRestOfLineEnd = skipsLineFeed && byte == 10
            skipsLineFeed = byte == 13
            if isRestOfLineEnd { continue }
            if byte == 10 || byte == 13 {
                if let event = endLine() { events.append(event) }
                continue
            }
            line.append(byte)
            if line.count + data.count > maximumEventBytes {
                throw OutboundError(
                    code: .tooLong,
                    message: "An event is longer than \(maximumEventBytes) bytes",
                    call: "ServerSentEventParser"
                )
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        var content = line[...]
        if isFirstLine && content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        if content.isEmpty { return dispatch() }
        let name = content.prefix { $0 != 58 }
        var value = content.dropFirst(name.count + 1)
        if value.first == 32 { value = value.dropFirst() }
        set(String(decoding: name, as: UTF8.self), value)
        return nil
    }

    // A comment has an empty name and lands in `default`, like every name that is not known.
    private mutating func set(_ name: String, _ value: ArraySlice<UInt8>) {
        switch name {
        case "event": event = String(decoding: value, as: UTF8.self)
        case "data": data += value + [10]
        case "id" where !value.contains(0): id = String(decoding: value, as: UTF8.self)
        case "retry" where !value.isEmpty && value.allSatisfy { (48...57).contains($0) }:
            // More digits than fit are no sensible pause.
            if let pause = Int64(String(decoding: value, as: UTF8.self)) {
                retry = .milliseconds(min(pause, 86_400_000))
            }
        default: break
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        lastEventID = id
        defer {
            data.removeAll(keepingCapacity: true)
            event = ""
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(
            event: event.isEmpty ? "message" : event,
            data: String(decoding: data.dropLast(), as: UTF8.self),
            id: lastEventID
        )
    }
}
