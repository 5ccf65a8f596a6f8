internal import Threads

extension ServerProcess {
    /// Runs the body beside a server of the files of a folder.
    package static func files<Value: Sendable>(
        of folder: String,
        log: String,
        _ body: @Sendable (_ url: String) async throws -> Value
    ) async throws -> Value {
        try await serving(
            log: log,
            { port in
                [
                    Command(
                        executable: "/usr/bin/python3",
                        arguments: ["-m", "http.server", "--bind", "127.0.0.1", "\(port)"],
                        environment: ["PATH": "/usr/bin:/bin"],
                        directory: folder
                    )
                ]
            },
            { port in try await body("http://127.0.0.1:\(port)") }
        )
    }
}
