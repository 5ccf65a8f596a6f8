import Domain
import HTTPTypes
import Hummingbird

typealias Answer = @Sendable (Call) async throws -> Response

/// The path of a route: literal segments and `{named}` ones.
struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
    private let segments: [String]
    let description: String

    init(_ text: String) {
        description = text
        segments = text.split(separator: "/").map(String.init)
    }

    /// What the named segments stand for, nil when the path is another.
    func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            if segment.hasPrefix("{") {
                parameters[String(segment.dropFirst().dropLast())] = percentDecoded(part)
            } else if segment != part {
                return nil
            }
        }
        return parameters
    }
}

/// What GET and HEAD answer at a path.
struct ReadRoute: Sendable {
    enum Access: Sendable {
        /// Anyone who reaches the door.
        case open
        /// Who may read what the path names, or discovery when it names no kind.
        case guarded
    }

    let pattern: RoutePattern
    let access: Access
    let answer: Answer

    init(_ pattern: String, access: Access = .guarded, _ answer: @escaping Answer) {
        self.pattern = RoutePattern(pattern)
        self.access = access
        self.answer = answer
    }
}

/// What a changing method answers at a path.
struct WriteRoute: Sendable {
    enum Method: String, Sendable, CaseIterable {
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    enum Access: Sendable {
        /// Anyone who reaches the door; the handler judges what it is given.
        case open
        /// Who may do that with what the path names.
        case guarded
    }

    let method: Method
    let pattern: RoutePattern
    let access: Access
    let answer: Answer

    init(_ method: Method, _ pattern: String, access: Access = .guarded, _ answer: @escaping Answer) {
        self.method = method
        self.pattern = RoutePattern(pattern)
        self.access = access
        self.answer = answer
    }
}

/// All routes of a door, as values; the first pattern that matches counts.
struct RouteTable: Sendable {
    enum Found {
        case read(ReadRoute, [String: String])
        case write(WriteRoute, [String: String])
        /// The path is known; the methods are those it has.
        case otherMethods([String])
        case nothing
    }

    let reads: [ReadRoute]
    let writes: [WriteRoute]

    func find(_ method: HTTPRequest.Method, _ path: String) -> Found {
        let segments = path.split(separator: "/")
        if method == .get || method == .head {
            for route in reads {
                if let parameters = route.pattern.match(segments) { return .read(route, parameters) }
            }
        } else if let method = WriteRoute.Method(rawValue: method.rawValue) {
            for route in writes where route.method == method {
                if let parameters = route.pattern.match(segments) { return .write(route, parameters) }
            }
        }
        let methods =
            (reads.contains { $0.pattern.match(segments) != nil } ? ["GET", "HEAD"] : [])
            + WriteRoute.Method.allCases.map(\.rawValue).filter { name in
                writes.contains { $0.method.rawValue == name && $0.pattern.match(segments) != nil }
            }
        return methods.isEmpty ? .nothing : .otherMethods(methods)
    }
}
