import Support
import Testing

/// Repositories that go away, change under us, refuse, or say nothing.
extension TroubleTests {
    @Test func `a repository that is away, empty, without its branch or rewritten loses nothing`()
        async throws
    {
        try await System.running { system in
            try await system.waitForGate()
            let before = try await system.inForce()
            let place = system.configuration
            let trouble = [
                Trouble(
                    "mv '\(place)' '\(place).away'",
                    says: "RepositoryMissing: There is nothing at \(place): make the repository",
                    cure: "mv '\(place).away' '\(place)'"
                ),
                Trouble(
                    "mv '\(place)' '\(place).away' && git init -q -b main '\(place)'",
                    says: "RepositoryEmpty: \(place) is empty: commit something to branch 'main' first",
                    cure: "rm -rf '\(place)' && mv '\(place).away' '\(place)'"
                ),
                Trouble(
                    "git -C '\(place)' branch -m main other",
                    says: "ReferenceNotFound: branch 'main' does not exist in \(place)",
                    cure: "git -C '\(place)' branch -m other main"
                ),
            ]
            for trouble in trouble {
                #expect(try await system.shell(trouble.act).code == 0)
                try await system.must("reconcile", "gitsource/main")
                try await system.waitForSource(isReady: false)
                let condition = try await system.condition(of: "main")
                #expect(condition.contains(trouble.message), "\(condition)")
                #expect(condition.contains("what was applied before stays"), "\(condition)")
                #expect(try await system.inForce() == before)
                #expect(try await system.shell(trouble.cure).code == 0)
                // By itself: the watch or the next try sees that it is back.
                try await system.waitForSource(isReady: true)
                #expect(try await system.inForce() == before)
            }
            try await rewriteHistory(system, before)
            try await system.finishRun()
        }
    }

    /// Replaces the only commit by another one, as a force-push does, and waits until it is applied.
    private func rewriteHistory(_ system: System, _ before: String) async throws {
        let rewritten = try await system.shell(
            """
            cd '\(system.configuration)'
            sed -i 's/^  version: .*/  version: "2.0.0"/' playbooks/bug-fix/playbook.yaml
            git commit -q -a --amend -m 'Another beginning'
            git rev-parse HEAD
            """
        )
        let applied = "jsonpath=.status.appliedCommit=\(rewritten.output.dropLast())"
        try await system.must("wait", "gitsource/main", "--for", applied, "--for", "condition=Ready")
        let events = try await system.must("events", "--for", "gitsource/main")
        #expect(events.contains("source.history_rewritten"), "\(events)")
        let after = try await system.inForce()
        #expect(after == before.replacing("\"version\":\"1.0.0\"", with: "\"version\":\"2.0.0\""))
    }

    @Test func `a remote that refuses, keeps silent or is not there stops nothing else`() async throws {
        try await System.running { system in
            var remote = try await beginRemote(system)
            let before = try await system.inForce()
            #expect(before.contains("from-afar"))
            try await suffer("refuse", says: "Unauthenticated: http://127.0.0.1", before, system)
            try await suffer("silent", says: "Timeout: http://127.0.0.1", before, system) {
                // However many sources wait for silent remotes, nothing else does.
                try await addSources(5, at: remote, system)
                try await system.finishRun()
            }
            try await system.end(remote.process)
            try await system.waitForSource("remote", isReady: false)
            let condition = try await system.condition(of: "remote")
            #expect(condition.contains("Unavailable: http://127.0.0.1"), "\(condition)")
            #expect(condition.contains("the remote cannot be reached"), "\(condition)")
            try await system.must("get", "skill/from-afar")
            remote = try await system.serve(gitServer, port: remote.port)
            try await system.waitForSource("remote", isReady: true)
            try await system.must("get", "skill/from-afar")
            try await system.end(remote.process)
        }
    }

    /// Adds sources of a remote that keeps silent, which are looked at for ten seconds each.
    private func addSources(_ count: Int, at remote: System.Server, _ system: System) async throws {
        for number in 1...count {
            let applied = try await system.shell(
                """
                agirunner apply -f - <<'END'
                apiVersion: agirunner.dev/v1
                kind: GitSource
                metadata:
                  name: silent-\(number)
                spec:
                  url: http://127.0.0.1:\(remote.port)/silent
                  ref: {branch: main}
                  timeout: 10s
                  grants: {namespaces: ["*"], kinds: [Skill]}
                END
                """
            )
            #expect(applied.code == 0, "\(applied.error)")
        }
    }

    /// Puts the remote into a mode, expects a condition and that nothing changed, and puts it right again.
    private func suffer(
        _ mode: String,
        says message: String,
        _ before: String,
        _ system: System,
        meanwhile: () async throws -> Void = {}
    ) async throws {
        try system.folder.write(mode, to: "remote.mode")
        try await system.waitForSource("remote", isReady: false)
        let condition = try await system.condition(of: "remote")
        #expect(condition.contains(message), "\(condition)")
        #expect(condition.contains("what was applied before stays"), "\(condition)")
        #expect(try await system.inForce() == before)
        try await meanwhile()
        try system.folder.write("git", to: "remote.mode")
        try await system.waitForSource("remote", isReady: true)
    }

    /// Serves a repository with one skill over HTTP and waits until a second GitSource has applied it.
    private func beginRemote(_ system: System) async throws -> System.Server {
        try system.folder.write("git", to: "remote.mode")
        let remote = try await system.serve(gitServer)
        let made = try await system.shell(
            """
            git init -q -b main afar && cd afar
            skill='\(system.configuration)/skills/careful-review.yaml'
            sed 's/careful-review/from-afar/' "$skill" > skill.yaml
            git add . && git commit -q -m 'A skill from afar' && cd ..
            agirunner apply -f - <<'END'
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata:
              name: remote
            spec:
              url: http://127.0.0.1:\(remote.port)/afar
              ref: {branch: main}
              interval: 1s
              timeout: 3s
              grants: {namespaces: ["*"], kinds: [Skill]}
            END
            """
        )
        #expect(made.code == 0, "\(made.error)")
        try await system.waitForGate()
        try await system.waitForSource("remote", isReady: true)
        return remote
    }

    /// Git's smart protocol for one repository, refused or unanswered as the file `remote.mode` says.
    private var gitServer: String {
        """
        import gzip, signal, subprocess
        from http.server import BaseHTTPRequestHandler
        from socketserver import ThreadingTCPServer

        class Remote(BaseHTTPRequestHandler):
            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if status == 401: self.send_header("WWW-Authenticate", "Basic realm=afar")
                self.end_headers()
                self.wfile.write(body)

            def is_answered(self):
                mode = open("remote.mode").read()
                if mode == "refuse": self.answer(401, "text/plain", b"")
                if mode == "silent": self.connection.recv(1)
                return mode != "git"

            def do_GET(self):
                if self.is_answered(): return
                refs = upload_pack("--advertise-refs", "afar", given=b"")
                begin = b"001e# service=git-upload-pack\\n0000"
                self.answer(200, "application/x-git-upload-pack-advertisement", begin + refs)

            def do_POST(self):
                if self.is_answered(): return
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip": body = gzip.decompress(body)
                pack = upload_pack("afar", given=body)
                self.answer(200, "application/x-git-upload-pack-result", pack)

        def upload_pack(*arguments, given):
            command = ["git", "upload-pack", "--stateless-rpc", *arguments]
            return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout

        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        ThreadingTCPServer.allow_reuse_address = True
        ThreadingTCPServer.daemon_threads = True
        server = ThreadingTCPServer(("127.0.0.1", int(sys.argv[2])), Remote)
        tell(server.server_address[1])
        server.serve_forever()
        """
    }
}

/// Something that is done to the source, what is said about it, and how it is undone.
private struct Trouble: Sendable {
    let act: String
    let message: String
    let cure: String

    init(_ act: String, says message: String, cure: String) {
        self.act = act
        self.message = message
        self.cure = cure
    }
}
