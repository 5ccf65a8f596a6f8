internal import CCurl
internal import Synchronization

/// The thread that owns all transfers of one client; everybody else leaves messages and wakes it.
// Sendable: the multi handle is used by the thread alone, except for `curl_multi_wakeup`, which the library
// allows from everywhere, and for the clean-up in `deinit`, when the thread has ended and nobody has a
// reference.
@safe final class Driver: @unchecked Sendable {
    enum Message: Sendable {
        case start(Transfer)
        case resume(Exchange)
        case cancel(Exchange)
    }

    /// Bounded: a transfer has one start, one cancel, and a resume only between two pauses.
    private struct Inbox {
        var messages: [Message] = []
        var transferCount = 0
        var isStopping = false
    }

    private let multi: UnsafeMutableRawPointer
    private let inbox = Mutex(Inbox())
    private let maximumTransfers: Int

    init(maximumTransfers: Int) throws(OutboundError) {
        guard let multi = unsafe curl_multi_init() else {
            throw OutboundError(code: .failed, message: "No memory for a client", call: "curl_multi_init")
        }
        unsafe self.multi = multi
        self.maximumTransfers = maximumTransfers
    }

    deinit { unsafe curl_multi_cleanup(multi) }

    /// Hands a transfer over.
    ///
    /// - Throws: `OutboundError.overloaded` or `.closed`.
    func start(_ transfer: Transfer) throws(OutboundError) {
        let refusal = inbox.withLock { inbox -> OutboundError? in
            if inbox.isStopping { return .clientClosed }
            if inbox.transferCount >= maximumTransfers {
                return OutboundError(
                    code: .overloaded,
                    message: "\(maximumTransfers) transfers are running already",
                    call: "send"
                )
            }
            inbox.transferCount += 1
            inbox.messages.append(.start(transfer))
            return nil
        }
        if let refusal { throw refusal }
        unsafe curl_multi_wakeup(multi)
    }

    func post(_ message: Message) {
        inbox.withLock { if !$0.isStopping { $0.messages.append(message) } }
        unsafe curl_multi_wakeup(multi)
    }

    /// Makes `run` fail what is under way and return.
    func stop() {
        inbox.withLock { $0.isStopping = true }
        unsafe curl_multi_wakeup(multi)
    }

    /// The body of the thread.
    func run() {
        var transfers: [ObjectIdentifier: Transfer] = [:]
        while true {
            let (messages, isStopping) = inbox.withLock { inbox in
                defer { inbox.messages = [] }
                return (inbox.messages, inbox.isStopping)
            }
            for message in messages { handle(message, &transfers) }
            if isStopping {
                for transfer in transfers.values { end(transfer, .failure(OutboundError.clientClosed)) }
                return
            }
            perform(&transfers)
            // The library shortens the wait to its own timers; the second only bounds it.
            unsafe curl_multi_poll(multi, nil, 0, transfers.isEmpty ? 60_000 : 1000, nil)
        }
    }

    private func handle(_ message: Message, _ transfers: inout [ObjectIdentifier: Transfer]) {
        switch message {
        case .start(let transfer):
            let result = unsafe curl_multi_add_handle(multi, transfer.easy)
            guard result == CURLM_OK else {
                let error = OutboundError(
                    code: .failed,
                    message: "The transfer was refused",
                    call: "curl_multi_add_handle",
                    curlCode: result.rawValue
                )
                forget(transfer, .failure(error))
                return
            }
            transfers[ObjectIdentifier(transfer.exchange)] = transfer
        case .resume(let exchange):
            // An error shows up as the transfer's result.
            if let transfer = transfers[ObjectIdentifier(exchange)] { transfer.resume() }
        case .cancel(let exchange):
            guard let transfer = transfers.removeValue(forKey: ObjectIdentifier(exchange)) else { return }
            end(transfer, .failure(CancellationError()))
        }
    }

    private func perform(_ transfers: inout [ObjectIdentifier: Transfer]) {
        var running: Int32 = 0
        let result = unsafe curl_multi_perform(multi, &running)
        if result != CURLM_OK {
            let error = OutboundError(
                code: .failed,
                message: "The library cannot go on",
                call: "curl_multi_perform",
                curlCode: result.rawValue
            )
            for transfer in transfers.values { end(transfer, .failure(error)) }
            transfers = [:]
            return
        }
        var code = CURLE_OK
        while let easy = unsafe ag_curl_next_finished(multi, &code) {
            guard let entry = transfers.first(where: { unsafe $0.value.easy == easy }) else { continue }
            transfers[entry.key] = nil
            end(entry.value, entry.value.result(code))
        }
    }

    private func end(_ transfer: Transfer, _ result: Result<Void, any Error>) {
        unsafe curl_multi_remove_handle(multi, transfer.easy)
        forget(transfer, result)
    }

    private func forget(_ transfer: Transfer, _ result: Result<Void, any Error>) {
        inbox.withLock { $0.transferCount -= 1 }
        transfer.exchange.finish(result)
    }
}

extension OutboundError {
    static var clientClosed: OutboundError {
        OutboundError(code: .closed, message: "The client was released", call: "send")
    }
}
