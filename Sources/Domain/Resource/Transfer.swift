/// The wish that another source declares an object from now on.
package enum Transfer {
    /// The annotation that says to whom: `gitsource/NAME`.
    package static let annotation = "agirunner.dev/transfer-to"

    /// The name of the source that an object is offered to; nil for none.
    package static func target(of annotations: [String: String]?) -> String? {
        guard let words = annotations?[annotation]?.split(separator: "/"), words.count == 2,
            Kind.matching(String(words[0]))?.name == "GitSource"
        else { return nil }
        return String(words[1])
    }
}
