import Outbound
import Support
import Testing

@Suite struct ServerSentEventTests {
    private func parse(_ bytes: [UInt8], cuts: [Int] = []) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        var events: [ServerSentEvent] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            events += try parser.push(bytes[start..<cut])
            start = cut
        }
        return events
    }

    @Test func `the examples of the standard`() throws {
        #expect(
            try parse(Array("data: YHOO\ndata: +2\ndata: 10\n\n".utf8)) == [
                ServerSentEvent(data: "YHOO\n+2\n10")
            ]
        )
        let ids =
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
        #expect(
            try parse(Array(ids.utf8)) == [
                ServerSentEvent(data: "first event", id: "1"), ServerSentEvent(data: "second event"),
                ServerSentEvent(data: " third event"),
            ]
        )
        #expect(
            try parse(Array("data\n\ndata\ndata\n\ndata:".utf8))
                == [ServerSentEvent(data: ""), ServerSentEvent(data: "\n")]
        )
        #expect(
            try parse(Array("data:test\n\ndata: test\n\n".utf8)) == [
                ServerSentEvent(data: "test"), ServerSentEvent(data: "test"),
            ]
        )
    }

    @Test func `types, ids and odd fields`() throws {
        let text =
            "event: add\ndata: 1\n\ndata: 2\n\nevent: lost\n\n"
            + "id: a\0b\ndata: 3\nDATA: x\nother: y\n data: z\n\n"
        #expect(
            try parse(Array(text.utf8)) == [
                ServerSentEvent(event: "add", data: "1"), ServerSentEvent(data: "2"),
                ServerSentEvent(data: "3"),
            ]
        )
        var parser = ServerSentEventParser(lastEventID: "7")
        let events = try parser.push(Array("data: 1\n\nid: 8\nretry: 1500\n\nretry: 1x\nretry:\n\n".utf8))
        #expect(events == [ServerSentEvent(data: "1", id: "7")])
        #expect(parser.lastEventID == "8" && parser.retry == .milliseconds(1500))
        _ = try parser.push(Array("id: 9\nretry: 99999999999999999999999\n".utf8))
        #expect(parser.lastEventID == "8" && parser.retry == .milliseconds(1500))
    }

    @Test func `where the bytes are cut makes no difference`() throws {
        let text =
            "\u{FEFF}data: é€😀\r\nid: 1\r\n\r\n:c\r"
            + "\revent: x\rdata: a\r\ndata:\ndata: b\n\r\nid\n\ndata: 2\r\n\n"
        let bytes = Array(text.utf8)
        let expected = [
            ServerSentEvent(data: "é€😀", id: "1"), ServerSentEvent(event: "x", data: "a\n\nb", id: "1"),
            ServerSentEvent(data: "2"),
        ]
        #expect(try parse(bytes) == expected)
        #expect(try parse(bytes, cuts: Array(0...bytes.count)) == expected)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                #expect(try parse(bytes, cuts: [first, second]) == expected)
            }
        }
    }

    @Test func `random streams read the same at once and in pieces`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let words = [
            "data", ":", " ", "\r", "\n", "\n", "\r\n", "id", "event", "retry", "5", "é", "\0", "\u{FEFF}",
        ]
        for _ in 0..<500 {
            let text = (0..<40).compactMap { _ in words.randomElement(using: &generator) }.joined()
            let bytes = Array(text.utf8)
            let cuts = (0..<6).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            #expect(try parse(bytes, cuts: cuts) == parse(bytes), "seed \(seed)")
        }
    }

    @Test func `an event without end is refused in time`() {
        for piece in ["data: xxxxxxxxx\n", "xxxxxxxxxx"] {
            var parser = ServerSentEventParser(maximumEventBytes: 100)
            let error = #expect(throws: OutboundError.self) {
                for _ in 0..<20 { _ = try parser.push(Array(piece.utf8)) }
            }
            #expect(error?.code == .tooLong)
        }
    }
}

@Suite struct LineSplitterTests {
    @Test func `lines come out whole wherever the bytes are cut`() throws {
        let bytes = Array("one\ntwo\r\n\n\rthrée\nrest".utf8)
        let expected = ["one", "two", "", "\rthrée", "rest"]
        for cut in 0...bytes.count {
            var splitter = LineSplitter()
            var lines = try splitter.push(bytes[..<cut])
            lines += try splitter.push(bytes[cut...])
            if let rest = splitter.finish() { lines.append(rest) }
            #expect(lines.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
    }

    @Test func `no rest after a last line end, and none twice`() throws {
        var splitter = LineSplitter()
        #expect(try splitter.push(Array("a\nb".utf8)).count == 1)
        let rests = [splitter.finish(), splitter.finish()]
        #expect(rests == [Array("b".utf8), nil])
    }

    @Test func `a line that is too long is refused, the longest allowed is not`() throws {
        var splitter = LineSplitter(maximumLineBytes: 4)
        #expect(try splitter.push(Array("1234\n1234".utf8)).count == 1)
        let error = #expect(throws: OutboundError.self) { try splitter.push([53]) }
        #expect(error?.code == .tooLong)
    }
}
