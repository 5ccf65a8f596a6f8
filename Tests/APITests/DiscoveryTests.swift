import API
import Domain
import Testing

private let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
private let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"

@Suite struct DiscoveryTests {
    @Test func `aggregated discovery answers in the version offered first`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            for (accept, version) in [
                ("\(aggregated),\(beta),application/json", "v2"), ("\(beta),application/json", "v2beta1"),
            ] {
                for path in ["/apis?timeout=32s", "/api?timeout=32s"] {
                    let reply = try await client.get(path, accept: accept)
                    #expect(
                        reply["content-type"]
                            == "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
                    )
                    #expect(reply["vary"] == "Accept")
                    #expect(try reply.json["apiVersion"] == .string("apidiscovery.k8s.io/\(version)"))
                }
            }
            let item = try await client.get("/apis", accept: aggregated).json["items"]?.array?.first
            let resources = try #require(item?["versions"]?.array?.first?["resources"]?.array)
            #expect(resources.compactMap { $0["resource"]?.string } == Kind.all.map(\.plural))
        }
    }

    @Test func `plain discovery lists every kind with its verbs, and reading doors list no others`()
        async throws
    {
        let installation = Installation()
        func verbs(_ client: Client, _ plural: String) async throws -> [String] {
            let list = try await client.get("/apis/agirunner.dev/v1/").json
            let entry = list["resources"]?.array?.first { $0["name"]?.string == plural }
            return entry?["verbs"]?.array?.compactMap(\.string) ?? []
        }
        try await withPublicDoor(installation) { (client) async throws in
            #expect(try await client.get("/apis").json["kind"] == "APIGroupList")
            #expect(try await client.get("/apis/agirunner.dev").json["kind"] == "APIGroup")
            #expect(try await client.get("/api").json["versions"] == ["v1"])
            #expect(try await client.get("/api/v1").json["resources"]?.array?.isEmpty == false)
            #expect(try await verbs(client, "workflows") == ["get", "list", "watch"])
            #expect(try await client.get("/version/").json["major"] == "1")
        }
        try await withControlDoor(installation) { (client) async throws in
            #expect(
                try await verbs(client, "workflows") == [
                    "create", "delete", "get", "list", "patch", "update", "watch",
                ]
            )
            #expect(try await verbs(client, "tasks") == ["get", "list", "watch"])
            #expect(try await verbs(client, "workflows/status") == ["get"])
        }
    }

    @Test func `discovery and OpenAPI are revalidated with their tags`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            for path in [
                "/apis", "/api", "/apis/agirunner.dev/v1", "/openapi/v3", "/openapi/v3/apis/agirunner.dev/v1",
            ] {
                let first = try await client.get(path)
                let tag = try #require(first["etag"], "\(path)")
                let second = try await client.get(path, headers: [("If-None-Match", tag)])
                #expect(second.status == 304)
                #expect(second.body.isEmpty)
                let other = try await client.get(path, headers: [("If-None-Match", "\"x\"")])
                #expect(other.body == first.body)
            }
        }
    }

    @Test func `the OpenAPI document explains kinds and declares what a patch takes`() async throws {
        try await withControlDoor(Installation()) { (client) async throws in
            let index = try await client.get("/openapi/v3").json
            let url = try #require(index.at("paths", "apis/agirunner.dev/v1", "serverRelativeURL")?.string)
            let document = try await client.get(url).json
            let schemas = try #require(document.at("components", "schemas"))
            let schema = try #require(schemas["dev.agirunner.v1.Workflow"])
            #expect(schema["description"] == "A run of a playbook.")
            #expect(schema["$defs"] == nil)
            let spec = schema.at("properties", "spec", "properties")
            #expect(spec?.at("ref", "$ref") == "#/components/schemas/dev.agirunner.v1.Workflow.Ref")
            #expect(spec?.at("one", "enum") == ["1"])
            #expect(schemas["dev.agirunner.v1.Workflow.Ref"]?["description"] == "A reference.")
            #expect(
                schema["x-kubernetes-group-version-kind"] == [
                    ["group": "agirunner.dev", "version": "v1", "kind": "Workflow"]
                ]
            )
            let path = "/apis/agirunner.dev/v1/namespaces/{namespace}/workflows/{name}"
            let patch = document.at("paths", path, "patch")
            let names = patch?["parameters"]?.array?.compactMap { $0["name"]?.string }
            #expect(names == ["dryRun", "fieldManager", "fieldValidation", "force", "takeOwnership"])
            #expect(patch?["x-kubernetes-action"] == "patch")
            #expect(
                document.at("paths", "/apis/agirunner.dev/v1/namespaces/{namespace}/tasks/{name}", "patch")
                    == nil
            )
            for reference in references(document) {
                let name = String(reference.dropFirst("#/components/schemas/".count))
                #expect(schemas[name] != nil, "\(reference)")
            }
        }
    }

    @Test func `OpenAPI 2 is empty in the encoding that old clients ask for`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            let accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
            let reply = try await client.get("/openapi/v2?timeout=32s", accept: accept)
            #expect(reply.status == 200)
            #expect(reply.body.isEmpty)
            #expect(reply["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            #expect(try await client.get("/openapi/v2").json["swagger"] == "2.0")
        }
    }

    private func references(_ value: Value) -> [String] {
        switch value {
        case .array(let elements): elements.flatMap(references)
        case .object(let members):
            (members["$ref"]?.string.map { [$0] } ?? []) + members.values.flatMap(references)
        default: []
        }
    }
}
