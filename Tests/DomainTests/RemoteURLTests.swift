import Domain
import Testing

@Suite struct RemoteURLTests {
    @Test(arguments: [
        ("https://example.org/team/config.git", RemoteURL.Transport.https), ("HTTPS://example.org/x", .https),
        ("http://example.org:8080/x", .http), ("ssh://git@example.org:22/x.git", .ssh),
        ("git@example.org:team/x.git", .ssh), ("example.org:/srv/x.git", .ssh), ("git://example.org/x", .git),
        ("/srv/git/config", .local), ("file:///srv/git/config", .local), ("file://localhost/srv/x", .local),
        ("/srv/with space/ümlaut", .local),
    ])
    func `a URL says how it is reached`(text: String, transport: RemoteURL.Transport) throws {
        #expect(try RemoteURL(text).transport == transport)
    }

    @Test(arguments: [
        "", "config", "./config", "../config", "https://", "https:///x", "https://host", "https://host/",
        "https://-oProxyCommand=x/y", "ssh://-x/y", "-x:y", "ext::sh", "ext::sh -c true", "helper::address",
        "https://host/x?token=1", "https://host/x#y", "https://host/a b", "file://elsewhere/x", "file:///%zz",
        "file:///%00",
        "file:///%00", "/", "///", "/a\nb", "https://host/\u{7F}", "https://höst/x", "user@:x", "host:",
    ])
    func `what is no absolute URL is invalid`(text: String) throws {
        let found = try #require(throws: Failure.self) { try RemoteURL(text) }
        #expect(found.code == .invalid)
    }

    @Test func `an unknown scheme names the known ones`() throws {
        let found = try #require(throws: Failure.self) { try RemoteURL("svn://host/x") }
        #expect(found.code == .unsupported)
        #expect(found.message.contains("https://") && found.message.contains("'svn://'"))
    }

    @Test(arguments: [
        ("https://user:hunter2@example.org/x.git", "https://•••@example.org/x.git"),
        ("https://hunter2@example.org/x.git", "https://•••@example.org/x.git"),
        ("https://a@b:hunter2@example.org/x.git", "https://•••@example.org/x.git"),
        ("ssh://git:hunter2@example.org/x.git", "ssh://•••@example.org/x.git"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
        ("git@example.org:x.git", "git@example.org:x.git"), ("/srv/a@b", "/srv/a@b"),
    ])
    func `credentials are never shown`(text: String, shown: String) throws {
        let url = try RemoteURL(text)
        #expect("\(url)" == shown)
        #expect(String(reflecting: url) == shown)
        #expect(url.secretText == text)
        var dumped = ""
        dump([url], to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test func `a refused URL is not repeated with its password`() throws {
        for text in ["https://user:hunter2@host/x?y", "https://user:hunter2@/x", "user:hunter2@host"] {
            let found = try #require(throws: Failure.self) { try RemoteURL(text) }
            #expect(!"\(found)".contains("hunter2"), "\(text)")
        }
    }

    @Test(arguments: [
        "https://Example.org/team/config", "https://user:x@example.org:8443/team/./config.git/",
        "ssh://git@example.org/team/other/../config.git", "git@EXAMPLE.org:team/config/.git",
    ])
    func `a repository is the same one however it is reached and spelled`(text: String) throws {
        #expect(try RemoteURL(text).identity == "example.org/team/config")
    }

    @Test func `percent escapes of a file URL are resolved`() throws {
        #expect(try RemoteURL("file:///srv/a%20b%C3%BC/").localPath == "/srv/a bü")
        #expect(try RemoteURL("/srv/a%20b").localPath == "/srv/a%20b")
    }
}
