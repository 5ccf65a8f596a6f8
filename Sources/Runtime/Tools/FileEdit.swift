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
                "old_text": textSchema("What stands there now, exactly, white space included.", minLength: 1),
                "new_text": textSchema("What takes its place."),
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
        let slice = try files.read(path, limit: 16 << 20)
        guard slice.isAtEnd else { throw ToolRefusal("`\(path.shown)` is larger than 16 MiB") }
        if isBinary(slice.bytes) { throw ToolRefusal("`\(path.shown)` is a binary file") }
        let places = occurrences(of: old, in: slice.bytes)
        if places.isEmpty { throw ToolRefusal("old_text not found in `\(path.shown)`; read the file again") }
        if places.count > 1, input["replace_all"]?.bool != true {
            throw ToolRefusal(
                "old_text stands \(places.count) times in `\(path.shown)`: give more around it, or "
                    + "replace_all"
            )
        }
        if old == new { throw ToolRefusal("old_text and new_text are equal") }
        var bytes: [UInt8] = []
        var rest = 0
        for place in places {
            bytes += slice.bytes[rest..<place.lowerBound] + new
            rest = place.upperBound
        }
        bytes += slice.bytes[rest...]
        try files.write(path, bytes, createParents: false)
        return ToolOutput(
            "Replaced \(places.count == 1 ? "one place" : "\(places.count) places") in `\(path.shown)`."
        )
    }
}
