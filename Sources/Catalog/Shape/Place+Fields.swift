internal import Domain

extension Place {
    /// The fields of labels, annotations and spec that a document names.
    ///
    /// The rest of the envelope says which object it is, and is nobody's.
    var fields: FieldSet {
        let metadata = self["metadata"]
        let body = Value.members([
            "metadata": .members([
                "labels": metadata?["labels"].flatMap { $0.node.outline },
                "annotations": metadata?["annotations"].flatMap { $0.node.outline },
            ]),
            "spec": self["spec"].flatMap { $0.node.outline },
        ])
        return FieldSet(of: body)
    }
}

extension YAMLNode {
    /// Which mappings and keys there are, without what stands under them; nil for nothing.
    fileprivate var outline: Value? {
        switch content {
        case .mapping(let entries, _):
            .object(
                Dictionary(
                    entries.compactMap { entry in entry.value.outline.map { (entry.name, $0) } },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        case .scalar(let text, .plain) where text.isEmpty || PlainReading(text) == .null: nil
        case .scalar, .sequence: true
        case .refused: nil
        }
    }
}
