internal import Containers
internal import Domain

extension Tool {
    /// Replaces a text that stands in a file exactly once.
    static let fileEdit = Tool(
        name: "file_edit",
        summary:
            "Replaces old_text by new_text in a file. It must stand there exactly once, unless replace_all.",
        schema: objectSchema(
            [
                "path": textSchema("Relative to the repository.", minLength: 1),
                "old_text": textSchema(
                    "What stands there now, exactly, white space included.",
                    maxLength: 1 << 20,
                    minLength: 1
                ),
                "new_text": textSchema("What takes its place.", maxLength: 1 << 20),
                "replace_all": ["type": "boolean", "description": "Replace every occurrence."],
            ],
            required: ["path", "old_text", "new_text"]
        ),
        effect: .write,
        owner: .sandbox,
        timeout: .seconds(30),
        outputLimit: 4 << 10
    ) { input, context in
        let path = try writablePath(input["path"]?.string ?? "", context.contract)
        let files = try await context.workbench.files()
        let old = Array((input["old_text"]?.string ?? "").utf8)
        let new = Array((input["new_text"]?.string ?? "").utf8)
        let slice = try files.read(path, limit: fileLimit)
        guard slice.isAtEnd else { throw ToolRefusal("`\(path.shown)` is larger than 16 MiB") }
        if isBinary(slice.bytes) { throw ToolRefusal("`\(path.shown)` is a binary file") }
        let places = occurrences(of: old, in: slice.bytes)
        let count = places.reduce(0) { number, _ in number + 1 }
        if count == 0 { throw ToolRefusal("old_text not found in `\(path.shown)`; read the file again") }
        if count > 1, input["replace_all"]?.bool != true {
            throw ToolRefusal(
                "old_text stands \(count) times in `\(path.shown)`: give more around it, or replace_all"
            )
        }
        if old == new { throw ToolRefusal("old_text and new_text are equal") }
        guard slice.bytes.count + count * (new.count - old.count) <= fileLimit else {
            throw ToolRefusal("`\(path.shown)` would become larger than 16 MiB")
        }
        var bytes: [UInt8] = []
        var rest = 0
        for place in places {
            bytes += slice.bytes[rest..<place.lowerBound]
            bytes += new
            rest = place.upperBound
        }
        bytes += slice.bytes[rest...]
        try files.write(path, bytes, createParents: false)
        return ToolOutput(
            "Replaced \(count == 1 ? "one place" : "\(count) places") in `\(path.shown)`."
        )
    }
}

/// Bytes of a file that is edited, before and after; all of it is held in memory.
private let fileLimit = 16 << 20
