/// One line of a task's log.
package struct TaskLogLine: Sendable, Hashable, Codable {
    /// From 1 within the attempt; a repeated number is the same line.
    package var sequence: Int64
    package var time: Timestamp
    /// `model`, `tool`, `sandbox`, `workspace` or `runtime`.
    package var source: String
    package var message: String
    package var data: Value?

    /// A line of its parts.
    package init(sequence: Int64, time: Timestamp, source: String, message: String, data: Value?) {
        self.sequence = sequence
        self.time = time
        self.source = source
        self.message = message
        self.data = data
    }
}
