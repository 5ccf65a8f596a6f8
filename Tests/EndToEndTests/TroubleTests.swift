import Support
import Testing

/// What goes wrong around a running installation is said in the right place, loses nothing, and is over
/// without a restart; `docs/failure-modes.md` lists it all.
@Suite struct TroubleTests {
    @Test func `a taken port costs the public door alone, and who holds a taken folder is said`() async throws
    {
        try await System.with { system in
            let listener = try await system.serve(portHolder)
            try await system.start(port: listener.port)
            try await system.waitForGate()
            let log = system.folder.read("state/logs/agirunnerd.log") ?? ""
            #expect(log.contains("busy(127.0.0.1:\(listener.port)"), "\(log)")
            try await startSecond(system)
            try await system.end(listener.process)
            let isOpen = try await eventually(within: .seconds(30)) {
                let url = "http://127.0.0.1:\(listener.port)/readyz"
                return try await system.shell("curl -s --noproxy '*' \(url) || true").output.contains("ready")
            }
            #expect(isOpen, "the public door did not open")
            try await system.stop()
        }
    }

    @Test func `a folder that is no repository and no example is refused with what to give`() async throws {
        try await System.with { system in
            try system.folder.write("hello", to: "notes/hello.txt")
            let up = try await system.agirunner("up", "--port", "0", "\(system.folder.path)/notes")
            #expect(up.code == 1)
            #expect(up.error.contains("notes is no git repository and has no config/"))
            #expect(up.error.contains("give a git repository, or a folder with config/ and workspaces/"))
            let none = try await system.agirunner("up", "--port", "0", "\(system.folder.path)/nowhere")
            #expect(none.code == 1)
            #expect(none.error.contains("There is no folder \(system.folder.path)/nowhere"))
        }
    }

    private func startSecond(_ system: System) async throws {
        let second = try await system.agirunner("up", "--port", "0")
        #expect(second.code == 1)
        let holder = "Another `agirunner up` (process \(try #require(system.upProcess)))"
        #expect(second.error.contains("\(holder) holds \(system.state); stop it or use another --state"))
        try await system.must("get", "workflow/fix-division")
    }

    private var portHolder: String {
        """
        import signal, socket
        signal.signal(signal.SIGTERM, lambda *_: exit(0))
        listener = socket.create_server(("127.0.0.1", 0))
        tell(listener.getsockname()[1])
        signal.pause()
        """
    }
}
