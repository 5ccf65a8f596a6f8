import CommandLine
import Outbound
import UnixSignals

/// Requests over the control socket.
func transport(over http: HTTPClient, socket: String) -> ControlClient.Transport {
    ControlClient.Transport(
        send: { method, path, headers, body in
            let request = HTTPRequest(
                method: method,
                url: "http://agirunner\(path)",
                unixSocketPath: socket,
                headers: headers,
                body: body,
                totalTimeout: .seconds(60)
            )
            let response = try await http.send(request, maximumBodyBytes: 64 << 20)
            return ControlClient.Answer(
                status: response.status,
                body: response.body,
                warnings: response.headers.filter { $0.0 == "warning" }.map(\.1)
            )
        },
        lines: { path, headers, each in
            let request = HTTPRequest(
                method: "GET",
                url: "http://agirunner\(path)",
                unixSocketPath: socket,
                headers: headers,
                totalTimeout: .seconds(86_400)
            )
            let stream = try await http.stream(request)
            guard stream.head.status < 400 else {
                var body: [UInt8] = []
                for try await chunk in stream where body.count < 1 << 20 { body += chunk }
                throw CommandFailure(ControlClient.Answer(status: stream.head.status, body: body))
            }
            var splitter = LineSplitter(maximumLineBytes: 8 << 20)
            for try await chunk in stream {
                for line in try splitter.push(chunk) where !line.isEmpty {
                    guard try await each(line) else { return }
                }
            }
            if let last = splitter.finish(), !last.isEmpty { _ = try await each(last) }
        }
    )
}

/// One element for each Ctrl-C or SIGTERM from now on.
func stopSignals() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(8))
    // Lives as long as the process: the stream ends with it, and nothing waits for its end.
    Task {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { continuation.yield() }
    }
    return stream
}
