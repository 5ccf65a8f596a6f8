import API
import Domain
import Outbound
import Testing
import Threads

private let tasks = "/apis/agirunner.dev/v1/namespaces/default/tasks"
private let limit: Duration = .seconds(20)

private func fast() -> DoorSettings {
    var settings = DoorSettings()
    settings.heartbeat = .milliseconds(100)
    return settings
}

@Suite struct WatchTests {
    @Test func `a watch from a version tells what happens after it, as seen through its selector`()
        async throws
    {
        let installation = Installation()
        installation.put("Task", "before", labels: ["a": "1"])
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(tasks)?watch=true&resourceVersion=101&labelSelector=a%3D1"
            try await client.lines(path) { (lines) async throws in
                #expect(lines.status == 200)
                installation.put("Task", "x", labels: ["a": "1"])
                installation.put("Task", "unseen", labels: ["a": "2"])
                installation.put("Role", "x", labels: ["a": "1"])
                installation.put("Task", "x", namespace: "other", labels: ["a": "1"])
                installation.put("Task", "x", labels: ["a": "1"], status: ["state": "ready"])
                installation.put("Task", "x", labels: ["a": "2"])
                installation.put("Task", "x", labels: ["a": "2"], status: ["state": "ready"])
                installation.put("Task", "x", labels: ["a": "1"])
                installation.remove(ObjectKey("Task", namespace: "default", name: "unseen"))
                installation.remove(ObjectKey("Task", namespace: "default", name: "x"))
                var seen: [String?] = []
                for _ in 0..<5 { seen.append(try await lines.event()) }
                #expect(seen == ["ADDED x", "MODIFIED x", "DELETED x", "ADDED x", "DELETED x"])
            }
        }
    }

    @Test func `a watch without a version shows what there is first`() async throws {
        let installation = Installation()
        for number in 1001...1600 { installation.put("Task", "t\(number)") }
        try await withPublicDoor(installation) { (client) async throws in
            try await client.lines("\(tasks)?watch=1&allowWatchBookmarks=true") { (lines) async throws in
                for number in 1001...1600 { #expect(try await lines.event() == "ADDED t\(number)") }
                let bookmark = try Value(json: try #require(try await lines.next()))
                #expect(bookmark["type"] == "BOOKMARK")
                #expect(bookmark.at("object", "metadata", "resourceVersion") == "700")
                installation.put("Task", "t1001", status: ["state": "ready"])
                #expect(try await lines.event() == "MODIFIED t1001")
            }
        }
    }

    @Test func `bookmarks follow the horizon while nothing of the kind happens`() async throws {
        let installation = Installation()
        try await withPublicDoor(installation, settings: fast()) { (client) async throws in
            try await client.lines("\(tasks)?watch=1&resourceVersion=100&allowWatchBookmarks=true") {
                (lines) async throws in
                installation.put("Role", "elsewhere")
                var version: String?
                while version != "101" {
                    let bookmark = try Value(json: try #require(try await lines.next()))
                    #expect(bookmark["type"] == "BOOKMARK")
                    version = bookmark.at("object", "metadata", "resourceVersion")?.string
                }
            }
        }
    }

    @Test func `a list and a watch wait for a version that another replica knows already`() async throws {
        let installation = Installation()
        try await withPublicDoor(installation) { (client) async throws in
            try await client.lines("\(tasks)?watch=1&resourceVersion=102") { (lines) async throws in
                async let list = client.get("\(tasks)?resourceVersion=103")
                // By now both have been looked at once.
                try await ContinuousClock().sleep(for: .milliseconds(300))
                for name in ["a", "b", "c"] { installation.put("Task", name) }
                #expect(try await lines.event() == "ADDED c")
                #expect(try await list.status == 200)
            }
        }
    }

    @Test(arguments: ["50", "9999"])
    func `a version that is kept no more, or not yet, ends in an error that says expired`(
        version: String
    ) async throws {
        let installation = Installation()
        installation.update { $0.forgotten = 60 }
        try await withPublicDoor(installation) { (client) async throws in
            try await client.lines("\(tasks)?watch=1&resourceVersion=\(version)") { (lines) async throws in
                #expect(lines.status == 200)
                let error = try Value(json: try #require(try await lines.next()))
                #expect(error["type"] == "ERROR")
                #expect(error.at("object", "kind") == "Status")
                #expect(error.at("object", "code") == 410)
                #expect(error.at("object", "reason") == "Expired")
                #expect(try await lines.next() == nil)
            }
        }
    }

    @Test func `a watch ends when its time is over, and refuses to stream a list`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            let start = ContinuousClock.now
            let reply = try await client.get("\(tasks)?watch=1&resourceVersion=100&timeoutSeconds=1")
            #expect(reply.status == 200)
            #expect(reply.body.isEmpty)
            #expect(.now - start >= .seconds(1))
            let refused = try await client.get(
                "\(tasks)?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1"
            )
            #expect(refused.status == 422)
            #expect(try refused.json["reason"] == "Invalid")
        }
    }

    @Test func `a watch of one name sees that object, also as one-row tables`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", status: ["phase": "active"])
        installation.put("Workflow", "b")
        try await withPublicDoor(installation) { (client) async throws in
            let path =
                "/apis/agirunner.dev/v1/namespaces/default/workflows?watch=1&fieldSelector=metadata.name%3Da"
            let accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
            try await client.lines(path, headers: [("Accept", accept)]) { (lines) async throws in
                let first = try Value(json: try #require(try await lines.next()))
                #expect(first["type"] == "ADDED")
                #expect(first.at("object", "kind") == "Table")
                #expect(first["object"]?["rows"]?.array?.first?["cells"]?.array?[1] == "active")
                installation.put("Workflow", "b", status: ["phase": "active"])
                installation.put("Workflow", "a", status: ["phase": "completed"])
                let second = try Value(json: try #require(try await lines.next()))
                #expect(second["object"]?["rows"]?.array?.first?["cells"]?.array?[1] == "completed")
            }
        }
    }

    @Test func `an event source gets ids, resumes after the last one, and is told when it must start anew`()
        async throws
    {
        let installation = Installation()
        installation.put("Task", "a")
        try await withPublicDoor(installation, settings: fast()) { (client) async throws in
            let accept = ("Accept", "text/event-stream")
            try await client.lines(tasks, headers: [accept]) { (lines) async throws in
                #expect(try await lines.serverSentEvent() == "- ADDED a")
                #expect(try await lines.serverSentEvent() == "101 BOOKMARK ")
                installation.put("Task", "b")
                var event = try await lines.serverSentEvent()
                while event?.contains("BOOKMARK") == true { event = try await lines.serverSentEvent() }
                #expect(event == "102 ADDED b")
            }
            try await client.lines(tasks, headers: [accept, ("Last-Event-ID", "101")]) {
                (lines) async throws in
                #expect(try await lines.serverSentEvent() == "102 ADDED b")
            }
            installation.update { $0.forgotten = 102 }
            try await client.lines(tasks, headers: [accept, ("Last-Event-ID", "101")]) {
                (lines) async throws in
                #expect(try await lines.serverSentEvent() == "- reset ")
                #expect(try await lines.next() == nil)
            }
            let odd = try await client.get(tasks, headers: [accept, ("Last-Event-ID", "x")])
            #expect(odd.status == 400)
        }
    }

    @Test func `the log of events is watched from its beginning or from a position`() async throws {
        let installation = Installation()
        let key = ObjectKey("Task", namespace: "default", name: "t")
        installation.addEvent("task.made", subject: key, workflow: "w")
        installation.addEvent("task.made", subject: key, workflow: "v")
        try await withPublicDoor(installation) { (client) async throws in
            let path =
                "/apis/agirunner.dev/v1/namespaces/default/events?watch=1&fieldSelector=status.workflow%3Dw"
            try await client.lines(path) { (lines) async throws in
                #expect(try await lines.event() == "ADDED 101")
                installation.addEvent("task.made", subject: key, workflow: "v")
                installation.addEvent("task.done", subject: key, workflow: "w")
                #expect(try await lines.event() == "ADDED 104")
            }
            try await client.lines(path + "&resourceVersion=101") { (lines) async throws in
                #expect(try await lines.event() == "ADDED 104")
            }
        }
    }

    @Test func `a client that leaves or reads nothing gives its stream back`() async throws {
        let installation = Installation()
        var settings = DoorSettings()
        settings.streamLimit = 1
        settings.writeDeadline = .milliseconds(400)
        let filler = Value.string(String(repeating: "x", count: 40_000))
        for number in 1...2000 { installation.put("Task", "t\(number)", status: ["note": filler]) }
        try await withPublicDoor(installation, settings: settings) { (client) async throws in
            // This one leaves.
            try await client.lines("\(tasks)?watch=1&resourceVersion=500") { (lines) async throws in
                #expect(lines.status == 200)
                let busy = try await client.get("\(tasks)?watch=1")
                #expect(busy.status == 429)
                #expect(busy["retry-after"] != nil)
            }
            try await eventually { try await isFree(client) }
            // This one stays and reads nothing of 16 MB.
            var stuck = try await client.http.stream(client.request("GET", "\(tasks)?watch=1"))
            // The place of the stream that asked above is given back a moment later.
            for _ in 0..<1000 where stuck.head.status == 429 {
                try await ContinuousClock().sleep(for: .milliseconds(20))
                stuck = try await client.http.stream(client.request("GET", "\(tasks)?watch=1"))
            }
            #expect(stuck.head.status == 200)
            try await eventually { try await isFree(client) }
            #expect(stuck.head.status == 200)
        }
    }

    @Test func `a client that does not take the end of what it asked for gives its stream back`() async throws
    {
        let installation = Installation()
        var settings = DoorSettings()
        settings.streamLimit = 1
        settings.writeDeadline = .milliseconds(400)
        // They are one write, for which nobody waits: who waits is who writes the end a second later.
        let filler = Value.string(String(repeating: "x", count: 400_000))
        for number in 1...100 { installation.put("Task", "t\(number)", status: ["note": filler]) }
        try await withPublicDoor(installation, settings: settings) { (client) async throws in
            let watch = client.request("GET", "\(tasks)?watch=1&timeoutSeconds=1")
            let stuck = try await client.http.stream(watch)
            #expect(stuck.head.status == 200)
            try await eventually { try await isFree(client) }
            #expect(stuck.head.status == 200)
        }
    }

    @Test func `a task's log is text or JSON lines, and is followed to the task's end`() async throws {
        let installation = Installation()
        installation.put("Task", "t", status: ["state": "in_progress"])
        installation.addLog("t-1", "first")
        try await withPublicDoor(installation) { (client) async throws in
            let plain = try await client.get("\(tasks)/t/log")
            #expect(plain.text == "\(Installation.now) t-1 tool: first\n")
            let accept = ("Accept", "application/x-ndjson")
            try await client.lines("\(tasks)/t/log?follow=true", headers: [accept]) { (lines) async throws in
                let first = try Value(json: try #require(try await lines.next()))
                #expect(first["message"] == "first")
                #expect(first["cursor"] == 1)
                installation.addLog("t-2", "second")
                #expect(try Value(json: try #require(try await lines.next()))["attempt"] == "t-2")
                installation.addLog("t-2", "last")
                installation.put("Task", "t", status: ["state": "completed"])
                #expect(try Value(json: try #require(try await lines.next()))["message"] == "last")
                #expect(try await lines.next() == nil)
            }
            let rest = try await client.get("\(tasks)/t/log?after=2")
            #expect(rest.text == "\(Installation.now) t-2 tool: last\n")
            #expect(try await client.get("\(tasks)/nobody/log").status == 404)
            installation.put("Gate", "g")
            #expect(
                try await client.get("/apis/agirunner.dev/v1/namespaces/default/gates/g/log").status == 404
            )
        }
    }

    private func isFree(_ client: Client) async throws -> Bool {
        try await client.lines("\(tasks)?watch=1&resourceVersion=500") { $0.status == 200 }
    }
}

/// Asks again until the answer is yes.
func eventually(_ question: @escaping @Sendable () async throws -> Bool) async throws {
    try await withDeadline(limit) {
        while try await !question() { try await ContinuousClock().sleep(for: .milliseconds(20)) }
    }
}
