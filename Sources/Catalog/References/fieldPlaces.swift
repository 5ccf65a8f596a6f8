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
