/// A verb of the command line from its start to its end, beside curl on the same URL.
func commandLineFigure(_ stack: Stack) async throws -> Figure {
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    var verb: [Duration] = []
    var curl: [Duration] = []
    for _ in 0..<20 {
        verb.append(try await timed { try await stack.agirunner("get", "workflows") })
        curl.append(
            try await timed {
                try await output(
                    of: "/usr/bin/curl",
                    [
                        "-sf", "-H", "Accept: \(table)", "--unix-socket", stack.controlSocket,
                        "http://agirunner\(namespacePath)/workflows",
                    ]
                )
            }
        )
    }
    return .latency(
        "`agirunner get workflows`, beside `curl` on the same URL",
        try Samples(verb),
        floor: try Samples(curl),
        p50: 30
    )
}
