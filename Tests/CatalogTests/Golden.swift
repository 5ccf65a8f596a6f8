import Foundation
import Support
import Testing

/// The files that are kept beside the tests of the file format.
enum Golden {
    /// The repository's root.
    static let root = URL(filePath: repositoryRoot)
    static let folder = root.appending(path: "Tests/Goldens/Catalog")

    /// Expects the text of a file, whose path begins at the repository's root.
    static func expect(
        _ text: String,
        equals path: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let difference = try differenceFromGolden(text, path)
        #expect(difference == nil, sourceLocation: sourceLocation)
    }

    /// The names of the files in a folder of goldens.
    static func names(in path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path))
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appending(path: path)))
    }
}
