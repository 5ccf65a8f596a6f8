import Domain
import Testing

@testable import Catalog

/// No workspace is a repository of configuration, however either is spelled.
@Suite struct RepositoryIdentityTests {
    private func codes(_ workspace: String, of source: String) -> [String] {
        let text = """
            apiVersion: agirunner.dev/v1
            kind: Workspace
            metadata: {name: app}
            spec: {type: git, url: "\(workspace)"}

            """
        let options = LoadOptions().with { $0.sourceURL = source }
        return Loader().load([SourceFile(path: "a.yaml", bytes: Array(text.utf8))], options: options)
            .diagnostics.map(\.code)
    }

    @Test(arguments: [
        "https://github.com/acme/config", "git@github.com:acme/config.git", "github.com:/acme/config/",
        "ssh://git@GitHub.com:22/acme/config.git", "https://GITHUB.com//acme/./x/../config.git/",
    ])
    func `the spellings of a repository on a host are one`(url: String) {
        #expect(codes(url, of: "https://github.com/acme/config.git") == ["POL003"])
        #expect(codes(url, of: "git@github.com:acme/config.git") == ["POL003"])
        #expect(codes(url, of: "https://github.com/acme/other.git") == [])
        #expect(codes(url, of: "https://example.org/acme/config.git") == [])
    }

    @Test(arguments: ["/srv//config", "/srv/x/../config/", "file:///srv/config/.git", "/srv/config.git"])
    func `the spellings of a folder are one`(url: String) {
        #expect(codes(url, of: "/srv/config") == ["POL003"])
        #expect(codes(url, of: "/srv/Config") == [])
    }
}
