import API
import Domain
import Testing

private let base = "/apis/agirunner.dev/v1"

@Suite struct ResourceReadTests {
    @Test func `a list is sorted, has the horizon as its version, and shows one namespace or all`()
        async throws
    {
        let installation = Installation()
        installation.put("Workflow", "b")
        installation.put("Workflow", "a")
        installation.put("Workflow", "c", namespace: "other")
        try await withPublicDoor(installation) { (client) async throws in
            let one = try await client.get("\(base)/namespaces/default/workflows").json
            #expect(names(one) == ["a", "b"])
            #expect(one["kind"] == "WorkflowList")
            #expect(one["apiVersion"] == "agirunner.dev/v1")
            #expect(one.at("metadata", "resourceVersion") == "103")
            #expect(names(try await client.get("\(base)/workflows").json) == ["a", "b", "c"])
            #expect(names(try await client.get("\(base)/workflows/?limit=500").json) == ["a", "b", "c"])
        }
    }

    @Test func `pages carry the first page's version, and a token serves its own list alone`() async throws {
        let installation = Installation()
        for number in 1...5 { installation.put("Task", "t\(number)") }
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(base)/namespaces/default/tasks"
            let first = try await client.get("\(path)?limit=2").json
            installation.put("Task", "t9")
            let token = try #require(first.at("metadata", "continue")?.string)
            let second = try await client.get("\(path)?limit=2&continue=\(token)").json
            #expect(names(first) == ["t1", "t2"])
            #expect(names(second) == ["t3", "t4"])
            #expect(second.at("metadata", "resourceVersion") == first.at("metadata", "resourceVersion"))
            let last = try #require(second.at("metadata", "continue")?.string)
            let third = try await client.get("\(path)?limit=9&continue=\(last)").json
            #expect(names(third) == ["t5", "t9"])
            #expect(third.at("metadata", "continue") == nil)
            #expect(try await client.get("\(base)/namespaces/default/gates?continue=\(token)").status == 400)
            #expect(try await client.get("\(path)?continue=%25%25").status == 400)
            installation.update { $0.forgotten = 1000 }
            let expired = try await client.get("\(path)?continue=\(token)")
            #expect(expired.status == 410)
            #expect(try expired.json["reason"] == "Expired")
        }
    }

    @Test func `a client that does not page gets everything in one answer`() async throws {
        let installation = Installation()
        for number in 1001...2200 { installation.put("Task", "t\(number)") }
        try await withPublicDoor(installation) { (client) async throws in
            let list = try await client.get("\(base)/tasks").json
            #expect(names(list).count == 1200)
            #expect(list.at("metadata", "continue") == nil)
        }
    }

    @Test(arguments: [
        ("labelSelector=a%3D1", ["x", "z"]), ("labelSelector=a==1,b", ["z"]),
        ("labelSelector=a!%3D1", ["w", "y"]),
        ("labelSelector=a%20in%20(2,3)", ["y"]), ("labelSelector=a+notin+(1)", ["w", "y"]),
        ("labelSelector=!a", ["w"]), ("fieldSelector=metadata.name%3Dx", ["x"]),
        ("fieldSelector=metadata.name%3Dx,metadata.name%3Dx", ["x"]),
        ("fieldSelector=metadata.name%3Dx,metadata.name%3Dy", []),
        ("fieldSelector=metadata.namespace%3Ddefault,metadata.name%3Dz", ["z"]),
        ("fieldSelector=metadata.namespace%3Delsewhere", []),
    ])
    func `selectors select`(query: String, expected: [String]) async throws {
        let installation = Installation()
        installation.put("Role", "x", labels: ["a": "1"])
        installation.put("Role", "y", labels: ["a": "2"])
        installation.put("Role", "z", labels: ["a": "1", "b": "1"])
        installation.put("Role", "w")
        try await withPublicDoor(installation) { (client) async throws in
            #expect(names(try await client.get("\(base)/roles?\(query)").json) == expected)
        }
    }

    @Test(arguments: [
        ("", ["live", "made"]), ("?fieldSelector=declared%3Dtrue", ["made"]),
        ("?fieldSelector=declared%3Dfalse", ["live"]),
        ("?fieldSelector=declared%3Dtrue,declared%3Dtrue", ["made"]),
        ("?fieldSelector=declared%3Dtrue,declared%3Dfalse", []),
        ("?fieldSelector=declared%3Dtrue,metadata.name%3Dlive", []),
    ])
    func `what is declared is told from what controllers write`(
        query: String,
        expected: [String]
    ) async throws {
        let installation = Installation()
        installation.put("WorkItem", "live", status: ["state": "open"])
        installation.put("WorkItem", "made", spec: ["stage": "work"])
        try await withPublicDoor(installation) { (client) async throws in
            #expect(names(try await client.get("\(base)/workitems\(query)").json) == expected)
        }
    }

    @Test func `a watch of what is declared passes over what controllers write`() async throws {
        let installation = Installation()
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(base)/workitems?watch=true&resourceVersion=100&fieldSelector=declared%3Dtrue"
            try await client.lines(path) { (lines) async throws in
                installation.put("WorkItem", "live", status: ["state": "open"])
                installation.put("WorkItem", "made", spec: ["stage": "work"])
                #expect(try await lines.event() == "ADDED made")
            }
        }
    }

    @Test(arguments: [
        "labelSelector=a%20like%20b", "fieldSelector=declared%3Dyes", "fieldSelector=spec.x%3D1",
        "fieldSelector=metadata.name", "limit=-1",
        "limit=many", "resourceVersion=new", "includeObject=Some",
    ])
    func `a parameter that cannot be read is refused`(query: String) async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            let reply = try await client.get("\(base)/roles?\(query)")
            #expect(reply.status == 400)
            #expect(try reply.json["kind"] == "Status")
        }
    }

    @Test func `an exact version is served at the horizon alone, and none beyond it`() async throws {
        let installation = Installation()
        installation.put("Role", "x")
        try await withPublicDoor(installation) { (client) async throws in
            let exact = "\(base)/roles?resourceVersionMatch=Exact&resourceVersion="
            #expect(try await client.get(exact + "101").status == 200)
            #expect(try await client.get(exact + "100").status == 410)
            #expect(try await client.get("\(base)/roles?resourceVersion=102").status == 410)
            #expect(try await client.get("\(base)/roles?resourceVersion=0").status == 200)
            #expect(try await client.get("\(base)/roles?resourceVersionMatch=Exact").status == 422)
            let events = "\(base)/events?resourceVersionMatch=Exact&resourceVersion="
            #expect(try await client.get(events + "101").status == 200)
            #expect(try await client.get(events + "100").status == 410)
            #expect(try await client.get("\(base)/events?resourceVersion=102").status == 410)
        }
    }

    @Test func `what is not there is a NotFound status with the plural`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            let reply = try await client.get("\(base)/namespaces/default/workflows/nobody")
            #expect(reply.status == 404)
            #expect(
                try reply.json == [
                    "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "code": 404,
                    "reason": "NotFound", "message": "workflows.agirunner.dev \"nobody\" not found",
                    "details": ["name": "nobody", "group": "agirunner.dev", "kind": "workflows"],
                ]
            )
            for path in ["\(base)/unicorns", "/apis/other.dev/v1", "\(base)/workflows/x", "/api/v2"] {
                let reply = try await client.get(path)
                #expect(reply.status == 404, "\(path)")
                #expect(try reply.json["kind"] == "Status")
            }
            let plain = try await client.get("/nowhere")
            #expect(plain.status == 404)
            #expect(plain["content-type"] == "application/problem+json")
            #expect(try plain.json["reason"] == "not_found")
        }
    }

    @Test func `an object has a strong tag per version and form, and 304 answers who has it`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", spec: ["state": "run"])
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(base)/namespaces/default/workflows/a"
            let reply = try await client.get(path)
            #expect(try reply.json.at("spec", "state") == "run")
            let tag = try #require(reply["etag"])
            let again = try await client.get(path, headers: [("If-None-Match", "\"other\", W/\(tag)")])
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
            #expect(again["etag"] == tag)
            let partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
            let other = try await client.get(path, accept: partial, headers: [("If-None-Match", tag)])
            #expect(other.status == 200)
            #expect(try other.json["kind"] == "PartialObjectMetadata")
            #expect(try other.json["spec"] == nil)
            installation.put("Workflow", "a", spec: ["state": "paused"])
            #expect(try await client.get(path, headers: [("If-None-Match", tag)]).status == 200)
            #expect(try await client.get("\(path)/status").json.at("metadata", "name") == "a")
        }
    }

    @Test func `a table has the name, the kind's columns and the age, in the version that was asked for`()
        async throws
    {
        let installation = Installation()
        installation.put(
            "Workflow",
            "a",
            spec: ["playbookRef": ["name": "bug-fix"]],
            status: ["phase": "active", "conditions": [["type": "Ready", "status": "Unknown"]]]
        )
        installation.put("Workflow", "b")
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(base)/namespaces/default/workflows"
            let offers = [
                "application/json;as=Table;v=v1;g=meta.k8s.io",
                "application/json;as=Table;v=v1beta1;g=meta.k8s.io", "application/json",
            ].joined(separator: ",")
            let table = try await client.get(path, accept: offers).json
            #expect(table["apiVersion"] == "meta.k8s.io/v1")
            let titles = table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string }
            #expect(titles == ["Name", "PHASE", "READY", "PLAYBOOK", "Age"])
            let cells = table["rows"]?.array?.compactMap { $0["cells"] }
            #expect(
                cells == [
                    ["a", "active", "Unknown", "bug-fix", "5m"], ["b", "<none>", "<none>", "<none>", "5m"],
                ]
            )
            #expect(table["rows"]?.array?.first?.at("object", "kind") == "PartialObjectMetadata")
            let beta = try await client.get(
                path + "?includeObject=Object",
                accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io"
            ).json
            #expect(beta["apiVersion"] == "meta.k8s.io/v1beta1")
            #expect(beta["rows"]?.array?.first?.at("object", "kind") == "Workflow")
            let none = try await client.get(path + "?includeObject=None", accept: offers).json
            #expect(none["rows"]?.array?.first?["object"] == nil)
            #expect(try await client.get(path, accept: "application/vnd.kubernetes.protobuf").status == 406)
        }
    }

    @Test func `HEAD answers the same head without a body, and OPTIONS what is allowed`() async throws {
        let installation = Installation()
        installation.put("Role", "x")
        try await withControlDoor(installation) { (client) async throws in
            let path = "\(base)/namespaces/default/roles/x"
            let get = try await client.get(path)
            let head = try await client.send("HEAD", path)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head["etag"] == get["etag"])
            let options = try await client.send("OPTIONS", path)
            #expect(options.status == 204)
            #expect(options["allow"] == "GET, HEAD, PUT, PATCH, DELETE")
        }
    }

    @Test func `events are listed by run, paged, and found by their position`() async throws {
        let installation = Installation()
        let key = ObjectKey("Task", namespace: "default", name: "t")
        for number in 0..<7 {
            installation.addEvent("task.made", subject: key, workflow: number.isMultiple(of: 2) ? "w" : "v")
        }
        try await withPublicDoor(installation) { (client) async throws in
            let path = "\(base)/namespaces/default/events"
            let all = try await client.get(path).json
            #expect(names(all) == (101...107).map { "\($0)" })
            let event = try #require(all["items"]?.array?.first)
            #expect(try event["status"]?.decode(Event.self).workflow == "w")
            let run = try await client.get("\(path)?fieldSelector=status.workflowUID%3Duid-w&limit=3").json
            #expect(names(run) == ["101", "103", "105"])
            let token = try #require(run.at("metadata", "continue")?.string)
            let rest = try await client.get(
                "\(path)?fieldSelector=status.workflowUID%3Duid-w&limit=3&continue=\(token)"
            ).json
            #expect(names(rest) == ["107"])
            #expect(rest.at("metadata", "continue") == nil)
            #expect(try await client.get("\(path)/104").json.at("status", "workflow") == "v")
            #expect(try await client.get("\(path)/999").status == 404)
        }
    }

    @Test func `the core group serves namespaces and the events of one object`() async throws {
        let installation = Installation()
        installation.put("Task", "t", status: ["workflowUID": "uid-w"])
        installation.put("Role", "r", namespace: "team")
        installation.addEvent(
            "task.made",
            subject: ObjectKey("Task", namespace: "default", name: "t"),
            workflow: "w"
        )
        installation.addEvent(
            "task.made",
            subject: ObjectKey("Task", namespace: "default", name: "u"),
            workflow: "w"
        )
        try await withPublicDoor(installation) { (client) async throws in
            #expect(names(try await client.get("/api/v1/namespaces").json) == ["default", "team"])
            #expect(try await client.get("/api/v1/namespaces/team").json["kind"] == "Namespace")
            #expect(try await client.get("/api/v1/namespaces/none").status == 404)
            let selector = "involvedObject.kind%3DTask,involvedObject.name%3Dt,involvedObject.uid%3Duid-t"
            let events = try await client.get("/api/v1/namespaces/default/events?fieldSelector=\(selector)")
                .json
            let items = try #require(events["items"]?.array)
            #expect(items.map { $0["reason"] } == ["TaskMade"])
            #expect(items.first?["message"] == "state=ready")
        }
    }

    @Test func `the core group shows the newest events, however many there were before`() async throws {
        let installation = Installation()
        let task = ObjectKey("Task", namespace: "default", name: "t")
        for _ in 0..<4000 { installation.addEvent("task.seen", subject: task) }
        installation.addEvent("role.made", subject: ObjectKey("Role", namespace: "default", name: "r"))
        for _ in 0..<1200 { installation.addEvent("task.seen", subject: task) }
        installation.addEvent("task.ended", subject: task)
        try await withPublicDoor(installation) { (client) async throws in
            let path = "/api/v1/namespaces/default/events"
            let items = try #require(try await client.get(path).json["items"]?.array)
            #expect(items.count == 100)
            // In the order in which they happened.
            #expect(items.suffix(2).map { $0["reason"] } == ["TaskSeen", "TaskEnded"])
            let selector = "involvedObject.kind%3DRole,involvedObject.name%3Dr"
            let scarce = try await client.get("\(path)?fieldSelector=\(selector)").json
            #expect(scarce["items"]?.array?.map { $0["reason"] } == ["RoleMade"])
        }
    }
}

func names(_ list: Value) -> [String] {
    list["items"]?.array?.compactMap { $0.at("metadata", "name")?.string } ?? []
}
