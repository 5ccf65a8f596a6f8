import Domain
import Foundation
import Git
import Testing
import Threads

private let main = GitReference.branch("main")

@Suite struct FetchDeadlineTests {
    private func mirror(_ folder: TestFolder, _ child: FetchChild = .testProgram) throws -> Git.Mirror {
        try Git.initialise()
        return try Mirror(directory: "\(folder.path)/mirror", child: child)
    }

    @Test(arguments: ["git", "http"])
    func `a remote that never answers is given up at the deadline and the child is dead`(
        scheme: String
    ) async throws {
        let folder = try TestFolder()
        let listener = try LoopbackListener()
        let url = try RemoteURL("\(scheme)://127.0.0.1:\(listener.port)/x")
        let mirror = try mirror(folder)
        // Six seconds: the child must have started and connected by then, on a busy machine, too.
        async let asked = failure {
            try await mirror.fetch(url: url, ref: main, deadline: .after(.seconds(6)))
        }
        let connection = try await onOwnThread("accept") { _ in
            try listener.accept(until: .after(.seconds(6)))
        }
        let found = try await asked
        #expect(found.code == .timeout && found.message.contains("127.0.0.1"), "\(found)")
        let connected = try #require(connection)
        // What it asked comes first, then the end of the connection, because the process is gone.
        while let bytes = try connected.read(until: .after(.seconds(10))), !bytes.isEmpty {}
        #expect(try connected.read(until: .after(.zero))?.isEmpty == true)
    }

    @Test func `a fetch killed in the middle of a pack leaves nothing behind`() async throws {
        let folder = try TestFolder()
        let listener = try LoopbackListener()
        let mirror = try mirror(folder)
        let url = try RemoteURL("git://127.0.0.1:\(listener.port)/x")
        async let asked = failure {
            try await mirror.fetch(url: url, ref: main, deadline: .after(.seconds(6)))
        }
        let connection = try await onOwnThread("serve") { _ in
            let connection = try listener.accept(until: .generous)
            // git://: the request, one advertised ref; what is wanted, a pack of 99 objects that ends after
            // its header.
            _ = try connection?.read(until: .generous)
            connection?.write("0047\(String(repeating: "a", count: 40)) refs/heads/main\0ofs-delta\n0000")
            _ = try connection?.read(until: .generous)
            connection?.write("0008NAK\nPACK\0\0\0\u{2}\0\0\0c")
            return connection
        }
        let packs = "\(folder.path)/mirror/objects/pack"
        let watch = try FileWatch(paths: [packs])
        var names = try FileManager.default.contentsOfDirectory(atPath: packs)
        while names.isEmpty, try await watch.next(until: .after(.seconds(6))) {
            names = try FileManager.default.contentsOfDirectory(atPath: packs)
        }
        #expect(names.count == 1, "a partial pack is being written")
        #expect(try await asked.code == .timeout)
        #expect(try FileManager.default.contentsOfDirectory(atPath: packs) == [])
        withExtendedLifetime(connection) {}
    }

    @Test func `a fetch is cancelled with its task`() async throws {
        let folder = try TestFolder()
        let listener = try LoopbackListener()
        let url = try RemoteURL("git://127.0.0.1:\(listener.port)/x")
        let mirror = try mirror(folder)
        let task = Task { try await mirror.remoteTip(url: url, ref: main, deadline: .generous) }
        let connection = try await onOwnThread("accept") { _ in try listener.accept(until: .generous) }
        #expect(connection != nil)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a port where nobody listens is unavailable`() async throws {
        let folder = try TestFolder()
        let port = try LoopbackListener().port
        let mirror = try mirror(folder)
        let found = try await failure {
            try await mirror.remoteTip(
                url: RemoteURL("git://127.0.0.1:\(port)/x"),
                ref: main,
                deadline: .generous
            )
        }
        #expect(found.code == .unavailable && found.isTransient, "\(found)")
    }

    @Test(arguments: [
        ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=x", Failure.Code.unauthenticated),
        ("403 Forbidden", .forbidden), ("404 Not Found", .notFound), ("503 Busy", .unavailable),
    ])
    func `what a web server refuses has its own code`(status: String, code: Failure.Code) async throws {
        let folder = try TestFolder()
        let listener = try LoopbackListener()
        let mirror = try mirror(folder)
        let answer = "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let url = try RemoteURL("http://user:hunter2@127.0.0.1:\(listener.port)/x.git")
        let found = try await listener.answering(answer) {
            try await failure { try await mirror.fetch(url: url, ref: main, deadline: .generous) }
        }
        #expect(found.code == code, "\(found)")
        #expect(!"\(found)".contains("hunter2"))
    }

    @Test func `a server that talks something else is a failure and not a trap`() async throws {
        let folder = try TestFolder()
        let mirror = try mirror(folder)
        let pack = "0047" + String(repeating: "a", count: 40) + " refs/heads/main\0ofs-delta\n0000"
        for answer in ["garbage\n", "0000", "ffff", "0004", "", pack + "0008NAK\nPACKgarbage"] {
            let listener = try LoopbackListener()
            let url = try RemoteURL("git://127.0.0.1:\(listener.port)/x.git")
            let found = try await listener.answering(answer) {
                try await failure { try await mirror.fetch(url: url, ref: main, deadline: .generous) }
            }
            #expect(found.code != .timeout && !found.message.isEmpty, "\(answer)")
        }
    }

    @Test(arguments: ["/bin/false", "/bin/true", "/nonexistent"])
    func `a child that breaks is an internal failure`(executable: String) async throws {
        let mirror = try mirror(try TestFolder(), FetchChild(executable: executable, arguments: []))
        let found = try await failure {
            try await mirror.remoteTip(url: RemoteURL("https://host/x"), ref: main, deadline: .generous)
        }
        #expect(found.code == .internal, "\(found)")
    }
}
