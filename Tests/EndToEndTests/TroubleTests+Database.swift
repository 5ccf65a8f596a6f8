import Glibc
import Support
import Testing
import Threads

/// A database that stops, dies, or lets nobody in.
extension TroubleTests {
    @Test func `a database that stops, dies or is full holds a run up and loses nothing`() async throws {
        try await System.running { system in
            try await system.waitForAttempt()
            try await system.whileFrozen("postgres") {
                // The connections that are open go on; only new ones wait for the server.
                try await system.must("get", "workflow/fix-division")
                // Longer than a connection may take, so that whoever needs a new one is refused.
                try await ContinuousClock().sleep(for: .seconds(10))
            }
            #expect(await answers(system), "the control plane does not answer after a pause of the database")
            for process in try await system.recorded("postgres") { Glibc.kill(process, SIGKILL) }
            #expect(await answers(system), "the database was not started again")
            try await system.waitForGate()
            try await fill(system)
            try await system.finishRun()
            try await system.expectRunDoneOnce()
        }
    }

    @Test func `a database that is down for a minute holds a run up, says so and loses nothing`() async throws
    {
        try await System.running { system in
            try await system.waitForAttempt()
            let up = try #require(system.upProcess)
            // Or it would start the database again at once.
            Glibc.kill(up, SIGSTOP)
            defer { Glibc.kill(up, SIGCONT) }
            for process in try await system.recorded("postgres") { Glibc.kill(process, SIGKILL) }
            try await ContinuousClock().sleep(for: .seconds(60))
            let refused = try await system.agirunner("get", "workflows")
            #expect(refused.code == 1 && refused.error.contains("try again"), "\(refused.error)")
            Glibc.kill(up, SIGCONT)
            #expect(await answers(system), "the database was not started again")
            try await system.finishRun()
            try await system.expectRunDoneOnce()
        }
    }

    @Test func `what is written while readers have to wait is done, and said to be`() async throws {
        try await System.running { system in
            let known = try await ask(system, "POST", "", skill("known"))
            #expect(known == "201")
            let holder = try await holdHorizon(system)
            // Each waits for readers in vain; an error would have it sent again, and refused then.
            #expect(try await ask(system, "POST", "", skill("new")) == "201")
            #expect(try await ask(system, "DELETE", "/known", "{}") == "200")
            try await system.end(holder)
        }
    }

    /// The status that the control door answers a request about skills with.
    private func ask(
        _ system: System,
        _ method: String,
        _ path: String,
        _ body: String
    ) async throws -> String {
        let url = "http://agirunner/apis/agirunner.dev/v1/namespaces/default/skills\(path)"
        return try await system.shell(
            """
            curl -s -o answer -w '%{http_code}' --unix-socket '\(system.state)/run/control.sock' \
                -X \(method) -H 'Content-Type: application/json' -d '\(body)' '\(url)'
            """
        ).output
    }

    private func skill(_ name: String) -> String {
        """
        {"apiVersion": "agirunner.dev/v1", "kind": "Skill", "metadata": {"name": "\(name)"},
        "spec": {"displayName": "\(name)", "summary": "How to.", "body": "Like this."}}
        """
    }

    /// Begins a transaction that announces positions and does not end, so that no later one becomes final.
    private func holdHorizon(_ system: System) async throws -> ProcessIdentity {
        let key = "hashtextextended('agirunner.positions:' || current_schema(), 0)"
        let script = """
            exec psql -qAt -h '\(system.state)/run/postgres' -U agirunner agirunner -c 'BEGIN' \
                -c "SELECT pg_advisory_xact_lock_shared(\(key))" -c '\\! touch held' -c 'SELECT pg_sleep(300)'
            """
        let holder = try system.background("/bin/bash", ["-c", script], log: "holder.log")
        let isHeld = await eventually(within: .seconds(20)) { system.folder.read("held") != nil }
        #expect(isHeld, "\(system.folder.read("holder.log") ?? "")")
        return holder
    }

    /// Takes every connection, and those of the control plane as well; then gives all of them back.
    private func fill(_ system: System) async throws {
        let crowd = try await system.serve(crowd)
        let isRefused = try await eventually(within: .seconds(30)) {
            let answer = try await system.agirunner("get", "workflow/fix-division")
            if answer.code == 0 { return false }
            return answer.error.contains("something the request needs cannot be reached now; try again")
        }
        #expect(isRefused, "nobody noticed that the database is full")
        let ready = try await system.shell(
            "curl -s --unix-socket '\(system.state)/run/control.sock' http://agirunner/readyz || true"
        )
        #expect(ready.output.contains("[-]database does not answer"), "\(ready.output)")
        let log = system.folder.read("state/logs/agirunnerd.log") ?? ""
        #expect(log.contains("sorry, too many clients already"), "the log does not say why")
        try await system.end(crowd.process)
        #expect(await answers(system), "the control plane does not answer after the crowd went")
    }

    private func answers(_ system: System) async -> Bool {
        await eventually(within: .seconds(40)) {
            // An answer that does not come in time is none; the next one may.
            (try? await system.agirunner("get", "workflow/fix-division", within: .seconds(10)))?.code == 0
        }
    }

    /// Speaks just enough of the protocol of Postgres to hold connections, as many as there are, and drives
    /// out the control plane.
    private var crowd: String {
        """
        import signal, socket, struct, time

        def connect():
            link = socket.socket(socket.AF_UNIX)
            link.connect("state/run/postgres/.s.PGSQL.5432")
            body = struct.pack("!i", 196608) + b"user\\0agirunner\\0database\\0agirunner\\0\\0"
            link.sendall(struct.pack("!i", len(body) + 4) + body)
            return link if answer(link) else None

        def answer(link):
            # Whether the server came to ReadyForQuery and not to an error.
            while True:
                head = receive(link, 5)
                if not head: return False
                receive(link, struct.unpack("!i", head[1:])[0] - 4)
                if head[:1] in b"ZE": return head[:1] == b"Z"

        def receive(link, count):
            taken = b""
            while len(taken) < count:
                more = link.recv(count - len(taken))
                if not more: return b""
                taken += more
            return taken

        def drive_out(link):
            text = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            text += b"WHERE application_name = 'agirunnerd'\\0"
            link.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
            return answer(link)

        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        links = [connect()]
        told = False
        while True:
            link = connect()
            if link:
                links.append(link)
                continue
            drive_out(links[0])
            if not told: tell(len(links))
            told = True
            time.sleep(0.02)
        """
    }
}
