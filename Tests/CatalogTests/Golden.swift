import Foundation
import Testing

/// Compares with files that are kept beside the tests; `GOLDEN=write` in the environment rewrites them.
enum Golden {
    /// The repository's root.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let folder = root.appending(path: "Tests/Goldens/Catalog")

    /// Expects the text of a file below the root.
    static func expect(
        _ text: String,
        equals path: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let url = root.appending(path: path)
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
        let expected = FileManager.default.contents(atPath: url.path).map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(text == expected, "\(url.lastPathComponent) must be equal", sourceLocation: sourceLocation)
    }

    /// The names of the files in a folder of goldens.
    static func names(in path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path))
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appending(path: path)))
    }
}
