import Foundation
import Testing

/// What the documents beside the code must say.
@Suite struct DocumentTests {
    private let repository = Repository.this

    /// The targets a text does not name as code.
    private func unnamed(_ targets: [String], in text: String) -> [String] {
        targets.filter { !text.contains("`\($0)`") }.sorted()
    }

    @Test func `ARCHITECTURE names every target`() throws {
        let manifest = Manifest(try #require(repository.text("Package.swift")))
        let text = try #require(repository.text("ARCHITECTURE.md"))
        #expect(unnamed(manifest.productTargets, in: text) == [])
    }

    @Test func `a target that ARCHITECTURE leaves out is found`() {
        #expect(unnamed(["Git", "Store"], in: "`Git` reads mirrors; Store is elsewhere") == ["Store"])
    }

    @Test func `every path that a document names is there`() throws {
        let pages = try FileManager.default.subpathsOfDirectory(atPath: repository.root.path + "/docs")
        let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] + pages.map { "docs/\($0)" }
        for document in documents where document.hasSuffix(".md") {
            let text = try #require(repository.text(document))
            #expect(missingPaths(in: text) == [], "\(document)")
        }
    }

    @Test func `a path that is not there is found`() {
        #expect(
            missingPaths(in: "see `Sources/Nowhere/X.swift` and `Sources/Domain`") == [
                "Sources/Nowhere/X.swift"
            ]
        )
    }

    @Test(arguments: ["docs/failure-modes.md", "docs/gitops.md", "docs/command-line.md"])
    func `every test that a table names is there`(document: String) throws {
        let text = try #require(repository.text(document))
        let named = text.matches(of: /`(Tests\/[^`]+)`: "([^"]+)"/)
        #expect(!named.isEmpty)
        for test in named {
            let file = repository.text(String(test.1)) ?? ""
            #expect(file.contains("func `\(test.2)`"), "\(test.1) has no test '\(test.2)'")
        }
    }

    /// Of the paths in backticks below the repository's folders, those that do not exist.
    private func missingPaths(in text: String) -> [String] {
        let folders = ["Sources/", "Tests/", "docs/", "examples/", "scripts/"]
        let quoted = text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset.isMultiple(of: 2) ? nil : String($0.element) }
        return quoted.filter { path in
            folders.contains(where: path.hasPrefix) && !path.contains { " *<\n".contains($0) }
                && !repository.exists(path)
        }
    }
}
