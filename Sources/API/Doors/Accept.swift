import HTTPTypes

/// What a client would like to read, best first (RFC 9110, section 12.5.1).
struct Accept: Sendable, Hashable {
    struct Range: Sendable, Hashable {
        /// `application/json`, in lower case.
        let type: String
        let parameters: [String: String]
    }

    let ranges: [Range]

    init(_ headers: HTTPFields) { self.init(headers[values: .accept].joined(separator: ",")) }

    init(_ text: String) {
        let weighed = text.split(separator: ",").map { item -> (range: Range, quality: Double) in
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let pairs = parts.dropFirst().map { part -> (String, String) in
                let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                return (pair.first?.lowercased() ?? "", pair.count > 1 ? pair[1] : "")
            }
            let parameters = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
            let quality = parameters["q"].flatMap(Double.init) ?? 1
            return (Range(type: parts.first?.lowercased() ?? "", parameters: parameters), quality)
        }
        let wanted = weighed.enumerated().filter { $0.element.quality > 0 }
        ranges = wanted.sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }
            .map(\.element.range)
    }

    /// Whether an event stream is what is wanted most.
    var wantsEventStream: Bool { ranges.first?.type == "text/event-stream" }
}

extension Accept.Range {
    var isJSON: Bool { ["application/json", "application/*", "*/*"].contains(type) }
}
