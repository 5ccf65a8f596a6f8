import Domain
import Hummingbird
import Secrets

/// Tells clients which kinds there are and what this door does with them.
struct Discovery: Sendable {
    /// Whether the door writes; a reading door offers no other verbs.
    let writes: Bool
    /// The program's version.
    let version: String

    /// Answers `GET /api`.
    func core(_ call: Call) throws -> Response {
        let plain: Value = [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": ""]],
        ]
        return answer(
            call,
            plain: plain,
            groups: [group("", "v1", Self.coreResources.map { $0.aggregated(group: "") })]
        )
    }

    /// Answers `GET /api/v1`.
    func coreVersion(_ call: Call) throws -> Response {
        tagged(resourceList("v1", Self.coreResources), call)
    }

    /// Answers `GET /apis`.
    func groups(_ call: Call) throws -> Response {
        let plain: Value = [
            "kind": "APIGroupList", "apiVersion": "v1", "groups": [namedGroup(isWhole: false)],
        ]
        let resources = resources.map { $0.aggregated(group: Kind.group) }
        return answer(call, plain: plain, groups: [group(Kind.group, Kind.version, resources)])
    }

    /// Answers `GET /apis/agirunner.dev`.
    func group(_ call: Call) throws -> Response { tagged(namedGroup(isWhole: true), call) }

    /// Answers `GET /apis/agirunner.dev/v1`.
    func groupVersion(_ call: Call) throws -> Response {
        tagged(resourceList(Kind.apiVersion, resources), call)
    }

    /// Answers `GET /version`; the numbers are those of the Kubernetes API whose conventions are spoken.
    func version(_ call: Call) throws -> Response {
        tagged(
            [
                "major": "1", "minor": "33", "gitVersion": .string("v1.33.0+agirunner.\(version)"),
                "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
                "goVersion": "",
                "compiler": "swiftc", "platform": "linux",
            ],
            call
        )
    }

    /// A kind as discovery shows it.
    fileprivate struct Resource {
        let plural: String
        let singular: String
        let kind: String
        let isNamespaced: Bool
        let verbs: [String]
        let shortNames: [String]
        var hasStatus = true
    }

    private static let readVerbs = ["get", "list", "watch"]

    private static let coreResources = [
        Resource(
            plural: "namespaces",
            singular: "namespace",
            kind: "Namespace",
            isNamespaced: false,
            verbs: ["get", "list"],
            shortNames: ["ns"],
            hasStatus: false
        ),
        Resource(
            plural: "events",
            singular: "event",
            kind: "Event",
            isNamespaced: true,
            verbs: ["list"],
            shortNames: ["ev"],
            hasStatus: false
        ),
    ]

    private var resources: [Resource] {
        Kind.all.map { kind in
            let writeVerbs = writes && kind.isDeclared ? ["create", "update", "patch", "delete"] : []
            return Resource(
                plural: kind.plural,
                singular: kind.singular,
                kind: kind.name,
                isNamespaced: kind.isNamespaced,
                verbs: (Self.readVerbs + writeVerbs).sorted(),
                shortNames: kind.shortNames,
                hasStatus: !kind.isEvent
            )
        }
    }

    /// Aggregated discovery in the version the client offers first, else the plain form.
    private func answer(_ call: Call, plain: Value, groups: [Value]) -> Response {
        for range in Accept(call.headers).ranges where range.type == "application/json" {
            guard let form = range.parameters["as"] else { break }
            guard form == "APIGroupDiscoveryList", range.parameters["g"] == "apidiscovery.k8s.io",
                let version = range.parameters["v"], ["v2", "v2beta1"].contains(version)
            else { continue }
            let list: Value = [
                "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version)"),
                "metadata": [:], "items": .array(groups),
            ]
            let type = "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList"
            return tagged(list, call, type: type)
        }
        return tagged(plain, call)
    }

    private func group(_ name: String, _ version: String, _ resources: [Value]) -> Value {
        [
            "metadata": ["name": .string(name), "creationTimestamp": .null],
            "versions": [
                ["version": .string(version), "freshness": "Current", "resources": .array(resources)]
            ],
        ]
    }

    private func namedGroup(isWhole: Bool) -> Value {
        let version: Value = ["groupVersion": .string(Kind.apiVersion), "version": .string(Kind.version)]
        let group: Value = [
            "name": .string(Kind.group), "versions": [version], "preferredVersion": version,
        ]
        return isWhole ? group.merging(["kind": "APIGroup", "apiVersion": "v1"]) : group
    }

    private func resourceList(_ groupVersion: String, _ resources: [Resource]) -> Value {
        [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(groupVersion),
            "resources": .array(resources.flatMap(\.plain)),
        ]
    }
}

extension Discovery.Resource {
    fileprivate func aggregated(group: String) -> Value {
        let kindValue: Value = [
            "group": .string(group), "version": "v1", "kind": .string(kind),
        ]
        let status: Value = [["subresource": "status", "responseKind": kindValue, "verbs": ["get"]]]
        return .members([
            "resource": .string(plural), "responseKind": kindValue,
            "scope": isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(singular),
            "verbs": .strings(verbs), "shortNames": shortNames.isEmpty ? nil : .strings(shortNames),
            "categories": group.isEmpty ? nil : ["agirunner"], "subresources": hasStatus ? status : nil,
        ])
    }

    fileprivate var plain: [Value] {
        let main = Value.members([
            "name": .string(plural), "singularName": .string(singular), "namespaced": .bool(isNamespaced),
            "kind": .string(kind), "verbs": .strings(verbs),
            "shortNames": shortNames.isEmpty ? nil : .strings(shortNames),
            "categories": hasStatus ? ["agirunner"] : nil,
        ])
        let status: Value = [
            "name": .string("\(plural)/status"), "singularName": "", "namespaced": .bool(isNamespaced),
            "kind": .string(kind), "verbs": ["get"],
        ]
        return hasStatus ? [main, status] : [main]
    }
}

/// A JSON answer whose ETag is the digest of its bytes, for what does not change while the program runs.
func tagged(_ value: Value, _ call: Call, type: String = "application/json") -> Response {
    tagged(value, tag: contentTag(value), call, type: type)
}

/// Twenty hexadecimal digits of the content's SHA-256.
func contentTag(_ value: Value) -> String { String(hex(sha256(value.canonicalBytes)).prefix(20)) }
