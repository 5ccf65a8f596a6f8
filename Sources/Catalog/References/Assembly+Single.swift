internal import Domain

// What there may be one of: the Fleet, and the default route of a namespace.
extension Assembly {
    /// Reports every Fleet after the first.
    mutating func checkFleets() {
        let declared = byKey.keys.filter { $0.kind == "Fleet" }.sorted()
        let all = otherKeys(["Fleet"]).sorted() + declared
        for key in all.dropFirst() {
            guard let index = byKey[key], let name = drafts[index].root["metadata"]?["name"] else { continue }
            judge(index) {
                $1.report(.twoFleets, name, "must be that of the only Fleet; \(all[0]) is there, too")
            }
        }
    }

    /// Reports every default route of a namespace after the first.
    mutating func checkDefaultRoutes() {
        var first: [String: ObjectKey] = [:]
        let declared = byKey.keys.filter { $0.kind == "ModelRoute" }.sorted()
        guard !declared.isEmpty else { return }
        for key in otherKeys(["ModelRoute"]).sorted() + declared {
            guard spec(key)?["default"]?.bool == true, let namespace = key.namespace else { continue }
            guard let other = first[namespace] else {
                first[namespace] = key
                continue
            }
            guard let index = byKey[key], let place = drafts[index].root["spec"]?["default"] else { continue }
            let notes = byKey[other].map {
                [
                    Diagnostic.Note(
                        path: drafts[$0].path,
                        position: drafts[$0].root.node.span.start,
                        message: "the other default is declared"
                    )
                ]
            }
            judge(index) {
                $1.report(
                    .twoDefaults,
                    place,
                    "must be true for one route of a namespace; \(other) is the default too",
                    notes: notes ?? []
                )
            }
        }
    }
}
