internal import Containers
internal import Domain

extension Tool {
    /// Lists a folder.
    static let fileList = Tool(
        name: "file_list",
        summary: "Lists files and folders of the repository with their sizes. Folders end with a slash.",
        schema: objectSchema([
            "path": textSchema(
                "The folder, relative to the repository; the repository itself without it.",
                minLength: 1
            ),
            "depth": integerSchema("How many levels to list; 1 without it.", 1...20),
        ]),
        effect: .read,
        owner: .sandbox,
        timeout: .seconds(30),
        outputLimit: 64 << 10
    ) { input, context in
        let path = try repositoryPath(input["path"]?.string ?? ".")
        let files = try await context.workbench.files()
        let listing = try files.list(
            path,
            depth: Int(input["depth"]?.integer ?? 1),
            limit: 1000,
            skipping: [".git"]
        )
        let lines = try listing.entries.map { entry in
            let name = try WorkspacePath(entry.path).shown
            return switch entry.kind {
            case .folder: "\(name)/"
            case .file: "\(name)\t\(entry.size) bytes"
            case .link: "\(name) -> \(entry.target ?? "?")"
            case .other: "\(name)\t(neither file nor folder)"
            }
        }
        let note = listing.isComplete ? [] : ["[there is more; name a folder or a smaller depth]"]
        let all = lines + note
        return ToolOutput(all.isEmpty ? "[`\(path.shown)` is empty]" : all.joined(separator: "\n"))
    }
}
