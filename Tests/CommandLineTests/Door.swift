import ArgumentParser
import Domain
import Foundation
import Outbound
import Synchronization

@testable import CommandLine

/// A control door in memory: objects by their path, and what it does to a new Decision.
final class Door: Sendable {
    struct Contents: Sendable {
        var objects: [String: Value] = [:]
        /// The status every new Decision gets at once.
        var outcome: Value = ["outcome": "applied"]
        /// What becomes of an object that was patched.
        var afterPatch: @Sendable (Value) -> Value = { $0 }
        /// The methods that were asked for.
        var methods: Set<String> = []
        /// The queries of the changes that were asked for, in order.
        var queries: [String] = []
        /// Whether objects that are deleted stay.
        var keepsDeleted = false
        /// What the next streams hold, and how they end; where there is none, whoever asks is cancelled.
        var streams: [Stream] = []
        /// The paths of the streams that were asked for, and of the lists, in order.
        var streamPaths: [String] = []
        var listPaths: [String] = []
        /// How many looks at one object the server is too busy for.
        var outages = 0
        /// How many of them follow the next change.
        var outagesAfterChange = 0
        /// How many of them follow the next look at one object that is answered.
        var outagesAfterLook = 0
        /// The most objects in one answer to a list.
        var pageSize = 500
        /// What the server warns of whenever something is changed.
        var warnings: [String] = []
        /// What happens to the objects after each look at one of them.
        var afterLook: @Sendable (inout [String: Value]) -> Void = { _ in }
    }

    /// A streamed answer.
    struct Stream: Sendable {
        var lines: [Value] = []
        /// Why it breaks; nil where the server ends it.
        var failure: (any Error)?
        /// What happens to the objects meanwhile.
        var change: @Sendable (inout [String: Value]) -> Void = { _ in }
    }

    private let contents = Mutex(Contents())

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    /// Puts an object in, as the door shows it.
    func put(
        _ kind: String,
        _ name: String,
        status: Value,
        labels: [String: String]? = nil,
        version: Int64 = 7
    ) throws {
        let isNamespaced = Kind.named(kind)?.isNamespaced == true
        var metadata = Metadata(name: name, namespace: isNamespaced ? "default" : nil)
        metadata.resourceVersion = Position(version)
        metadata.labels = labels
        let object = Object(kind: kind, metadata: metadata, status: status)
        try put(Stored(object: object, digest: Digest("d"), origin: Origin(appliedBy: nil)))
    }

    /// The specs of the Decisions that were made, by name.
    var decisions: [String: Value] {
        let all = with { $0.objects.values.filter { $0["kind"] == "Decision" } }
        let named = all.map { ($0.at("metadata", "name")?.string ?? "", $0["spec"] ?? .null) }
        return Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    var client: ControlClient {
        ControlClient(
            transport: .init(
                send: { method, path, headers, body in
                    let isTable = headers.contains { $0.1.contains("as=Table") }
                    let types = headers.map(\.1)
                    let act =
                        types.contains("application/apply-patch+yaml")
                        ? "APPLY" : types.contains("application/json-patch+json") ? "JSON-PATCH" : method
                    return try self.answer(act, path, body, isTable: isTable)
                },
                lines: { path, _, each in
                    let stream = self.with { contents -> Stream? in
                        contents.streamPaths.append(path)
                        let stream = contents.streams.isEmpty ? nil : contents.streams.removeFirst()
                        stream?.change(&contents.objects)
                        return stream
                    }
                    guard let stream else { throw CancellationError() }
                    for line in stream.lines {
                        guard try await each(line.canonicalBytes) else { return }
                    }
                    if let failure = stream.failure { throw failure }
                }
            )
        )
    }

    /// Puts in what the door shows of an object that is stored.
    func put(_ stored: Stored) throws {
        let key = stored.object.key
        let scope = key.namespace.map { "/namespaces/\($0)" } ?? ""
        let path = "\(ControlClient.base)\(scope)/\(Kind.named(key.kind)?.plural ?? "")/\(key.name)"
        let shown = try Value(encoding: stored.shown)
        with { $0.objects[path] = shown }
    }

    private func answer(
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        isTable: Bool
    ) throws -> ControlClient.Answer {
        with { contents in
            contents.methods.insert(method)
            if method != "GET" { contents.queries.append(String(path.drop { $0 != "?" }.dropFirst())) }
        }
        guard method == "GET" else {
            let answer = try change(method, path, body)
            let warnings = with { contents in
                (contents.outages, contents.outagesAfterChange) = (contents.outagesAfterChange, 0)
                return contents.warnings.map { "299 - \"\($0)\"" }
            }
            return .init(status: answer.status, body: answer.body, warnings: warnings)
        }
        if let list = try list(path, isTable: isTable) { return list }
        return with { contents in
            guard contents.outages == 0 else {
                contents.outages -= 1
                return status(503, "ServiceUnavailable", path)
            }
            let path = String(path.prefix { $0 != "?" })
            defer {
                contents.afterLook(&contents.objects)
                (contents.outages, contents.outagesAfterLook) = (contents.outagesAfterLook, 0)
            }
            guard let object = contents.objects[path] else { return status(404, "NotFound", path) }
            return .init(status: 200, body: (isTable ? table([object]) : object).canonicalBytes)
        }
    }

    private func change(_ method: String, _ path: String, _ body: [UInt8]) throws -> ControlClient.Answer {
        let isDryRun = path.contains("dryRun=All")
        let path = String(path.prefix { $0 != "?" })
        if method == "APPLY" { return try apply(path, body, isDryRun: isDryRun) }
        if method.hasSuffix("PATCH") { return try patch(method, path, body, isDryRun: isDryRun) }
        if method == "PUT" { return try replace(path, body, isDryRun: isDryRun) }
        if method == "DELETE" { return remove(path, isDryRun: isDryRun) }
        return try with { contents in
            var object = try Value(json: body)
            let name = "\(path)/\(object.at("metadata", "name")?.string ?? "")"
            guard contents.objects[name] == nil else { return status(409, "AlreadyExists", name) }
            object["status"] = contents.outcome
            if !isDryRun { contents.objects[name] = object }
            return .init(status: 201, body: object.canonicalBytes)
        }
    }

    /// A page of the objects of a kind in order of their paths; nil for the path of one object.
    private func list(_ path: String, isTable: Bool) throws -> ControlClient.Answer? {
        let bare = path.prefix { $0 != "?" }
        let parts = bare.dropFirst(ControlClient.base.count).split(separator: "/").map(String.init)
        guard let plural = parts.last, Kind.all.contains(where: { $0.plural == plural }) else { return nil }
        let namespace = parts.first == "namespaces" ? "/namespaces/\(parts[1])/" : "/"
        let query = Self.query(of: path)
        let labels = Self.terms(query["labelSelector"])
        let fields = Self.terms(query["fieldSelector"])
        let (objects, size) = with { contents in
            contents.listPaths.append(path)
            return (contents.objects, contents.pageSize)
        }
        let items = objects.sorted { $0.key < $1.key }.filter { place, object in
            place.hasPrefix(ControlClient.base + namespace) && place.contains("/\(plural)/")
                && labels.allSatisfy { object.at("metadata", "labels")?[$0]?.string == $1 }
                && fields.allSatisfy { field, value in
                    field == "declared"
                        ? (object.at("metadata", "generation") != nil) == (value == "true")
                        : valueAt(path: field, in: object)?.string == value
                }
        }.map(\.value)
        let start = query["continue"].flatMap { Int($0) } ?? 0
        let end = min(items.count, start + size)
        let metadata = Value.members([
            "resourceVersion": "9", "continue": end < items.count ? .string("\(end)") : nil,
        ])
        let page = Array(items[start..<end])
        let body: Value =
            isTable
            ? table(page).merging(["metadata": metadata])
            : ["kind": "List", "metadata": metadata, "items": .array(page)]
        return .init(status: 200, body: body.canonicalBytes)
    }

    /// The names of objects, as a table.
    private func table(_ objects: [Value]) -> Value {
        let rows = objects.map { object -> Value in
            [
                "cells": [object.at("metadata", "name") ?? .null, object.at("status", "phase") ?? .null],
                "object": ["metadata": object["metadata"] ?? .null],
            ]
        }
        let columns: [Value] = ["Name", "Phase"].map { ["name": .string($0), "priority": 0] }
        return ["kind": "Table", "columnDefinitions": .array(columns), "rows": .array(rows)]
    }

    /// The parameters of a query by name.
    private static func query(of path: String) -> [String: String] {
        let items = path.drop { $0 != "?" }.dropFirst().split(separator: "&").map { item in
            item.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
        }
        return Dictionary(items.map { ($0[0], $0.count > 1 ? $0[1] : "") }, uniquingKeysWith: { $1 })
    }

    /// The terms of a selector, as every verb sends them: `NAME=VALUE`.
    private static func terms(_ selector: String?) -> [(String, String)] {
        (selector ?? "").split(separator: ",").map { term in
            let sides = term.split(separator: "=", maxSplits: 1).map(String.init)
            return (sides[0], sides.count > 1 ? sides[1] : "")
        }
    }

    /// Creates or replaces an object; whose its fields are is for the server's own tests.
    private func apply(_ path: String, _ body: [UInt8], isDryRun: Bool) throws -> ControlClient.Answer {
        guard with({ $0.objects[path] }) == nil else { return try replace(path, body, isDryRun: isDryRun) }
        var object = try Value(json: body)
        return with { contents in
            object["status"] = contents.outcome
            if !isDryRun { contents.objects[path] = object }
            return .init(status: 201, body: object.canonicalBytes)
        }
    }

    /// Replaces an object, unless it is another version than the one that is given.
    private func replace(_ path: String, _ body: [UInt8], isDryRun: Bool) throws -> ControlClient.Answer {
        let object = try Value(json: body)
        return with { contents in
            guard let old = contents.objects[path] else { return status(404, "NotFound", path) }
            let version = object.at("metadata", "resourceVersion")
            guard version == nil || version == old.at("metadata", "resourceVersion") else {
                return status(409, "Conflict", path, cause: "stale")
            }
            let after = object.merging([
                "metadata": ["resourceVersion": "8"], "status": old["status"] ?? .null,
            ])
            if !isDryRun { contents.objects[path] = after }
            return .init(status: 200, body: after.canonicalBytes)
        }
    }

    private func remove(_ path: String, isDryRun: Bool) -> ControlClient.Answer {
        with { contents in
            guard let old = contents.objects[path] else { return status(404, "NotFound", path) }
            if !isDryRun, !contents.keepsDeleted { contents.objects[path] = nil }
            return .init(status: 200, body: old.canonicalBytes)
        }
    }

    /// Merges into an object, and lets `afterPatch` play the control plane.
    private func patch(
        _ method: String,
        _ path: String,
        _ body: [UInt8],
        isDryRun: Bool
    ) throws -> ControlClient.Answer {
        let patch = try Value(json: body)
        return try with { contents in
            guard let object = contents.objects[path] else { return status(404, "NotFound", path) }
            let patched =
                method == "PATCH" ? object.merging(patch) : try JSONPatch(patch).applied(to: object)
            let after = contents.afterPatch(patched)
            if !isDryRun { contents.objects[path] = after }
            return .init(status: 200, body: after.canonicalBytes)
        }
    }

    private func status(
        _ code: Int,
        _ reason: String,
        _ subject: String,
        cause: String? = nil
    ) -> ControlClient.Answer {
        let causes = cause.map { cause -> [Value] in
            [["reason": .string(cause), "message": .string(subject)]]
        }
        let body: Value = [
            "kind": "Status", "reason": .string(reason), "message": .string(subject),
            "details": ["causes": .array(causes ?? [])],
        ]
        return .init(status: code, body: body.canonicalBytes)
    }
}

/// What a command printed and how it ended.
struct Outcome {
    let output: [String]
    let notices: [String]
    let error: (any Error)?

    /// Our own failure, when it ended with one.
    var failure: CommandFailure? { error as? CommandFailure }
}

/// Parses and runs a verb the way the program does.
@discardableResult
func run<Verb: AsyncParsableCommand>(
    _ verb: Verb.Type,
    _ arguments: [String],
    door: Door = Door(),
    userID: UInt32 = 1000,
    variables: [String: String] = [:],
    send: @escaping @Sendable (HTTPRequest, Int) async throws -> HTTPResponse = {
        try await HTTPClient().send($0, maximumBodyBytes: $1)
    }
) async -> Outcome {
    let lines = Mutex<(output: [String], notices: [String])>(([], []))
    let environment = CommandEnvironment(
        connect: { _ in door.client },
        defaultState: { "/nowhere" },
        output: { line in lines.withLock { $0.output.append(line) } },
        notice: { line in lines.withLock { $0.notices.append(line) } },
        progress: { line in lines.withLock { $0.notices.append(line) } },
        now: { Timestamp(microseconds: 0) },
        userID: { userID },
        variable: { variables[$0] },
        send: send
    )
    var failure: (any Error)?
    do {
        var command = try Verb.parse(arguments)
        try await CommandEnvironment.$current.withValue(environment) { try await command.run() }
    } catch {
        failure = error
    }
    let (output, notices) = lines.withLock { $0 }
    return Outcome(output: output, notices: notices, error: failure)
}
