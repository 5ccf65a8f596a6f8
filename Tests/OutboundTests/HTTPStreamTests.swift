import Outbound
import Testing
import Threads

@Suite struct HTTPStreamTests {
    init() throws { try HTTPClient.initialise() }

    @Test(arguments: [false, true])
    func `the head comes before the body, the body in pieces`(onSocket: Bool) async throws {
        try await Server.run(onSocket: onSocket) { server, client async throws in
            let stream = try await client.stream(server.request("/stream/s/5/end"))
            #expect(stream.head.status == 200 && stream.head["content-type"] == "text/event-stream")
            var parser = ServerSentEventParser()
            var events: [String] = []
            for try await chunk in stream { events += try parser.push(chunk).map(\.data) }
            #expect(events == (0..<5).map { "s \($0)" })
        }
    }

    @Test func `fifty streams at once each get their own, and leaving closes them`() async throws {
        try await Server.run { server, client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let stream = try await client.stream(server.request("/stream/n\(number)/20/wait"))
                        var parser = ServerSentEventParser()
                        var events: [String] = []
                        for try await chunk in stream {
                            events += try parser.push(chunk).map(\.data)
                            if events.count == 20 { break }
                        }
                        #expect(events == (0..<20).map { "n\(number) \($0)" })
                    }
                }
                try await group.waitForAll()
            }
            for number in 0..<50 { #expect(try await server.saw("ended", of: "n\(number)", client)) }
        }
    }

    @Test func `a slow reader stops the sender and loses nothing`() async throws {
        try await Server.run { server, client async throws in
            let stream = try await client.stream(server.request("/endless/slow"))
            var reader = stream.makeAsyncIterator()
            var received = try await reader.next()?.count ?? 0
            // The sender fills the buffers between us and then stands still: two looks at it agree.
            var (last, now) = (-1, 0)
            let deadline = Deadline.after(.seconds(20))
            while last != now || now == 0, !deadline.isPast {
                last = now
                for _ in 0..<20 {
                    let seen = try await client.send(server.request("/seen/slow"))
                    now = Int(String(decoding: seen.body, as: UTF8.self)) ?? 0
                }
            }
            #expect(last == now && now < 64 << 20, "sent \(now) bytes to somebody who read \(received)")
            while received < now + (1 << 20), let chunk = try await reader.next() { received += chunk.count }
            #expect(received >= now + (1 << 20))
        }
    }

    @Test(arguments: [false, true])
    func `a burst that stopped the sender arrives whole, with nothing after it`(onSocket: Bool) async throws {
        try await Server.run(onSocket: onSocket) { server, client async throws in
            let bursts = 60
            let stream = try await client.stream(server.request("/bursts/b/\(bursts)"))
            var reader = stream.makeAsyncIterator()
            var generator = SystemRandomNumberGenerator()
            for number in 0..<bursts {
                // Nothing comes after a burst that would push on what got stuck; the time-out of the request
                // ends the wait for it.
                var burst: [UInt8] = []
                while burst.last != UInt8(ascii: "\n"), let chunk = try await reader.next() {
                    burst += chunk
                    if Int.random(in: 0..<8, using: &generator) == 0 {
                        try await ContinuousClock().sleep(for: .microseconds(Int.random(in: 1...3000)))
                    }
                }
                let length = String(decoding: burst.prefix(8), as: UTF8.self)
                #expect(Int(length) == burst.count)
                _ = try await client.send(server.request("/go/b/\(number)"))
            }
            #expect(try await reader.next() == nil)
        }
    }

    @Test func `cancelling closes the connection, before the head and after it`() async throws {
        try await Server.run { server, client async throws in
            let waiting = Task { try await client.send(server.request("/silent/head")) }
            #expect(try await server.saw("arrived", of: "head", client))
            waiting.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiting.value }
            #expect(try await server.saw("ended", of: "head", client))

            let (chunks, continuation) = AsyncStream.makeStream(of: Int.self)
            let reading = Task {
                for try await chunk in try await client.stream(server.request("/stream/body/1/wait")) {
                    continuation.yield(chunk.count)
                }
            }
            for await _ in chunks { break }
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
            #expect(try await server.saw("ended", of: "body", client))
        }
    }

    @Test func `a cancelled task sends nothing`() async throws {
        let client = try HTTPClient()
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await client.send(HTTPRequest(url: "http://127.0.0.1:1/"))
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func `a stream that nobody reads is closed when it goes`() async throws {
        try await Server.run { server, client async throws in
            do { _ = try await client.stream(server.request("/stream/unread/1/wait")) }
            #expect(try await server.saw("ended", of: "unread", client))
        }
    }

    @Test func `a body is read once`() async throws {
        try await Server.run { server, client async throws in
            let stream = try await client.stream(server.request("/stream/twice/1/end"))
            var first = stream.makeAsyncIterator()
            var second = stream.makeAsyncIterator()
            let error = await #expect(throws: OutboundError.self) { try await second.next() }
            #expect(error?.code == .closed)
            #expect(try await first.next() != nil)
            #expect(try await first.next() == nil)
            #expect(try await first.next() == nil)
        }
    }

    @Test func `a stream outlives the last mention of its client`() async throws {
        try await Server.run { server, _ async throws in
            let stream = try await HTTPClient().stream(server.request("/large/1000000"))
            var count = 0
            for try await chunk in stream { count += chunk.count }
            #expect(count == 1_000_000)
        }
    }

    @Test func `what arrived before a failure can be read`() async throws {
        try await Server.run { server, client async throws in
            var received: [UInt8] = []
            let stream = try await client.stream(server.request("/broken"))
            let error = await #expect(throws: OutboundError.self) {
                for try await chunk in stream { received += chunk }
            }
            #expect(error?.code == .connectionLost)
            #expect(received == Array("half".utf8))
        }
    }
}
