import Domain
import HTTPTypes

/// How frames become bytes.
enum FrameEncoding: Sendable {
    /// One JSON object per line, as Kubernetes clients read them.
    case lines
    /// Server-sent events (WHATWG HTML, section 9.2).
    case events

    var contentType: String {
        switch self {
        case .lines: "application/json"
        case .events: "text/event-stream; charset=utf-8"
        }
    }

    /// What a stream begins with: the pause before an event source connects again.
    var preamble: [UInt8] {
        switch self {
        case .lines: []
        case .events: Array("retry: 2000\n\n".utf8)
        }
    }

    /// A sign of life that no reader takes for a frame; lines have none.
    var heartbeat: [UInt8] {
        switch self {
        case .lines: []
        case .events: Array(":\n\n".utf8)
        }
    }

    func encode(_ frame: WatchFrame) -> [UInt8] {
        let value: Value = ["type": .string(frame.kind.rawValue), "object": frame.object]
        switch self {
        case .lines: return value.canonicalBytes + [0x0A]
        case .events:
            // After an error the stream cannot be resumed: the reader must start anew.
            let name = frame.kind == .error ? "reset" : frame.kind.rawValue
            let id = frame.position.map { "id: \($0)\n" } ?? ""
            return Array("\(id)event: \(name)\ndata: \(value.canonicalJSON)\n\n".utf8)
        }
    }
}

extension HTTPField {
    /// `Last-Event-ID`, which an event source sends when it connects again.
    static let lastEventID = Name("Last-Event-ID")
}
