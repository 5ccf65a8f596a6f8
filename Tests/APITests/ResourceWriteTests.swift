import API
import Domain
import Testing

private let base = "/apis/agirunner.dev/v1"
private let workflows = "\(base)/namespaces/default/workflows"

private func workflow(_ name: String?, _ spec: Value = ["state": "run"]) -> Value {
    [
        "apiVersion": "agirunner.dev/v1", "kind": "Workflow",
        "metadata": .members(["name": name.map { .string($0) }]), "spec": spec,
    ]
}

@Suite struct ResourceWriteTests {
    @Test func `create stores the whole object once and names who asked`() async throws {
        let installation = Installation()
        try await withControlDoor(installation) { (client) async throws in
            let reply = try await client.send("POST", "\(workflows)?fieldManager=x", workflow("a"))
            #expect(reply.status == 201)
            #expect(try reply.json.at("metadata", "namespace") == "default")
            #expect(try reply.json.at("metadata", "resourceVersion") == "101")
            let again = try await client.send("POST", workflows, workflow("a"))
            #expect(again.status == 409)
            #expect(try again.json["reason"] == "AlreadyExists")
            let request = try #require(installation.update { $0.writes.first })
            #expect(request.method == .create)
            #expect(request.actor == "unix:\(userID())")
            #expect(request.fieldValidation == .strict)
        }
    }

    @Test func `a generated name continues the given beginning`() async throws {
        let installation = Installation()
        try await withControlDoor(installation) { (client) async throws in
            var body = workflow(nil)
            body["metadata"] = ["generateName": "approve-"]
            let reply = try await client.send("POST", workflows, body)
            #expect(try reply.json.at("metadata", "name")?.string?.hasPrefix("approve-") == true)
            #expect(try reply.json.at("metadata", "generateName") == nil)
        }
    }

    @Test func `replace needs the object and its version`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", spec: ["state": "run"], status: ["phase": "active"])
        try await withControlDoor(installation) { (client) async throws in
            var body = workflow("a", ["state": "paused"])
            body["status"] = ["phase": "forged"]
            body["metadata"]?["uid"] = "forged"
            body["metadata"]?["resourceVersion"] = "7"
            #expect(try await client.send("PUT", "\(workflows)/a", body).status == 409)
            body["metadata"]?["resourceVersion"] = "101"
            let reply = try await client.send("PUT", "\(workflows)/a", body)
            #expect(reply.status == 200)
            #expect(try reply.json.at("spec", "state") == "paused")
            #expect(try reply.json.at("status", "phase") == "active")
            let sent = try #require(installation.update { $0.writes.last })
            #expect(sent.object["status"] == nil)
            #expect(sent.object.at("metadata", "uid") == nil)
            #expect(try await client.send("PUT", "\(workflows)/b", workflow("b")).status == 404)
        }
    }

    @Test func `apply creates or replaces the whole object and names its manager`() async throws {
        let installation = Installation()
        let type = "application/apply-patch+yaml"
        try await withControlDoor(installation) { (client) async throws in
            let path = "\(workflows)/a?fieldManager=agirunner"
            #expect(try await client.send("PATCH", path, type: type, workflow("a")).status == 201)
            let second = try await client.send("PATCH", path, type: type, workflow("a", ["state": "paused"]))
            #expect(second.status == 200)
            #expect(try second.json.at("spec", "state") == "paused")
            let forced = "\(workflows)/a?force=true&takeOwnership=true"
            #expect(try await client.send("PATCH", forced, type: type, workflow("a")).status == 200)
            let writes = installation.update { $0.writes }
            #expect(writes.map(\.manager).dropLast() == ["agirunner", "agirunner"])
            #expect(writes.last?.manager == writes.last?.actor, "who does not say is who asks")
            #expect(writes.map(\.isForced) == [false, false, true])
            #expect(writes.map(\.takesOwnership) == [false, false, true])
            let unclear = ["fieldManager=git:main", "force=yes", "force", "takeOwnership=", "dryRun="]
            for query in unclear {
                let refused = try await client.send(
                    "PATCH",
                    "\(workflows)/a?\(query)",
                    type: type,
                    workflow("a")
                )
                #expect(refused.status == 400, "\(query)")
            }
        }
    }

    @Test func `a field of another manager is told as server-side apply tells it`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", labels: ["taken": "yes"], spec: ["state": "run"])
        try await withControlDoor(installation) { (client) async throws in
            let type = "application/apply-patch+yaml"
            let reply = try await client.send("PATCH", "\(workflows)/a", type: type, workflow("a"))
            #expect(reply.status == 409)
            let cause = try reply.json.at("details", "causes")?.array?.first
            #expect(
                cause == [
                    "reason": "FieldManagerConflict", "field": ".spec.state",
                    "message": "conflict with \"git:main\" at runs/a.yaml:3",
                ]
            )
            #expect(try reply.json["message"]?.string?.contains("--force-conflicts") == true)
        }
    }

    @Test func `a merge patch changes what it names, and a lost race is tried again`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", spec: ["state": "run", "priority": 1])
        let type = "application/merge-patch+json"
        try await withControlDoor(installation) { (client) async throws in
            installation.update { state in
                state.beforeNextWrite = {
                    installation.put(
                        "Workflow",
                        "a",
                        labels: ["by": "racer"],
                        spec: ["state": "run", "priority": 1]
                    )
                }
            }
            let patch: Value = ["spec": ["priority": .null, "note": "x"]]
            let reply = try await client.send("PATCH", "\(workflows)/a", type: type, patch)
            #expect(reply.status == 200)
            #expect(try reply.json["spec"] == ["state": "run", "note": "x"])
            #expect(try reply.json.at("metadata", "labels") == ["by": "racer"])
            #expect(installation.update { $0.writes.count } == 2)
            let stale: Value = ["metadata": ["resourceVersion": "101"]]
            #expect(try await client.send("PATCH", "\(workflows)/a", type: type, stale).status == 409)
            #expect(try await client.send("PATCH", "\(workflows)/b", type: type, patch).status == 404)
        }
    }

    @Test func `a JSON patch is made whole or not at all, and anew after a lost race`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", spec: ["state": "run", "list": ["x", "y"]])
        let type = "application/json-patch+json"
        try await withControlDoor(installation) { (client) async throws in
            installation.update { state in
                state.beforeNextWrite = {
                    installation.put("Workflow", "a", spec: ["state": "run", "list": ["x", "y", "z"]])
                }
            }
            let patch: Value = [
                ["op": "test", "path": "/spec/state", "value": "run"],
                ["op": "remove", "path": "/spec/list/0"],
                ["op": "add", "path": "/spec/list/-", "value": "w"],
            ]
            let reply = try await client.send("PATCH", "\(workflows)/a", type: type, patch)
            #expect(reply.status == 200)
            #expect(try reply.json["spec"] == ["state": "run", "list": ["y", "z", "w"]])
            let writes = installation.update { $0.writes.count }
            let refused: [(Value, Int)] = [
                ([["op": "test", "path": "/spec/state", "value": "paused"]], 422),
                ([["op": "remove", "path": "/spec/none"]], 422),
                ([["op": "replace", "path": "/metadata/name", "value": "b"]], 400),
                ([["op": "replace", "path": "", "value": 1]], 400), (["op": "remove"], 400),
                ([["op": "delete", "path": "/spec"]], 400),
            ]
            for (patch, status) in refused {
                let reply = try await client.send("PATCH", "\(workflows)/a", type: type, patch)
                #expect(reply.status == status, "\(patch.canonicalJSON)")
            }
            #expect(installation.update { $0.writes.count } == writes)
            let stale: Value = [["op": "replace", "path": "/metadata/resourceVersion", "value": "1"]]
            #expect(try await client.send("PATCH", "\(workflows)/a", type: type, stale).status == 409)
        }
    }

    @Test func `what git declares is a conflict with a stable cause`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a", labels: ["git": "1"])
        try await withControlDoor(installation) { (client) async throws in
            for reply in [
                try await client.send("PUT", "\(workflows)/a", workflow("a")),
                try await client.send("DELETE", "\(workflows)/a"),
            ] {
                #expect(reply.status == 409)
                #expect(try reply.json["reason"] == "Conflict")
                #expect(try reply.json.at("details", "causes")?.array?.first?["reason"] == "owned_by_git")
                #expect(try reply.json.at("details", "kind") == "workflows")
            }
        }
    }

    @Test func `diagnostics become causes with field paths, or warnings when asked for`() async throws {
        let installation = Installation()
        try await withControlDoor(installation) { (client) async throws in
            let reply = try await client.send("POST", workflows, workflow("x", ["bad": 1]))
            #expect(reply.status == 422)
            #expect(try reply.json["reason"] == "Invalid")
            #expect(
                try reply.json.at("details", "causes") == [
                    [
                        "reason": "FieldValueInvalid", "field": "spec.bad",
                        "message": "must not be there; remove it",
                    ]
                ]
            )
            let warned = try await client.send(
                "POST",
                "\(workflows)?fieldValidation=Warn",
                workflow("x", ["bad": 1])
            )
            #expect(warned.status == 201)
            #expect(warned["warning"] == "299 - \"unknown field 'spec.bad'\"")
            let odd = try await client.send("POST", "\(workflows)?fieldValidation=Maybe", workflow("y"))
            #expect(odd.status == 400)
        }
    }

    @Test func `a dry run answers what would be stored and stores nothing`() async throws {
        let installation = Installation()
        installation.put("Workflow", "old")
        try await withControlDoor(installation) { (client) async throws in
            #expect(try await client.send("POST", "\(workflows)?dryRun=All", workflow("a")).status == 201)
            #expect(try await client.get("\(workflows)/a").status == 404)
            #expect(try await client.send("DELETE", "\(workflows)/old", ["dryRun": ["All"]]).status == 200)
            #expect(try await client.get("\(workflows)/old").status == 200)
            for query in ["dryRun=Some", "dryRun=", "dryRun"] {
                let reply = try await client.send("POST", "\(workflows)?\(query)", workflow("a"))
                #expect(reply.status == 400, "\(query)")
            }
            for dryRun in [["Some"], "All", ["All", ""], true] as [Value] {
                let reply = try await client.send("DELETE", "\(workflows)/old", ["dryRun": dryRun])
                #expect(reply.status == 400, "\(dryRun)")
            }
            #expect(try await client.get("\(workflows)/a").status == 404)
            #expect(try await client.get("\(workflows)/old").status == 200)
        }
    }

    @Test func `delete answers success with the uid, and honours preconditions`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a")
        try await withControlDoor(installation) { (client) async throws in
            for (precondition, status) in [
                (["uid": "another"], 409), (["resourceVersion": "7"], 409), (["resourceVersion": "x"], 400),
                (["uid": 1], 400), (["generation": "1"], 400), ("uid-a", 400),
            ] as [(Value, Int)] {
                let options: Value = ["preconditions": precondition]
                #expect(try await client.send("DELETE", "\(workflows)/a", options).status == status)
            }
            // What somebody writes after the request was read counts as well.
            installation.update { state in
                state.beforeNextWrite = { installation.put("Workflow", "a", spec: ["state": "paused"]) }
            }
            let precise: Value = ["preconditions": ["uid": "uid-a", "resourceVersion": "101"]]
            #expect(try await client.send("DELETE", "\(workflows)/a", precise).status == 409)
            let current: Value = ["preconditions": ["uid": "uid-a", "resourceVersion": "102"]]
            let dry = try await client.send("DELETE", "\(workflows)/a?dryRun=All", current)
            #expect(dry.status == 200)
            let reply = try await client.send("DELETE", "\(workflows)/a", ["propagationPolicy": "Background"])
            #expect(try reply.json["status"] == "Success")
            #expect(try reply.json.at("details", "uid") == "uid-a")
            #expect(try await client.send("DELETE", "\(workflows)/a").status == 404)
        }
    }

    @Test func `a body that disagrees with the URL is refused and never written`() async throws {
        let installation = Installation()
        try await withControlDoor(installation) { (client) async throws in
            var elsewhere = workflow("a")
            elsewhere["metadata"]?["namespace"] = "other"
            var alien = workflow("a")
            alien["kind"] = "Role"
            let cases: [(String, String, Value)] = [
                ("PUT", "\(workflows)/b", workflow("a")), ("POST", workflows, elsewhere),
                ("POST", workflows, alien),
                ("POST", workflows, workflow(nil)), ("POST", "\(base)/workflows", workflow("a")),
                ("POST", workflows, ["metadata": "x"]), ("POST", workflows, []),
            ]
            for (method, path, body) in cases {
                let reply = try await client.send(method, path, body)
                #expect(reply.status == 400, "\(method) \(path) \(reply.text)")
            }
            let broken = try await client.send(
                "POST",
                workflows,
                headers: [("Content-Type", "application/json")],
                body: [0x7B]
            )
            #expect(broken.status == 400)
            let strategic = "application/strategic-merge-patch+json"
            let patch = try await client.send("PATCH", "\(workflows)/a", type: strategic, [:])
            #expect(patch.status == 415)
            #expect(try patch.json["message"]?.string?.contains("application/merge-patch+json") == true)
            #expect(installation.update { $0.writes.isEmpty })
        }
    }

    @Test func `live kinds and whole collections cannot be written`() async throws {
        let installation = Installation()
        installation.put("Task", "t")
        try await withControlDoor(installation) { (client) async throws in
            for (method, path) in [
                ("DELETE", "\(base)/namespaces/default/tasks/t"),
                ("POST", "\(base)/namespaces/default/tasks"),
                ("DELETE", workflows), ("PATCH", "\(base)/namespaces/default/events/1"),
                ("PUT", "\(workflows)/a/status"),
            ] {
                let reply = try await client.send(method, path)
                #expect(reply.status == 405, "\(method) \(path)")
                #expect(reply["allow"]?.contains("GET") == true)
                #expect(try reply.json["reason"] == "MethodNotAllowed")
            }
            #expect(installation.update { $0.deletes.isEmpty })
        }
    }

    @Test func `validate is pure and answers diagnostics`() async throws {
        let installation = Installation()
        try await withControlDoor(installation) { (client) async throws in
            let reply = try await client.send("POST", "/validate", workflow("x", ["bad": 1]))
            #expect(reply.status == 200)
            let diagnostics: [Diagnostic] = try (reply.json["diagnostics"] ?? []).decode()
            #expect(diagnostics.map(\.field) == ["spec.bad"])
            #expect(try await client.send("POST", "/validate", workflow("x")).json == ["diagnostics": []])
            #expect(installation.update { $0.writes.isEmpty })
        }
    }

    @Test func `a body over the limit is refused`() async throws {
        var settings = DoorSettings()
        settings.bodyLimit = 1000
        try await withControlDoor(Installation(), settings: settings) { (client) async throws in
            let large = workflow("a", ["note": .string(String(repeating: "x", count: 2000))])
            let reply = try await client.send("POST", workflows, large)
            #expect(reply.status == 413)
            #expect(try reply.json["reason"] == "RequestEntityTooLarge")
        }
    }
}
