internal import Domain

/// One call of a tool that a model asked for.
struct ToolCall: Sendable, Hashable {
    /// Unique within the transcript, and the same whenever the same turns are played.
    let id: String
    let name: String
    let input: Value
}

/// What a call of a tool came to, as the model is shown it.
struct ToolAnswer: Sendable, Hashable {
    let callID: String
    let tool: String
    let text: String
    let isError: Bool
}

/// What a model is told about a tool.
struct ToolDescription: Sendable, Hashable {
    let name: String
    let summary: String
    let schema: Value
}

/// Everything a model is shown, in order; what was said once is never changed.
struct Transcript: Sendable, Hashable {
    enum Message: Sendable, Hashable {
        /// The brief, and corrections.
        case user(String)
        case model(text: String, calls: [ToolCall])
        case answers([ToolAnswer])
    }

    let system: String
    let tools: [ToolDescription]
    private(set) var messages: [Message] = []
    /// The UTF-8 bytes of everything in here; ids of calls are not counted.
    private(set) var byteCount: Int
    /// How often a model has answered.
    private(set) var modelTurns = 0

    /// A transcript that begins with the brief.
    init(system: String, tools: [ToolDescription], brief: String) {
        self.system = system
        self.tools = tools
        byteCount = tools.reduce(system.utf8.count) { count, tool in
            count + tool.name.utf8.count + tool.summary.utf8.count + tool.schema.canonicalBytes.count
        }
        append(.user(brief))
    }

    mutating func append(_ message: Message) {
        messages.append(message)
        switch message {
        case .user(let text): byteCount += text.utf8.count
        case .model(let text, let calls):
            byteCount += replyByteCount(text: text, calls: calls)
            modelTurns += 1
        case .answers(let answers): byteCount += answers.reduce(0) { $0 + $1.text.utf8.count }
        }
    }

    /// What each call of a model was shown that was new to it; the last element belongs to the next call.
    var news: [[Message]] {
        var segments: [[Message]] = [[]]
        for message in messages {
            if case .model = message {
                segments.append([])
            } else {
                segments[segments.count - 1].append(message)
            }
        }
        return segments
    }
}

/// The UTF-8 bytes of a reply: its text, and name and canonical input of each call.
func replyByteCount(text: String, calls: [ToolCall]) -> Int {
    calls.reduce(text.utf8.count) { $0 + $1.name.utf8.count + $1.input.canonicalBytes.count }
}
