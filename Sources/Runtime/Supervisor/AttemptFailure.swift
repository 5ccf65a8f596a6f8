internal import Containers
internal import Domain
internal import Threads

/// Why an attempt could not complete, as it is reported.
struct AttemptFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The categories a retry policy knows; `timeout` to `infrastructure` may be tried again by default.
    enum Category: String, Sendable, CaseIterable {
        case timeout, network, resource, infrastructure
        case model, contract, capture, cancelled
    }

    let category: Category
    let message: String

    init(_ category: Category, _ message: String) {
        self.category = category
        self.message = message
    }

    /// The failure that any other error amounts to; `stage` says what was being done.
    init(_ error: any Error, during stage: String) {
        switch error {
        case let failure as AttemptFailure: self = failure
        case is CancellationError: self.init(.cancelled, "\(stage): cancelled")
        case let failure as Failure:
            let category: Category =
                switch failure.code {
                case .timeout: .timeout
                case .unavailable: .network
                case .exhausted: .resource
                case .cancelled: .cancelled
                case .invalid, .unsupported: .contract
                default: .infrastructure
                }
            self.init(category, "\(stage): \(failure)")
        case let error as SystemError where error.code == .timedOut: self.init(.timeout, "\(stage): \(error)")
        default: self.init(.infrastructure, "\(stage): \(error)")
        }
    }

    var description: String { "\(category.rawValue): \(message)" }
}
