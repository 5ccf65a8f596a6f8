import Foundation
import Outbound
import Testing
import Threads

/// What the server says it was sent.
private struct Echo: Decodable {
    let method: String
    let headers: [[String]]
    let length: Int
    let body: String
    let path: String

    subscript(_ name: String) -> [String] { headers.filter { $0[0].lowercased() == name }.map { $0[1] } }
}

private func echo(_ response: HTTPResponse) throws -> Echo {
    try JSONDecoder().decode(Echo.self, from: Data(response.body))
}

@Suite struct HTTPClientTests {
    init() throws { try HTTPClient.initialise() }

    @Test(arguments: [false, true])
    func `a request arrives as it was written`(onSocket: Bool) async throws {
        try await Server.run(onSocket: onSocket) { server, client async throws in
            var request = server.request("/echo?a=b%20c", method: "POST", body: Array("hello\0there".utf8))
            request.headers = [
                ("X-One", "1"), ("X-Empty", ""), ("X-Two", "a"), ("X-Two", "b"), ("Content-Type", "text/x"),
            ]
            let response = try await client.send(request)
            let said = try echo(response)
            #expect(response.status == 200)
            #expect(said.method == "POST" && said.path == "/echo?a=b%20c" && said.body == "hello\0there")
            #expect(said["x-one"] == ["1"] && said["x-empty"] == [""] && said["x-two"] == ["a", "b"])
            #expect(said["content-type"] == ["text/x"] && said["expect"].isEmpty)
            #expect(response.headers.filter { $0.0 == "x-twice" }.map(\.1) == ["a", "b"])
            #expect(response.head["x-odd"] == "é:" || response.head["x-odd"]?.hasSuffix(":") == true)
        }
    }

    @Test func `every method has its body or none`() async throws {
        try await Server.run { server, client async throws in
            for method in ["GET", "DELETE", "PUT", "POST"] {
                let said = try echo(try await client.send(server.request("/echo", method: method)))
                #expect(said.method == method && said.length == 0 && said["content-type"].isEmpty)
                #expect(said["content-length"] == (["PUT", "POST"].contains(method) ? ["0"] : []))
            }
            let large = [UInt8](repeating: 7, count: 3_000_000)
            #expect(
                try echo(try await client.send(server.request("/echo", method: "PUT", body: large))).length
                    == 3_000_000
            )
            #expect(
                try echo(try await client.send(server.request("/echo", method: "DELETE", body: [1, 2])))
                    .length == 2
            )
            let head = try await client.send(server.request("/echo", method: "HEAD"))
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test func `a status is an answer and a redirect is not followed`() async throws {
        try await Server.run { server, client async throws in
            for code in [301, 404, 429, 503] {
                let response = try await client.send(server.request("/status/\(code)"))
                #expect(response.status == code && response.body == Array("no".utf8))
                #expect(response.head["retry-after"] == "7")
            }
            #expect(try await client.send(server.request("/early")).body == Array("late".utf8))
        }
    }

    @Test func `a large body comes whole or is refused`() async throws {
        try await Server.run { server, client async throws in
            let count = 1_200_017
            let response = try await client.send(server.request("/large/\(count)"), maximumBodyBytes: count)
            #expect(response.body.count == count)
            #expect(response.body.enumerated().allSatisfy { $1 == UInt8($0 % 251) })
            let error = await #expect(throws: OutboundError.self) {
                try await client.send(server.request("/large/\(count)"), maximumBodyBytes: count - 1)
            }
            #expect(error?.code == .tooLong)
            let endless = await #expect(throws: OutboundError.self) {
                try await client.send(server.request("/endless/e"), maximumBodyBytes: 100_000)
            }
            #expect(endless?.code == .tooLong)
            #expect(try await server.saw("ended", of: "e", client))
        }
    }

    @Test func `a broken response is no response`() async throws {
        try await Server.run { server, client async throws in
            for path in ["/broken", "/nothing"] {
                let error = await #expect(throws: OutboundError.self) {
                    try await client.send(server.request(path))
                }
                #expect(error?.code == .connectionLost && error?.isTransient == true && error?.curlCode != 0)
            }
            let long = await #expect(throws: OutboundError.self) {
                try await client.send(server.request("/headers/400"))
            }
            #expect(long?.code == .tooLong)
            #expect(try await client.send(server.request("/headers/50")).headers.count >= 50)
        }
    }

    @Test func `nobody there, nobody of that name, and no such scheme`() async throws {
        let client = try HTTPClient()
        let cases: [(HTTPRequest, OutboundError.Code)] = [
            (HTTPRequest(url: "http://127.0.0.1:1/"), .cannotConnect),
            (HTTPRequest(url: "http://nobody.invalid/"), .cannotResolve),
            (HTTPRequest(url: "http://localhost/", unixSocketPath: "/nowhere/socket"), .cannotConnect),
            (HTTPRequest(url: "file:///etc/passwd"), .invalidRequest),
            (HTTPRequest(url: "http://"), .invalidRequest),
            (HTTPRequest(url: "http://a\0b/"), .invalidRequest),
            (
                HTTPRequest(url: "http://a/", unixSocketPath: "/" + String(repeating: "x", count: 107)),
                .invalidRequest
            ),
            (HTTPRequest(method: "GET /x", url: "http://127.0.0.1:1/"), .invalidRequest),
            (HTTPRequest(url: "http://127.0.0.1:1/", headers: [("A", "b\r\nC: d")]), .invalidRequest),
            (HTTPRequest(url: "http://127.0.0.1:1/", headers: [("A:", "b")]), .invalidRequest),
            (HTTPRequest(url: "http://127.0.0.1:1/", totalTimeout: nil), .invalidRequest),
            (HTTPRequest(url: "https://127.0.0.1:1/", caBundle: "/nowhere"), .cannotConnect),
        ]
        for (request, code) in cases {
            let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(error?.code == code, "\(request): \(String(describing: error))")
            if code == .cannotConnect, let socket = request.unixSocketPath {
                #expect(error?.message == "No connection to the socket \(socket)")
            }
        }
    }

    @Test func `a certificate is checked against the bundle`() async throws {
        try await Server.run(withTLS: true) { server, client async throws in
            var request = server.request("/echo")
            let unknown = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(unknown?.code == .tls)
            request.caBundle = server.certificate
            #expect(try await client.send(request).status == 200)
            request.url = request.url.replacingOccurrences(of: "127.0.0.1", with: "localhost")
            let otherName = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(otherName?.code == .tls)
        }
    }

    @Test func `plain HTTP where TLS is expected is a TLS failure`() async throws {
        try await Server.run { server, client async throws in
            var request = server.request("/echo")
            request.url = request.url.replacingOccurrences(of: "http:", with: "https:")
            let error = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(error?.code == .tls)
        }
    }

    @Test func `time-outs: total, and too slow`() async throws {
        try await Server.run { server, client async throws in
            var request = server.request("/silent/total")
            request.totalTimeout = .milliseconds(100)
            let total = await #expect(throws: OutboundError.self) { try await client.send(request) }
            #expect(total?.code == .timedOut)
            #expect(try await server.saw("ended", of: "total", client))
            request = server.request("/stream/slow/3/wait")
            request.totalTimeout = nil
            request.lowSpeed = HTTPRequest.LowSpeed(bytesPerSecond: 1, seconds: 1)
            let stream = try await client.stream(request)
            var received: [UInt8] = []
            let slow = await #expect(throws: OutboundError.self) {
                for try await chunk in stream { received += chunk }
            }
            #expect(slow?.code == .timedOut)
            #expect(received.count == 3 * "data: slow 0\n\n".utf8.count)
        }
    }

    @Test func `too many transfers are refused and forgotten`() async throws {
        try await Server.run { server, _ async throws in
            let client = try HTTPClient(maximumTransfers: 2)
            let first = try await client.stream(server.request("/stream/a/1/wait"))
            let second = try await client.stream(server.request("/stream/b/1/wait"))
            let error = await #expect(throws: OutboundError.self) {
                try await client.send(server.request("/echo"))
            }
            #expect(error?.code == .overloaded)
            for try await _ in first { break }
            let other = try HTTPClient()
            #expect(try await server.saw("ended", of: "a", other))
            #expect(try await client.send(server.request("/echo")).status == 200)
            #expect(second.head.status == 200)
        }
    }

    @Test func `a request prints without what may be secret`() {
        let request = HTTPRequest(
            url: "https://me:topsecret@example.com/a?key=topsecret",
            headers: [("Authorization", "Bearer topsecret")]
        )
        #expect("\(request)" == "GET https://example.com/a")
        var dumped = ""
        dump(request, to: &dumped)
        #expect(!dumped.contains("topsecret"))
    }
}
