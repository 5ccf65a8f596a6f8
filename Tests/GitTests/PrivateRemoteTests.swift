import Domain
import Foundation
import Git
import Secrets
import Support
import Testing
import Threads

private let main = GitReference.branch("main")
private let token = "a-token-of-a-private-repository-1"

@Suite(.timeLimit(.minutes(5))) struct PrivateRemoteTests {
    private func mirror(_ folder: TestFolder) throws -> Git.Mirror {
        try Mirror(directory: "\(folder.path)/mirrors/one", child: .testProgram)
    }

    @Test func `a token opens a repository over HTTP, a wrong one does not, and a rotated one does again`()
        async throws
    {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let mirror = try mirror(repository.folder)
        try await GitWebServer.serving(repository.folder.path) { server in
            try server.accept(user: "deploy", password: token)
            let url = try RemoteURL(server.url("repository"))
            func ask(_ secret: String?) async throws -> CommitID {
                let credential = try secret.map { try GitCredential(SecretText($0), for: url) }
                return try await mirror.fetch(
                    url: url,
                    ref: main,
                    credential: credential,
                    deadline: .generous
                )
            }
            let none = try await failure { try await ask(nil) }
            #expect(none.code == .unauthenticated && none.message.contains("wants credentials"), "\(none)")
            let wrong = try await failure { try await ask("deploy:not-the-token") }
            #expect(wrong.code == .unauthenticated, "\(wrong)")
            #expect(wrong.message.contains("refuses the token or password of the user 'deploy'"), "\(wrong)")
            #expect(!"\(wrong)".contains("not-the-token"))
            #expect(try await ask("deploy:\(token)") == commit)
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
            try server.accept(user: "git", password: token + "-rotated")
            #expect(try await failure { try await ask("deploy:\(token)") }.code == .unauthenticated)
            #expect(try await ask(token + "-rotated") == commit)
            let asked = try await mirror.remoteTip(
                url: url,
                ref: main,
                credential: GitCredential(SecretText(token + "-rotated"), for: url),
                deadline: .generous
            )
            #expect(asked == commit)
        }
    }

    @Test func `a token follows a redirect to the same server and to no other one`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let mirror = try mirror(repository.folder)
        try await GitWebServer.serving(repository.folder.path) { server in
            try server.accept(user: "git", password: token)
            func ask(_ name: String) async throws -> CommitID {
                let url = try RemoteURL(server.url(name))
                let credential = try GitCredential(SecretText(token), for: url)
                return try await mirror.fetch(
                    url: url,
                    ref: main,
                    credential: credential,
                    deadline: .generous
                )
            }
            #expect(try await ask("moved/repository") == commit)
            let found = try await failure { try await ask("elsewhere/repository") }
            #expect(found.code == .unauthenticated && found.message.contains("redirects"), "\(found)")
            // It was asked there, and nobody said who we are.
            #expect(server.log.contains("- localhost - \"GET /repository/info/refs"), "\(server.log)")
            #expect(!server.log.contains("git localhost"), "\(server.log)")
        }
    }

    @Test func `while a fetch runs its token is in no argument and no variable of any process`()
        async throws
    {
        let listener = try LoopbackListener()
        let mirror = try mirror(try TestFolder())
        let url = try RemoteURL("http://127.0.0.1:\(listener.port)/x")
        let credential = try GitCredential(SecretText(token), for: url)
        let task = Task {
            try await mirror.remoteTip(url: url, ref: main, credential: credential, deadline: .generous)
        }
        let connection = try await onOwnThread("accept") { _ in try listener.accept(until: .generous) }
        #expect(connection != nil)
        let shown = try await ChildProcess(
            Command(
                executable: "/bin/sh",
                arguments: ["-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true"],
                environment: ["PATH": "/usr/bin:/bin"]
            )
        ).run(until: .generous)
        let text = String(decoding: shown.standardOutput, as: UTF8.self)
        #expect(text.contains("AGIRUNNER_TEST_IS_FETCH_CHILD") && !text.contains(token))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a token that the server repeats is not repeated by us`() async throws {
        let folder = try TestFolder()
        let listener = try LoopbackListener()
        let mirror = try mirror(folder)
        let url = try RemoteURL("http://127.0.0.1:\(listener.port)/x.git")
        let line = "ERR the token \(token) is not valid\n"
        let packet = String(line.utf8.count + 4, radix: 16)
        let body =
            "001e# service=git-upload-pack\n0000" + String(repeating: "0", count: 4 - packet.count)
            + packet + line
        let answer = """
            HTTP/1.1 200 OK\r
            Content-Type: application/x-git-upload-pack-advertisement\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r
            \(body)
            """
        let found = try await listener.answering(answer) {
            try await failure {
                try await mirror.remoteTip(
                    url: url,
                    ref: main,
                    credential: GitCredential(SecretText(token), for: url),
                    deadline: .generous
                )
            }
        }
        #expect(found.message.contains("is not valid") && !"\(found)".contains(token), "\(found)")
    }

    @Test func `a key opens a repository over SSH, whichever known kind of host key it is`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let mirror = try mirror(repository.folder)
        try await SSHServer.serving { server in
            for host in ["host", "second"] {
                let found = try await mirror.fetch(
                    url: server.url(repository.path),
                    ref: main,
                    credential: server.credential(knows: host),
                    deadline: .generous
                )
                #expect(found == commit)
            }
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
            let files = try FileManager.default.subpathsOfDirectory(
                atPath: "\(repository.folder.path)/mirrors"
            )
            let known = files.filter { $0.hasSuffix("known_hosts") }
            #expect(!known.isEmpty)
            for file in known {
                let text = try String(
                    contentsOfFile: "\(repository.folder.path)/mirrors/\(file)",
                    encoding: .utf8
                )
                #expect(text.contains("[127.0.0.1]:") && !text.contains("PRIVATE KEY"))
            }
        }
    }

    @Test func `a host that is unknown or has another key is refused by name and fingerprint`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        let mirror = try mirror(repository.folder)
        try await SSHServer.serving { server in
            try await server.makeKey("other")
            let url = try server.url(repository.path)
            func refusal(_ secret: String) async throws -> Failure {
                let credential = try GitCredential(SecretText(secret), for: url)
                return try await failure {
                    try await mirror.fetch(url: url, ref: main, credential: credential, deadline: .generous)
                }
            }
            let key = try server.read("client")
            let other = try server.read("other.pub")
            let prints = [
                try await server.fingerprint("host"), try await server.fingerprint("second"),
            ]
            let unknown = try await refusal(key + "example.org " + other)
            #expect(unknown.reason == "host_key_unknown" && unknown.code == .unauthenticated, "\(unknown)")
            let changed = try await refusal(key + "[127.0.0.1]:\(server.port) " + other)
            #expect(changed.reason == "host_key_changed" && changed.code == .unauthenticated, "\(changed)")
            for found in [unknown, changed] {
                #expect(found.message.contains("127.0.0.1"), "\(found)")
                #expect(prints.contains { found.message.contains($0) }, "\(found)")
            }
            // As ssh does, the name is looked for without the port, too.
            let plain = try await refusal(key + "127.0.0.1 " + other)
            #expect(plain.reason == "host_key_changed", "\(plain)")
        }
    }

    @Test func `an SSH host that says nothing is given up at the deadline and the child is dead`()
        async throws
    {
        let listener = try LoopbackListener()
        let mirror = try mirror(try TestFolder())
        let url = try RemoteURL("ssh://git@127.0.0.1:\(listener.port)/x")
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
        let host = "AAAAC3NzaC1lZDI1NTE5AAAAIErQt2o1iQWX3NKH8PQSBwjYbzZqkWuxwTsMFK2B5LH0"
        let secret = SecretText(key + "example.org ssh-ed25519 \(host)\n")
        // Six seconds: the child must have started and connected by then, on a busy machine, too.
        async let asked = failure {
            try await mirror.fetch(
                url: url,
                ref: main,
                credential: GitCredential(secret, for: url),
                deadline: .after(.seconds(6))
            )
        }
        let connection = try await onOwnThread("accept") { _ in
            try listener.accept(until: .after(.seconds(6)))
        }
        #expect(try await asked.code == .timeout)
        let connected = try #require(connection)
        while let bytes = try connected.read(until: .after(.seconds(10))), !bytes.isEmpty {}
        #expect(try connected.read(until: .after(.zero))?.isEmpty == true)
    }

    @Test func `a wrong key and no key are refused`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        let mirror = try mirror(repository.folder)
        try await SSHServer.serving { server in
            try await server.makeKey("other")
            let url = try server.url(repository.path)
            let wrong = try await failure {
                try await mirror.remoteTip(
                    url: url,
                    ref: main,
                    credential: server.credential("other"),
                    deadline: .generous
                )
            }
            #expect(
                wrong.code == .unauthenticated && wrong.message.contains("refuses the SSH key"),
                "\(wrong)"
            )
            let none = try await failure {
                try await mirror.remoteTip(url: url, ref: main, deadline: .generous)
            }
            #expect(none.code == .unauthenticated && none.message.contains("secretRef"), "\(none)")
        }
    }
}
