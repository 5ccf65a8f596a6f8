internal import Containers
internal import Domain

extension Tool {
    /// Reads lines of a text file.
    static let fileRead = Tool(
        name: "file_read",
        summary:
            "Reads a text file of the repository. Lines come with numbers, at most 2000 at once.",
        schema: objectSchema(
            [
                "path": textSchema("Relative to the repository, or absolute below /workspace.", minLength: 1),
                "offset": integerSchema("The first line to read, from 1.", 1...100_000_000),
                "limit": integerSchema("How many lines to read.", 1...2000),
            ],
            required: ["path"]
        ),
        effect: .read,
        owner: .sandbox,
        timeout: .seconds(30),
        outputLimit: 300 << 10
    ) { input, context in
        let path = try repositoryPath(input["path"]?.string ?? "")
        var reader = LineReader(
            first: Int(input["offset"]?.integer ?? 1),
            count: Int(input["limit"]?.integer ?? 2000)
        )
        let files = try await context.workbench.files()
        var offset: Int64 = 0
        while true {
            try Task.checkCancellation()
            let slice = try files.read(path, offset: offset, limit: 1 << 20)
            if offset == 0, isBinary(slice.bytes) {
                throw ToolRefusal("`\(path.shown)` is a binary file of \(slice.size) bytes")
            }
            reader.take(slice.bytes)
            offset += Int64(slice.bytes.count)
            if slice.isAtEnd || slice.bytes.isEmpty || reader.isFull { break }
        }
        return ToolOutput(reader.finish(path.shown))
    }
}

/// The path that a tool names: relative to the repository, or absolute below `/workspace`.
func repositoryPath(_ text: String) throws -> WorkspacePath {
    try WorkspacePath(text, from: WorkspacePath("repo"))
}

extension WorkspacePath {
    /// As the model knows it: relative to the repository where it lies in there.
    var shown: String {
        guard parts.first == "repo" else { return inside }
        return parts.count == 1 ? "." : parts.dropFirst().joined(separator: "/")
    }

    /// Whether the path leads into the repository, but not into git's own files, which are git's alone.
    var isContent: Bool { parts.count > 1 && parts[0] == "repo" && parts[1] != ".git" }
}

/// A NUL near the beginning is what git, too, takes as the sign of a binary file.
func isBinary(_ bytes: [UInt8]) -> Bool { bytes.prefix(8000).contains(0) }

/// Numbers the lines of a file that comes in pieces, and keeps those that are wanted.
private struct LineReader {
    /// Bytes of text that one call shows.
    private static let byteLimit = 256 << 10

    let first: Int
    let count: Int
    private var number = 1
    private var line: [UInt8] = []
    private var hasPartialLine = false
    private var output: [UInt8] = []
    private var shown = 0
    private(set) var isFull = false

    init(first: Int, count: Int) {
        self.first = first
        self.count = count
    }

    mutating func take(_ bytes: [UInt8]) {
        for byte in bytes {
            if isFull { return }
            hasPartialLine = byte != UInt8(ascii: "\n")
            if !hasPartialLine {
                endLine()
            } else if number >= first, line.count < Self.byteLimit {
                line.append(byte)
            }
        }
    }

    private mutating func endLine() {
        defer {
            number += 1
            line.removeAll(keepingCapacity: true)
        }
        guard number >= first else { return }
        if shown == count || (shown > 0 && output.count + line.count > Self.byteLimit) {
            isFull = true
            return
        }
        let digits = String(number)
        output += "\(String(repeating: " ", count: max(0, 6 - digits.count)))\(digits)\t".utf8
        output += line + [UInt8(ascii: "\n")]
        shown += 1
    }

    /// The numbered lines, and a sentence about what is missing.
    mutating func finish(_ path: String) -> String {
        if hasPartialLine, !isFull { endLine() }
        var text = String(decoding: output, as: UTF8.self)
        if isFull {
            text +=
                "[lines \(first) to \(first + shown - 1) are shown and there are more: "
                + "continue with offset \(first + shown)]"
        } else if shown == 0 {
            text = number == 1 ? "[`\(path)` is empty]" : "[`\(path)` has only \(number - 1) lines]"
        }
        return text
    }
}
