/// The signals that one process may send to another.
package enum Signal: Int32, Sendable {
    case interrupt = 2
    case quit = 3
    case kill = 9
    case terminate = 15
}
