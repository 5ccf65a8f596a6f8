package import Logging

/// Writes each log entry as one line of JSON: time, level, program, label, message, metadata.
///
/// Messages are constant sentences and what varies is metadata, so that lines can be counted and searched.
package struct JSONLinesHandler: LogHandler {
    /// Bytes; a longer text is cut after its last whole character, so that one value cannot fill a disk.
    private static let longestText = 8192

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let program: String
    private let label: String
    private let redaction: LogRedaction
    private let clock: @Sendable () -> WallTime
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler whose lines go to `write`, each with its line feed.
    package init(
        program: String,
        label: String,
        level: Logger.Level,
        redaction: LogRedaction,
        clock: @escaping @Sendable () -> WallTime,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.program = program
        self.label = label
        logLevel = level
        self.redaction = redaction
        self.clock = clock
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata.merging(metadataProvider?.get() ?? [:]) { _, later in later }
        all.merge(event.metadata ?? [:]) { _, later in later }
        if let error = event.error { all["error"] = "\(error)" }
        var line = JSONLine()
        line.begin()
        line.write(key: "time", clock().text)
        line.write(key: "level", event.level.rawValue)
        line.write(key: "program", program)
        line.write(key: "label", label)
        line.write(key: "message", clean(event.message.description))
        if !all.isEmpty {
            line.write(key: "metadata")
            append(.dictionary(all), to: &line)
        }
        line.end()
        write(line.bytes + [0x0A])
    }

    private func append(_ value: Logger.Metadata.Value, to line: inout JSONLine) {
        switch value {
        case .string(let text): line.write(clean(text))
        case .stringConvertible(let subject): line.write(clean(subject.description))
        case .array(let elements):
            line.beginArray()
            for element in elements {
                line.separate()
                append(element, to: &line)
            }
            line.endArray()
        case .dictionary(let members):
            line.begin()
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                line.write(key: key)
                append(value, to: &line)
            }
            line.end()
        }
    }

    private func clean(_ text: String) -> String {
        // Redacted before it is cut, or the first half of a secret would stay.
        let clean = redaction.redact(text)
        guard clean.utf8.count > Self.longestText else { return clean }
        var size = 0
        let kept = clean.prefix { character in
            size += character.utf8.count
            return size <= Self.longestText
        }
        return kept + "…"
    }
}

/// One JSON object in the making.
private struct JSONLine {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func begin() { open("{") }
    mutating func end() { close("}") }
    mutating func beginArray() { open("[") }
    mutating func endArray() { close("]") }

    mutating func write(key: String) {
        separate()
        quote(key)
        bytes += ":".utf8
        needsComma = false
    }

    mutating func write(key: String, _ text: String) {
        write(key: key)
        write(text)
    }

    mutating func write(_ text: String) {
        quote(text)
        needsComma = true
    }

    mutating func separate() {
        if needsComma { bytes += ",".utf8 }
        needsComma = false
    }

    private mutating func open(_ mark: String) {
        bytes += mark.utf8
        needsComma = false
    }

    private mutating func close(_ mark: String) {
        bytes += mark.utf8
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes += "\"".utf8
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += "\\n".utf8
            case 0x00..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += "\\u00".utf8
                bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes += "\"".utf8
    }
}
