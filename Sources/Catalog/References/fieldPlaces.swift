internal import Domain

/// Where the labels, the annotations and every field of the spec of a document stand, by the name that
/// diagnostics give them: `spec.stages[2].roles[0]`.
///
/// *Shape*: a scalar at its first character, a mapping or a list at its key; what was filled in by a default
/// is missing.
func fieldPlaces(of root: Place) -> [String: TextPosition] {
    var places: [String: TextPosition] = [:]
    var pending = [root["metadata"]?["labels"], root["metadata"]?["annotations"], root["spec"]]
        .compactMap(\.self)
    while let place = pending.popLast() {
        if case .scalar = place.node.content {
            places[place.field] = place.node.span.start
        } else {
            places[place.field] = place.mark.start
        }
        pending += place.elements + place.members.map(\.value)
    }
    return places
}

/// What of a spec its file names, without what its kind fills in.
func writtenPart(of value: Value, at place: Place) -> Value {
    switch value {
    case .object(let members):
        let written = place.members.compactMap { name, _, child in
            members[name].map { (name, writtenPart(of: $0, at: child)) }
        }
        return .object(Dictionary(written, uniquingKeysWith: { first, _ in first }))
    case .array(let elements):
        return .array(zip(elements, place.elements).map { writtenPart(of: $0, at: $1) })
    default: return value
    }
}
