import Domain
import Logging
import Secrets
import Synchronization
import Telemetry
import Testing

/// What a handler wrote, piece by piece.
private final class Lines: Sendable {
    private let pieces = Mutex<[[UInt8]]>([])
    let redaction = LogRedaction()

    var text: String { String(decoding: pieces.withLock { Array($0.joined()) }, as: UTF8.self) }

    /// Each line as strict JSON; *throws* when one is not.
    func read() throws -> [Value] {
        try text.split(separator: "\n").map { try Value(json: String($0)) }
    }

    func logger(_ level: Logger.Level = .info, provider: Logger.MetadataProvider? = nil) -> Logger {
        var handler = JSONLinesHandler(
            program: "agirunnerd",
            label: "ignored",
            level: level,
            redaction: redaction,
            clock: { WallTime(milliseconds: 1_760_000_000_007) },
            write: { piece in self.pieces.withLock { $0.append(piece) } }
        )
        handler.metadataProvider = provider
        return Logger(label: "store") { _ in handler }
    }

    /// The metadata of the one line that was written.
    func metadata() throws -> Value {
        let lines = try read()
        try #require(lines.count == 1)
        return lines[0]["metadata"] ?? .null
    }
}

@Suite struct JSONLinesTests {
    private let lines = Lines()

    @Test func `an entry is one line of JSON with the message as it is and the rest as metadata`() throws {
        lines.logger().warning("The store is away", metadata: ["attempt": "3", "sqlstate": "08006"])
        #expect(
            lines.text == """
                {"time":"2025-10-09T08:53:20.007Z","level":"warning","program":"agirunnerd",\
                "label":"ignored","message":"The store is away",\
                "metadata":{"attempt":"3","sqlstate":"08006"}}

                """
        )
        #expect(try lines.read().count == 1)
    }

    @Test func `an entry without metadata has none`() throws {
        lines.logger().info("Ready")
        let line = try #require(try lines.read().first)
        #expect(line["metadata"] == nil && line["message"] == "Ready")
    }

    @Test(arguments: Logger.Level.allCases)
    func `a logger writes its own level and what is worse`(level: Logger.Level) throws {
        let logger = lines.logger(level)
        for other in Logger.Level.allCases { logger.log(level: other, "x") }
        let written = try lines.read().compactMap { $0["level"]?.string }
        #expect(written == Logger.Level.allCases.filter { $0 >= level }.map(\.rawValue))
    }

    @Test func `metadata of the entry wins over the provider's, and that over the logger's`() throws {
        var logger = lines.logger(
            provider: .init { ["a": "provider", "b": "provider"] }
        )
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("x", metadata: ["a": "entry"])
        #expect(try lines.metadata() == ["a": "entry", "b": "provider", "c": "logger"])
    }

    @Test func `nested metadata keeps its shape, whatever is empty`() throws {
        lines.logger().info(
            "x",
            metadata: [
                "list": ["one", ["two", [:]], []], "map": ["b": "2", "a": ["c": "3"]],
                "number": .stringConvertible(7),
            ]
        )
        #expect(
            try lines.metadata() == [
                "list": ["one", ["two", [:]], []], "map": ["b": "2", "a": ["c": "3"]], "number": "7",
            ]
        )
    }

    @Test func `nothing in a message, a key or a value can break its line`() throws {
        let hostile = "\r\n\n\"}\\ \u{0}\u{1}\u{1B}[31m\u{7F}\u{2028}{\"level\":\"error\"}\u{85}é👩‍🚀"
        lines.logger().info("\(hostile)", metadata: ["\(hostile)": "\(hostile)", "l": ["\(hostile)"]])
        let line = try #require(try lines.read().first)
        #expect(lines.text.split(separator: "\n").count == 1)
        #expect(line["message"] == .string(hostile) && line["level"] == "info")
        #expect(line["metadata"] == [hostile: .string(hostile), "l": [.string(hostile)]])
    }

    @Test func `a registered secret is in no part of a line, in none of its forms`() throws {
        let secret = "correct horse+battery/staple"
        lines.redaction.register(SecretText(secret))
        let forms = [
            secret, base64(Array(secret.utf8)), base64URL(Array("user:\(secret)".utf8)),
            percentEncoded(Array(secret.utf8)),
        ]
        for form in forms {
            lines.logger().info(
                "it is \(form)!",
                metadata: ["one": "<\(form)>", "list": ["\(form)"], "map": ["deep": "\(form)"]]
            )
        }
        for form in forms { #expect(!lines.text.contains(form), "\(form) leaks") }
        #expect(try lines.read().first?["metadata"]?["one"] == "<•••>")
        #expect(try lines.read().first?["message"] == "it is •••!")
    }

    @Test func `a secret is known to loggers that were made before it`() throws {
        let logger = lines.logger()
        lines.redaction.register(SecretText("a late secret"))
        logger.info("x", metadata: ["value": "a late secret"])
        #expect(try lines.metadata() == ["value": "•••"])
    }

    @Test func `what looks like a credential is blotted out although nobody registered it`() throws {
        let token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
        lines.logger().info("x", metadata: ["url": "https://\(token)@example.org"])
        #expect(try lines.metadata() == ["url": "•••"])
    }

    @Test func `an error is told, without the secrets in it`() throws {
        lines.redaction.register(SecretText("hunter2hunter2"))
        lines.logger().error("x", error: Failure(.unavailable, "no entry with hunter2hunter2"))
        #expect(try lines.metadata() == ["error": "no entry with •••"])
    }

    @Test func `a value that would fill a disk is cut, after its secrets are gone`() throws {
        let secret = String(repeating: "s", count: 5000) + String(repeating: "t", count: 5000)
        lines.redaction.register(SecretText(secret))
        let long = String(repeating: "x", count: 20_000)
        lines.logger().info("x", metadata: ["long": "\(long)", "secret": "\(secret)"])
        let metadata = try lines.metadata()
        #expect(metadata["long"]?.string == String(repeating: "x", count: 8192) + "…")
        #expect(metadata["secret"] == "•••")
    }

    @Test func `a long value is cut by its bytes, and after a whole character`() throws {
        // Three bytes each: 2730 of them and two bytes more are 8192.
        let long = String(repeating: "€", count: 2731)
        lines.logger().info("x", metadata: ["long": "\(long)"])
        #expect(try lines.metadata() == ["long": .string(String(repeating: "€", count: 2730) + "…")])
    }

    @Test func `lines of many writers at once stay whole`() async throws {
        let logger = lines.logger()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<20 {
                group.addTask {
                    for number in 0..<50 { logger.info("x", metadata: ["id": "\(writer)/\(number)"]) }
                }
            }
        }
        let ids = try lines.read().compactMap { $0.at("metadata", "id")?.string }
        let expected = (0..<20).flatMap { writer in (0..<50).map { "\(writer)/\($0)" } }
        #expect(ids.sorted() == expected.sorted())
    }
}
